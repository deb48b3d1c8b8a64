package documents

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"alta/vault"
)

// failing stores n blobs and then no more.
type failing struct {
	*vault.Blobs
	left int
	made []string
}

var errFull = errors.New("disk full")

func (f *failing) Put(ctx context.Context, subject string, r io.Reader, limit int64) (vault.Blob, error) {
	if f.left == 0 {
		return vault.Blob{}, errFull
	}
	f.left--
	b, err := f.Blobs.Put(ctx, subject, r, limit)
	f.made = append(f.made, b.ID)
	return b, err
}

func TestADocumentIsStoredWholeOrNotAtAll(t *testing.T) {
	v, err := vault.Open(vault.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	view := asJPEG(specimen(300, 200, 1), 80)
	a := &Accepted{Original: []byte("original"), Pictures: []Pictures{{view, view}, {view, view}}}
	read := func(id string) ([]byte, error) {
		r, err := v.Blobs().Get(ctx, "merchant-1", id)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(r)
	}
	for n := range 5 {
		f := &failing{Blobs: v.Blobs(), left: n}
		if _, err := Store(ctx, f, "merchant-1", a); !errors.Is(err, errFull) {
			t.Fatalf("after %d blobs: %v", n, err)
		}
		for _, id := range f.made {
			if _, err := read(id); !errors.Is(err, vault.ErrErased) {
				t.Errorf("after %d blobs, %s: %v", n, id, err)
			}
		}
	}
	s, err := Store(ctx, v.Blobs(), "merchant-1", a)
	if err != nil || len(s.IDs()) != 5 {
		t.Fatalf("%+v, %v", s, err)
	}
	if b, err := read(s.Original); err != nil || string(b) != "original" {
		t.Errorf("%q, %v", b, err)
	}
	if b, err := read(s.Pages[1].Thumb); err != nil || !bytes.Equal(b, view) {
		t.Errorf("thumbnail: %v", err)
	}
	if err := Discard(ctx, v.Blobs(), "merchant-1", s); err != nil {
		t.Fatal(err)
	}
	for _, id := range s.IDs() {
		if _, err := read(id); !errors.Is(err, vault.ErrErased) {
			t.Errorf("%s: %v", id, err)
		}
	}
}
