package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"alta/domain/reason"
	"alta/projections/redistest"
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
				redistest.Path(t)
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

// A fault of each of the twelve reasons is found, returned and put right, and the
// merchant ends where it was to end. ALTA_TEST_FAULTS=all takes every fault that
// package simulate knows, one merchant each.
func TestEveryFaultIsReturnedPutRightAndOvercome(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	for i, faults := range faultsToTry() {
		wish := drive.Wish{Seed: 11, First: uint64(i), Site: "web", To: drive.Active, Via: drive.Self, Faults: faults}
		l := w.merchant(t, d, wish)
		if l.Stage != "active" || len(l.Merchant.Injected()) > 0 {
			t.Errorf("with %s the merchant is at %s with %d faults left", faults, l.Stage, len(l.Merchant.Injected()))
		}
	}
}

// together is how many faults one merchant bears in the short form.
const together = 4

func faultsToTry() [][]string {
	var each, few [][]string
	seen := map[reason.Code]bool{}
	for _, f := range simulate.Faults() {
		each = append(each, []string{f.Name})
		if seen[f.Code] || f.Blocks {
			continue
		}
		seen[f.Code] = true
		if n := len(few); n == 0 || len(few[n-1]) == together {
			few = append(few, nil)
		}
		few[len(few)-1] = append(few[len(few)-1], f.Name)
	}
	if os.Getenv("ALTA_TEST_FAULTS") == "all" {
		return each
	}
	return few
}
