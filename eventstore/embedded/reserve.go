package embedded

import (
	"errors"
	"fmt"

	"alta/eventstore"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Reserve is the free disk space below which appends are refused. Pebble ends
// the process on a full disk, and a full disk also stops backups and
// compactions; refusing early keeps reads and exports alive. The zero Reserve
// is DefaultReserve; NoReserve switches it off.
type Reserve struct {
	Bytes    uint64  // never more than this is kept free
	Fraction float64 // of the disk, for disks so small that Bytes would be most of them
}

// DefaultReserve keeps 1 GiB free, or 5 % of the disk where that is less.
var DefaultReserve = Reserve{Bytes: 1 << 30, Fraction: 0.05}

// NoReserve lets the disk fill up.
var NoReserve = Reserve{Bytes: 1, Fraction: 1}

// ReserveError is the ErrDiskReserve of the embedded log.
type ReserveError struct {
	Free, Reserve uint64 // bytes
}

func (e *ReserveError) Error() string {
	return fmt.Sprintf("eventstore: read-only until disk space is freed: %d MiB are free, %d MiB are reserved", e.Free>>20, e.Reserve>>20)
}

// Unwrap makes it an eventstore.ErrDiskReserve, and by that an ErrReadOnly.
func (e *ReserveError) Unwrap() error { return eventstore.ErrDiskReserve }

// Writable answers nil while the log accepts appends: not when it was opened
// read-only, not after a failed write, and not while less than the reserve is
// free on the disk. It asks the disk anew each time, so that the log recovers
// by itself.
func (l *Log) Writable() error {
	if l.opt.ReadOnly {
		return fmt.Errorf("%w: it was opened for reading", eventstore.ErrReadOnly)
	}
	if err := l.failed(); err != nil {
		return err
	}
	return l.reserved()
}

// reserved compares the disk with the reserve. A file system that cannot say how
// full it is gets the benefit of the doubt.
func (l *Log) reserved() error {
	r := l.opt.Reserve
	if r == (Reserve{}) {
		r = DefaultReserve
	}
	err := r.look(l.opt.FS, l.dir)
	if errors.Is(err, ErrDiskUntold) {
		return nil
	}
	return err
}

// ErrDiskUntold: a file system does not say how full it is.
var ErrDiskUntold = errors.New("embedded: the disk does not say how full it is")

// Look compares the disk of a directory with the reserve, for what else is written
// there. It fails with *ReserveError, and with ErrDiskUntold.
func (r Reserve) Look(dir string) error { return r.look(vfs.Default, dir) }

func (r Reserve) look(fs vfs.FS, dir string) error {
	usage, err := fs.GetDiskUsage(dir)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrDiskUntold, err)
	case usage.TotalBytes == 0:
		return ErrDiskUntold
	}
	want := min(r.Bytes, uint64(r.Fraction*float64(usage.TotalBytes)))
	if usage.AvailBytes < want {
		return &ReserveError{Free: usage.AvailBytes, Reserve: want}
	}
	return nil
}
