package evidence

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"alta/durable"
	"alta/eventstore"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrFenced: another process has taken over the tree, or holds it. Whoever gets
// this was the sequencer and is it no more.
var ErrFenced = errors.New("evidence: another process has taken over the tree")

// MaxBatch is the most leaves that one Append takes.
const MaxBatch = 1024

// Files of a tree, in its directory.
const (
	hashesFile = "hashes"
	epochFile  = "epoch"
	lockFile   = "lock"
	signedFile = "signed" // there once a checkpoint of this tree was signed
)

// TreeFile is the tree of a log that does not keep one itself: an append-only
// file with a record per leaf. It is made from the log alone and can be removed:
// it is then made again, and must agree with the signed checkpoints.
//
//	"alta.tree.v1\n" and 3 zero bytes
//	per leaf: commit:8 · prepare:8 · its hash and one per subtree that it
//	completes, lowest first, 32 bytes each · CRC-32C of the record:4
//
// A record's place follows from its index, because the number of hashes before a
// leaf does. Every batch is on disk before the next one is written, so that only
// the last one can be torn; TakeTree cuts it off.
//
// Two processes may believe that they are the one writer. TakeTree writes the next
// epoch to a file; every later change looks, under the directory's lock, whether
// the epoch is still its own, and fails with ErrFenced where it is not. The lock
// is held for one change at a time: a process that stands still in the middle
// of one keeps the others waiting and never overtakes them. The methods of one
// TreeFile belong to one goroutine, but for Exclusive.
type TreeFile struct {
	dir   string
	file  *os.File
	epoch uint64 // 0 where it is only read

	mu   sync.Mutex // changes of this process; size and tree are written under it by Append alone
	size int64
	tree tlog.Tree
}

const (
	treeMagic  = "alta.tree.v1\n\x00\x00\x00"
	recordHead = 16
	recordTail = 4
)

// offsetOf is where the record of a leaf begins.
func offsetOf(leaf int64) int64 {
	return int64(len(treeMagic)) + leaf*(recordHead+recordTail) + tlog.StoredHashIndex(0, leaf)*tlog.HashSize
}

// OpenTree opens the tree in dir for reading, as it is now. It fails with fs.ErrNotExist where there is none and
// eventstore.ErrCorrupt where it is damaged.
func OpenTree(dir string) (*TreeFile, error) { return openTree(dir, os.O_RDONLY) }

func openTree(dir string, how int) (*TreeFile, error) {
	f, err := os.OpenFile(filepath.Join(dir, hashesFile), how, 0)
	if err != nil {
		return nil, fmt.Errorf("evidence: the tree: %w", err)
	}
	t := &TreeFile{dir: dir, file: f}
	if err := t.load(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return t, nil
}

// TakeTree opens the tree in dir, made where there is none, to write it: from now
// on every other writer is fenced off. It waits for a change under way until ctx
// ends.
func TakeTree(ctx context.Context, dir string) (*TreeFile, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("evidence: the tree: %w", err)
	}
	var t *TreeFile
	err := locked(ctx, dir, func() (err error) {
		path := filepath.Join(dir, hashesFile)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if err := durable.Replace(path, []byte(treeMagic), 0o600); err != nil {
				return fmt.Errorf("evidence: make the tree: %w", err)
			}
		}
		epoch, err := readEpoch(dir)
		if err != nil {
			return err
		}
		epoch++
		if err := durable.Replace(filepath.Join(dir, epochFile), strconv.AppendUint(nil, epoch, 10), 0o600); err != nil {
			return fmt.Errorf("evidence: take the tree: %w", err)
		}
		if t, err = openTree(dir, os.O_RDWR); err != nil {
			return err
		}
		t.epoch = epoch
		// What is behind the last whole record was never vouched for.
		if err = t.file.Truncate(offsetOf(t.size)); err == nil {
			err = t.file.Sync()
		}
		if err != nil {
			return errors.Join(fmt.Errorf("evidence: take the tree: %w", err), t.file.Close())
		}
		return nil
	})
	return t, err
}

func readEpoch(dir string) (uint64, error) {
	text, err := os.ReadFile(filepath.Join(dir, epochFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("evidence: the tree's epoch: %w", err)
	}
	epoch, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: the tree's epoch in %s: %w", eventstore.ErrCorrupt, dir, err)
	}
	return epoch, nil
}

// load finds out how many whole records there are and what their root is.
func (t *TreeFile) load() error {
	magic := make([]byte, len(treeMagic))
	if _, err := t.file.ReadAt(magic, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("evidence: read the tree: %w", err)
	}
	if string(magic) != treeMagic {
		return fmt.Errorf("%w: %s is not a tree", eventstore.ErrCorrupt, t.file.Name())
	}
	info, err := t.file.Stat()
	if err != nil {
		return fmt.Errorf("evidence: the tree: %w", err)
	}
	fit := int64(sort.Search(int(info.Size()/(recordHead+recordTail))+1, func(n int) bool { return offsetOf(int64(n)+1) > info.Size() }))
	t.size = max(0, fit-2*MaxBatch)
	for ; t.size < fit; t.size++ {
		if _, err := t.record(t.size); errors.Is(err, eventstore.ErrCorrupt) {
			break
		} else if err != nil {
			return err
		}
	}
	if t.tree, err = t.At(t.size); err != nil {
		return fmt.Errorf("%w; remove %s to have the tree made again from the log", err, t.dir)
	}
	return nil
}

// record reads the record of one leaf, without its checksum.
func (t *TreeFile) record(leaf int64) ([]byte, error) {
	from := offsetOf(leaf)
	b := make([]byte, offsetOf(leaf+1)-from)
	if _, err := t.file.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("evidence: read the tree: %w", err)
	}
	body := len(b) - recordTail
	if binary.BigEndian.Uint32(b[body:]) != crc32.Checksum(b[:body], castagnoli) {
		return nil, fmt.Errorf("%w: the tree's record of leaf %d", eventstore.ErrCorrupt, leaf)
	}
	return b[:body], nil
}

// Signed says whether a checkpoint of this tree was ever signed: without one it
// then lacks its witness, while a tree that nothing was signed of yet goes on.
func (t *TreeFile) Signed() (bool, error) {
	_, err := os.Stat(filepath.Join(t.dir, signedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("evidence: the tree: %w", err)
	}
	return true, nil
}

// noteSigned makes Signed answer yes from now on.
func (t *TreeFile) noteSigned() error {
	if is, err := t.Signed(); is || err != nil {
		return err
	}
	return noteSigned(t.dir)
}

func noteSigned(dir string) error {
	if err := durable.Replace(filepath.Join(dir, signedFile), nil, 0o600); err != nil {
		return fmt.Errorf("evidence: note that the tree is signed: %w", err)
	}
	return nil
}

// Size is the number of leaves.
func (t *TreeFile) Size() int64 { return t.size }

// Tree is the head of the tree.
func (t *TreeFile) Tree() (tlog.Tree, error) { return t.tree, nil }

// At is the head that the tree had when it had n leaves.
func (t *TreeFile) At(n int64) (tlog.Tree, error) {
	if n == t.tree.N && t.tree != (tlog.Tree{}) {
		return t.tree, nil
	}
	h, err := tlog.TreeHash(n, t)
	return tlog.Tree{N: n, Hash: h}, err
}

// Leaf answers what the tree keeps of the event with this index.
func (t *TreeFile) Leaf(index int64) (l TreeLeaf, err error) {
	b, err := t.record(index)
	if err != nil {
		return l, err
	}
	l.Position = eventstore.Position{Commit: binary.BigEndian.Uint64(b), Prepare: binary.BigEndian.Uint64(b[8:])}
	copy(l.Hash[:], b[recordHead:])
	return l, nil
}

// Copy writes the tree as it is now to another directory, for a backup. There it
// belongs to nobody: its epoch begins anew.
func (t *TreeFile) Copy(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("evidence: copy the tree: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, hashesFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("evidence: copy the tree: %w", err)
	}
	_, err = io.Copy(f, io.NewSectionReader(t.file, 0, offsetOf(t.size)))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = durable.SyncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("evidence: copy the tree: %w", err)
	}
	if is, err := t.Signed(); !is || err != nil {
		return err
	}
	return noteSigned(dir)
}

// End is the position of the newest event in the tree, eventstore.Start for none.
func (t *TreeFile) End() (eventstore.Position, error) {
	if t.size == 0 {
		return eventstore.Start, nil
	}
	l, err := t.Leaf(t.size - 1)
	return l.Position, err
}

// ReadHashes makes the tree a tlog.HashReader.
func (t *TreeFile) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		b, err := t.record((n+1)<<level - 1)
		if err != nil {
			return nil, err
		}
		copy(out[i][:], b[recordHead+level*tlog.HashSize:])
	}
	return out, nil
}

// TreeLeaf is what the tree keeps of an event: its place in the log and its hash.
type TreeLeaf struct {
	Position eventstore.Position
	Hash     tlog.Hash
}

// Append adds leaves, at most MaxBatch, and returns when they are on disk. After
// ErrFenced nothing was written. then, when not nil, is called with the new head
// before anybody else may change the tree.
func (t *TreeFile) Append(ctx context.Context, leaves []TreeLeaf, then func(tlog.Tree) error) error {
	if len(leaves) > MaxBatch {
		return fmt.Errorf("evidence: %d leaves at once, at most %d", len(leaves), MaxBatch)
	}
	return t.Exclusive(ctx, func() error {
		var buffer []byte
		fresh := map[int64]tlog.Hash{} // not in the file yet
		reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(indexes))
			for i, index := range indexes {
				h, ok := fresh[index]
				if !ok {
					stored, err := t.ReadHashes([]int64{index})
					if err != nil {
						return nil, err
					}
					h = stored[0]
				}
				out[i] = h
			}
			return out, nil
		})
		size := t.size
		for _, l := range leaves {
			hashes, err := tlog.StoredHashesForRecordHash(size, l.Hash, reader)
			if err != nil {
				return err
			}
			begin, at := len(buffer), tlog.StoredHashIndex(0, size)
			buffer = binary.BigEndian.AppendUint64(buffer, l.Position.Commit)
			buffer = binary.BigEndian.AppendUint64(buffer, l.Position.Prepare)
			for i, h := range hashes {
				buffer = append(buffer, h[:]...)
				fresh[at+int64(i)] = h
			}
			buffer = binary.BigEndian.AppendUint32(buffer, crc32.Checksum(buffer[begin:], castagnoli))
			size++
		}
		root, err := tlog.TreeHash(size, reader)
		if err != nil {
			return err
		}
		if _, err = t.file.WriteAt(buffer, offsetOf(t.size)); err == nil {
			err = t.file.Sync()
		}
		if err != nil {
			return fmt.Errorf("evidence: write the tree: %w", err)
		}
		t.size, t.tree = size, tlog.Tree{N: size, Hash: root}
		if then != nil {
			return then(t.tree)
		}
		return nil
	})
}

// Exclusive runs a change that only the present writer may make. It fails with
// ErrFenced where another has taken over, and with ErrFenced too when ctx ends
// while another holds the lock.
func (t *TreeFile) Exclusive(ctx context.Context, change func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return locked(ctx, t.dir, func() error {
		epoch, err := readEpoch(t.dir)
		if err != nil {
			return err
		}
		if t.epoch == 0 || epoch != t.epoch {
			return fmt.Errorf("%w: its epoch is %d, ours was %d", ErrFenced, epoch, t.epoch)
		}
		info, err := t.file.Stat()
		if err != nil {
			return fmt.Errorf("evidence: the tree: %w", err)
		}
		if want := offsetOf(t.size); info.Size() != want {
			return fmt.Errorf("%w: the tree has %d bytes and not the %d that were written", ErrFenced, info.Size(), want)
		}
		return change()
	})
}

// Close closes the file; who took the tree keeps its epoch to the end.
func (t *TreeFile) Close() error { return t.file.Close() }

// locked runs f while no other process runs one for this directory. The lock
// goes with the process that holds it.
func locked(ctx context.Context, dir string, f func() error) error {
	l, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("evidence: lock the tree: %w", err)
	}
	defer l.Close()
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := syscall.Flock(int(l.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("evidence: lock the tree: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: it holds the lock: %w", ErrFenced, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
	return f()
}
