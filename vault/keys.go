package vault

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// KeyStore keeps wrapped data keys under names of hexadecimal digits. Every
// method is durable when it returns, and safe across processes.
type KeyStore interface {
	// Get answers the value, or ErrNotFound.
	Get(ctx context.Context, name string) ([]byte, error)
	// PutIfAbsent stores the value unless the name has one, and answers what the
	// store then holds: the caller's value, or the one that was there first.
	PutIfAbsent(ctx context.Context, name string, value []byte) (held []byte, err error)
	// Delete destroys the value: when it returns, the store's medium no longer
	// holds it. An absent name is no error.
	Delete(ctx context.Context, name string) error
}

// subjectKey is a data key in memory: only what was derived from it is kept.
type subjectKey struct {
	fields cipher.AEAD // seals the fields
	prk    []byte      // what the key of another purpose is expanded from
}

func newSubjectKey(raw []byte) *subjectKey {
	prk := extract(raw)
	return &subjectKey{fields: aead(expand(prk, purposeField)), prk: prk}
}

// blobs wraps the keys of the blobs. Many more fields are opened than blobs, so
// it is made when it is needed.
func (k *subjectKey) blobs() cipher.AEAD { return aead(expand(k.prk, purposeBlob)) }

// indexName is the key store's name of the blind index key. It cannot collide
// with a subject, whose name is a hash of 64 digits.
const indexName = "00"

// nameOf is how a subject is called in the stores. Hashing keeps file names
// short and of one form, whatever the subjects are called.
func nameOf(subject string) string {
	sum := sha256.Sum256(bind("alta/vault/v1/subject", subject))
	return hex.EncodeToString(sum[:])
}

func fenceOf(name string) string { return "subject-" + name }

// subjectKey answers the subject's key, from memory or from the store. Where
// asking the fences costs next to nothing they are asked first even then, so
// that a key destroyed by another process is not used once more; elsewhere a
// key in memory may outlive its destruction on another node by KeyLife.
func (v *Vault) subjectKey(ctx context.Context, subject string, make bool) (*subjectKey, error) {
	name := nameOf(subject)
	p, ok := v.fences.(Prompt)
	asked := ok && p.Prompt()
	if asked {
		if err := v.fenced(ctx, name); err != nil {
			v.cache.drop(name)
			return nil, err
		}
	}
	return v.cache.get(ctx, name, func(ctx context.Context) (*subjectKey, error) {
		if !asked {
			if err := v.fenced(ctx, name); err != nil {
				return nil, err
			}
		}
		raw, err := v.dataKey(ctx, name, make)
		if err != nil {
			return nil, err
		}
		return newSubjectKey(raw), nil
	})
}

// fenced answers ErrErased when the key of that name was destroyed.
func (v *Vault) fenced(ctx context.Context, name string) error {
	gone, err := v.fences.Has(ctx, fenceOf(name))
	switch {
	case err != nil:
		return fmt.Errorf("ask the fences: %w", err)
	case gone:
		return ErrErased
	}
	return nil
}

// dataKey loads the data key, or makes it, after its caller asked the fence.
//
// Making races with other makers and with Shred. PutIfAbsent lets one maker
// win. Against Shred, which fences and then deletes, the fence is asked again
// after the key is in the store: either Shred sees the key and deletes it, or
// the maker sees the fence and does. A key that is being overwritten reads as
// damaged; its fence, which came before, says that it was destroyed. A key that
// was there whole and is only to open what was sealed needs no second question.
func (v *Vault) dataKey(ctx context.Context, name string, make bool) ([]byte, error) {
	held, err := v.keys.Get(ctx, name)
	if errors.Is(err, ErrNotFound) {
		if !make {
			return nil, ErrNoKey
		}
		held, err = v.makeKey(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	raw, damaged := v.unwrap(ctx, name, held)
	if damaged == nil && !make {
		return raw, nil
	}
	err = v.fenced(ctx, name)
	if errors.Is(err, ErrErased) {
		if err := v.keys.Delete(ctx, name); err != nil {
			return nil, fmt.Errorf("delete a fenced key: %w", err)
		}
	}
	if err != nil {
		return nil, err
	}
	return raw, damaged
}

func (v *Vault) makeKey(ctx context.Context, name string) ([]byte, error) {
	raw := make([]byte, 32)
	rand.Read(raw)
	record, err := v.wrap(ctx, name, raw)
	if err != nil {
		return nil, err
	}
	held, err := v.keys.PutIfAbsent(ctx, name, record)
	if err != nil {
		return nil, fmt.Errorf("store a data key: %w", err)
	}
	return held, nil
}

func (v *Vault) indexKey(ctx context.Context) ([]byte, error) {
	held, err := v.keys.Get(ctx, indexName)
	if errors.Is(err, ErrNotFound) {
		held, err = v.makeKey(ctx, indexName)
	}
	if err != nil {
		return nil, err
	}
	raw, err := v.unwrap(ctx, indexName, held)
	if err != nil {
		return nil, err
	}
	return derive(raw, purposeIndex), nil
}

// wrap makes the stored record of a data key. The checksum tells a flipped bit
// (restore this file) from a KEK that does not fit (restore the KEK).
func (v *Vault) wrap(ctx context.Context, name string, raw []byte) ([]byte, error) {
	wrapped, err := v.kms.Wrap(ctx, raw, bind(purposeWrap, name))
	if err != nil {
		return nil, fmt.Errorf("wrap a data key: %w", err)
	}
	return encodeRecord(wrapped), nil
}

func (v *Vault) unwrap(ctx context.Context, name string, record []byte) ([]byte, error) {
	wrapped, err := decodeRecord(record)
	if err != nil {
		return nil, fmt.Errorf("key record %s: %w", name, err)
	}
	raw, err := v.kms.Unwrap(ctx, wrapped, bind(purposeWrap, name))
	if err != nil {
		return nil, fmt.Errorf("unwrap key %s: %w", name, err)
	}
	if len(raw) != 32 {
		return nil, fmt.Errorf("%w: key %s has %d bytes", ErrDamaged, name, len(raw))
	}
	return raw, nil
}

const recordHead = "alta-key-1 "

func encodeRecord(wrapped []byte) []byte {
	return fmt.Appendf(nil, "%s%08x %s", recordHead, crc32.ChecksumIEEE(wrapped), wrapped)
}

func decodeRecord(b []byte) ([]byte, error) {
	rest, ok := strings.CutPrefix(string(b), recordHead)
	sum, wrapped, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 || len(sum) != 8 {
		return nil, ErrDamaged
	}
	want, err := strconv.ParseUint(sum, 16, 32)
	if err != nil || uint32(want) != crc32.ChecksumIEEE([]byte(wrapped)) {
		return nil, ErrDamaged
	}
	return []byte(wrapped), nil
}
