package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"alta/durable"
)

// FenceList remembers for ever what was destroyed. Marks are short texts without
// spaces; they name no person. Add is durable when it returns.
type FenceList interface {
	Add(ctx context.Context, mark string) error
	Has(ctx context.Context, mark string) (bool, error)
	Each(ctx context.Context, visit func(mark string) error) error
}

// Prompt is a FenceList that answers at once what any process has added, so
// cheaply that it may be asked for every single value.
type Prompt interface{ Prompt() bool }

// LocalFences is a FenceList in one append-only file: a line per mark with its
// checksum. Other processes' marks are noticed by the file's size, which costs
// one stat a question. A damaged line is refused, never skipped: a lost fence
// could let a person come back.
type LocalFences struct {
	path string

	mu    sync.Mutex
	marks map[string]bool
	read  int64 // bytes of the file that marks reflects
}

// OpenLocalFences opens or makes the file.
func OpenLocalFences(path string) (*LocalFences, error) {
	if err := durable.MakeDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Sync(), f.Close(), durable.SyncDir(filepath.Dir(path))); err != nil {
		return nil, err
	}
	l := &LocalFences{path: path, marks: map[string]bool{}}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l, l.refresh()
}

// Prompt is true: a question costs one stat.
func (l *LocalFences) Prompt() bool { return true }

// Has reports whether the mark was ever added, by this process or another.
func (l *LocalFences) Has(_ context.Context, mark string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refresh(); err != nil {
		return false, err
	}
	return l.marks[mark], nil
}

// Add adds the mark; adding it again changes nothing.
func (l *LocalFences) Add(_ context.Context, mark string) error {
	if mark == "" || len(mark) > 200 || strings.ContainsAny(mark, " \n\r") {
		return fmt.Errorf("%w: fence mark", ErrInvalid)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := os.OpenFile(l.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	unlock, err := durable.Flock(f, syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.refresh(); err != nil {
		return err
	}
	if l.marks[mark] {
		return f.Sync() // another process may have written it and not yet synced
	}
	// What follows the last whole line is what a crash tore; it was never
	// acknowledged.
	if err := f.Truncate(l.read); err != nil {
		return err
	}
	line := encodeMark(mark)
	if _, err := f.WriteAt(line, l.read); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	l.marks[mark] = true
	l.read += int64(len(line))
	return nil
}

// Each visits every mark.
func (l *LocalFences) Each(ctx context.Context, visit func(string) error) error {
	l.mu.Lock()
	err := l.refresh()
	marks := make([]string, 0, len(l.marks))
	for m := range l.marks {
		marks = append(marks, m)
	}
	l.mu.Unlock()
	if err != nil {
		return err
	}
	for _, m := range marks {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := visit(m); err != nil {
			return err
		}
	}
	return nil
}

// refresh reads what was appended since the last look. A file that became
// shorter was replaced under a running system: it is refused, because marks
// known to this process may be missing from it.
func (l *LocalFences) refresh() error {
	info, err := os.Stat(l.path)
	if err != nil {
		return err
	}
	if info.Size() == l.read {
		return nil
	}
	if info.Size() < l.read {
		return fmt.Errorf("%w: %s became shorter", ErrDamaged, l.path)
	}
	f, err := os.Open(l.path)
	if err != nil {
		return err
	}
	defer f.Close()
	tail, err := io.ReadAll(io.NewSectionReader(f, l.read, info.Size()-l.read))
	if err != nil {
		return err
	}
	marks, whole, err := parseMarks(tail)
	if err != nil {
		return fmt.Errorf("%s after byte %d: %w", l.path, l.read, err)
	}
	for _, m := range marks {
		l.marks[m] = true
	}
	l.read += int64(whole)
	return nil
}

func encodeMark(mark string) []byte {
	return fmt.Appendf(nil, "%s %08x\n", mark, crc32.ChecksumIEEE([]byte(mark)))
}

// parseMarks reads whole lines and says how many bytes they have; a last line
// without its end is left.
func parseMarks(b []byte) (marks []string, whole int, err error) {
	for {
		line, _, ok := bytes.Cut(b[whole:], []byte{'\n'})
		if !ok {
			return marks, whole, nil
		}
		mark, sum, _ := strings.Cut(string(line), " ")
		want, err := strconv.ParseUint(sum, 16, 32)
		if err != nil || len(sum) != 8 || mark == "" || uint32(want) != crc32.ChecksumIEEE([]byte(mark)) {
			return nil, 0, fmt.Errorf("%w: fence line", ErrDamaged)
		}
		marks = append(marks, mark)
		whole += len(line) + 1
	}
}
