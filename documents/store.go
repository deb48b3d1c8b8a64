package documents

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"alta/vault"
)

// Blobs is where documents are kept: *vault.Blobs.
type Blobs interface {
	Put(ctx context.Context, subject string, r io.Reader, limit int64) (vault.Blob, error)
	Destroy(ctx context.Context, subject, id string) error
}

// Stored names the blobs of one document; an event may refer to them.
type Stored struct {
	Original string       `json:"original"`
	Pages    []StoredPage `json:"pages"`
}

// StoredPage names the blobs of one page.
type StoredPage struct {
	View  string `json:"view"`
	Thumb string `json:"thumb"`
}

// IDs lists every blob of the document.
func (s Stored) IDs() []string {
	ids := []string{s.Original}
	for _, p := range s.Pages {
		ids = append(ids, p.View, p.Thumb)
	}
	return ids
}

// Store makes the original and every picture durable, and only then answers
// their names: an event appended afterwards speaks of files that are complete.
// After an error nothing is kept (what cannot be removed now has no reference
// and is destroyed by name when the caller repeats Discard).
func Store(ctx context.Context, blobs Blobs, subject string, a *Accepted) (Stored, error) {
	var s Stored
	put := func(b []byte) (string, error) {
		blob, err := blobs.Put(ctx, subject, bytes.NewReader(b), int64(len(b)))
		return blob.ID, err
	}
	fail := func(err error) (Stored, error) {
		Discard(context.WithoutCancel(ctx), blobs, subject, s)
		return Stored{}, fmt.Errorf("store a document: %w", err)
	}
	var err error
	if s.Original, err = put(a.Original); err != nil {
		return fail(err)
	}
	for _, p := range a.Pictures {
		s.Pages = append(s.Pages, StoredPage{})
		page := &s.Pages[len(s.Pages)-1]
		if page.View, err = put(p.View); err != nil {
			return fail(err)
		}
		if page.Thumb, err = put(p.Thumb); err != nil {
			return fail(err)
		}
	}
	return s, nil
}

// Discard destroys every blob of a document for good: after an append that was
// refused, or when a redacted document has taken its place.
func Discard(ctx context.Context, blobs Blobs, subject string, s Stored) error {
	var first error
	for _, id := range s.IDs() {
		if id == "" {
			continue
		}
		if err := blobs.Destroy(ctx, subject, id); err != nil && first == nil {
			first = err
		}
	}
	return first
}
