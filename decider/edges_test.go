package decider_test

import (
	"errors"
	"testing"

	"alta/decider"
	"alta/eventstore"
)

func TestTheEdgesOfACommand(t *testing.T) {
	d := newDecider(&memLog{})
	if _, err := d.Transact(t.Context(), "1", decider.Command{Actor: "ann"}, nil, count(1)); !errors.Is(err, decider.ErrID) {
		t.Errorf("a command without an id: %v", err)
	}
	r, err := d.Transact(t.Context(), "1", by("ann"), nil, count(3))
	if err != nil || r.State.count != 3 || !r.Appended || len(r.Events) != 3 {
		t.Errorf("the answer holds %+v, %v", r, err)
	}
	appends := 0
	once := newDecider(&memLog{beforeAppend: func() { appends++ }})
	if _, err := once.Transact(t.Context(), "1", by("ann"), nil, count(1)); err != nil || appends != 1 {
		t.Errorf("what the log took is handed to it %d times, %v", appends, err)
	}
	if c, err := decider.ReadMeta(nil); err != nil || c != (decider.Command{}) {
		t.Errorf("an event from elsewhere has the envelope %+v, %v", c, err)
	}
	for range 100 {
		if id := decider.NewID(); id[6]>>4 != 4 || id[8]>>6 != 2 {
			t.Fatalf("%s is no random UUID", id)
		}
	}
	var stale error = &decider.StaleError{}
	if !errors.Is(stale, eventstore.ErrConflict) || errors.Is(stale, eventstore.ErrStreamNotFound) {
		t.Error("an old revision is a conflict, and nothing else")
	}
}
