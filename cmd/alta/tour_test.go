package main

import (
	"bytes"
	"os/exec"
	"testing"
	"time"

	"alta/simulate"
	"alta/simulate/drive"
	"alta/simulate/tour"
)

// The whole life of both kinds of merchant, each step checked, on both kinds of
// Redis that come without an operator.
func TestBothKindsOfMerchantGoTheWholeWayAndEverybodyIsToldTheSame(t *testing.T) {
	for name, redis := range map[string]bool{"a Redis in the process": false, "a private redis-server": true} {
		t.Run(name, func(t *testing.T) {
			c := demoConfig(t)
			if redis {
				if _, err := exec.LookPath("redis-server"); err != nil {
					t.Skip("no redis-server is installed here")
				}
				c.Redis = ""
			}
			w := start(t, c)
			var out bytes.Buffer
			people := drive.DemoLogIns()
			people.Password = demoPassword
			tr := tour.Tour{API: w.api, People: people, Seed: 3, Day: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Small: true, Out: &out}
			if err := tr.All(t.Context()); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
		})
	}
}

// Every fault that package simulate knows can be injected, is found, returned and
// put right, and the merchant ends where it was to end.
func TestEveryFaultIsReturnedPutRightAndOvercome(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute; the tour covers five faults")
	}
	w := start(t, demoConfig(t))
	d := w.driver(t)
	seen := map[string]bool{}
	for i, f := range faultNames() {
		wish := drive.Wish{Seed: 11, First: uint64(i), Site: "web", To: drive.Active, Via: drive.Self, Faults: []string{f}}
		l := w.merchant(t, d, wish)
		if l.Stage != "active" || len(l.Merchant.Injected()) > 0 {
			t.Errorf("with %s the merchant is at %s with %d faults left", f, l.Stage, len(l.Merchant.Injected()))
		}
		seen[f] = true
	}
	t.Logf("%d faults", len(seen))
}

func faultNames() []string {
	var names []string
	for _, f := range simulate.Faults() {
		names = append(names, f.Name)
	}
	return names
}
