package access_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"alta/domain/access"
	"alta/domain/application"
	"alta/domain/item"
)

var look = access.Record{
	By: application.Actor{ID: "reviewer-1", Role: application.RoleReviewer}, At: time.Date(2026, 3, 2, 10, 0, 0, 5_678_901, time.FixedZone("UTC+8", 8*60*60)),
	What: access.Values, Items: []item.Key{item.IdentityNumber}, Why: "second approval",
}

func TestNobodyLooksWithoutSayingWhy(t *testing.T) {
	silent := look
	silent.Why = ""
	if events, err := silent.Decide(access.State{}); !errors.Is(err, access.ErrWhy) || len(events) > 0 {
		t.Errorf("recorded %v, %v", events, err)
	}
}

func TestTwoLooksAreTwoFacts(t *testing.T) {
	var s access.State
	for range 2 {
		events, err := look.Decide(s)
		if err != nil || len(events) != 1 {
			t.Fatalf("recorded %v, %v", events, err)
		}
		s = access.Evolve(s, events[0])
	}
	if s.Looks != 2 {
		t.Errorf("counted %d", s.Looks)
	}
}

func TestALookReadsAsItWasRecorded(t *testing.T) {
	events, err := look.Decide(access.State{})
	if err != nil {
		t.Fatal(err)
	}
	name, data, err := access.Encode(events[0])
	const want = `{"by":{"id":"reviewer-1","role":"reviewer"},"at":"2026-03-02T02:00:00.005Z","what":"values","items":["identity.number"],"why":"second approval"}`
	if err != nil || name != "access.looked.v1" || string(data) != want {
		t.Fatalf("stored as %s %s, %v", name, data, err)
	}
	if again, err := access.Decode(name, data); err != nil || !reflect.DeepEqual(again, events[0]) {
		t.Errorf("reads %+v, %v", again, err)
	}
}

func TestAnAlarmReadsAsItWasRaised(t *testing.T) {
	alarm := access.Raise{By: look.By, At: look.At, Kind: access.OutsideLooks, Most: 40, Percent: 50}
	events, err := alarm.Decide(access.State{})
	if err != nil {
		t.Fatal(err)
	}
	name, data, err := access.Encode(events[0])
	const want = `{"by":{"id":"reviewer-1","role":"reviewer"},"at":"2026-03-02T02:00:00.005Z","kind":"outside","most":40,"percent":50}`
	if err != nil || name != "access.alarmed.v1" || string(data) != want {
		t.Fatalf("stored as %s %s, %v", name, data, err)
	}
	if again, err := access.Decode(name, data); err != nil || !reflect.DeepEqual(again, events[0]) {
		t.Errorf("reads %+v, %v", again, err)
	}
}

func TestAnUnknownOrBrokenLookIsRefusedAndNotSkipped(t *testing.T) {
	for name, data := range map[string]string{"access.looked.v9": `{}`, "access.looked.v1": `{"by":1}`} {
		if e, err := access.Decode(name, []byte(data)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s %s reads as %v, %v", name, data, e, err)
		}
	}
}
