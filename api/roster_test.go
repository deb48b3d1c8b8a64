package api

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/personal"
	"alta/eventstore"
	"alta/eventstore/embedded"
)

// watched is a log that notes what is read of it.
type watched struct {
	*embedded.Log
	mu      sync.Mutex
	streams map[string]int
	from    []eventstore.Position
	head    eventstore.Position // instead of the log's, when set
}

func (w *watched) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streams[stream]++
	return w.Log.ReadStream(ctx, stream, from, limit)
}

func (w *watched) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.from = append(w.from, after)
	return w.Log.Subscribe(ctx, after, filter)
}

func (w *watched) Head() eventstore.Position {
	if w.head != (eventstore.Position{}) {
		return w.head
	}
	return w.Log.Head()
}

func TestAStartReadsTheNamesOfAFewAndNotWhatAMillionMerchantsDid(t *testing.T) {
	dir := t.TempDir()
	keys, err := auth.OpenKeys(filepath.Join(dir, "auth.keys"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		log, err := embedded.Open(filepath.Join(dir, "log"), embedded.Options{
			Leaf: func(dst []byte, r *eventstore.Record) []byte { return append(dst, r.ID[:]...) }, UnsafeNoSync: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = log.Close() }()
		w := &watched{Log: log, streams: map[string]int{}}
		people, err := auth.New(auth.Config{Log: w, Vault: plain{}, Erased: eventstore.ErrStreamDeleted, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		defer people.Close()
		opened := 0
		open := func(role account.Role, n int) {
			for range n {
				opened++
				id := decider.NewID()
				name, data, err := account.Encode(account.Opened{
					Account: id.String(), Role: role, Name: personal.Sealed(fmt.Sprintf("%s %03d", role, opened)), At: time.Now(),
				}, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := log.Append(t.Context(), account.Category+"-"+id.String(), eventstore.NoStream, eventstore.Proposed{ID: decider.NewID(), Type: name, Data: data}); err != nil {
					t.Fatal(err)
				}
			}
		}
		// start follows until all is read, and answers who is known by name.
		start := func() (names []string) {
			p := &People{Auth: people, Logger: slog.New(slog.DiscardHandler), every: 10}
			ctx, stop := context.WithCancel(t.Context())
			var following sync.WaitGroup
			following.Go(func() { p.Follow(ctx, w) })
			synctest.Wait()
			stop()
			following.Wait()
			for _, x := range p.list(func(Person) bool { return true }) {
				names = append(names, x.Name)
			}
			return names
		}
		const all = "agent 043 lead 044 reviewer 001 reviewer 002"
		open(account.Reviewer, 2)
		open(account.Merchant, 40)
		open(account.Agent, 1)
		open(account.Lead, 1)
		if got := strings.Join(start(), " "); got != all {
			t.Errorf("at the first start: %s", got)
		}
		if len(w.streams) != 4 {
			t.Errorf("%d accounts were loaded for four names", len(w.streams))
		}
		if got := strings.Join(start(), " "); got != all {
			t.Errorf("at the second start: %s", got)
		}
		if behind := log.Head().Commit - w.from[1].Commit; behind > 10 {
			t.Errorf("the second start read %d events of %d", behind, log.Head().Commit)
		}
		open(account.Merchant, 25)
		open(account.Admin, 1)
		if got := strings.Join(start(), " "); got != "admin 070 "+all {
			t.Errorf("with one who came since: %s", got)
		}
		w.head = eventstore.Position{Commit: 5, Prepare: 5}
		if start(); w.from[3] != eventstore.Start {
			t.Errorf("a roster of another log is believed, up to %v", w.from[3])
		}
	})
}
