package evidence

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a statement that a log had this tree at this time. Its text is
// C2SP tlog-checkpoint: origin, size and root on a line each, then one extension
// line with the time.
type Checkpoint struct {
	Origin string
	Tree   tlog.Tree
	Time   time.Time // of the signer's clock; not proven by anything
}

// ErrCheckpoint: a note that is no checkpoint, or one of another log.
var ErrCheckpoint = errors.New("evidence: not a checkpoint of this log")

const timePrefix = "time "

// Text is what is signed.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s%s\n", c.Origin, c.Tree.N, c.Tree.Hash, timePrefix, c.Time.UTC().Format(time.RFC3339Nano))
}

// Sign makes the signed note of a checkpoint.
func (c Checkpoint) Sign(s note.Signer) ([]byte, error) {
	return note.Sign(&note.Note{Text: c.Text()}, s)
}

// OpenCheckpoint verifies a signed note and reads the checkpoint in it. The
// origin must be the name of the key.
func OpenCheckpoint(msg []byte, v note.Verifier) (Checkpoint, error) {
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != v.Name() {
		return Checkpoint{}, fmt.Errorf("%w: its origin is %q, the key's is %q", ErrCheckpoint, c.Origin, v.Name())
	}
	return c, nil
}

func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[4] != "" {
		return Checkpoint{}, fmt.Errorf("%w: it has %d lines", ErrCheckpoint, len(lines)-1)
	}
	c := Checkpoint{Origin: lines[0]}
	n, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("%w: its size is %q", ErrCheckpoint, lines[1])
	}
	h, err := tlog.ParseHash(lines[2])
	if err != nil || h.String() != lines[2] {
		return Checkpoint{}, fmt.Errorf("%w: its root is %q", ErrCheckpoint, lines[2])
	}
	c.Tree = tlog.Tree{N: n, Hash: h}
	stamp, ok := strings.CutPrefix(lines[3], timePrefix)
	if !ok {
		return Checkpoint{}, fmt.Errorf("%w: it has no time", ErrCheckpoint)
	}
	if c.Time, err = time.Parse(time.RFC3339Nano, stamp); err != nil || c.Text() != text {
		return Checkpoint{}, fmt.Errorf("%w: its time is %q", ErrCheckpoint, stamp)
	}
	return c, nil
}
