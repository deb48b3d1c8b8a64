package application

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// rule is one line of the rule book: given a story so far, when somebody asks
// for something, then one event happens, or nothing, or it is refused.
type rule struct {
	given func(t testing.TB) *story
	when  func(w *story) command
	then  string // what happens: the stored name without its prefix and version; empty for nothing
	err   *Refusal
	also  func(t *testing.T, s State, e Event) // more to say about the event and the state after it
}

func rulebook(t *testing.T, rules map[string]rule) {
	t.Helper()
	for name, r := range rules {
		t.Run(name, func(t *testing.T) {
			w := r.given(t)
			before := w.s
			copied := refold(w.events)
			events, err := r.when(w).Decide(w.s)
			if !reflect.DeepEqual(w.s, before) || !reflect.DeepEqual(before, copied) {
				t.Error("deciding changed the state, or a fold of the events is another state")
			}
			switch {
			case r.err != nil:
				if !errors.Is(err, r.err) {
					t.Fatalf("got %v, want the refusal %s", err, r.err.Code)
				}
				var got *Refusal
				if !errors.As(err, &got) || got.Kind != r.err.Kind || len(events) > 0 {
					t.Errorf("refused as %v with %d events", got, len(events))
				}
				return
			case err != nil:
				t.Fatalf("refused: %v", err)
			}
			var happened []string
			for _, e := range events {
				name := strings.TrimPrefix(Name(e), "application.")
				happened = append(happened, name[:strings.LastIndex(name, ".")])
			}
			if got := strings.Join(happened, " "); got != r.then {
				t.Fatalf("happened: %q, want %q", got, r.then)
			}
			w.happened(events...)
			if !reflect.DeepEqual(before, copied) {
				t.Error("what happened wrote into the state before it")
			}
			if again, err := r.when(&story{tb: t, s: w.s, events: w.events, at: w.at}).Decide(w.s); r.then != "" && err == nil && len(again) > 0 && reflect.DeepEqual(bare(again[0]), bare(events[0])) {
				t.Errorf("doing it twice did it again: %s", Name(again[0]))
			}
			if r.also != nil {
				var e Event
				if len(events) > 0 {
					e = events[0]
				}
				r.also(t, w.s, e)
			}
		})
	}
}

// bare is an event's kind and content without who and when.
func bare(e Event) any {
	v := reflect.New(reflect.TypeOf(e)).Elem()
	v.Set(reflect.ValueOf(e))
	v.FieldByName("Header").SetZero()
	return v.Interface()
}

func refold(events []Event) State {
	var s State
	for _, e := range events {
		s = Evolve(s, e)
	}
	return s
}
