package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// orphanAge is how old chunks without a manifest must be to be swept. It keeps
// the sweep away from uploads that are under way.
const orphanAge = 24 * time.Hour

// Sweep deletes what an upload left that a crash or a lost connection ended:
// chunks of a blob that has no manifest, older than age (24 hours when it is 0).
// It answers how many objects it deleted.
func (b *Blobs) Sweep(ctx context.Context, age time.Duration) (int, error) {
	if age <= 0 {
		age = orphanAge
	}
	limit := b.clock().Add(-age)
	count := 0
	err := b.eachBlob(ctx, func(objects []Object) error {
		for _, o := range objects {
			if isManifest(o.Name) || !o.Modified.Before(limit) {
				return nil
			}
		}
		for _, o := range objects {
			if err := b.objects.Delete(ctx, o.Name); err != nil {
				return err
			}
			count++
		}
		return nil
	})
	return count, err
}

// Scrub reads every stored byte and calls damaged with the name of each object
// that is not what was written or is missing: the names to restore from a
// backup. It needs no key and opens nothing.
func (b *Blobs) Scrub(ctx context.Context, damaged func(name string)) error {
	return b.eachBlob(ctx, func(objects []Object) error {
		present := map[string]bool{}
		var m storedManifest
		complete := false
		for _, o := range objects {
			raw, err := b.objects.Get(ctx, o.Name)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			present[o.Name] = true
			if isManifest(o.Name) {
				complete = true
				if err == nil {
					m, err = parseManifest(raw)
				}
			} else if sum := sha256.Sum256(raw); err == nil && !strings.HasSuffix(o.Name, "/"+hex.EncodeToString(sum[:])) {
				err = ErrDamaged
			}
			if err != nil {
				damaged(o.Name)
			}
		}
		if !complete {
			return nil // an upload under way, or an orphan
		}
		for _, address := range m.Chunks {
			name := objects[0].Name[:strings.LastIndexByte(objects[0].Name, '/')+1] + address
			if !present[name] {
				damaged(name)
			}
		}
		return nil
	})
}

func isManifest(name string) bool { return strings.HasSuffix(name, "/"+manifestLeaf) }

// eachBlob visits the objects of one blob after the other. Listings keep the
// objects of one prefix together, so that nothing but one blob is in memory.
func (b *Blobs) eachBlob(ctx context.Context, visit func([]Object) error) error {
	var blob []Object
	prefix := ""
	err := b.objects.List(ctx, "blobs/", func(o Object) error {
		p := o.Name[:strings.LastIndexByte(o.Name, '/')+1]
		if p != prefix && len(blob) > 0 {
			if err := visit(blob); err != nil {
				return err
			}
			blob = nil
		}
		prefix = p
		blob = append(blob, o)
		return nil
	})
	if err == nil && len(blob) > 0 {
		err = visit(blob)
	}
	return err
}
