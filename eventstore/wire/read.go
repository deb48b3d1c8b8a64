package wire

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// end is the position after every event.
var end = eventstore.Position{Commit: math.MaxInt64, Prepare: math.MaxInt64}

// Read answers every kind of reading: a stream or the whole log, in either
// direction, or a subscription.
func (s *service) Read(req *streams.ReadReq, call streams.Streams_ReadServer) error {
	o := req.GetOptions()
	stream := string(o.GetStream().GetStreamIdentifier().GetStreamName())
	if o.GetSubscription() != nil {
		err := s.subscribe(o, stream, call)
		return s.refuse(call.SetTrailer, stream, err)
	}
	records, err := s.records(o, stream, call)
	if err == nil {
		err = send(records, o, call)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, eventstore.ErrStreamNotFound) && s.deleted(call.Context(), stream):
		return call.Send(event(&eventstore.Record{
			Proposed: eventstore.Proposed{ID: eventstore.ID{15: 1}, Type: "$metadata", Data: fmt.Appendf(nil, `{"$tb":%d}`, int64(math.MaxInt64))},
			Stream:   stream, Created: time.Unix(0, 0),
		}, o))
	case errors.Is(err, eventstore.ErrStreamNotFound):
		return call.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{StreamNotFound: &streams.ReadResp_StreamNotFound{
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)},
		}}})
	}
	return s.refuse(call.SetTrailer, stream, err)
}

// deleted reports whether a stream with metadata is that of a stream that was deleted.
// The engine has no metadata, and a server says there how a stream came to be missing.
func (s *service) deleted(ctx context.Context, metadata string) bool {
	of, is := strings.CutPrefix(metadata, "$$")
	if !is {
		return false
	}
	for _, err := range s.log.ReadStream(ctx, of, 0, 1) {
		return errors.Is(err, eventstore.ErrStreamNotFound) && !eventstore.Absent(err)
	}
	return false
}

// records finds the reading that is asked for.
func (s *service) records(o *streams.ReadReq_Options, stream string, call streams.Streams_ReadServer) (iter.Seq2[*eventstore.Record, error], error) {
	ctx, backward := call.Context(), o.GetReadDirection() == streams.ReadReq_Options_Backwards
	limit := int(min(o.GetCount(), math.MaxInt64))
	if o.GetFilter() != nil {
		return nil, fmt.Errorf("%w: filters are for subscriptions here", eventstore.ErrInvalid)
	}
	switch from := o.GetStreamOption().(type) {
	case *streams.ReadReq_Options_Stream:
		revision := eventstore.Revision(0)
		switch {
		case from.Stream.GetEnd() != nil && !backward:
			revision = math.MaxInt64
		case from.Stream.GetEnd() != nil:
			revision = eventstore.NoStream // read backwards, that is from the last event
		case from.Stream.GetStart() == nil:
			revision = eventstore.Revision(min(from.Stream.GetRevision(), math.MaxInt64))
		}
		if backward {
			return s.log.ReadStreamBackward(ctx, stream, revision, limit), nil
		}
		return s.log.ReadStream(ctx, stream, revision, limit), nil
	case *streams.ReadReq_Options_All:
		at := position(from.All)
		if backward {
			return s.log.ReadAllBackward(ctx, at, limit), nil
		}
		return s.log.ReadAllFrom(ctx, at, limit), nil
	}
	return nil, fmt.Errorf("%w: neither a stream nor $all is asked for", eventstore.ErrInvalid)
}

func position(o *streams.ReadReq_Options_AllOptions) eventstore.Position {
	switch {
	case o.GetStart() != nil:
		return eventstore.Start
	case o.GetEnd() != nil:
		return end
	}
	// Some clients say "the end" with the largest number that they have.
	return eventstore.Position{
		Commit:  min(o.GetPosition().GetCommitPosition(), end.Commit),
		Prepare: min(o.GetPosition().GetPreparePosition(), end.Prepare),
	}
}

func send(records iter.Seq2[*eventstore.Record, error], o *streams.ReadReq_Options, call streams.Streams_ReadServer) error {
	for r, err := range records {
		if err != nil {
			return err
		}
		if err := call.Send(event(r, o)); err != nil {
			return err
		}
	}
	return nil
}

// event is a record as the protocol has it.
func event(r *eventstore.Record, o *streams.ReadReq_Options) *streams.ReadResp {
	content := contentBinary
	if json.Valid(r.Data) {
		content = contentJSON
	}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id:               protoID(r.ID, o.GetUuidOption()),
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(r.Stream)},
			StreamRevision:   uint64(r.Revision),
			CommitPosition:   r.Position.Commit,
			PreparePosition:  r.Position.Prepare,
			Metadata: map[string]string{
				metaType: r.Type, metaContentType: content,
				// 100 ns since 1970. The Go client ends the process without it.
				metaCreated: number(r.Created.UnixNano() / 100),
			},
			CustomMetadata: r.Meta,
			Data:           r.Data,
		},
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: r.Position.Commit},
	}}}
}

func protoID(id eventstore.ID, o *streams.ReadReq_Options_UUIDOption) *shared.UUID {
	if o.GetString_() != nil {
		return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
	}
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

func eventID(u *shared.UUID) (id eventstore.ID, err error) {
	if s := u.GetStructured(); s != nil {
		binary.BigEndian.PutUint64(id[:8], uint64(s.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(id[8:], uint64(s.GetLeastSignificantBits()))
		return id, nil
	}
	text := strings.ReplaceAll(u.GetString_(), "-", "")
	if b, derr := hex.DecodeString(text); derr == nil && len(b) == len(id) {
		return eventstore.ID(b), nil
	}
	return id, fmt.Errorf("%w: id %q is no UUID", eventstore.ErrInvalid, u.GetString_())
}
