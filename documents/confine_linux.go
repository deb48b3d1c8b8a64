package documents

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// addressSpace is what the Go runtime reserves beyond what it uses: address
// space without memory behind it.
const addressSpace = 3 << 30

// confine bounds this process for the rest of its life. The limit on data is
// the hard stop, which counts what is allocated; the parent watches what is
// really used and stops earlier. Without core files a crash leaves no picture on the disk.
func confine(memory int64) error {
	set := func(name string, resource int, value uint64) error {
		var now unix.Rlimit
		if err := unix.Getrlimit(resource, &now); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		value = min(value, now.Max)
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: value, Max: value}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	// A parent that is killed cannot end its workers, and one that is decoding does
	// not look at its input.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("end with the parent: %w", err)
	}
	if err := set("core files", unix.RLIMIT_CORE, 0); err != nil {
		return err
	}
	if err := set("open files", unix.RLIMIT_NOFILE, 64); err != nil {
		return err
	}
	if !raceDetector {
		if err := set("address space", unix.RLIMIT_AS, uint64(memory)+addressSpace); err != nil {
			return err
		}
		if err := set("data", unix.RLIMIT_DATA, uint64(memory)); err != nil {
			return err
		}
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}
