package embedded_test

import (
	"context"
	"encoding/binary"
	"testing"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a log that is closed with the test.
func open(t testing.TB, dir string, change ...func(*embedded.Options)) *embedded.Log {
	t.Helper()
	opt := embedded.Options{Leaf: evidence.Leaf, Fatal: func(err error) { t.Errorf("the log failed: %v", err) }}
	for _, c := range change {
		c(&opt)
	}
	l, err := embedded.Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

// event makes an event whose id is the number n.
func event(n int) eventstore.Proposed {
	e := eventstore.Proposed{Type: "tested.v1", Data: []byte(`{"a":1}`), Meta: []byte(`{}`)}
	binary.BigEndian.PutUint64(e.ID[8:], uint64(n))
	e.ID[0] = 1
	return e
}

func TestAnAppendIsReadBackAfterReopening(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	l := open(t, dir)
	for i := range 10 {
		at, err := l.Append(ctx, "s-1", eventstore.Revision(i-1), event(i+1))
		if err != nil || at.Revision != eventstore.Revision(i) {
			t.Fatal(at, err)
		}
	}
	before, err := l.Tree()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	after, err := l.Tree()
	if err != nil || after != before {
		t.Fatal(before, after, err)
	}
	n := 0
	for r, err := range l.ReadAll(ctx, eventstore.Start, embedded.All) {
		if err != nil || r.Revision != eventstore.Revision(n) || r.ID != event(n+1).ID {
			t.Fatal(n, r, err)
		}
		n++
	}
	if n != 10 {
		t.Fatalf("%d events", n)
	}
}
