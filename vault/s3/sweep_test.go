package s3

import (
	"context"
	"strings"
	"testing"

	"alta/vault"
)

func TestWhatAnUploadLeftInABucketIsSwept(t *testing.T) {
	b, cfg := startBucket(t)
	b.keepAll = true
	s, ctx := open(t, cfg), context.Background()
	v := openVault(t, s, t.TempDir())
	put := func() vault.Blob {
		t.Helper()
		blob, err := v.Blobs().Put(ctx, "merchant-1", strings.NewReader(strings.Repeat("x", 2*vault.ChunkSize+5)), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return blob
	}
	keep, orphan := put(), put()
	var found []vault.Whole
	if err := v.Blobs().EachWhole(ctx, func(w vault.Whole) error { found = append(found, w); return nil }); err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	for _, w := range found {
		if w.ID == orphan.ID {
			if err := v.Blobs().Remove(ctx, w); err != nil {
				t.Fatal(err)
			}
		}
	}
	kept := 0
	for name, versions := range b.objects {
		if strings.Contains(name, orphan.ID) && len(versions) > 0 {
			t.Errorf("%s still has %d versions", name, len(versions))
		}
		if strings.Contains(name, keep.ID) {
			kept++
		}
	}
	if kept != 4 {
		t.Errorf("%d objects of the other document", kept)
	}
	if err := v.Blobs().SetNote(ctx, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if text, err := v.Blobs().Note(ctx); err != nil || string(text) != "x" {
		t.Errorf("%q, %v", text, err)
	}
}
