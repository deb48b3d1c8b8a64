package esdb_test

import (
	"errors"
	"testing"

	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/eventstore/wire/nodetest"
)

func TestTheRightToReadEverythingIsGrantedOnceAndKeepsWhatIsThere(t *testing.T) {
	c, err := nodetest.Start(nodetest.Options{Dir: t.TempDir(), Facts: nodetest.Facts{AllDenied: true, Metadata: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	log := open(t, c.Connection(), esdb.Options{})
	if _, err := log.Head(t.Context()); !errors.Is(err, esdb.ErrDenied) {
		t.Fatalf("everything is read without the right: %v", err)
	}
	if _, err := log.Grant(t.Context(), ""); !errors.Is(err, eventstore.ErrInvalid) {
		t.Fatal(err)
	}
	for _, x := range [][2]string{
		{"alta", `{"$acl":{"$r":["$admins","alta"]}}`},
		{"alta", `{"$acl":{"$r":["$admins","alta"]}}`},
		{"auditor", `{"$acl":{"$r":["$admins","alta","auditor"]}}`},
	} {
		if got, err := log.Grant(t.Context(), x[0]); err != nil || got != x[1] {
			t.Fatalf("for %s the metadata are %s, %v", x[0], got, err)
		}
	}
	if _, err := log.Head(t.Context()); err != nil {
		t.Fatalf("with the right: %v", err)
	}
}
