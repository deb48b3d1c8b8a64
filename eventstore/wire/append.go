package wire

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Keys of an event's system metadata in the protocol.
const (
	metaType        = "type"
	metaContentType = "content-type"
	metaCreated     = "created"

	contentJSON   = "application/json"
	contentBinary = "application/octet-stream"
)

// patience bounds how much of an append that is too large is read to its end. A
// server that answers earlier makes clients report a bare EOF in place of the
// answer.
const patience = 32 << 20

func number[N ~int | ~int64](n N) string { return strconv.FormatInt(int64(n), 10) }

// Append receives a header and then the events, and writes them at once.
func (s *service) Append(call streams.Streams_AppendServer) error {
	stream, expected, events, err := receive(call)
	if err != nil {
		return s.refuse(call.SetTrailer, stream, err)
	}
	at, err := s.log.Append(call.Context(), stream, expected, events...)
	var conflict *eventstore.ConflictError
	switch {
	case errors.As(err, &conflict):
		return call.SendAndClose(wrongVersion(conflict))
	case err != nil:
		return s.refuse(call.SetTrailer, stream, err)
	}
	return call.SendAndClose(&streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(at.Revision)},
		PositionOption: &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{
			CommitPosition: at.Position.Commit, PreparePosition: at.Position.Prepare,
		}},
	}}})
}

// receive reads a whole append, bounded: what is over the limits is counted and
// not kept.
func receive(call streams.Streams_AppendServer) (stream string, expected eventstore.Revision, events []eventstore.Proposed, err error) {
	size, seen := 0, 0
	for first := true; ; first = false {
		req, rerr := call.Recv()
		if errors.Is(rerr, io.EOF) {
			break
		}
		if rerr != nil {
			return stream, expected, nil, rerr
		}
		switch c := req.GetContent().(type) {
		case *streams.AppendReq_Options_:
			if !first {
				return stream, expected, nil, fmt.Errorf("%w: a second header", eventstore.ErrInvalid)
			}
			stream = string(c.Options.GetStreamIdentifier().GetStreamName())
			if expected, err = expectation(c.Options); err != nil {
				return stream, expected, nil, err
			}
		case *streams.AppendReq_ProposedMessage_:
			if first {
				return stream, expected, nil, fmt.Errorf("%w: an event without a header", eventstore.ErrInvalid)
			}
			e, perr := proposed(c.ProposedMessage)
			if err == nil {
				err = perr
			}
			if seen++; size <= eventstore.MaxAppendBytes && seen <= eventstore.MaxEvents+1 {
				events = append(events, e)
			}
			if size += e.Size(); size > patience {
				return stream, expected, nil, fmt.Errorf("%w: over %d bytes", eventstore.ErrTooLarge, patience)
			}
		default:
			return stream, expected, nil, fmt.Errorf("%w: a request without content", eventstore.ErrInvalid)
		}
	}
	return stream, expected, events, err
}

// expected is what the requests of all three writing calls have.
type expecting interface {
	GetRevision() uint64
	GetNoStream() *shared.Empty
	GetAny() *shared.Empty
	GetStreamExists() *shared.Empty
}

func expectation(o expecting) (eventstore.Revision, error) {
	switch {
	case o.GetAny() != nil:
		return anyRevision, nil
	case o.GetNoStream() != nil:
		return eventstore.NoStream, nil
	case o.GetStreamExists() != nil:
		return streamExists, nil
	}
	if n := eventstore.Revision(o.GetRevision()); n >= 0 {
		return n, nil
	}
	return 0, fmt.Errorf("%w: expected: %d is no revision", eventstore.ErrInvalid, o.GetRevision())
}

func proposed(m *streams.AppendReq_ProposedMessage) (eventstore.Proposed, error) {
	e := eventstore.Proposed{Type: m.GetMetadata()[metaType], Data: m.GetData(), Meta: m.GetCustomMetadata()}
	id, err := eventID(m.GetId())
	if err != nil {
		return e, err
	}
	e.ID = id
	switch t := m.GetMetadata()[metaContentType]; t {
	case contentJSON, contentBinary:
		return e, nil
	default:
		return e, fmt.Errorf("%w: content-type %q is neither %s nor %s", eventstore.ErrInvalid, t, contentJSON, contentBinary)
	}
}

// wrongVersion says twice what the stream is at: once for clients of before
// version 20.6.1.
func wrongVersion(c *eventstore.ConflictError) *streams.AppendResp {
	w := &streams.AppendResp_WrongExpectedVersion{}
	switch c.Expected {
	case anyRevision:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: &shared.Empty{}}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_Any_20_6_0{Any_20_6_0: &shared.Empty{}}
	case streamExists:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_StreamExists_20_6_0{StreamExists_20_6_0: &shared.Empty{}}
	case eventstore.NoStream:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
	default:
		w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: uint64(c.Expected)}
		w.ExpectedRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision_20_6_0{ExpectedRevision_20_6_0: uint64(c.Expected)}
	}
	if c.Actual == eventstore.NoStream {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_NoStream_20_6_0{NoStream_20_6_0: &shared.Empty{}}
	} else {
		w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(c.Actual)}
		w.CurrentRevisionOption_20_6_0 = &streams.AppendResp_WrongExpectedVersion_CurrentRevision_20_6_0{CurrentRevision_20_6_0: uint64(c.Actual)}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: w}}
}

// BatchAppend is not offered (see features), so that every append is one call
// with one answer.
func (s *service) BatchAppend(streams.Streams_BatchAppendServer) error {
	return status.Error(codes.Unimplemented, "BatchAppend is not offered; append without it")
}
