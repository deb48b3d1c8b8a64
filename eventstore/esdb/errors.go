package esdb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

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
			return fmt.Errorf("%w: %w", eventstore.ErrStreamNotFound, err), true
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
		return fmt.Errorf("%w: %w", eventstore.ErrStreamNotFound, err), true
	case codes.PermissionDenied, codes.Unauthenticated:
		return fmt.Errorf("%w: %w", ErrDenied, err), true
	case codes.ResourceExhausted:
		return fmt.Errorf("%w: %w", eventstore.ErrReadOnly, err), true
	}
	return err, false
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

// conflict words a refusal because of the revision. Where the text does not tell
// what the stream is at, the stream is asked.
func (l *Log) conflict(ctx context.Context, stream string, expected eventstore.Revision, err error) error {
	actual, ok := readActual(err.Error())
	if !ok {
		actual = eventstore.NoStream
		for r, rerr := range l.ReadStreamBackward(ctx, stream, eventstore.NoStream, 1) {
			switch {
			case rerr == nil:
				actual = r.Revision
			case errors.Is(rerr, eventstore.ErrStreamNotFound):
			default:
				return fmt.Errorf("%w: stream %s, expected %d; what it is at could not be read: %w", eventstore.ErrConflict, stream, expected, rerr)
			}
		}
	}
	return &eventstore.ConflictError{Stream: stream, Expected: expected, Actual: actual}
}
