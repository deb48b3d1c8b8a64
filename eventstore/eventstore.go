// Package eventstore holds the words that every event log of Alta shares: what
// a stored event is, how a stream's revision and the log's position are
// expressed, and the ways in which a call can be refused.
//
// It does nothing with them but find an event again, in whatever log (Locate), and
// it imports only the standard library. Two engines speak these words, the embedded
// one (package embedded) and EventStoreDB through its official client (package
// esdb); the laws that both obey are written once, as tests, in package
// eventstoretest. Other interfaces are declared where they are
// consumed, not here.
//
// The semantics follow EventStoreDB 24.10: a stream is a dense sequence of
// events numbered from 0; an append names the revision it was decided on and is
// refused when the stream has moved; all streams together form one log that is
// totally ordered by position.
package eventstore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Limits of one append, the same on every engine so that what the embedded log
// accepts EventStoreDB accepts too.
const (
	// MaxAppendBytes bounds one append: the sum over its events of data,
	// metadata and twice the type name, in bytes.
	MaxAppendBytes = 1 << 20
	// MaxStreamName bounds a stream's name, in bytes.
	MaxStreamName = 256
	// MaxEvents bounds the number of events of one append.
	MaxEvents = 256
)

// Revision numbers an event within its stream, from 0. As an expectation it is
// the revision of the last event the caller has seen.
type Revision int64

// NoStream is the revision of a stream that has no event yet, and the
// expectation that it has none.
const NoStream Revision = -1

// Position orders all events of a log. It is opaque: positions are compared,
// never added to, because a log may have holes (system streams, transactions).
// The zero Position lies before every event.
type Position struct {
	Commit, Prepare uint64
}

// Start is the position before the first event of a log.
var Start = Position{}

// Compare answers -1, 0 or +1 as p lies before, at or after q.
func (p Position) Compare(q Position) int {
	switch {
	case p.Commit < q.Commit, p.Commit == q.Commit && p.Prepare < q.Prepare:
		return -1
	case p == q:
		return 0
	default:
		return 1
	}
}

// String writes the position as two fixed-width hexadecimal numbers joined by a
// dash, so that the texts of two positions sort as the positions do.
func (p Position) String() string { return fmt.Sprintf("%016x-%016x", p.Commit, p.Prepare) }

// ParsePosition reads what String wrote.
func ParsePosition(s string) (Position, error) {
	var b [16]byte
	if len(s) != 33 || s[16] != '-' {
		return Position{}, fmt.Errorf("position %q: want two 16-digit hexadecimal numbers joined by a dash", s)
	}
	if _, err := hex.Decode(b[:], []byte(s[:16]+s[17:])); err != nil {
		return Position{}, fmt.Errorf("position %q: %w", s, err)
	}
	var p Position
	for i := range 8 {
		p.Commit = p.Commit<<8 | uint64(b[i])
		p.Prepare = p.Prepare<<8 | uint64(b[8+i])
	}
	return p, nil
}

// ID identifies an event for ever and everywhere: a UUID (RFC 9562), chosen by
// the writer so that a repeated append can be recognised.
type ID [16]byte

// String writes the ID in the canonical 8-4-4-4-12 form.
func (id ID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// Proposed is an event that is not stored yet.
type Proposed struct {
	ID   ID
	Type string // stored name with its version, such as "application.submitted.v1"
	Data []byte // JSON
	Meta []byte // JSON envelope: actor, command id, correlation, causation …; may be empty
}

// Size is what the event counts towards MaxAppendBytes.
func (p Proposed) Size() int { return len(p.Data) + len(p.Meta) + 2*len(p.Type) }

// Record is an event as the log stored it.
type Record struct {
	Proposed
	Stream   string
	Revision Revision
	Position Position
	// Created is the storing machine's clock. It is not monotone and never
	// decides anything: business time is in the data.
	Created time.Time
}

// Appended says where the last event of an append lies. A repeated append
// answers what the first one answered.
type Appended struct {
	Revision Revision
	Position Position
}

// Message is what a subscription delivers: an event, or the news that the
// subscriber has seen everything that the log held.
type Message struct {
	Record   *Record
	CaughtUp bool
}

// Refusals shared by all engines. Match them with errors.Is.
var (
	// ErrConflict: the stream is not at the expected revision.
	ErrConflict = errors.New("eventstore: the stream is not at the expected revision")
	// ErrStreamNotFound: the stream has no event, or was soft-deleted; Absent tells which.
	ErrStreamNotFound = errors.New("eventstore: no such stream")
	// ErrStreamDeleted: the stream was tombstoned; its name is gone for good.
	ErrStreamDeleted = errors.New("eventstore: the stream was deleted for good")
	// ErrInvalid: a name, type, count or size that no log accepts.
	ErrInvalid = errors.New("eventstore: invalid argument")
	// ErrTooLarge: the append is over MaxAppendBytes or MaxEvents.
	ErrTooLarge = errors.New("eventstore: the append is too large")
	// ErrUnknownOutcome: the append may or may not have happened; repeat it with
	// the same ids and the same expected revision to learn which.
	ErrUnknownOutcome = errors.New("eventstore: the outcome of the append is unknown")
	// ErrUnavailable: the log cannot be reached now; nothing was written.
	ErrUnavailable = errors.New("eventstore: the log is unavailable")
	// ErrReadOnly: the log refuses writes to protect what it holds.
	ErrReadOnly = errors.New("eventstore: the log is read-only")
	// ErrDiskReserve is the ErrReadOnly of a disk that is nearly full; it ends by
	// itself when there is room again.
	ErrDiskReserve = fmt.Errorf("%w: the disk is nearly full", ErrReadOnly)
	// ErrCorrupt: the log holds something that it cannot have written.
	ErrCorrupt = errors.New("eventstore: the log is damaged")
	// ErrClosed: the log was closed.
	ErrClosed = errors.New("eventstore: the log is closed")
	// ErrBrokenOff: a subscription ended without an error before the end of the log was
	// seen. What came of it is a part, and never the whole.
	ErrBrokenOff = errors.New("eventstore: the subscription ended before the log was read to its end")
)

// Stored are the events of a subscription that were stored when it began to follow:
// those before it says that it has caught up. It fails with the subscription's error,
// and with ErrBrokenOff where the subscription ends before that.
func Stored(messages iter.Seq2[Message, error]) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for m, err := range messages {
			switch {
			case err != nil:
				yield(nil, err)
				return
			case m.Record != nil && !yield(m.Record, nil):
				return
			case m.CaughtUp:
				return
			}
		}
		yield(nil, ErrBrokenOff)
	}
}

// ConflictError is the ErrConflict of one append.
type ConflictError struct {
	Stream   string
	Expected Revision
	Actual   Revision // what the stream is at
	// Unread: the event at Actual could not be read yet when there was no more time. A
	// cluster may tell a conflict with what a majority does not have.
	Unread bool
}

func (e *ConflictError) Error() string {
	text := fmt.Sprintf("eventstore: stream %s is at revision %d, not at the expected %d", e.Stream, e.Actual, e.Expected)
	if e.Unread {
		text += ", and that revision cannot be read yet"
	}
	return text
}

// Is makes errors.Is(err, ErrConflict) true.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }
