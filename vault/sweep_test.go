package vault

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestACompleteDocumentIsListedAndCanBeRemovedWithoutItsKey(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	v := open(t, Config{Dir: dir})
	keep, orphan := put(t, v, "merchant-1", random(3*ChunkSize)), put(t, v, "merchant-1", random(10))
	var listed []Whole
	list := func() {
		listed = nil
		if err := v.Blobs().EachWhole(ctx, func(w Whole) error { listed = append(listed, w); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	list()
	if len(listed) != 2 {
		t.Fatalf("listed %v", listed)
	}
	for _, w := range listed {
		if w.Owner != nameOf("merchant-1") || w.Stored.IsZero() {
			t.Errorf("listed %+v", w)
		}
		if w.ID == orphan.ID {
			for range 2 { // a second time changes nothing
				if err := v.Blobs().Remove(ctx, w); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	_, err := readAll(t, v, "merchant-1", orphan.ID)
	wants(t, "the removed one", err, ErrNotFound)
	if got, err := readAll(t, v, "merchant-1", keep.ID); err != nil || len(got) != 3*ChunkSize {
		t.Errorf("the other: %d bytes, %v", len(got), err)
	}
	if list(); len(listed) != 1 {
		t.Errorf("still listed: %v", listed)
	}
	for _, w := range []Whole{{}, {Owner: "../x", ID: keep.ID}, {Owner: nameOf("merchant-1"), ID: "x/y"}} {
		wants(t, "a made-up name", v.Blobs().Remove(ctx, w), ErrInvalid)
	}
}

func TestANoteIsKeptBesideTheDocumentsAndIsNoneOfThem(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	v := open(t, Config{Dir: dir})
	if b, err := v.Blobs().Note(ctx); b != nil || err != nil {
		t.Fatal(b, err)
	}
	for _, text := range []string{"one", "two"} {
		if err := v.Blobs().SetNote(ctx, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := v.Blobs().Note(ctx); err != nil || !bytes.Equal(b, []byte(text)) {
			t.Fatal(string(b), err)
		}
	}
	if err := v.Blobs().Scrub(ctx, func(name string) { t.Errorf("damaged: %s", name) }); err != nil {
		t.Error(err)
	}
	if err := v.Blobs().EachWhole(ctx, func(Whole) error { return errors.New("it is listed") }); err != nil {
		t.Error(err)
	}
}

// awayObjects is a store that cannot be reached.
type awayObjects struct {
	Objects
	why error
}

func (o *awayObjects) Get(ctx context.Context, name string) ([]byte, error) {
	if o.why != nil {
		return nil, o.why
	}
	return o.Objects.Get(ctx, name)
}

func TestAScrubTakesNothingForDamagedThatCannotBeReadNow(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	stored, err := OpenLocalObjects(filepath.Join(dir, "objects"))
	if err != nil {
		t.Fatal(err)
	}
	objects := &awayObjects{Objects: stored}
	v := open(t, Config{Dir: dir, Objects: objects})
	put(t, v, "merchant-1", random(10))
	for _, c := range []struct {
		why     error
		damaged bool
	}{
		{nil, false}, {ErrUnavailable, false}, {syscall.EMFILE, false},
		{ErrNotFound, true}, {&os.PathError{Op: "read", Err: syscall.EIO}, true},
	} {
		objects.why = c.why
		damaged := 0
		err := v.Blobs().Scrub(ctx, func(string) { damaged++ })
		if damaged > 0 != c.damaged || (err != nil) == (c.damaged || c.why == nil) || err != nil && !errors.Is(err, c.why) {
			t.Errorf("while reading fails with %v: %d objects are damaged, and the scrub ends with %v", c.why, damaged, err)
		}
	}
}
