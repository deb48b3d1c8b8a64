// Package durable writes files that survive a power cut whole, and that several
// processes may write at once. Keys, checkpoints and calendars are such files.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// tempPrefix marks what a crash may leave behind; see IsTemp.
const tempPrefix = ".tmp-"

// IsTemp reports whether the file is an unfinished one, which may be removed once
// nobody writes it.
func IsTemp(name string) bool { return strings.HasPrefix(filepath.Base(name), tempPrefix) }

// Create makes a file of mode 0600 that appears complete and durable, or not at
// all. It answers fs.ErrExist when the name is taken: link, unlike rename, never
// replaces, so of two processes that create at once exactly one succeeds.
func Create(path string, data []byte) error {
	temp, err := WriteTemp(filepath.Dir(path), data, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	if err := os.Link(temp, path); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Replace puts a file in the place of another, or of none: after a power cut
// either the old content or the new one is there, whole.
func Replace(path string, data []byte, mode fs.FileMode) error {
	temp, err := WriteTemp(filepath.Dir(path), data, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return SyncDir(filepath.Dir(path))
}

// WriteTemp writes an unfinished file into the directory and answers its path. Its
// content is durable; its name is not.
func WriteTemp(dir string, data []byte, mode fs.FileMode) (path string, err error) {
	f, err := os.CreateTemp(dir, tempPrefix) // made with mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// SyncDir makes the names in a directory durable.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Exists reports whether there is a file or a directory of that name. An error means
// that it cannot be found out: such a file is not taken for one that is not there.
func Exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// MakeDir makes a directory of mode 0700 and its missing parents, each durable in
// its own parent.
func MakeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := MakeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	return SyncDir(parent)
}

// Lock holds an exclusive lock against other processes, and against other holders
// in this one, until unlock is called or the process ends.
func Lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return Flock(f, syscall.LOCK_EX)
}

// Flock takes a lock of that kind (flock(2)) on an open file, and closes the file
// with it.
func Flock(f *os.File, how int) (unlock func(), err error) {
	for {
		if err = syscall.Flock(int(f.Fd()), how); err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}
