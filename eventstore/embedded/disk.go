package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is the file system as Pebble sees it. Once the log is open, a write into
// its directory that the system refuses ends the log in the very call that was
// refused, before Pebble hears of it: Pebble repeats a failed flush for ever, and
// panics on a failed change of its write-ahead log at a place where it does not
// hold the mutex that its own deferred calls release, after which the process
// may hang instead of ending.
//
// What is written elsewhere, a backup, is none of the log's business: the caller
// gets the error.
type disk struct {
	vfs.FS
	dir    string
	armed  atomic.Bool
	refuse func(error)
}

// refused says whether an error means that the disk takes no more, rather than
// that a file is there or is not there.
func refused(err error) bool {
	for _, by := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS} {
		if errors.Is(err, by) {
			return true
		}
	}
	return false
}

// mine says whether a name is the store's: its directory or what lies in it, in
// whichever way it is written.
func (d *disk) mine(name string) bool {
	dir := filepath.Clean(d.dir)
	return filepath.Clean(name) == dir || filepath.Dir(name) == dir
}

// heard ends the log, once it is open, and passes the error on.
func (d *disk) heard(doing, name string, err error) error {
	if d.armed.Load() {
		d.refuse(fmt.Errorf("embedded: %s %s: %w", doing, name, err))
	}
	return err
}

// named passes on the outcome of a call that changes a directory.
func (d *disk) named(doing, name string, err error) error {
	if refused(err) && d.mine(name) {
		return d.heard(doing, name, err)
	}
	return err
}

// opened passes on a file that was opened for writing.
func (d *disk) opened(doing, name string, f vfs.File, err error) (vfs.File, error) {
	if err != nil || !d.mine(name) {
		return f, d.named(doing, name, err)
	}
	return &diskFile{File: f, disk: d, name: name}, nil
}

func (d *disk) Create(name string, why vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.Create(name, why)
	return d.opened("create", name, f, err)
}

func (d *disk) OpenReadWrite(name string, why vfs.DiskWriteCategory, how ...vfs.OpenOption) (vfs.File, error) {
	f, err := d.FS.OpenReadWrite(name, why, how...)
	return d.opened("open", name, f, err)
}

func (d *disk) ReuseForWrite(from, name string, why vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.ReuseForWrite(from, name, why)
	return d.opened("reuse a file as", name, f, err)
}

func (d *disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	return d.opened("open", name, f, err)
}

func (d *disk) Link(from, name string) error {
	return d.named("link", name, d.FS.Link(from, name))
}

func (d *disk) Rename(from, name string) error {
	return d.named("rename", name, d.FS.Rename(from, name))
}

func (d *disk) MkdirAll(name string, perm os.FileMode) error {
	return d.named("make", name, d.FS.MkdirAll(name, perm))
}

// Unwrap answers the file system underneath.
func (d *disk) Unwrap() vfs.FS { return d.FS }

// diskFile is a file of the store. Whatever keeps it from being written or synced
// is a failure; reserving space for it may not be supported, which is none.
type diskFile struct {
	vfs.File
	disk *disk
	name string
}

func (f *diskFile) wrote(n int, err error) (int, error) {
	if err != nil {
		err = f.disk.heard("write", f.name, err)
	}
	return n, err
}

func (f *diskFile) synced(err error) error {
	if err != nil {
		err = f.disk.heard("sync", f.name, err)
	}
	return err
}

func (f *diskFile) Write(p []byte) (int, error) { return f.wrote(f.File.Write(p)) }

func (f *diskFile) WriteAt(p []byte, at int64) (int, error) { return f.wrote(f.File.WriteAt(p, at)) }

func (f *diskFile) Sync() error { return f.synced(f.File.Sync()) }

func (f *diskFile) SyncData() error { return f.synced(f.File.SyncData()) }

func (f *diskFile) SyncTo(length int64) (bool, error) {
	whole, err := f.File.SyncTo(length)
	return whole, f.disk.named("sync", f.name, err)
}

func (f *diskFile) Preallocate(at, length int64) error {
	return f.disk.named("reserve space for", f.name, f.File.Preallocate(at, length))
}
