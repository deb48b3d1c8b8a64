// Package brokendisk makes the calls of a file system fail, for tests and fault
// runs.
package brokendisk

import (
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// Wrap answers a file system that asks fail before each call and fails with what
// it answers.
func Wrap(fs vfs.FS, fail func(errorfs.Op) error) vfs.FS {
	return disk{errorfs.Wrap(fs, errorfs.InjectorFunc(fail))}
}

// disk closes a gap of errorfs, whose reused files never fail: most of what is
// written to a log in use is written to such a file.
type disk struct{ vfs.FS }

func (d disk) ReuseForWrite(from, name string, why vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.ReuseForWrite(from, name, why)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return d.FS.OpenReadWrite(name, why)
}

func (d disk) Unwrap() vfs.FS { return d.FS }
