package eventstore

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// Mark names an event so that it can be found again in a copy of its log. A copy
// keeps stream, revision and id of every event, and gives it another position. So
// whatever outlives a process, or comes back from outside, is kept as a Mark and
// asked of Locate before it is used. The zero Mark lies before every event.
type Mark struct {
	Position Position // in the log that the mark was made of
	Stream   string   // empty where only position and id are known
	Revision Revision
	ID       ID
}

// MarkOf is the mark of a stored event.
func MarkOf(r *Record) Mark { return Mark{r.Position, r.Stream, r.Revision, r.ID} }

type storedMark struct {
	Position string   `json:"position"`
	Stream   string   `json:"stream,omitempty"`
	Revision Revision `json:"revision"`
	ID       string   `json:"id"`
}

// MarshalJSON writes the mark as an object of position, stream, revision and id.
func (m Mark) MarshalJSON() ([]byte, error) {
	return json.Marshal(storedMark{m.Position.String(), m.Stream, m.Revision, m.ID.String()})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Mark) UnmarshalJSON(b []byte) error {
	var s storedMark
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	p, err := ParsePosition(s.Position)
	if err != nil {
		return err
	}
	id, err := ParseID(s.ID)
	if err != nil {
		return err
	}
	*m = Mark{p, s.Stream, s.Revision, id}
	return nil
}

// ParseID reads what ID.String wrote.
func ParseID(s string) (id ID, err error) {
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		if b, err := hex.DecodeString(strings.ReplaceAll(s, "-", "")); err == nil && len(b) == len(id) {
			return ID(b), nil
		}
	}
	return id, fmt.Errorf("event id %q: want a UUID in its canonical form", s)
}

// Finding is what finding an event needs of a log.
type Finding interface {
	ReadStream(ctx context.Context, stream string, from Revision, limit int) iter.Seq2[*Record, error]
	// ReadAt answers the event at exactly a position, ErrNoPosition where there is
	// none.
	ReadAt(ctx context.Context, at Position) (*Record, error)
	ReadAllBackward(ctx context.Context, before Position, limit int) iter.Seq2[*Record, error]
}

// Refusals of Finding and Locate.
var (
	// ErrNoPosition: the log holds no event at that position.
	ErrNoPosition = errors.New("eventstore: the log holds no event at that position")
	// ErrForeign: the log does not hold the event that a mark stands for.
	ErrForeign = errors.New("eventstore: this log does not hold the event that the position stands for")
)

// Locate answers where the event of a mark lies in this log, and Start for the zero
// Mark. It fails with ErrForeign where the log does not hold that event, and with
// the log's own error where that cannot be found out: then nothing is known.
//
// The stream is asked first: a server fails at a position that is not its own. The
// position is asked where the stream does not show the event: it may have been
// deleted or cut off, and its events be in the log still.
func Locate(ctx context.Context, log Finding, m Mark) (Position, error) {
	if m == (Mark{}) {
		return Start, nil
	}
	if m.Stream != "" {
		at, err := locateInStream(ctx, log, m)
		if !errors.Is(err, ErrNoPosition) {
			return at, err
		}
	}
	if m.ID == (ID{}) || m.Position == Start {
		return Start, ErrForeign
	}
	r, err := log.ReadAt(ctx, m.Position)
	switch {
	case errors.Is(err, ErrNoPosition):
		return Start, ErrForeign
	case err != nil:
		return Start, fmt.Errorf("find the event of a position: %w", err)
	case r.ID != m.ID, m.Stream != "" && (r.Stream != m.Stream || r.Revision != m.Revision):
		return Start, ErrForeign
	}
	return r.Position, nil
}

// locateInStream finds the event of a mark by its stream. It answers ErrNoPosition
// where the stream does not tell: it shows nothing, or not so far, or begins after
// the event, or the log does not say where the events of a stream lie.
func locateInStream(ctx context.Context, log Finding, m Mark) (Position, error) {
	for r, err := range log.ReadStream(ctx, m.Stream, m.Revision, 1) {
		switch {
		case errors.Is(err, ErrStreamNotFound), errors.Is(err, ErrStreamDeleted), errors.As(err, new(*SetAsideError)):
			return Start, ErrNoPosition
		case errors.Is(err, ErrInvalid): // no log can hold a stream of that name
			return Start, ErrForeign
		case err != nil:
			return Start, fmt.Errorf("find the event of a position: %w", err)
		case r.Revision != m.Revision, r.Position == Start:
			return Start, ErrNoPosition
		case r.ID != m.ID:
			return Start, ErrForeign
		}
		return r.Position, nil
	}
	return Start, ErrNoPosition
}

// MarkAt is the mark of the newest event at or before a position of this log, the
// zero Mark where there is none. A position may be one that a narrow subscription
// reported, at which no event of the application lies.
func MarkAt(ctx context.Context, log Finding, p Position) (Mark, error) {
	if p == Start {
		return Mark{}, nil
	}
	r, err := log.ReadAt(ctx, p)
	if err == nil {
		return MarkOf(r), nil
	}
	if !errors.Is(err, ErrNoPosition) {
		return Mark{}, fmt.Errorf("find the event at a position: %w", err)
	}
	for r, err := range log.ReadAllBackward(ctx, p, 1) {
		if err != nil {
			return Mark{}, fmt.Errorf("find the event at a position: %w", err)
		}
		return MarkOf(r), nil
	}
	return Mark{}, nil
}

// Newest is the mark of the log's newest event, the zero Mark where it has none.
func Newest(ctx context.Context, log Finding) (Mark, error) {
	for r, err := range log.ReadAllBackward(ctx, end, 1) {
		if err != nil {
			return Mark{}, fmt.Errorf("find the newest event: %w", err)
		}
		return MarkOf(r), nil
	}
	return Mark{}, nil
}

// end lies after every event: every log takes it for "from the newest one".
var end = Position{Commit: 1<<63 - 1, Prepare: 1<<63 - 1}
