package wire

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"math"
	"regexp"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// subscribe serves a catch-up subscription until the client or the server ends
// it. The error is never nil.
func (s *service) subscribe(o *streams.ReadReq_Options, stream string, call streams.Streams_ReadServer) error {
	ctx, cancel := context.WithCancelCause(call.Context())
	defer cancel(nil)
	stop := context.AfterFunc(s.ended, func() { cancel(eventstore.ErrClosed) })
	defer stop()
	if o.GetReadDirection() == streams.ReadReq_Options_Backwards {
		return fmt.Errorf("%w: a subscription goes forwards", eventstore.ErrInvalid)
	}
	var sent error
	messages, err := s.messages(ctx, o, stream, func(r *streams.ReadResp) {
		if err := call.Send(r); err != nil {
			sent = err
			cancel(err)
		}
	})
	if err != nil {
		return err
	}
	if err := call.Send(confirmation()); err != nil {
		return err
	}
	for m, err := range messages {
		if err != nil {
			if cause := context.Cause(ctx); cause != nil && sent == nil {
				return cause
			}
			return errors.Join(sent, err)
		}
		resp := &streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}}
		if m.Record != nil {
			resp = event(m.Record, o)
		}
		if err := call.Send(resp); err != nil {
			return err
		}
	}
	return eventstore.ErrClosed
}

// messages finds the subscription that is asked for. tell sends a checkpoint.
func (s *service) messages(ctx context.Context, o *streams.ReadReq_Options, stream string, tell func(*streams.ReadResp)) (iter.Seq2[eventstore.Message, error], error) {
	switch from := o.GetStreamOption().(type) {
	case *streams.ReadReq_Options_Stream:
		after, err := s.afterRevision(ctx, stream, from.Stream)
		return s.log.SubscribeStream(ctx, stream, after), err
	case *streams.ReadReq_Options_All:
		f, err := filter(o.GetFilter())
		if err != nil {
			return nil, err
		}
		if f.Every > 0 {
			f.Considered = func(p eventstore.Position) {
				tell(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{
					CommitPosition: p.Commit, PreparePosition: p.Prepare,
				}}})
			}
		}
		after := position(from.All)
		if from.All.GetEnd() != nil {
			if after, err = s.log.Head(ctx); err != nil {
				return nil, err
			}
		}
		return s.log.Subscribe(ctx, after, f), nil
	}
	return nil, fmt.Errorf("%w: neither a stream nor $all is asked for", eventstore.ErrInvalid)
}

// afterRevision finds where to begin, and refuses a tombstoned stream before the
// subscription is confirmed: only then do clients understand the refusal.
func (s *service) afterRevision(ctx context.Context, stream string, o *streams.ReadReq_Options_StreamOptions) (eventstore.Revision, error) {
	last := eventstore.NoStream
	for r, err := range s.log.ReadStreamBackward(ctx, stream, eventstore.NoStream, 1) {
		if err != nil && !errors.Is(err, eventstore.ErrStreamNotFound) {
			return last, err
		}
		if r != nil {
			last = r.Revision
		}
	}
	switch {
	case o.GetStart() != nil:
		return eventstore.NoStream, nil
	case o.GetEnd() != nil:
		return last, nil
	}
	return eventstore.Revision(min(o.GetRevision(), math.MaxInt64-1)), nil
}

func filter(o *streams.ReadReq_Options_FilterOptions) (eventstore.Filter, error) {
	f := eventstore.Filter{System: true} // the protocol keeps nothing back
	if o == nil {
		return f, nil
	}
	var expression *streams.ReadReq_Options_FilterOptions_Expression
	prefixes, pattern := &f.Streams, &f.StreamPattern
	switch o.GetFilter().(type) {
	case *streams.ReadReq_Options_FilterOptions_StreamIdentifier:
		expression = o.GetStreamIdentifier()
	case *streams.ReadReq_Options_FilterOptions_EventType:
		expression = o.GetEventType()
		prefixes, pattern = &f.Types, &f.TypePattern
	default:
		return f, fmt.Errorf("%w: filter: neither streams nor event types are filtered", eventstore.ErrInvalid)
	}
	*prefixes = expression.GetPrefix()
	if text := expression.GetRegex(); text != "" {
		re, err := regexp.Compile(text)
		if err != nil {
			return f, fmt.Errorf("%w: filter: %w", eventstore.ErrInvalid, err)
		}
		*pattern = re
	}
	window := max(o.GetMax(), 1)
	every := uint64(window) * uint64(max(o.GetCheckpointIntervalMultiplier(), 1))
	f.Every = int(min(every, math.MaxInt32))
	return f, nil
}

func confirmation() *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: &streams.ReadResp_SubscriptionConfirmation{
		SubscriptionId: rand.Text(),
	}}}
}
