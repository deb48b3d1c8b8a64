package vault

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Rewrapper is what a KeyStore must also be for the KEK to be rotated.
type Rewrapper interface {
	Each(ctx context.Context, visit func(name string) error) error
	// Replace puts value where old is, atomically, and answers whether old was
	// still there.
	Replace(ctx context.Context, name string, old, value []byte) (bool, error)
}

// Rewrap wraps every data key anew, with the KMS's current key version, and
// answers how many. It may run while the vault is in use and may be repeated;
// no ciphertext changes. Afterwards the old version can be retired.
func (v *Vault) Rewrap(ctx context.Context) (int, error) {
	store, ok := v.keys.(Rewrapper)
	if !ok {
		return 0, fmt.Errorf("%w: this key store cannot be rewrapped", ErrInvalid)
	}
	count := 0
	err := store.Each(ctx, func(name string) error {
		old, err := v.keys.Get(ctx, name)
		if errors.Is(err, ErrNotFound) {
			return nil // destroyed meanwhile
		}
		if err != nil {
			return err
		}
		raw, err := v.unwrap(ctx, name, old)
		if err != nil {
			return err
		}
		record, err := v.wrap(ctx, name, raw)
		if err != nil {
			return err
		}
		done, err := store.Replace(ctx, name, old, record)
		if done {
			count++
		}
		return err
	})
	return count, err
}

// Wrappings counts the data keys by the version of the key-encryption key that
// wraps them, such as "file:v2". A version that wraps none can be retired.
func (v *Vault) Wrappings(ctx context.Context) (map[string]int, error) {
	store, ok := v.keys.(Rewrapper)
	if !ok {
		return nil, fmt.Errorf("%w: the keys of this store cannot be listed", ErrInvalid)
	}
	count := map[string]int{}
	err := store.Each(ctx, func(name string) error {
		record, err := v.keys.Get(ctx, name)
		if errors.Is(err, ErrNotFound) {
			return nil // destroyed meanwhile
		}
		if err != nil {
			return err
		}
		wrapped, err := decodeRecord(record)
		if err != nil {
			return fmt.Errorf("key record %s: %w", name, err)
		}
		version := string(wrapped)
		if i := strings.LastIndexByte(version, ':'); i > 0 {
			version = version[:i]
		}
		count[version]++
		return nil
	})
	return count, err
}

// ErrInUse: a version of the key-encryption key still wraps keys.
var ErrInUse = errors.New("vault: keys are still wrapped with this version")

// KeyFile is the key-encryption key in a file; nil where a key service has it.
func (v *Vault) KeyFile() *FileKEK {
	k, _ := v.kms.(*FileKEK)
	return k
}

// Retire drops a version of the key file for good, unless it still wraps a key.
func (v *Vault) Retire(ctx context.Context, version int) error {
	k := v.KeyFile()
	if k == nil {
		return fmt.Errorf("%w: a key service has the key-encryption key", ErrInvalid)
	}
	count, err := v.Wrappings(ctx)
	if err != nil {
		return err
	}
	if count[fmt.Sprintf("file:v%d", version)] > 0 {
		return ErrInUse
	}
	return k.Retire(version)
}
