package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"alta/durable"
)

// Objects keeps sealed bytes under slash-separated names of lower-case letters,
// digits and dashes. Objects are small (a chunk at most) and never change.
type Objects interface {
	// Put stores the object whole and durable, or not at all. Putting the same
	// name again is allowed and stores the same or equivalent bytes.
	Put(ctx context.Context, name string, data []byte) error
	// Get answers the bytes, or ErrNotFound.
	Get(ctx context.Context, name string) ([]byte, error)
	// Delete removes the object from the medium. An absent name is no error.
	Delete(ctx context.Context, name string) error
	// List visits the objects whose names start with prefix, which ends in a
	// slash. Objects that share a prefix up to a slash come one after another.
	List(ctx context.Context, prefix string, visit func(Object) error) error
}

// Object is what a listing says of one object.
type Object struct {
	Name     string
	Size     int64
	Modified time.Time
}

// LocalObjects keeps objects as files.
type LocalObjects struct{ dir string }

// OpenLocalObjects opens or makes the store.
func OpenLocalObjects(dir string) (*LocalObjects, error) {
	if err := durable.MakeDir(dir); err != nil {
		return nil, err
	}
	return &LocalObjects{dir: dir}, nil
}

func (o *LocalObjects) path(name string) (string, error) {
	if err := checkObjectName(name); err != nil {
		return "", err
	}
	return filepath.Join(o.dir, filepath.FromSlash(name)), nil
}

func checkObjectName(name string) error {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" {
			return fmt.Errorf("%w: object name", ErrInvalid)
		}
		for _, c := range part {
			if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' {
				return fmt.Errorf("%w: object name", ErrInvalid)
			}
		}
	}
	return nil
}

// Put writes a temporary file, waits for the medium, and gives it its name. A
// folder that a deleter takes away in between is made again.
func (o *LocalObjects) Put(_ context.Context, name string, data []byte) error {
	path, err := o.path(name)
	if err != nil {
		return err
	}
	for range 3 {
		if err = putFile(path, data); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

func putFile(path string, data []byte) error {
	if err := durable.MakeDir(filepath.Dir(path)); err != nil {
		return err
	}
	temp, err := durable.WriteTemp(filepath.Dir(path), data, 0o600)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		os.Remove(temp)
		return err
	}
	return durable.SyncDir(filepath.Dir(path))
}

// Get reads the object.
func (o *LocalObjects) Get(_ context.Context, name string) ([]byte, error) {
	path, err := o.path(name)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	return b, err
}

// Delete overwrites the object on the medium and removes it.
func (o *LocalObjects) Delete(_ context.Context, name string) error {
	path, err := o.path(name)
	if err != nil {
		return err
	}
	if err := destroyFile(path); err != nil {
		return err
	}
	os.Remove(filepath.Dir(path)) // goes when this was the blob's last object
	return nil
}

// List visits the objects under prefix. Half-written files older than an hour,
// which a crash left, are removed on the way.
func (o *LocalObjects) List(ctx context.Context, prefix string, visit func(Object) error) error {
	root := filepath.Join(o.dir, filepath.FromSlash(strings.TrimSuffix(prefix, "/")))
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // removed while we were walking
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir():
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if durable.IsTemp(path) {
			if time.Since(info.ModTime()) > time.Hour {
				if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) { // another process may have been first
					return err
				}
			}
			return nil
		}
		rel, err := filepath.Rel(o.dir, path)
		if err != nil {
			return err
		}
		return visit(Object{Name: filepath.ToSlash(rel), Size: info.Size(), Modified: info.ModTime()})
	})
	return err
}
