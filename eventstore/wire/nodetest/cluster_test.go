package nodetest_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"alta/eventstore/wire/nodetest"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
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

func TestOneNodeLeadsAndTheOthersSaySo(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3})
	for i := range c.Size() {
		info, err := gossip.NewGossipClient(dial(t, c, i).conn).Read(within(t), &shared.Empty{})
		if err != nil || len(info.GetMembers()) != 3 {
			t.Fatal(info, err)
		}
		ids := map[string]bool{}
		for n, m := range info.GetMembers() {
			want := gossip.MemberInfo_Follower
			if n == 0 {
				want = gossip.MemberInfo_Leader
			}
			if m.GetState() != want || !m.GetIsAlive() {
				t.Errorf("node %d: %v", n, m)
			}
			ids[m.GetInstanceId().String()] = true
		}
		if len(ids) != 3 {
			t.Errorf("%d instances", len(ids))
		}
	}
	follower := dial(t, c, 1)
	_, err := follower.append("s-1", -1, uuid.NewString(), "tested.v1", "{}")
	is(t, err, codes.NotFound, "Leader info available")
	call, err := follower.Read(follower.ctx, &streams.ReadReq{Options: ofStream("s-1")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = call.Recv()
	is(t, err, codes.NotFound, "Leader info available")
	leaderIn(t, c, call.Trailer(), 0)
}

func TestTheOfficialClientFindsTheLeaderWhoeverIsNamed(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3})
	if err := c.Elect(2); err != nil {
		t.Fatal(err)
	}
	for _, connection := range []string{c.Connection(), c.Discover(1), c.Connection(0, 1)} {
		conf, err := esdb.ParseConnectionString(connection)
		if err != nil {
			t.Fatal(err)
		}
		conf.Logger = esdb.NoopLogging()
		client, err := esdb.NewClient(conf)
		if err != nil {
			t.Fatal(err)
		}
		ctx := metadata.AppendToOutgoingContext(within(t), "requires-leader", "true")
		if _, err := client.AppendToStream(ctx, "s-"+uuid.NewString(), esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}},
			esdb.EventData{EventID: uuid.New(), EventType: "tested.v1", ContentType: esdb.ContentTypeJson, Data: []byte(`{}`)}); err != nil {
			t.Errorf("%s: %v", connection, err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestASubscriptionAtAFollowerIsRefusedBeforeOrEndedAfterItsConfirmation(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3})
	b := dial(t, c, 1)
	call := b.follow(ofAll(0))
	_, err := call.Recv()
	is(t, err, codes.NotFound, "Leader info available")
	leaderIn(t, c, call.Trailer(), 0)

	c.Set(func(f *nodetest.Facts) { f.ConfirmedFirst = true })
	call = b.follow(ofAll(0))
	b.confirmed(call)
	_, err = call.Recv()
	is(t, err, codes.NotFound, "Leader info available")
	leaderIn(t, c, call.Trailer(), 0)
}

func TestAnotherLeaderEndsTheSubscriptionsThatRequireOne(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3})
	b := dial(t, c, 0)
	call := b.follow(ofStream("s-1"))
	b.confirmed(call)
	b.must("s-1", -1)
	if e, err := next(call); err != nil || e.GetStreamRevision() != 0 {
		t.Fatal(e, err)
	}
	c.Resign()
	_, err := b.append("s-1", 0, uuid.NewString(), "tested.v1", "{}")
	is(t, err, codes.Unavailable, "Server Is Not Ready")
	if err := c.Elect(1); err != nil {
		t.Fatal(err)
	}
	_, err = next(call)
	is(t, err, codes.NotFound, "Leader info available")
}

func TestAKilledNodeRefusesAndComesBackAtItsAddress(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3})
	b := dial(t, c, 0)
	call := b.follow(ofStream("s-1"))
	b.confirmed(call)
	b.must("s-1", -1)
	c.Kill(0)
	for {
		if _, err := call.Recv(); err != nil {
			if status.Code(err) != codes.Unavailable {
				t.Fatal(err)
			}
			break
		}
	}
	_, err := b.append("s-1", 0, uuid.NewString(), "tested.v1", "{}")
	if status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	if n, err := c.ElectNext(); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	dial(t, c, 1).must("s-1", 0)
	if err := c.Restart(0); err != nil {
		t.Fatal(err)
	}
	_, err = dial(t, c, 0).append("s-1", 1, uuid.NewString(), "tested.v1", "{}")
	is(t, err, codes.NotFound, "Leader info available")
	c.Kill(0)
	c.Kill(2)
	if c.Leader() != -1 {
		t.Fatal("one node of three leads")
	}
	if err := c.Elect(1); err == nil {
		t.Fatal("one node of three was elected")
	}
}

func TestASubscriptionIsSilentAtALeaderThatWasCutOff(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3, Limit: 20 * time.Millisecond})
	old, fresh := dial(t, c, 0), (*bare)(nil)
	call := old.follow(ofStream("s-1"))
	old.confirmed(call)
	old.must("s-1", -1)
	if _, err := next(call); err != nil {
		t.Fatal(err)
	}
	c.CutOff(0)
	_, err := old.append("s-1", 0, uuid.NewString(), "tested.v1", "{}")
	if status.Code(err) != codes.Aborted || !strings.HasPrefix(status.Convert(err).Message(), "Operation timed out") {
		t.Fatal(err)
	}
	if got := old.revisions("s-1"); len(got) != 1 {
		t.Fatal("before the others have a leader, it does not read as one", got)
	}
	if err := c.Elect(1); err != nil {
		t.Fatal(err)
	}
	fresh = dial(t, c, 1)
	fresh.must("s-1", 0)
	if _, err := old.read(ofStream("s-1")); status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	c.Set(func(f *nodetest.Facts) { f.StaleLeader = true })
	if got := old.revisions("s-1"); len(got) != 1 {
		t.Fatal("it reads what it does not have", got)
	}
	silent := make(chan error, 1)
	go func() {
		_, err := next(call)
		silent <- err
	}()
	fresh.must("s-1", 1)
	select {
	case err := <-silent:
		t.Fatal("the subscription is not silent", err)
	case <-time.After(50 * time.Millisecond): // it would have come long ago
	}
	if err := c.Heal(0); err != nil {
		t.Fatal(err)
	}
	if err := <-silent; status.Code(err) != codes.Unavailable {
		t.Fatal(err)
	}
	if got := fresh.revisions("s-1"); len(got) != 3 {
		t.Fatal(got)
	}
}

func TestAPositionOfAnotherLogIsAnException(t *testing.T) {
	one, other := start(t, nodetest.Options{Facts: nodetest.Facts{Offsets: true}}), start(t, nodetest.Options{Facts: nodetest.Facts{Offsets: true}})
	a, b := dial(t, one, 0), dial(t, other, 0)
	var at []uint64
	for i := range int64(10) {
		at = append(at, a.must("s-1", i-1).GetPosition().GetCommitPosition())
		b.must("s-1", i-1)
	}
	if events, err := a.read(ofAll(at[4])); err != nil || len(events) != 6 || events[0].GetCommitPosition() != at[4] {
		t.Fatal(events, err)
	}
	if at[9]-at[0] < 1000 {
		t.Fatal("positions are small", at)
	}
	_, err := b.read(ofAll(at[4]))
	is(t, err, codes.Unknown, "Exception was thrown by handler.")
	call := b.follow(ofAll(at[4]))
	b.confirmed(call)
	_, err = next(call)
	is(t, err, codes.Unknown, "Exception was thrown by handler.")
	if events, err := b.read(ofAll(at[9] * 1000)); err != nil || len(events) != 0 {
		t.Fatal("behind the end is something", events, err)
	}
}
