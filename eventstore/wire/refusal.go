package wire

import (
	"context"
	"errors"

	"alta/eventstore"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// refuse turns an error of the log into what EventStoreDB answers: a status, and
// trailers from which clients tell apart what has the same status. setTrailer is
// the call's.
func (s *service) refuse(setTrailer func(metadata.MD), stream string, err error) error {
	exception := func(name string, more ...string) {
		setTrailer(metadata.Pairs(append([]string{"exception", name, "stream-name", stream}, more...)...))
	}
	if _, said := status.FromError(err); said {
		return err // what gRPC itself said: the client has left, or the message is malformed
	}
	var conflict *eventstore.ConflictError
	switch {
	case errors.Is(err, eventstore.ErrStreamDeleted):
		exception("stream-deleted")
		return status.Errorf(codes.FailedPrecondition, "Event stream '%s' is deleted.", stream)
	case errors.As(err, &conflict):
		exception("wrong-expected-version",
			"expected-version", number(conflict.Expected), "actual-version", number(conflict.Actual))
		return status.Errorf(codes.FailedPrecondition,
			"Append failed due to WrongExpectedVersion. Stream: %s, Expected version: %d, Actual version: %d", stream, conflict.Expected, conflict.Actual)
	case errors.Is(err, eventstore.ErrStreamNotFound):
		exception("stream-not-found")
		return status.Errorf(codes.NotFound, "Event stream '%s' is not found.", stream)
	case errors.Is(err, eventstore.ErrTooLarge):
		exception("maximum-append-size-exceeded", "maximum-append-size", number(eventstore.MaxAppendBytes))
		return status.Errorf(codes.InvalidArgument, "Maximum Append Size of %d Exceeded: %v", eventstore.MaxAppendBytes, err)
	case errors.Is(err, eventstore.ErrInvalid):
		return status.Error(codes.InvalidArgument, err.Error())
	case errors.Is(err, eventstore.ErrUnknownOutcome):
		return status.Error(codes.DeadlineExceeded, err.Error())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	case errors.Is(err, eventstore.ErrReadOnly):
		exception("read-only")
		return status.Error(codes.ResourceExhausted, err.Error())
	case errors.Is(err, eventstore.ErrClosed), errors.Is(err, eventstore.ErrUnavailable):
		return status.Error(codes.Unavailable, err.Error())
	default:
		// What the log says of itself may name places on this machine.
		s.logger.Error("the event log failed a client", "error", err.Error())
		return status.Error(codes.Internal, "the log failed; its operator finds the cause in Alta's log")
	}
}

// trailers of a unary call go through its context.
func trailers(ctx context.Context) func(metadata.MD) {
	return func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) }
}
