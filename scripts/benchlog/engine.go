package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/esdb"
	"alta/eventstore/wire"
	"alta/evidence"

	"golang.org/x/mod/sumdb/tlog"
)

// perStream is how many events a stream has, about as many as an application's.
const perStream = 20

// prose is what events are filled up with; no two of them alike.
var prose = func() string {
	var b strings.Builder
	for i := range 400 {
		fmt.Fprintf(&b, "line %d of the applicant's letter; ", i*i)
	}
	return b.String()
}()

// payload makes an event of 600 bytes.
func payload(writer, n int) eventstore.Proposed {
	e := eventstore.Proposed{
		ID:   eventstore.ID{1, byte(writer >> 8), byte(writer), 0x40, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)},
		Type: "application.measured.v1",
		Meta: fmt.Appendf(nil, `{"actor":"7f3c1f7e-0000-4000-8000-%012d","role":"reviewer","command":"%032d"}`, writer, n),
	}
	e.Data = fmt.Appendf(nil, `{"writer":%d,"n":%d,"at":"2026-11-23T06:00:00.000Z","text":"`, writer, n)
	if room := 600 - len(e.Data) - len(e.Meta) - len(e.Type) - 2; room > 0 {
		from := n * 7 % (len(prose) - room)
		e.Data = append(e.Data, prose[from:from+room]...)
	}
	e.Data = append(e.Data, `"}`...)
	return e
}

// place is the stream of a writer's n-th event and the revision that it expects.
func place(writer, n int) (stream string, expected eventstore.Revision) {
	return fmt.Sprintf("application-%06d-%08d", writer, n/perStream), eventstore.Revision(n%perStream) - 1
}

// guarded opens the engine as production does: with the tree, the mark and signed
// checkpoints.
func guarded(dir string, unsafe bool) (*engine, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	key, err := evidence.LoadKey(filepath.Join(dir, "log.key"))
	if err != nil {
		return nil, err
	}
	k, err := evidence.OpenKeeper(filepath.Join(dir, "checkpoints"), key, nil, nil)
	if err != nil {
		return nil, err
	}
	l, err := evidence.Guard(k, func(expect []tlog.Tree, durable func(tlog.Tree) error) (*embedded.Log, error) {
		return embedded.Open(filepath.Join(dir, "log"), embedded.Options{Leaf: evidence.Leaf, Expect: expect, Durable: durable, UnsafeNoSync: unsafe})
	})
	if err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return &engine{Log: l, keeper: k, dir: dir}, nil
}

// engine is the embedded log.
type engine struct {
	*embedded.Log
	keeper *evidence.Keeper
	dir    string
}

func openEngine(_ context.Context, dir string) (subject, error) { return guarded(dir, false) }

func (e *engine) append(ctx context.Context, writer, n int) error { return appendTo(ctx, e, writer, n) }

func (e *engine) scan(ctx context.Context) (int, error) {
	return count(e.ReadAll(ctx, eventstore.Start, -1))
}

func (e *engine) fill(ctx context.Context, n int) error { return fill(ctx, e, n, payload) }

func (e *engine) restart(context.Context) error {
	if err := e.close(); err != nil {
		return err
	}
	again, err := guarded(e.dir, false)
	if err == nil {
		*e = *again
	}
	return err
}

func (e *engine) close() error { return errors.Join(e.Close(), e.keeper.Close()) }

// appender is an engine of package eventstore.
type appender interface {
	Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error)
}

func appendTo(ctx context.Context, a appender, writer, n int) error {
	stream, expected := place(writer, n)
	_, err := a.Append(ctx, stream, expected, payload(writer, n))
	return err
}

// fill appends whole streams, several at a time.
func fill(ctx context.Context, a appender, n int, event func(writer, n int) eventstore.Proposed) error {
	const writers = 8
	errs := make([]error, writers)
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			share := n / writers
			if w < n%writers {
				share++
			}
			for at := 0; at < share && errs[w] == nil; {
				size := min(perStream-at%perStream, share-at)
				events := make([]eventstore.Proposed, size)
				for i := range events {
					events[i] = event(1000+w, at+i)
				}
				stream, expected := place(1000+w, at)
				_, errs[w] = a.Append(ctx, stream, expected, events...)
				at += size
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func count(records iter.Seq2[*eventstore.Record, error]) (n int, err error) {
	bytes := 0
	for r, err := range records {
		if err != nil {
			return n, err
		}
		n++
		bytes += len(r.Data)
	}
	if n > 0 && bytes == 0 {
		return n, errors.New("the events are empty")
	}
	return n, nil
}

// wired is the engine behind its protocol and the official client.
type wired struct {
	engine *engine
	log    *esdb.Log
	dir    string
	stop   func() error
}

func openWire(ctx context.Context, dir string) (subject, error) {
	e, err := guarded(dir, false)
	if err != nil {
		return nil, err
	}
	w := &wired{engine: e}
	if err := w.start(ctx); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return w, nil
}

func (w *wired) start(ctx context.Context) (err error) {
	// A socket's path is short, whatever the directory's is.
	if w.dir, err = os.MkdirTemp("", "alta-wire-"); err != nil {
		return err
	}
	addr := "unix:" + filepath.Join(w.dir, "s")
	l, err := wire.Listen(ctx, addr)
	if err != nil {
		return err
	}
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- wire.Serve(serving, l, w.engine.Log, wire.Options{}) }()
	w.stop = func() error { cancel(); return <-done }
	w.log, err = esdb.Open(addr, esdb.Options{InFlight: 128})
	return err
}

func (w *wired) append(ctx context.Context, writer, n int) error {
	return appendTo(ctx, w.log, writer, n)
}

func (w *wired) scan(ctx context.Context) (int, error) {
	return count(w.log.ReadAll(ctx, eventstore.Start, -1))
}

func (w *wired) fill(ctx context.Context, n int) error { return fill(ctx, w.engine, n, payload) }

func (w *wired) restart(ctx context.Context) error {
	if err := errors.Join(w.log.Close(), w.stop(), w.engine.restart(ctx), os.RemoveAll(w.dir)); err != nil {
		return err
	}
	return w.start(ctx)
}

func (w *wired) close() error {
	return errors.Join(w.log.Close(), w.stop(), w.engine.close(), os.RemoveAll(w.dir))
}

// rate words events per second.
func rate(perSecond float64) string {
	switch {
	case perSecond >= 100_000:
		return fmt.Sprintf("%.0fk", perSecond/1000)
	case perSecond >= 1000:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", perSecond/1000), ".0") + "k"
	}
	return fmt.Sprintf("%.0f", perSecond)
}

func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }
