package eventstore

import (
	"errors"
	"fmt"
	"iter"
)

// SetAsideReason says why a stream is set aside. The values are permanent: they
// stand in Redis, in answers and in metrics.
type SetAsideReason string

// The reasons.
const (
	// UnreadableEvent: an event has a name or a shape that this program does not
	// know. A newer version wrote it, or somebody else did.
	UnreadableEvent SetAsideReason = "unreadable-event"
	// FoldFailed: an event can be read, and folding it panics.
	FoldFailed SetAsideReason = "fold-failed"
	// MissingEvents: the stream does not begin with revision 0, or leaves one out.
	MissingEvents SetAsideReason = "missing-events"
	// Deleted: somebody deleted the stream; its events are there until a scavenge.
	Deleted SetAsideReason = "deleted"
	// Tombstoned: somebody deleted the stream for good.
	Tombstoned SetAsideReason = "tombstoned"
	// Truncated: somebody's metadata hide the beginning of the stream ($tb).
	Truncated SetAsideReason = "truncated"
	// MaxAge: somebody's metadata let the events of the stream go after a time ($maxAge).
	MaxAge SetAsideReason = "max-age"
	// MaxCount: somebody's metadata leave the stream its newest events alone ($maxCount).
	MaxCount SetAsideReason = "max-count"
)

// SetAsideReasons lists them, for metrics.
func SetAsideReasons() []SetAsideReason {
	return []SetAsideReason{UnreadableEvent, FoldFailed, MissingEvents, Deleted, Tombstoned, Truncated, MaxAge, MaxCount}
}

// SetAsideError: this program cannot fold a stream, so it appends nothing to it and
// shows nothing new of it. All other streams go on. It is no outage: repeating the
// call gives the same answer until a program that can read the stream runs, or the
// owner of the log undoes what was done to the stream.
type SetAsideError struct {
	Stream   string
	Revision Revision // of the event at which folding ends; of the first one that is missing
	Type     string   // stored name of that event; empty where an event is missing
	Reason   SetAsideReason
	Err      error // what failed; it holds no personal value
}

func (e *SetAsideError) Error() string {
	what := ""
	if e.Type != "" {
		what = e.Type + " at "
	}
	return fmt.Sprintf("%srevision %d of %s: the stream is set aside (%s): %v", what, e.Revision, e.Stream, e.Reason, e.Err)
}

func (e *SetAsideError) Unwrap() error { return e.Err }

// Unreadable is the SetAsideError of an event of which a decoder said err.
func Unreadable(r *Record, err error) error {
	return &SetAsideError{r.Stream, r.Revision, r.Type, UnreadableEvent, err}
}

// Panicked is the SetAsideError of an event whose fold panicked with a value. The
// value itself may hold a person's data, so only its Go type is told.
func Panicked(r *Record, value any) error {
	return &SetAsideError{r.Stream, r.Revision, r.Type, FoldFailed, fmt.Errorf("folding it panics with a %T", value)}
}

var errMissing = errors.New("events before the one that follows are not there")

// Follows answers a SetAsideError where a record is not the event that comes after
// revision last of its stream: somebody hid or removed what lies between.
func Follows(r *Record, last Revision) error {
	if r.Revision == last+1 {
		return nil
	}
	return &SetAsideError{r.Stream, last + 1, "", MissingEvents, errMissing}
}

// Whole is a reading of a stream after a revision that may leave nothing out: it ends
// with a SetAsideError at the first event that does not follow the one before.
func Whole(after Revision, records iter.Seq2[*Record, error]) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		last := after
		for r, err := range records {
			if err == nil {
				err = Follows(r, last)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if last = r.Revision; !yield(r, nil) {
				return
			}
		}
	}
}

// Absent reports whether an error of a reading says that the stream has no event and
// never had one. Of a stream that somebody deleted it says no: its events may be there
// still, and what they led to is not to be done again.
func Absent(err error) bool {
	return errors.Is(err, ErrStreamNotFound) && !errors.As(err, new(*SetAsideError))
}

// Hidden reports whether an error of a reading says that a stream has events and shows
// none of them, because somebody deleted it or its metadata hide them.
func Hidden(err error) bool {
	var why *SetAsideError
	return errors.As(err, &why) && (why.Reason == Deleted || why.Reason == Tombstoned || why.Reason == Truncated)
}

// Unshown is the SetAsideError of a reading of a stream that somebody deleted, for good
// or until its metadata are mended. err is ErrStreamNotFound or ErrStreamDeleted, and
// errors.Is still finds it.
func Unshown(stream string, err error) error {
	reason := Deleted
	if errors.Is(err, ErrStreamDeleted) {
		reason = Tombstoned
	}
	return &SetAsideError{stream, 0, "", reason, err}
}
