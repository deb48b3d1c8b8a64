package nodetest_test

import (
	"context"
	"errors"
	"io"
	"net"
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

func TestAConflictIsToldBeforeWhatCausedItCanBeRead(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3})
	b, ctx := dial(t, c, 0), within(t)
	b.must("s-1", -1)
	follower := b.follow(ofStream("s-1"))
	b.confirmed(follower)
	if _, err := next(follower); err != nil {
		t.Fatal(err)
	}
	held := c.Hold("s-1")
	acknowledged := make(chan *streams.AppendResp, 1)
	go func() {
		resp, _ := b.append("s-1", 0, uuid.NewString(), "tested.v1", "{}")
		acknowledged <- resp
	}()
	if err := held.Taken(ctx, 1); err != nil {
		t.Fatal(err)
	}
	resp, err := b.append("s-1", 0, uuid.NewString(), "tested.v1", "{}")
	if w := resp.GetWrongExpectedVersion(); err != nil || w.GetCurrentRevision() != 1 {
		t.Fatal(resp, err)
	}
	if got := b.revisions("s-1"); len(got) != 1 {
		t.Fatal("what a majority does not have is read", got)
	}
	if err := errors.Join(held.Conflicts(ctx, 1), held.Reads(ctx, 1)); err != nil {
		t.Fatal(err)
	}
	select {
	case resp := <-acknowledged:
		t.Fatal("what a majority does not have is acknowledged", resp)
	default:
	}
	held.Release()
	if resp := <-acknowledged; resp.GetSuccess().GetCurrentRevision() != 1 {
		t.Fatal(resp)
	}
	if e, err := next(follower); err != nil || e.GetStreamRevision() != 1 {
		t.Fatal(e, err)
	}
	if got := b.revisions("s-1"); len(got) != 2 {
		t.Fatal(got)
	}
}

func TestAnAppendRepeatedWhileTheFirstIsUnderWayIsDropped(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3, Limit: 20 * time.Millisecond, Facts: nodetest.Facts{DroppedTwins: true}})
	b, ctx, id := dial(t, c, 0), within(t), uuid.NewString()
	held := c.Hold("s-1")
	first := make(chan error, 1)
	go func() {
		_, err := b.append("s-1", -1, id, "tested.v1", "{}")
		first <- err
	}()
	if err := held.Taken(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := b.append("s-1", -1, id, "tested.v1", "{}"); status.Code(err) != codes.Aborted {
		t.Fatal(err)
	}
	held.Release()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if resp, err := b.append("s-1", -1, id, "tested.v1", "{}"); err != nil || resp.GetSuccess() == nil {
		t.Fatal(resp, err)
	}
	if got := b.revisions("s-1"); len(got) != 1 {
		t.Fatal(got)
	}
}

func TestANodeThatStartedAgainAnswersSubscriptionsBeforeReads(t *testing.T) {
	c := start(t, nodetest.Options{Facts: nodetest.Facts{NotReady: 2}})
	if err := c.Restart(0); err != nil {
		t.Fatal(err)
	}
	b := dial(t, c, 0)
	b.must("s-1", -1)
	call := b.follow(ofStream("s-1"))
	b.confirmed(call)
	if _, err := next(call); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := b.read(ofStream("s-1"))
		is(t, err, codes.Unavailable, "Server Is Not Ready")
	}
	if got := b.revisions("s-1"); len(got) != 1 {
		t.Fatal(got)
	}
}

func TestASlowConsumerIsDroppedAndGoesOnWhereItWas(t *testing.T) {
	c := start(t, nodetest.Options{})
	b := dial(t, c, 0)
	at := b.must("s-1", -1).GetPosition().GetCommitPosition()
	call := b.follow(ofAll(at))
	b.confirmed(call)
	c.Drop()
	b.must("s-1", 0)
	_, err := next(call)
	if status.Code(err) != codes.Aborted || !strings.HasPrefix(status.Convert(err).Message(), "Consumer too slow to handle event while live") {
		t.Fatal(err)
	}
	call = b.follow(ofAll(at))
	b.confirmed(call)
	if e, err := next(call); err != nil || e.GetStreamRevision() != 1 {
		t.Fatal(e, err)
	}
}

func TestTheWholeLogIsDeniedUntilTheRightIsGranted(t *testing.T) {
	c := start(t, nodetest.Options{Facts: nodetest.Facts{AllDenied: true, Metadata: true}})
	b := dial(t, c, 0)
	b.must("s-1", -1)
	if got := b.revisions("s-1"); len(got) != 1 {
		t.Fatal(got)
	}
	_, err := b.read(ofAll(0))
	is(t, err, codes.PermissionDenied, "Access Denied")
	_, err = b.follow(ofAll(0)).Recv()
	is(t, err, codes.PermissionDenied, "Access Denied")
	if resp, err := b.append("$$$all", -2, uuid.NewString(), "$metadata", `{"$acl":{"$r":["$admins","alta"]}}`); err != nil || resp.GetSuccess() == nil {
		t.Fatal(resp, err)
	}
	if events, err := b.read(ofAll(0)); err != nil || len(events) == 0 {
		t.Fatal(events, err)
	}
}

func TestADeletedStreamIsHiddenComesBackAndIsGoneAfterAScavenge(t *testing.T) {
	c := start(t, nodetest.Options{Facts: nodetest.Facts{Metadata: true}})
	b := dial(t, c, 0)
	write := func(stream, data string) {
		t.Helper()
		if resp, err := b.append("$$"+stream, -2, uuid.NewString(), "$metadata", data); err != nil || resp.GetSuccess() == nil {
			t.Fatal(resp, err)
		}
	}
	// inAll is how many events of the stream are in the whole log, and its metadata.
	inAll := func(stream string) (n int, metadata []string) {
		t.Helper()
		events, err := b.read(ofAll(0))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			switch string(e.GetStreamIdentifier().GetStreamName()) {
			case stream:
				n++
			case "$$" + stream:
				metadata = append(metadata, string(e.GetData()))
			}
		}
		return n, metadata
	}
	remove := func(stream string) {
		t.Helper()
		if _, err := b.Delete(b.ctx, &streams.DeleteReq{Options: &streams.DeleteReq_Options{
			StreamIdentifier: name(stream), ExpectedStreamRevision: &streams.DeleteReq_Options_Any{Any: &shared.Empty{}},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range int64(3) {
		b.must("s-1", i-1)
		b.must("s-2", i-1)
	}
	remove("s-1")
	if got := b.revisions("s-1"); got != nil {
		t.Fatal(got)
	}
	if n, metadata := inAll("s-1"); n != 3 || strings.Join(metadata, " ") != `{"$tb":9223372036854775807}` {
		t.Fatal(n, metadata)
	}
	write("s-1", `{}`)
	if n, metadata := inAll("s-1"); n != 3 || strings.Join(metadata, " ") != `{"$tb":9223372036854775807} {} {"$tb":3}` {
		t.Fatal(n, metadata)
	}
	if got := b.revisions("s-1"); len(got) != 0 {
		t.Fatal(got)
	}
	write("s-1", `{}`)
	if got := b.revisions("s-1"); len(got) != 3 {
		t.Fatal(got)
	}
	write("s-1", `{"$tb":1}`)
	if got := b.revisions("s-1"); len(got) != 2 || got[0] != 1 {
		t.Fatal(got)
	}
	write("s-1", `{"$maxCount":1}`)
	if got := b.revisions("s-1"); len(got) != 1 || got[0] != 2 {
		t.Fatal(got)
	}
	remove("s-2")
	if err := c.Scavenge(within(t)); err != nil {
		t.Fatal(err)
	}
	write("s-1", `{}`)
	write("s-2", `{}`)
	write("s-2", `{}`)
	if got := b.revisions("s-1"); len(got) != 1 || got[0] != 2 {
		t.Fatal(got)
	}
	if n, _ := inAll("s-2"); n != 0 || len(b.revisions("s-2")) != 0 {
		t.Fatal(n)
	}
	if at := b.must("s-2", 2); at.GetCurrentRevision() != 3 {
		t.Fatal("the numbering began again", at)
	}
	c.Set(func(f *nodetest.Facts) { f.Metadata = false })
	_, err := b.append("$$s-1", -2, uuid.NewString(), "$metadata", `{"$tb":9}`)
	is(t, err, codes.PermissionDenied, "Access Denied")
}

func TestOldEventsAreHiddenByTheirAge(t *testing.T) {
	now := time.Now()
	c := start(t, nodetest.Options{Facts: nodetest.Facts{Metadata: true}, Now: func() time.Time { return now }})
	b := dial(t, c, 0)
	b.must("s-1", -1)
	if _, err := b.append("$$s-1", -2, uuid.NewString(), "$metadata", `{"$maxAge":3600}`); err != nil {
		t.Fatal(err)
	}
	if got := b.revisions("s-1"); len(got) != 1 {
		t.Fatal(got)
	}
	now = now.Add(2 * time.Hour)
	if got := b.revisions("s-1"); len(got) != 0 {
		t.Fatal(got)
	}
}

func TestAStoppedNodeTakesConnectionsAndADeadOneNone(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3})
	b := dial(t, c, 0)
	b.must("s-1", -1)
	c.Stop(0)
	ctx, cancel := context.WithTimeout(b.ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := b.Delete(ctx, &streams.DeleteReq{}); status.Code(err) != codes.DeadlineExceeded {
		t.Fatal(err)
	}
	conn, err := net.DialTimeout("tcp", c.Address(0), 5*time.Second)
	if err != nil {
		t.Fatal("a stopped process's kernel still answers", err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Elect(1); err != nil {
		t.Fatal(err)
	}
	c.Continue(0)
	_, err = b.append("s-1", 0, uuid.NewString(), "tested.v1", "{}")
	is(t, err, codes.NotFound, "Leader info available")

	if err := c.Die(1); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.DialTimeout("tcp", c.Address(1), 200*time.Millisecond); err == nil {
		t.Fatal("a dead machine answers", conn.Close())
	}
	if err := c.Elect(2); err != nil {
		t.Fatal(err)
	}
	dial(t, c, 2).must("s-1", 0)
	if err := c.Restart(1); err != nil {
		t.Fatal(err)
	}
	_, err = dial(t, c, 1).append("s-1", 1, uuid.NewString(), "tested.v1", "{}")
	is(t, err, codes.NotFound, "Leader info available")
}

func TestAFullDiskRefuses(t *testing.T) {
	c := start(t, nodetest.Options{})
	b := dial(t, c, 0)
	c.Fill(0, true)
	if _, err := b.append("s-1", -1, uuid.NewString(), "tested.v1", "{}"); status.Code(err) != codes.ResourceExhausted {
		t.Fatal(err)
	}
	c.Fill(0, false)
	b.must("s-1", -1)
}

func TestAnOlderCopyTakesThePlaceOfTheLogAndGivesItBack(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3, Facts: nodetest.Facts{Offsets: true}})
	dir := t.TempDir() + "/older"
	at := dial(t, c, 0).must("s-1", -1).GetPosition().GetCommitPosition()
	if err := c.Copy(within(t), dir); err != nil {
		t.Fatal(err)
	}
	dial(t, c, 0).must("s-1", 0)
	newer, err := c.Replace(dir)
	if err != nil {
		t.Fatal(err)
	}
	b := dial(t, c, 0)
	if got := b.revisions("s-1"); len(got) != 1 {
		t.Fatal(got)
	}
	if events, err := b.read(ofAll(at)); err != nil || len(events) != 1 {
		t.Fatal("a copy has other positions", events, err)
	}
	if _, err := c.Replace(newer); err != nil {
		t.Fatal(err)
	}
	if got := dial(t, c, 0).revisions("s-1"); len(got) != 2 {
		t.Fatal(got)
	}
}

func TestLinesSayWhatIsDone(t *testing.T) {
	c := start(t, nodetest.Options{Nodes: 3})
	var answers strings.Builder
	said := "leader\ncut leader\nelect\nheal 0\nkill 7\nfacts NotReady=2 ConfirmedFirst=true\nfacts Speed=9\njump\nconnection 1\n"
	if err := c.Obey(within(t), strings.NewReader(said), &answers); err != nil {
		t.Fatal(err)
	}
	want := []string{"ok 0", "ok", "ok 1", "ok", "error kill N: there is no node 7", "ok",
		"error facts [NAME=VALUE …]: there is no fact Speed", "error there is no jump; there are: ", "ok " + c.Connection(1)}
	got := strings.Split(strings.TrimSpace(answers.String()), "\n")
	if len(got) != len(want) {
		t.Fatal(got)
	}
	for i := range want {
		if got[i] != want[i] && !(strings.HasSuffix(want[i], ": ") && strings.HasPrefix(got[i], want[i])) {
			t.Errorf("line %d: %q, want %q", i, got[i], want[i])
		}
	}
}
