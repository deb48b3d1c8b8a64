package esdb_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/eventstore/wire/nodetest"
)

// told takes what is said of hidden streams until one has a reason.
func told(t *testing.T, hidings <-chan *eventstore.Record, stream string, reason eventstore.SetAsideReason) esdb.Hiding {
	t.Helper()
	for {
		h, ok := esdb.HidingOf(within(t, hidings, "it is said that "+stream+" is "+string(reason)))
		if ok && h.Stream == stream && h.Reason() == reason {
			return h
		}
	}
}

// What anybody does to what a stream shows is told to who asks, whether it was done
// before or after, and to nobody else; and it can be undone until a scavenge.
func TestWhatOthersHideIsToldAndUndone(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for name, c := range map[string]struct {
		harm   func(context.Context, *nodetest.Cluster, string) error
		reason eventstore.SetAsideReason
		is     func(esdb.Hiding) bool
	}{
		"deleted": {
			func(ctx context.Context, c *nodetest.Cluster, s string) error { return c.Delete(ctx, s) },
			eventstore.Deleted, func(h esdb.Hiding) bool { return h.Before == 1<<63-1 },
		},
		"$tb": {
			func(ctx context.Context, c *nodetest.Cluster, s string) error {
				return c.Metadata(ctx, s, `{"$tb":2,"mine":1}`)
			},
			eventstore.Truncated, func(h esdb.Hiding) bool { return h.Before == 2 },
		},
		"$tb behind the last event": {
			func(ctx context.Context, c *nodetest.Cluster, s string) error {
				return c.Metadata(ctx, s, `{"$tb":100}`)
			},
			eventstore.Truncated, func(h esdb.Hiding) bool { return h.Before == 100 },
		},
		"$maxCount": {
			func(ctx context.Context, c *nodetest.Cluster, s string) error {
				return c.Metadata(ctx, s, `{"$maxCount":1}`)
			},
			eventstore.MaxCount, func(h esdb.Hiding) bool { return h.MaxCount == 1 },
		},
		"$maxAge": {
			func(ctx context.Context, c *nodetest.Cluster, s string) error {
				return c.Metadata(ctx, s, `{"$maxAge":31536000}`)
			},
			eventstore.MaxAge, func(h esdb.Hiding) bool { return h.MaxAge == year },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl := cluster(t, 3, nodetest.Real())
			log := open(t, cl.Connection(), esdb.Options{})
			for _, s := range []string{"a-before", "a-after"} {
				if _, err := log.Append(t.Context(), s, eventstore.NoStream, event(0, 0), event(0, 1), event(0, 2)); err != nil {
					t.Fatal(err)
				}
			}
			everything := follow(t, log, eventstore.Filter{})
			if err := c.harm(t.Context(), cl, "a-before"); err != nil {
				t.Fatal(err)
			}
			hidings := follow(t, log, esdb.Hidings())
			told(t, hidings, "a-before", c.reason)
			if err := c.harm(t.Context(), cl, "a-after"); err != nil {
				t.Fatal(err)
			}
			if h := told(t, hidings, "a-after", c.reason); !c.is(h) || h.Position == eventstore.Start || h.At.IsZero() {
				t.Fatalf("%+v", h)
			}
			for _, s := range []string{"a-before", "a-after"} {
				for range 2 { // once more changes nothing
					if err := log.Unhide(t.Context(), s); err != nil {
						t.Fatal(err)
					}
				}
				told(t, hidings, s, "")
				n := 0
				for _, err := range log.ReadStream(t.Context(), s, 0, -1) {
					if n++; err != nil {
						t.Fatal(err)
					}
				}
				if n != 3 {
					t.Fatalf("%d events of three are shown", n)
				}
			}
			if _, err := log.Append(t.Context(), "a-last", eventstore.NoStream, event(0, 3)); err != nil {
				t.Fatal(err)
			}
			for r := (&eventstore.Record{}); r.Stream != "a-last"; { // nobody else is told
				if r = within(t, everything, "the last event comes"); r.Stream[0] == '$' || r.Type[0] == '$' {
					t.Fatalf("a follower of everything is told of %s in %s", r.Type, r.Stream)
				}
			}
			if err := c.harm(t.Context(), cl, "a-after"); err != nil {
				t.Fatal(err)
			}
			if err := cl.Scavenge(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := log.Unhide(t.Context(), "a-after"); c.reason != eventstore.MaxAge && !errors.Is(err, esdb.ErrScavenged) {
				t.Fatalf("after a scavenge: %v", err)
			}
		})
	}
}

func TestATombstoneIsToldAndNotUndone(t *testing.T) {
	cl := cluster(t, 1, nodetest.Real())
	log := open(t, cl.Connection(), esdb.Options{})
	if _, err := log.Append(t.Context(), "a-1", eventstore.NoStream, event(0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := log.Unhide(t.Context(), "a-2"); !eventstore.Absent(err) {
		t.Fatalf("of a stream that never was: %v", err)
	}
	if err := cl.Tombstone(t.Context(), "a-1"); err != nil {
		t.Fatal(err)
	}
	if h := told(t, follow(t, log, esdb.Hidings()), "a-1", eventstore.Tombstoned); !h.Tombstoned {
		t.Fatalf("%+v", h)
	}
	if err := log.Unhide(t.Context(), "a-1"); !errors.Is(err, eventstore.ErrStreamDeleted) {
		t.Fatal(err)
	}
}

func TestAStreamOfWhichNothingIsShownIsNotTakenForEmpty(t *testing.T) {
	cl := cluster(t, 1, nodetest.Real())
	log := open(t, cl.Connection(), esdb.Options{})
	if _, err := log.Append(t.Context(), "a-1", eventstore.NoStream, event(0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := cl.Metadata(t.Context(), "a-1", `{"$tb":9}`); err != nil {
		t.Fatal(err)
	}
	shown := func(from eventstore.Revision) (err error) {
		for _, e := range log.ReadStream(t.Context(), "a-1", from, 1) {
			err = e
		}
		return err
	}
	var why *eventstore.SetAsideError
	if err := shown(0); !errors.As(err, &why) || why.Reason != eventstore.Truncated {
		t.Fatal(err)
	}
	if err := shown(1); err != nil { // past what the reader knows nothing is to be there
		t.Fatal(err)
	}
}

func TestMetadataThatHideNothingAreNoHiding(t *testing.T) {
	for data, reason := range map[string]eventstore.SetAsideReason{
		`{}`: "", `[]`: "", `x`: "", `{"$acl":{"$r":"me"}}`: "", `{"$tb":0,"$maxCount":0,"$maxAge":-1}`: "",
		`{"$maxAge":"1","$maxCount":2.5}`: "", `{"$maxAge":9223372036854775807}`: eventstore.MaxAge,
		`{"$tb":1,"$maxCount":1}`: eventstore.Truncated,
	} {
		h, ok := esdb.HidingOf(&eventstore.Record{Stream: "$$a-1", Proposed: eventstore.Proposed{Type: "$metadata", Data: []byte(data)}})
		if !ok || h.Stream != "a-1" || h.Reason() != reason || h.MaxAge < 0 {
			t.Errorf("%s: %+v, %v", data, h, ok)
		}
	}
	for _, r := range []eventstore.Record{{Stream: "$$$all"}, {Stream: "a-1"}, {Stream: "$$a-1"}} {
		if r.Stream != "$$a-1" {
			r.Type = "$metadata"
		}
		if _, ok := esdb.HidingOf(&r); ok {
			t.Errorf("%s in %s is taken for a hiding", r.Type, r.Stream)
		}
	}
}
