package nodetest_test

import (
	"testing"

	"alta/eventstore/wire/nodetest"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

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
