package wire

import (
	"context"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// Delete hides a stream; see eventstore/embedded.
func (s *service) Delete(ctx context.Context, req *streams.DeleteReq) (*streams.DeleteResp, error) {
	o := req.GetOptions()
	at, err := s.remove(ctx, string(o.GetStreamIdentifier().GetStreamName()), o, s.log.Delete)
	if err != nil {
		return nil, err
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{Position: &streams.DeleteResp_Position{
		CommitPosition: at.Commit, PreparePosition: at.Prepare,
	}}}, nil
}

// Tombstone closes a stream's name for ever.
func (s *service) Tombstone(ctx context.Context, req *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	o := req.GetOptions()
	at, err := s.remove(ctx, string(o.GetStreamIdentifier().GetStreamName()), o, s.log.Tombstone)
	if err != nil {
		return nil, err
	}
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{Position: &streams.TombstoneResp_Position{
		CommitPosition: at.Commit, PreparePosition: at.Prepare,
	}}}, nil
}

func (s *service) remove(ctx context.Context, stream string, o expecting,
	how func(context.Context, string, eventstore.Revision) (eventstore.Position, error),
) (eventstore.Position, error) {
	expected, err := expectation(o)
	if err == nil {
		var at eventstore.Position
		if at, err = how(ctx, stream, expected); err == nil {
			return at, nil
		}
	}
	return eventstore.Position{}, s.refuse(trailers(ctx), stream, err)
}
