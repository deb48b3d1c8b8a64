package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Stores are the local stores of a vault without the key-encryption key: what a
// backup copies and verifies. Nothing sealed can be opened with them.
type Stores struct {
	keys    *LocalKeys
	objects *LocalObjects
	fences  *LocalFences
	vault   *Vault // without a KMS: it can destroy and not open
}

// OpenStores opens the local stores in a vault's directory. It fails with
// fs.ErrNotExist where there are none.
func OpenStores(dir string) (*Stores, error) {
	if _, err := os.Stat(filepath.Join(dir, "keys")); err != nil {
		return nil, err
	}
	return makeStores(dir)
}

func makeStores(dir string) (*Stores, error) {
	s, err := new(Stores), error(nil)
	if s.keys, err = OpenLocalKeys(filepath.Join(dir, "keys")); err != nil {
		return nil, err
	}
	if s.objects, err = OpenLocalObjects(filepath.Join(dir, "objects")); err != nil {
		return nil, err
	}
	if s.fences, err = OpenLocalFences(filepath.Join(dir, "fences")); err != nil {
		return nil, err
	}
	s.vault = &Vault{keys: s.keys, fences: s.fences, cache: newKeyCache(0, 0, nil)}
	s.vault.blobs = &Blobs{vault: s.vault, objects: s.objects}
	return s, nil
}

// Copied is what a copy of the stores holds.
type Copied struct {
	Keys    int
	Objects int
	Bytes   int64 // of the objects
	Fences  int
}

// Copy copies wrapped keys, sealed documents and fences to a directory, joined
// with what is there, while the vault is in use. The fences come last: whatever is
// erased while the copy is taken is fenced in the copy, and destroyed in it.
//
// Files are copied and never linked, because destroying one overwrites it in
// place. One that is being destroyed may be copied half: its fence is there by
// then, and destroys the copy.
func (s *Stores) Copy(ctx context.Context, dir string) (c Copied, err error) {
	to, err := makeStores(dir)
	if err != nil {
		return c, err
	}
	err = s.objects.List(ctx, "blobs/", func(o Object) error {
		raw, err := whole(func() ([]byte, error) { return s.objects.Get(ctx, o.Name) }, func(b []byte) bool { return wholeObject(o.Name, b) })
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("object %s: %w", o.Name, err)
		}
		c.Objects++
		c.Bytes += int64(len(raw))
		return to.objects.Put(ctx, o.Name, raw)
	})
	if err != nil {
		return c, fmt.Errorf("copy the documents: %w", err)
	}
	err = s.keys.Each(ctx, func(name string) error {
		raw, err := whole(func() ([]byte, error) { return s.keys.Get(ctx, name) }, func(b []byte) bool { _, err := decodeRecord(b); return err == nil })
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("key %s: %w", name, err)
		}
		held, err := to.keys.PutIfAbsent(ctx, name, raw)
		if err == nil && !bytes.Equal(held, raw) {
			err = fmt.Errorf("%w: key %s is there and is another one", ErrDamaged, name)
		}
		c.Keys++
		return err
	})
	if err != nil {
		return c, fmt.Errorf("copy the keys: %w", err)
	}
	marks, err := s.Fences(ctx)
	if err == nil {
		err = to.Impose(ctx, marks)
	}
	if err != nil {
		return c, fmt.Errorf("copy the fences: %w", err)
	}
	c.Fences = len(marks)
	return c, nil
}

// whole reads until the content is what was written, or is gone. What stays
// damaged is copied as it is: the verification names it, and the rest of the
// backup is worth having.
func whole(read func() ([]byte, error), is func([]byte) bool) (b []byte, err error) {
	for range 3 {
		if b, err = read(); err != nil || is(b) {
			return b, err
		}
	}
	return b, nil
}

func wholeObject(name string, b []byte) bool {
	if isManifest(name) {
		_, err := parseManifest(b)
		return err == nil
	}
	sum := sha256.Sum256(b)
	return strings.HasSuffix(name, "/"+hex.EncodeToString(sum[:]))
}

// Fences lists every fence.
func (s *Stores) Fences(ctx context.Context) ([]string, error) { return s.vault.Fences(ctx) }

// Impose adds fences from elsewhere and destroys what they name.
func (s *Stores) Impose(ctx context.Context, marks []string) error { return s.vault.Impose(ctx, marks) }

// CheckKey answers nil when the subject has a key of which every bit is right,
// else ErrErased, ErrNoKey or ErrDamaged.
func (s *Stores) CheckKey(ctx context.Context, subject string) error {
	return s.checkKey(ctx, nameOf(subject))
}

// CheckIndex does the same for the key of the blind index.
func (s *Stores) CheckIndex(ctx context.Context) error { return s.checkKey(ctx, indexName) }

func (s *Stores) checkKey(ctx context.Context, name string) error {
	if err := s.vault.fenced(ctx, name); err != nil {
		return err
	}
	raw, err := s.keys.Get(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return ErrNoKey
	}
	if err == nil {
		_, err = decodeRecord(raw)
	}
	return err
}

// CheckBlob answers nil when the document is there and every sealed byte of it is
// right, else ErrErased, ErrNotFound or ErrDamaged.
func (s *Stores) CheckBlob(ctx context.Context, subject, id string) error {
	if err := s.vault.blobs.fenced(ctx, subject, id); err != nil {
		return err
	}
	owner := nameOf(subject)
	raw, err := s.objects.Get(ctx, manifestName(owner, id))
	if err != nil {
		return err
	}
	m, err := parseManifest(raw)
	if err != nil || m.ID != id {
		return ErrDamaged
	}
	for _, address := range m.Chunks {
		name := chunkName(owner, id, address)
		chunk, err := s.objects.Get(ctx, name)
		if errors.Is(err, ErrNotFound) || err == nil && !wholeObject(name, chunk) {
			return fmt.Errorf("%w: %s", ErrDamaged, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
