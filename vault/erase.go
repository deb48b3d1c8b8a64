package vault

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// Shred erases a subject for good: it writes the fence, destroys the key, and
// deletes the subject's documents. From the moment the fence is durable nothing
// of the subject is sealed or opened here, whatever happens afterwards; on
// nodes with fences elsewhere a key in memory lives at most five minutes more.
//
// It may be repeated; after an error it must be, until it answers nil.
func (v *Vault) Shred(ctx context.Context, subject string) error {
	if err := named(subject); err != nil {
		return err
	}
	name := nameOf(subject)
	if err := v.fences.Add(ctx, fenceOf(name)); err != nil {
		return fmt.Errorf("write the fence: %w", err)
	}
	v.cache.drop(name)
	if err := v.keys.Delete(ctx, name); err != nil {
		return fmt.Errorf("destroy the key: %w", err)
	}
	if err := v.blobs.deleteAll(ctx, name); err != nil {
		return fmt.Errorf("delete the documents: %w", err)
	}
	return nil
}

// Erased reports whether the subject was shredded.
func (v *Vault) Erased(ctx context.Context, subject string) (bool, error) {
	return v.fences.Has(ctx, fenceOf(nameOf(subject)))
}

// Fences lists every fence, for a backup: the list names no person.
func (v *Vault) Fences(ctx context.Context) ([]string, error) {
	var marks []string
	err := v.fences.Each(ctx, func(m string) error { marks = append(marks, m); return nil })
	return marks, err
}

// fenceForm is every mark that the vault itself writes.
var fenceForm = regexp.MustCompile(`^(subject-[0-9a-f]{64}|blob-[0-9a-f]{64}-[0-9a-f]{32})$`)

// Impose adds fences from elsewhere, such as those of a backup that is being
// restored or of the system that it replaces, and destroys what they name.
func (v *Vault) Impose(ctx context.Context, marks []string) error {
	for _, m := range marks {
		if !fenceForm.MatchString(m) {
			return fmt.Errorf("%w: not a fence", ErrInvalid)
		}
	}
	for _, m := range marks {
		if err := v.fences.Add(ctx, m); err != nil {
			return err
		}
	}
	return v.enforce(ctx)
}

// enforce destroys every fenced thing that is there again.
func (v *Vault) enforce(ctx context.Context) error {
	return v.fences.Each(ctx, func(mark string) error {
		if name, ok := strings.CutPrefix(mark, fenceOf("")); ok {
			v.cache.drop(name)
			if err := v.keys.Delete(ctx, name); err != nil {
				return err
			}
			return v.blobs.deleteAll(ctx, name)
		}
		if rest, ok := strings.CutPrefix(mark, blobFence("", "")); ok {
			subject, id, _ := strings.Cut(rest, "-")
			return v.blobs.delete(ctx, subject, id)
		}
		return nil
	})
}
