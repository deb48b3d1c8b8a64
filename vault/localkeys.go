package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"alta/durable"
)

// LocalKeys is a KeyStore of one small file per key in 4,096 folders.
//
// A file per key costs a block (4 GiB for a million subjects, a thousandth of
// their documents) and buys what matters here: the file system's link makes a
// name exactly once across processes, one damaged file damages one subject, and
// destroying a key overwrites just its bytes. A log-structured store would keep
// a deleted key in old segments until it compacts them.
type LocalKeys struct{ dir string }

// OpenLocalKeys opens or makes the store.
func OpenLocalKeys(dir string) (*LocalKeys, error) {
	if err := durable.MakeDir(dir); err != nil {
		return nil, err
	}
	return &LocalKeys{dir: dir}, nil
}

func (s *LocalKeys) path(name string) (string, error) {
	for _, c := range name {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", fmt.Errorf("%w: key name", ErrInvalid)
		}
	}
	if len(name) < 2 {
		return "", fmt.Errorf("%w: key name", ErrInvalid)
	}
	return filepath.Join(s.dir, name[:min(3, len(name))], name), nil
}

// Get answers the wrapped key, or ErrNotFound. It waits for whoever destroys or
// replaces keys of that folder, so that it never reads one half overwritten.
func (s *LocalKeys) Get(_ context.Context, name string) ([]byte, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	b, err := readKey(path)
	if err != nil || bytes.IndexByte(b, 0) < 0 {
		return b, err
	}
	// Records are text, so this one is being overwritten, or is damaged.
	unlock, err := s.lock(path, syscall.LOCK_SH)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	defer unlock()
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	return b, err
}

// PutIfAbsent stores the wrapped key unless the name has one.
func (s *LocalKeys) PutIfAbsent(_ context.Context, name string, value []byte) ([]byte, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	if err := durable.MakeDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	unlock, err := s.lock(path, syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := durable.Create(path, value); errors.Is(err, fs.ErrExist) {
		return readKey(path)
	} else if err != nil {
		return nil, err
	}
	return value, nil
}

// Delete overwrites the key's bytes on the medium and removes it.
func (s *LocalKeys) Delete(_ context.Context, name string) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	// Who makes the key after this look asks the fence again and deletes it.
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	unlock, err := s.lock(path, syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock()
	return destroyFile(path)
}

// Replace puts another wrapping of the same key in its place, provided that the
// store still holds old; it answers whether it did. A destroyed key is never
// replaced.
func (s *LocalKeys) Replace(_ context.Context, name string, old, value []byte) (bool, error) {
	path, err := s.path(name)
	if err != nil {
		return false, err
	}
	unlock, err := s.lock(path, syscall.LOCK_EX)
	if err != nil {
		return false, err
	}
	defer unlock()
	held, err := readKey(path)
	if errors.Is(err, ErrNotFound) || err == nil && string(held) != string(old) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, replaceFile(path, value)
}

// Each calls visit with the name of every key, in no particular order.
func (s *LocalKeys) Each(ctx context.Context, visit func(name string) error) error {
	return filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir() || durable.IsTemp(path):
			return nil
		}
		return visit(d.Name())
	})
}

// lock holds the key's folder, alone or with other readers: destroying and
// replacing a key exclude each other, so that a rewrap never brings back what a
// shred has just destroyed.
func (s *LocalKeys) lock(path string, how int) (unlock func(), err error) {
	f, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return durable.Flock(f, how)
}
