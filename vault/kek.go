package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"

	"alta/durable"
)

// KMS wraps data keys under a key-encryption key that never leaves it. A wrapped
// key says by itself which version wrapped it. bound is authenticated and not
// stored: the same bytes must be given to Unwrap.
//
// Errors match ErrUnavailable when a later attempt or an operator can help (the
// service is down, the version is missing) and ErrDamaged when the wrapped key
// is not genuine.
type KMS interface {
	Wrap(ctx context.Context, key, bound []byte) (wrapped []byte, err error)
	Unwrap(ctx context.Context, wrapped, bound []byte) (key []byte, err error)
}

// FileKEK is the KMS of an installation without a key service: the versions of
// the key-encryption key in one file that only its owner may read. Whoever has
// the file and the data has everything, so the file belongs in another backup.
type FileKEK struct {
	path string
	mu   sync.Mutex
	ring kekRing
	read os.FileInfo // of the file when ring was read
}

type kekRing struct {
	Current int            `json:"current"`
	Keys    map[int][]byte `json:"keys"` // version → 32 bytes
}

// OpenFileKEK reads the file, or makes it with mode 0600 and a first version
// when there is none. A file that others can read is refused.
func OpenFileKEK(path string) (*FileKEK, error) {
	k := &FileKEK{path: path}
	err := k.load()
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, 32)
		rand.Read(key)
		b, err := json.Marshal(kekRing{Current: 1, Keys: map[int][]byte{1: key}})
		if err != nil {
			return nil, err
		}
		// Of two processes that start together one makes the file, both read it.
		if err := durable.Create(path, b); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("make the key-encryption key: %w", err)
		}
		return k, k.load()
	}
	return k, err
}

func (k *FileKEK) load() error {
	info, err := os.Stat(k.path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%w: %s is readable by others; its mode must be 0600", ErrInvalid, k.path)
	}
	b, err := os.ReadFile(k.path)
	if err != nil {
		return err
	}
	ring, err := parseRing(b)
	if err != nil {
		return fmt.Errorf("%s: %w", k.path, err)
	}
	k.ring, k.read = ring, info
	return nil
}

// refresh reads the file again when another process rotated or retired a version.
func (k *FileKEK) refresh() error {
	info, err := os.Stat(k.path)
	if err == nil && k.read != nil && os.SameFile(info, k.read) && info.ModTime().Equal(k.read.ModTime()) {
		return nil
	}
	return k.load()
}

func parseRing(b []byte) (kekRing, error) {
	var ring kekRing
	if err := json.Unmarshal(b, &ring); err != nil {
		return ring, fmt.Errorf("%w: not a key file", ErrDamaged)
	}
	for version, key := range ring.Keys {
		if version < 1 || len(key) != 32 {
			return ring, fmt.Errorf("%w: key version %d", ErrDamaged, version)
		}
	}
	if ring.Keys[ring.Current] == nil {
		return ring, fmt.Errorf("%w: the current key version %d is missing", ErrDamaged, ring.Current)
	}
	return ring, nil
}

// Wrap wraps with the current version, also one that another process made a moment
// ago: what is wrapped with an older one would be lost when that is retired.
func (k *FileKEK) Wrap(_ context.Context, key, bound []byte) ([]byte, error) {
	k.mu.Lock()
	err := k.refresh()
	version, kek := k.ring.Current, k.ring.Keys[k.ring.Current]
	k.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	sealed := seal(aead(kek), key, bound)
	return fmt.Appendf(nil, "file:v%d:%s", version, base64.StdEncoding.EncodeToString(sealed)), nil
}

// Unwrap unwraps with the version that the wrapped key names. A version that
// another process made meanwhile is read from the file.
func (k *FileKEK) Unwrap(_ context.Context, wrapped, bound []byte) ([]byte, error) {
	version, sealed, err := parseWrapped(wrapped)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	kek := k.ring.Keys[version]
	if kek == nil {
		err = k.load()
		kek = k.ring.Keys[version]
	}
	k.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("%w: version %d: %w", ErrUnavailable, version, err)
	}
	if kek == nil {
		return nil, fmt.Errorf("%w: %s has no version %d", ErrUnavailable, k.path, version)
	}
	return unseal(aead(kek), sealed, bound)
}

func parseWrapped(wrapped []byte) (version int, sealed []byte, err error) {
	rest, ok := bytes.CutPrefix(wrapped, []byte("file:v"))
	num, body, ok2 := strings.Cut(string(rest), ":")
	if !ok || !ok2 {
		return 0, nil, fmt.Errorf("%w: not a key wrapped by a key file", ErrDamaged)
	}
	if version, err = strconv.Atoi(num); err != nil || version < 1 {
		return 0, nil, fmt.Errorf("%w: key version", ErrDamaged)
	}
	if sealed, err = base64.StdEncoding.DecodeString(body); err != nil {
		return 0, nil, fmt.Errorf("%w: wrapped key", ErrDamaged)
	}
	return version, sealed, nil
}

// Rotate makes a new current version and keeps the old ones, so that what they
// wrapped still opens. Vault.Rewrap then moves the data keys over, and Retire
// drops the old version.
func (k *FileKEK) Rotate() (version int, err error) {
	err = k.change(func(r *kekRing) error {
		key := make([]byte, 32)
		rand.Read(key)
		for r.Current++; r.Keys[r.Current] != nil; r.Current++ {
		}
		r.Keys[r.Current] = key
		version = r.Current
		return nil
	})
	return version, err
}

// Retire drops a version for good: whatever is still wrapped with it, such as a
// key in an old backup, can never be opened again. The current version cannot
// be retired.
func (k *FileKEK) Retire(version int) error {
	return k.change(func(r *kekRing) error {
		if version == r.Current {
			return fmt.Errorf("%w: version %d is the current one", ErrInvalid, version)
		}
		if _, there := r.Keys[version]; !there && (version < 1 || version > r.Current) {
			return fmt.Errorf("%w: there is no version %d", ErrInvalid, version)
		}
		delete(r.Keys, version)
		return nil
	})
}

// Version is the version that Wrap uses now.
func (k *FileKEK) Version() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ring.Current
}

func (k *FileKEK) change(edit func(*kekRing) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	unlock, err := durable.Lock(k.path + ".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if err := k.load(); err != nil {
		return err
	}
	ring := kekRing{Current: k.ring.Current, Keys: map[int][]byte{}}
	for v, key := range k.ring.Keys {
		ring.Keys[v] = key
	}
	if err := edit(&ring); err != nil {
		return err
	}
	b, err := json.Marshal(ring)
	if err != nil {
		return err
	}
	if err := replaceFile(k.path, b); err != nil {
		return err
	}
	return k.load()
}
