package nodetest_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"alta/eventstore/wire/nodetest"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, opt nodetest.Options) *nodetest.Cluster {
	t.Helper()
	opt.Dir = t.TempDir()
	c, err := nodetest.Start(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// within is the context of a test that must not hang.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// bare speaks the protocol with one node, and requires the leader.
type bare struct {
	t    *testing.T
	ctx  context.Context
	conn *grpc.ClientConn
	streams.StreamsClient
}

func dial(t *testing.T, c *nodetest.Cluster, n int) *bare {
	t.Helper()
	conn, err := grpc.NewClient(c.Address(n), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx := metadata.AppendToOutgoingContext(within(t), "requires-leader", "true")
	return &bare{t, ctx, conn, streams.NewStreamsClient(conn)}
}

// append appends one event; revision -1 is for a new stream.
func (b *bare) append(stream string, revision int64, id string, typ, data string) (*streams.AppendResp, error) {
	b.t.Helper()
	o := &streams.AppendReq_Options{StreamIdentifier: name(stream)}
	o.ExpectedStreamRevision = &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}}
	switch {
	case revision >= 0:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: uint64(revision)}
	case revision == -2:
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Any{Any: &shared.Empty{}}
	}
	call, err := b.Append(b.ctx)
	if err != nil {
		return nil, err
	}
	// A server that refuses at once ends the call; why, the answer says.
	_ = call.Send(&streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}})
	_ = call.Send(&streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{
		Id:       &shared.UUID{Value: &shared.UUID_String_{String_: id}},
		Metadata: map[string]string{"type": typ, "content-type": "application/json"}, Data: []byte(data),
	}}})
	return call.CloseAndRecv()
}

// must appends a new event and expects success.
func (b *bare) must(stream string, revision int64) *streams.AppendResp_Success {
	b.t.Helper()
	resp, err := b.append(stream, revision, uuid.NewString(), "tested.v1", `{}`)
	if err != nil || resp.GetSuccess() == nil {
		b.t.Fatal(resp, err)
	}
	return resp.GetSuccess()
}

func name(stream string) *shared.StreamIdentifier {
	return &shared.StreamIdentifier{StreamName: []byte(stream)}
}

func ofStream(stream string) *streams.ReadReq_Options {
	return &streams.ReadReq_Options{StreamOption: &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
		StreamIdentifier: name(stream), RevisionOption: &streams.ReadReq_Options_StreamOptions_Start{Start: &shared.Empty{}},
	}}}
}

// ofAll begins at a position, at the start where it is 0.
func ofAll(at uint64) *streams.ReadReq_Options {
	o := &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}}
	if at > 0 {
		o.AllOption = &streams.ReadReq_Options_AllOptions_Position{Position: &streams.ReadReq_Options_Position{CommitPosition: at, PreparePosition: at}}
	}
	return &streams.ReadReq_Options{StreamOption: &streams.ReadReq_Options_All{All: o}}
}

// read answers the events and how the reading ended: nil at its end.
func (b *bare) read(o *streams.ReadReq_Options) (events []*streams.ReadResp_ReadEvent_RecordedEvent, err error) {
	b.t.Helper()
	o.CountOption = &streams.ReadReq_Options_Count{Count: 1000}
	o.UuidOption = &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}}}
	call, err := b.Read(b.ctx, &streams.ReadReq{Options: o})
	if err != nil {
		b.t.Fatal(err)
	}
	for {
		m, err := call.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return events, nil
		case err != nil:
			return events, err
		case m.GetStreamNotFound() != nil:
			return nil, errMissing
		}
		events = append(events, m.GetEvent().GetEvent())
	}
}

var errMissing = errors.New("no such stream")

// revisions of a stream; nil for one that is missing.
func (b *bare) revisions(stream string) (out []uint64) {
	b.t.Helper()
	events, err := b.read(ofStream(stream))
	if err != nil && !errors.Is(err, errMissing) {
		b.t.Fatal(err)
	}
	for _, e := range events {
		out = append(out, e.GetStreamRevision())
	}
	return out
}

// follow subscribes.
func (b *bare) follow(o *streams.ReadReq_Options) streams.Streams_ReadClient {
	b.t.Helper()
	o.CountOption = &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}}
	o.UuidOption = &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}}}
	call, err := b.Read(b.ctx, &streams.ReadReq{Options: o})
	if err != nil {
		b.t.Fatal(err)
	}
	return call
}

// confirmed takes the confirmation of a subscription.
func (b *bare) confirmed(call streams.Streams_ReadClient) {
	b.t.Helper()
	if m, err := call.Recv(); err != nil || m.GetConfirmation() == nil {
		b.t.Fatal(m, err)
	}
}

// next takes the next event of a subscription.
func next(call streams.Streams_ReadClient) (*streams.ReadResp_ReadEvent_RecordedEvent, error) {
	for {
		m, err := call.Recv()
		if err != nil || m.GetEvent() != nil {
			return m.GetEvent().GetEvent(), err
		}
	}
}

func is(t *testing.T, err error, code codes.Code, text string) {
	t.Helper()
	if status.Code(err) != code || status.Convert(err).Message() != text {
		t.Fatalf("got %v, want %v: %s", err, code, text)
	}
}

func leaderIn(t *testing.T, c *nodetest.Cluster, trailer metadata.MD, leader int) {
	t.Helper()
	if e := trailer.Get("exception"); len(e) != 1 || e[0] != "not-leader" {
		t.Fatal(trailer)
	}
	if at := strings.Join(append(trailer.Get("leader-endpoint-host"), trailer.Get("leader-endpoint-port")...), ":"); at != c.Address(leader) {
		t.Fatalf("%s is said to lead, %s does", at, c.Address(leader))
	}
}
