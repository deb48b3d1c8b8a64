package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"

	"golang.org/x/mod/sumdb/tlog"
)

// openGuarded opens a log with its keeper as the product does.
func openGuarded(dir string, opt embedded.Options) (*embedded.Log, *evidence.Keeper, error) {
	key, err := evidence.LoadKey(filepath.Join(dir, "log.key"))
	if err != nil {
		return nil, nil, err
	}
	k, err := evidence.OpenKeeper(filepath.Join(dir, "checkpoints"), key, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	l, err := evidence.Guard(k, func(expect []tlog.Tree, durable func(tlog.Tree) error) (*embedded.Log, error) {
		opt.Leaf, opt.Expect, opt.Durable = evidence.Leaf, expect, durable
		return embedded.Open(filepath.Join(dir, "log"), opt)
	})
	if err != nil {
		return nil, nil, errors.Join(err, k.Close())
	}
	return l, k, nil
}

// ack is one acknowledged event.
type ack struct {
	writer   int
	revision eventstore.Revision
	position uint64
	id       string
}

// told is what a child said before it ended.
type told struct {
	acks    []ack
	head    uint64        // acknowledged when the fault struck
	struck  time.Time     // when it did; zero if it did not
	ended   time.Duration // from there to the end of the process
	exit    int
	breach  string
	trouble string // standard error
}

// start runs this program as a child and calls during once it has opened its
// log. It answers what the child said until it ended.
func (r *run) start(ctx context.Context, dir string, during func(kill func()), flags ...string) (told, error) {
	var t told
	cmd := exec.CommandContext(ctx, r.self, append([]string{"-child", dir}, flags...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return t, err
	}
	if err := cmd.Start(); err != nil {
		return t, err
	}
	// A process that hangs is asked for its stacks, which ends it, or else killed.
	var hung atomic.Bool
	stuck := time.AfterFunc(60*time.Second, func() { hung.Store(true); _ = cmd.Process.Signal(syscall.SIGQUIT) })
	defer stuck.Stop()
	killed := time.AfterFunc(70*time.Second, func() { _ = cmd.Process.Kill() })
	defer killed.Stop()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return t, err
			}
			break
		}
		if line == "open\n" && during != nil {
			go during(func() { _ = cmd.Process.Kill() })
		}
		if err := t.note(strings.TrimSpace(line)); err != nil {
			return t, err
		}
	}
	err = cmd.Wait()
	if !t.struck.IsZero() {
		t.ended = time.Since(t.struck)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return t, err
	}
	t.exit, t.trouble = cmd.ProcessState.ExitCode(), strings.TrimSpace(stderr.String())
	if hung.Load() {
		return t, fmt.Errorf("the process hung:\n%s", t.trouble)
	}
	if t.breach != "" {
		return t, errors.New(t.breach)
	}
	return t, ctx.Err()
}

func (t *told) note(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "ack":
		var a ack
		if _, err := fmt.Sscan(rest, &a.writer, &a.revision, &a.position, &a.id); err != nil {
			return fmt.Errorf("line %q: %w", line, err)
		}
		t.acks = append(t.acks, a)
	case "failing", "full":
		t.struck = time.Now()
		_, err := fmt.Sscan(rest, &t.head)
		return err
	case "violation":
		t.breach = rest
	}
	return nil
}

// ledger is what a log must hold, and what it was seen to hold so far.
type ledger struct {
	read    eventstore.Position
	streams map[string][]string // ids by revision
	seen    map[eventstore.ID]bool
	acked   int
}

func newLedger() *ledger {
	return &ledger{streams: map[string][]string{}, seen: map[eventstore.ID]bool{}}
}

// check reads what is new in the log and compares it with what was acknowledged.
func (b *ledger) check(ctx context.Context, l *embedded.Log, acks []ack) error {
	var batch string
	due, of := 0, 0
	for r, err := range l.ReadAll(ctx, b.read, embedded.All) {
		if err != nil {
			return err
		}
		if b.seen[r.ID] {
			return fmt.Errorf("I1: event %v is there twice", r.ID)
		}
		b.seen[r.ID] = true
		if int(r.Revision) != len(b.streams[r.Stream]) {
			return fmt.Errorf("I2: stream %s has revision %d after %d", r.Stream, r.Revision, len(b.streams[r.Stream])-1)
		}
		b.streams[r.Stream] = append(b.streams[r.Stream], r.ID.String())
		var d struct {
			Batch     string
			Index, Of int
		}
		if err := json.Unmarshal(r.Data, &d); err != nil {
			return fmt.Errorf("event %v: %w", r.ID, err)
		}
		if due == of {
			batch, due, of = d.Batch, 0, d.Of
		}
		if d.Batch != batch || d.Index != due {
			return fmt.Errorf("I5: event %v is %d of its append where %d is due", r.ID, d.Index, due)
		}
		due++
		b.read = r.Position
	}
	if due != of {
		return fmt.Errorf("I5: the last append has %d of %d events", due, of)
	}
	for _, a := range acks {
		have := b.streams[fmt.Sprintf("w-%d", a.writer)]
		if int(a.revision) >= len(have) || have[a.revision] != a.id {
			return fmt.Errorf("I1: acknowledged event %s (writer %d, revision %d, position %d) is lost", a.id, a.writer, a.revision, a.position)
		}
	}
	b.acked += len(acks)
	return nil
}

// reopen opens the log after a fault, checks it, and closes it again. It answers
// how long opening took.
func (b *ledger) reopen(ctx context.Context, dir string, acks []ack, whole bool) (took time.Duration, err error) {
	begun := time.Now()
	l, k, err := openGuarded(dir, embedded.Options{Reserve: embedded.NoReserve})
	if err != nil {
		return 0, fmt.Errorf("it does not open again: %w", err)
	}
	took = time.Since(begun)
	defer func() { err = errors.Join(err, l.Close(), k.Close()) }()
	if err := b.check(ctx, l, acks); err != nil || !whole {
		return took, err
	}
	if _, err := k.Check(ctx, l, nil); err != nil {
		return took, fmt.Errorf("I3: %w", err)
	}
	return took, l.Check(ctx)
}

// place makes a directory for one log.
func (r *run) place(name string) (string, error) {
	dir := filepath.Join(r.dir, name)
	return dir, os.MkdirAll(dir, 0o700)
}
