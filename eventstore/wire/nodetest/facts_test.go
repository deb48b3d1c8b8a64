package nodetest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"alta/eventstore/wire/nodetest"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

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
