package eventstore_test

import (
	"errors"
	"iter"
	"slices"
	"testing"

	"alta/eventstore"
)

func messages(all ...eventstore.Message) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		for _, m := range all {
			if !yield(m, nil) {
				return
			}
		}
	}
}

func TestWhatASubscriptionBrokeOffIsNoWhole(t *testing.T) {
	of := func(stream string) eventstore.Message {
		return eventstore.Message{Record: &eventstore.Record{Stream: stream}}
	}
	end := eventstore.Message{CaughtUp: true}
	for name, c := range map[string]struct {
		messages iter.Seq2[eventstore.Message, error]
		streams  []string
		err      error
	}{
		"up to its end":                     {messages(of("a"), of("b"), end, of("later")), []string{"a", "b"}, nil},
		"an empty log":                      {messages(end), nil, nil},
		"broken off":                        {messages(of("a")), []string{"a"}, eventstore.ErrBrokenOff},
		"broken off before the first event": {messages(), nil, eventstore.ErrBrokenOff},
		"an error": {func(yield func(eventstore.Message, error) bool) {
			_ = yield(of("a"), nil) && yield(eventstore.Message{}, eventstore.ErrUnavailable)
		}, []string{"a"}, eventstore.ErrUnavailable},
	} {
		var streams []string
		var failed error
		for r, err := range eventstore.Stored(c.messages) {
			if failed = err; err == nil {
				streams = append(streams, r.Stream)
			}
		}
		if !slices.Equal(streams, c.streams) || !errors.Is(failed, c.err) {
			t.Errorf("%s: %v, %v", name, streams, failed)
		}
	}
	for range eventstore.Stored(messages(of("a"), of("b"))) {
		break // whoever has enough is told nothing more
	}
}
