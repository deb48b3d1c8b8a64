package evidence

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"alta/durable"
	"alta/eventstore"

	"golang.org/x/mod/sumdb/tlog"
)

// How often checkpoints are signed.
const (
	// Interval is the time after which a log that has grown is signed.
	Interval = 10 * time.Second
	// Growth is the number of events after which it is signed sooner.
	Growth = 256
	// Pause is the least time between two checkpoints: each costs a sync of the
	// disk that appends need too, and under load 256 events take milliseconds.
	// The mark covers what happens meanwhile.
	Pause = time.Second
)

// Files of a keeper, in its directory.
const (
	latestFile  = "latest"  // the newest checkpoint, a signed note
	historyFile = "history" // every checkpoint, one JSON string per line
	markFile    = "mark"    // see encodeMark
)

// ErrNoCheckpoint: there is no checkpoint yet.
var ErrNoCheckpoint = errors.New("evidence: there is no signed checkpoint")

// Keeper keeps, outside the store, what the store's tree was: a signed checkpoint
// every ten seconds or 256 events, all earlier ones, and the mark that follows
// every sync. One process has it at a time, the one that has the log open.
type Keeper struct {
	dir string
	key *Key
	now func() time.Time
	log *slog.Logger

	mark *os.File
	hold func(write func() error) error // runs what writes a checkpoint; nil where one process has the log

	signing sync.Mutex // held while a checkpoint is made

	mu     sync.Mutex
	head   tlog.Tree // durable in the store
	signed tlog.Tree // in the newest checkpoint
	failed error     // why the newest checkpoint could not be written

	due  chan struct{}
	stop chan struct{}
	done chan struct{}
}

// OpenKeeper opens the files in dir, making them where there are none. The clock
// is time.Now and nothing is logged where they are nil.
func OpenKeeper(dir string, key *Key, now func() time.Time, log *slog.Logger) (*Keeper, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if err := durable.SyncDir(filepath.Dir(filepath.Clean(dir))); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	mark, err := openMark(filepath.Join(dir, markFile))
	if err != nil {
		return nil, err
	}
	return &Keeper{dir: dir, key: key, now: now, log: log, mark: mark, due: make(chan struct{}, 1)}, nil
}

// Latest is the newest signed checkpoint, ErrNoCheckpoint before the first. A
// note whose signature does not verify is eventstore.ErrCorrupt.
func (k *Keeper) Latest() (Checkpoint, error) {
	file := filepath.Join(k.dir, latestFile)
	msg, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, fmt.Errorf("%w in %s", ErrNoCheckpoint, k.dir)
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("evidence: %w", err)
	}
	c, err := OpenCheckpoint(msg, k.key.Verifier)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %s: %w", eventstore.ErrCorrupt, file, err)
	}
	return c, nil
}

// Known answers the heads that the store must contain: the newest checkpoint's
// and the mark's. A damaged mark is reported and left out; it is no witness
// against the store.
func (k *Keeper) Known() ([]tlog.Tree, error) {
	c, err := k.Latest()
	if err != nil {
		return nil, err
	}
	known := []tlog.Tree{c.Tree}
	m, err := k.readMark()
	if err != nil {
		k.log.Warn("the mark of the event log cannot be read; the newest checkpoint alone is compared", "error", err.Error())
	} else if m.N > 0 {
		known = append(known, m)
	}
	return known, nil
}

func (k *Keeper) readMark() (tlog.Tree, error) {
	b := make([]byte, markSize+1)
	n, err := k.mark.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return tlog.Tree{}, fmt.Errorf("evidence: read the mark: %w", err)
	}
	return decodeMark(b[:n])
}

// History answers every checkpoint that was signed, oldest first. A line
// that a crash left unfinished is left out.
func (k *Keeper) History() ([]Checkpoint, error) {
	f, err := os.Open(filepath.Join(k.dir, historyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	defer f.Close()
	var all []Checkpoint
	lines := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		if line = bytes.TrimSpace(line); !bytes.HasSuffix(line, []byte{'"'}) {
			continue // empty, or left unfinished by a crash
		}
		var msg string
		if err := json.Unmarshal(line, &msg); err != nil {
			return nil, fmt.Errorf("%w: %s line %d: %w", eventstore.ErrCorrupt, f.Name(), n, err)
		}
		c, err := OpenCheckpoint([]byte(msg), k.key.Verifier)
		if err != nil {
			return nil, fmt.Errorf("%w: %s line %d: %w", eventstore.ErrCorrupt, f.Name(), n, err)
		}
		all = append(all, c)
	}
}

// Durable is called with the tree after every sync of the store, before the
// events in it are acknowledged. It writes the mark and never waits for the disk.
func (k *Keeper) Durable(t tlog.Tree) error {
	if _, err := k.mark.WriteAt(encodeMark(t), 0); err != nil {
		return fmt.Errorf("evidence: write the mark: %w", err)
	}
	k.mu.Lock()
	k.head = t
	due := t.N-k.signed.N >= Growth
	k.mu.Unlock()
	if due {
		select {
		case k.due <- struct{}{}:
		default:
		}
	}
	return nil
}

// Begin takes over a store that was opened with this tree, signs it, and starts
// signing in the background until Close.
func (k *Keeper) Begin(t tlog.Tree) error {
	c, err := k.Latest()
	switch {
	case errors.Is(err, ErrNoCheckpoint):
		k.signed = tlog.Tree{N: -1}
	case err != nil:
		return err
	default:
		k.signed = c.Tree
	}
	if err := k.Durable(t); err != nil {
		return err
	}
	if err := k.Checkpoint(); err != nil {
		return err
	}
	k.stop, k.done = make(chan struct{}), make(chan struct{})
	go k.run()
	return nil
}

// run signs in the background. A checkpoint that cannot be written is tried
// again; meanwhile the mark protects the log.
func (k *Keeper) run() {
	defer close(k.done)
	tick := time.NewTicker(Interval)
	defer tick.Stop()
	for {
		select {
		case <-k.stop:
			return
		case <-tick.C:
		case <-k.due:
		}
		if err := k.Checkpoint(); err != nil {
			k.log.Error("no checkpoint could be written; it will be tried again", "error", err.Error())
		}
		pause := time.NewTimer(Pause)
		select {
		case <-k.stop:
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

// Checkpoint signs the tree as it is now, unless the newest checkpoint already
// covers it. It refuses to sign a tree smaller than one it has signed.
func (k *Keeper) Checkpoint() error {
	k.signing.Lock() // a backup asks for one while the background may be at it
	defer k.signing.Unlock()
	k.mu.Lock()
	head, signed := k.head, k.signed
	k.mu.Unlock()
	if head == signed {
		return nil
	}
	if head.N < signed.N || head.N == signed.N && head.Hash != signed.Hash {
		return fmt.Errorf("%w: the store holds %d events with root %v; a checkpoint was signed for %d with root %v",
			eventstore.ErrCorrupt, head.N, head.Hash, signed.N, signed.Hash)
	}
	write := func() error {
		return k.write(Checkpoint{Origin: k.key.Signer.Name(), Tree: head, Time: k.now()})
	}
	var err error
	if k.hold != nil {
		err = k.hold(write)
	} else {
		err = write()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed = err; err == nil {
		k.signed = head
	}
	return err
}

func (k *Keeper) write(c Checkpoint) error {
	msg, err := c.Sign(k.key.Signer)
	if err != nil {
		return fmt.Errorf("evidence: sign a checkpoint: %w", err)
	}
	line, err := json.Marshal(string(msg))
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	if err := durable.Replace(filepath.Join(k.dir, latestFile), msg, 0o644); err != nil {
		return fmt.Errorf("evidence: write a checkpoint: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(k.dir, historyFile), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	// The line begins with a newline too: a line that a crash left unfinished
	// must not swallow this one.
	_, err = f.Write(append(append([]byte{'\n'}, line...), '\n'))
	return errors.Join(err, f.Close())
}

// State is for health pages: what is durable, what is signed, and why the newest
// checkpoint could not be written, if so.
func (k *Keeper) State() (durable, signed tlog.Tree, failed error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.head, k.signed, k.failed
}

// Close signs what the log holds in the end, if Begin was called, and closes the
// files. The log must be closed first.
func (k *Keeper) Close() error {
	var err error
	if k.stop != nil {
		close(k.stop)
		<-k.done
		k.stop = nil
		err = errors.Join(k.Checkpoint(), k.mark.Sync())
	}
	return errors.Join(err, k.mark.Close())
}

// Copy writes the checkpoints as they are now to another directory, for a
// backup: the newest one and the history, not the mark.
func (k *Keeper) Copy(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	for _, name := range []string{latestFile, historyFile} {
		content, err := os.ReadFile(filepath.Join(k.dir, name))
		if err == nil {
			err = durable.Replace(filepath.Join(dir, name), content, 0o644)
		}
		if err != nil {
			return fmt.Errorf("evidence: copy the checkpoints: %w", err)
		}
	}
	return nil
}
