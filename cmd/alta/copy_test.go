package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alta/eventstore"
	"alta/eventstore/wire"

	"golang.org/x/mod/sumdb/tlog"
)

// life fills a log with streams of every fate.
func life(t *testing.T, g *guardedLog) tlog.Tree {
	t.Helper()
	ctx := context.Background()
	n := 0
	add := func(stream string, expected eventstore.Revision, count int) {
		t.Helper()
		events := make([]eventstore.Proposed, count)
		for i := range events {
			n++
			events[i] = eventstore.Proposed{
				ID: eventstore.ID{7, byte(n >> 8), byte(n)}, Type: "t.v1",
				Data: fmt.Appendf(nil, `{"n":%d}`, n), Meta: []byte(`{"by":"商户"}`),
			}
		}
		if _, err := g.Append(ctx, stream, expected, events...); err != nil {
			t.Fatal(err)
		}
	}
	must := func(_ eventstore.Position, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	add("plain-1", eventstore.NoStream, 3)
	add("deleted-1", eventstore.NoStream, 2)
	add("again-1", eventstore.NoStream, 2)
	add("gone-1", eventstore.NoStream, 1)
	add("plain-1", 2, 200)
	add("plain-1", 202, 100)
	must(g.Delete(ctx, "deleted-1", 1))
	must(g.Delete(ctx, "again-1", 1))
	add("again-1", eventstore.NoStream, 3)
	must(g.Tombstone(ctx, "gone-1", 0))
	add("plain-2", eventstore.NoStream, 1)
	for i := range 40 {
		add("plain-1", eventstore.Revision(302+i), 1)
		add("plain-2", eventstore.Revision(i), 1)
	}
	tree, err := g.Tree()
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// fates checks that a log shows of each stream what life left of it.
func fates(t *testing.T, log copyLog) {
	t.Helper()
	for stream, want := range map[string]string{
		"plain-1": "0…342", "plain-2": "0…40", "again-1": "2…4",
		"deleted-1": eventstore.ErrStreamNotFound.Error(), "gone-1": eventstore.ErrStreamDeleted.Error(),
	} {
		got, last := "", eventstore.Revision(0)
		for r, err := range log.ReadStream(t.Context(), stream, 0, -1) {
			for _, refusal := range []error{eventstore.ErrStreamNotFound, eventstore.ErrStreamDeleted} {
				if errors.Is(err, refusal) {
					got = refusal.Error()
				}
			}
			if r != nil {
				if got == "" {
					got = fmt.Sprintf("%d…", r.Revision)
				}
				last = r.Revision
			}
		}
		if strings.HasSuffix(got, "…") {
			got += fmt.Sprint(last)
		}
		if got != want {
			t.Errorf("stream %s shows %s, want %s", stream, got, want)
		}
	}
}

// offered opens the log of a data directory and offers it at a unix socket until
// the answered function is called.
func offered(t *testing.T, data string) (g *guardedLog, connection string, stop func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "alta-copy-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	g = openTestLog(t, data)
	connection = "unix:" + filepath.Join(dir, "s")
	l, err := wire.Listen(t.Context(), connection)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- wire.Serve(ctx, l, g, wire.Options{}) }()
	return g, connection, func() {
		cancel()
		if err := errors.Join(<-done, g.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestALogIsCopiedToAServerAndBackWithTheSameRoot(t *testing.T) {
	source, middle, back := t.TempDir(), t.TempDir(), t.TempDir()
	g := openTestLog(t, source)
	tree := life(t, g)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	server, connection, stop := offered(t, middle)
	for range 2 { // the second time there is nothing to do
		if said, err := alta(t, "copy", "--from", source, "--to", connection); err != nil || !strings.Contains(said, tree.Hash.String()) {
			t.Fatal(said, err)
		}
		fates(t, server)
	}
	if said, err := alta(t, "copy", "--from", connection, "--to", back); err != nil || !strings.Contains(said, tree.Hash.String()) {
		t.Fatal(said, err)
	}
	stop()
	g = openTestLog(t, back)
	fates(t, g)
	if got, err := g.Tree(); err != nil || got != tree {
		t.Fatal(got, err)
	}
}

// brittle is a log whose appends fail after some, the failing one written.
type brittle struct {
	copyLog
	left int
}

var errBrittle = errors.New("the line is cut")

func (b *brittle) Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error) {
	at, err := b.copyLog.Append(ctx, stream, expected, events...)
	if b.left--; b.left < 0 {
		return at, errBrittle
	}
	return at, err
}

func TestAnInterruptedCopyGoesOnWhereItStopped(t *testing.T) {
	from := openTestLog(t, t.TempDir())
	tree := life(t, from)
	to := openTestLog(t, t.TempDir())
	runs := 0
	for {
		runs++
		c := copying{from: from, to: &brittle{to, 5}, out: t.Output(), every: 0}
		got, err := c.run(t.Context())
		if err == nil {
			if got != tree {
				t.Fatal(got)
			}
			break
		}
		if !errors.Is(err, errBrittle) || runs > 100 {
			t.Fatal(err)
		}
	}
	if runs < 5 {
		t.Fatalf("it was interrupted %d times", runs-1)
	}
	fates(t, to)
}

func TestADestinationThatIsNoCopyIsRefused(t *testing.T) {
	source, other := t.TempDir(), t.TempDir()
	g := openTestLog(t, source)
	life(t, g)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	g = openTestLog(t, other)
	grow(t, g, 0, 3)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := alta(t, "copy", "--from", source, "--to", other); err == nil || !strings.Contains(err.Error(), "at index 0 it holds revision 0 of stream s") {
		t.Fatal(err)
	}
	longer := t.TempDir()
	if _, err := alta(t, "copy", "--from", source, "--to", longer); err != nil {
		t.Fatal(err)
	}
	g = openTestLog(t, longer)
	grow(t, g, 0, 1)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := alta(t, "copy", "--from", source, "--to", longer); err == nil || !strings.Contains(err.Error(), "the destination is ahead") {
		t.Fatal(err)
	}
	if _, err := alta(t, "copy", "--from", t.TempDir(), "--to", longer); err == nil || !strings.Contains(err.Error(), "there is no event log") {
		t.Fatal(err)
	}
	if _, err := alta(t, "copy", "--from", source); err == nil {
		t.Fatal("copying to nowhere was accepted")
	}
}
