package esdb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ErrDenied: the server does not know the user, or does not allow it the call.
var ErrDenied = errors.New("esdb: the server denies access")

// understand turns an error of the client into one of package eventstore. final
// says that asking again is pointless: it is a refusal, and nothing was written.
// Everything else leaves open what happened.
func understand(err error) (answer error, final bool) {
	if e := (*esdb.Error)(nil); errors.As(err, &e) {
		switch e.Code() {
		case esdb.ErrorCodeWrongExpectedVersion:
			return err, true
		case esdb.ErrorCodeStreamDeleted:
			return fmt.Errorf("%w: %w", eventstore.ErrStreamDeleted, err), true
		case esdb.ErrorCodeResourceNotFound:
			if absent(err) {
				return fmt.Errorf("%w: %w", eventstore.ErrStreamNotFound, err), true
			}
			return err, false
		case esdb.ErrorCodeAccessDenied, esdb.ErrorCodeUnauthenticated:
			return fmt.Errorf("%w: %w", ErrDenied, err), true
		case esdb.ErrorCodeUnsupportedFeature:
			return err, true
		}
	}
	text := err.Error()
	switch status.Code(cause(err)) {
	case codes.InvalidArgument:
		if strings.Contains(text, "Maximum Append Size") {
			return fmt.Errorf("%w: %w", eventstore.ErrTooLarge, err), true
		}
		return fmt.Errorf("%w: %w", eventstore.ErrInvalid, err), true
	case codes.FailedPrecondition:
		if strings.Contains(text, "is deleted") {
			return fmt.Errorf("%w: %w", eventstore.ErrStreamDeleted, err), true
		}
		return err, true
	case codes.NotFound:
		if absent(err) {
			return fmt.Errorf("%w: %w", eventstore.ErrStreamNotFound, err), true
		}
		return err, false
	case codes.PermissionDenied, codes.Unauthenticated:
		return fmt.Errorf("%w: %w", ErrDenied, err), true
	case codes.ResourceExhausted:
		return fmt.Errorf("%w: %w", eventstore.ErrReadOnly, err), true
	}
	return err, false
}

// absent is true where "not found" is said of a stream: the client's own words for
// what a read says, and the server's for a delete. A server says "not found" of
// other things too, of its leader for one, and that is no answer.
func absent(err error) bool {
	status := cause(err)
	return status == nil || strings.Contains(status.Error(), "Event stream '")
}

// cause finds what gRPC said inside the client's error.
func cause(err error) error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if _, ok := e.(interface{ GRPCStatus() *status.Status }); ok {
			return e
		}
	}
	return nil
}

// foreign is true for what a server says of a position at which nothing begins: it
// is an offset in its files. Other failures of the server read the same, so it is
// asked foreignFailures times.
func foreign(err error) bool {
	return err != nil && status.Code(cause(err)) == codes.Unknown && strings.Contains(err.Error(), "Exception was thrown by handler")
}

const foreignFailures = 3

// conflicting is true for a refusal because of the revision: the appends' own
// answer, and what deletes say in its place.
func conflicting(err error) bool {
	if e := (*esdb.Error)(nil); errors.As(err, &e) && e.Code() == esdb.ErrorCodeWrongExpectedVersion {
		return true
	}
	return status.Code(cause(err)) == codes.FailedPrecondition && !errors.Is(err, eventstore.ErrStreamDeleted)
}

// The actual revision is only in the text of a conflict: of the client for
// appends, of the server for deletes.
var actualRevision = regexp.MustCompile(`but got '([^']*)'|Actual version: (-?\d+)`)

// readActual finds the revision that a conflict's text tells.
func readActual(text string) (eventstore.Revision, bool) {
	m := actualRevision.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	if m[1] == "no_stream" {
		return eventstore.NoStream, true
	}
	n, err := strconv.ParseInt(m[1]+m[2], 10, 64)
	// A stream that was deleted is said to be at the largest number there is.
	if err != nil || n < int64(eventstore.NoStream) || n == 1<<63-1 {
		return 0, false
	}
	return eventstore.Revision(n), true
}

// How long a conflict is held back until what it speaks of can be read. A cluster
// tells a conflict with an event that a majority does not have yet; a stream that
// shows nothing may be one that was deleted.
const (
	readable     = 2 * time.Second
	readableGone = 300 * time.Millisecond
)

// conflict words a refusal because of the revision, once the event that caused it
// can be read. Where the text does not tell what the stream is at, the stream is
// asked.
func (l *Log) conflict(ctx context.Context, stream string, expected eventstore.Revision, err error) error {
	actual, told := readActual(err.Error())
	c := &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: actual}
	if told && actual == eventstore.NoStream { // nothing is to come
		return c
	}
	begun := time.Now()
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		at, bound := eventstore.NoStream, readable
		for r, rerr := range l.ReadStreamBackward(ctx, stream, eventstore.NoStream, 1) {
			switch {
			case rerr == nil:
				at = r.Revision
			case errors.Is(rerr, eventstore.ErrStreamNotFound):
				bound = readableGone
			case errors.Is(rerr, eventstore.ErrStreamDeleted):
				c.Actual = max(c.Actual, eventstore.NoStream)
				return c
			case told:
				c.Unread = true
				return c
			default:
				return fmt.Errorf("%w: stream %s, expected %d; what it is at could not be read: %w", eventstore.ErrConflict, stream, expected, rerr)
			}
		}
		if !told {
			c.Actual = at
			return c
		}
		if at >= actual {
			return c
		}
		if time.Since(begun) > bound || !wait(ctx, pause) {
			c.Unread = true
			return c
		}
	}
}
