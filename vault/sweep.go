package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// SafeAge is how old a stored thing must be before it can be taken for left
// over. An upload takes two minutes at the most, so this keeps every sweep away
// from those that are under way, by any clock that is not hours wrong; and with a
// sweep every hour nothing that is left over lives for a day.
const SafeAge = 12 * time.Hour

// Sweep deletes what an upload left that a crash or a lost connection ended:
// chunks of a blob that has no manifest, older than age (SafeAge when it is 0).
// It answers how many objects it deleted.
//
// A blob that is complete is never touched here: whether anything refers to it
// only the log knows (EachWhole, Remove).
func (b *Blobs) Sweep(ctx context.Context, age time.Duration) (int, error) {
	if age <= 0 {
		age = SafeAge
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

// Whole is a complete blob, as a listing without any key sees it.
type Whole struct {
	Owner  string // the subject's name in the stores, which names no person
	ID     string
	Stored time.Time // by the store's clock
}

// EachWhole visits every complete blob. It opens nothing.
func (b *Blobs) EachWhole(ctx context.Context, visit func(Whole) error) error {
	return b.eachBlob(ctx, func(objects []Object) error {
		for _, o := range objects {
			if parts := strings.Split(o.Name, "/"); isManifest(o.Name) && len(parts) == 5 {
				return visit(Whole{Owner: parts[2], ID: parts[3], Stored: o.Modified})
			}
		}
		return nil
	})
}

// Remove deletes a complete blob that nothing refers to. It leaves no fence:
// should the caller be wrong, a backup can bring the blob back.
func (b *Blobs) Remove(ctx context.Context, w Whole) error {
	if !fenceForm.MatchString(blobFence(w.Owner, w.ID)) {
		return fmt.Errorf("%w: not a blob's name", ErrInvalid)
	}
	return b.delete(ctx, w.Owner, w.ID)
}

// note is where the store keeps what one sweep leaves for the next.
const note = "sweep/note"

// Note answers what SetNote kept last, nil when there is nothing. It lies beside
// the blobs and is in no backup: what it says is true of these stores only.
func (b *Blobs) Note(ctx context.Context) ([]byte, error) {
	raw, err := b.objects.Get(ctx, note)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return raw, err
}

// SetNote keeps a small text for the next sweep.
func (b *Blobs) SetNote(ctx context.Context, text []byte) error {
	return b.objects.Put(ctx, note, text)
}

// Scrub reads every stored byte and calls damaged with the name of each object
// that is not what was written or is missing: the names to restore from a
// backup. It needs no key and opens nothing. An object that cannot be read now, because
// the store is away for one, is not damaged: it ends the scrub with the store's error.
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
			switch {
			case err == nil:
			case errors.Is(err, ErrDamaged), errors.Is(err, ErrNotFound), errors.Is(err, syscall.EIO):
				damaged(o.Name)
			default:
				return fmt.Errorf("read %s: %w", o.Name, err)
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
