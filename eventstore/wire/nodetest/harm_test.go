package nodetest_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"alta/eventstore/wire/nodetest"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

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

func TestSubscriptionsAreSilentUntilTheyBringWhatTheyHeldBack(t *testing.T) {
	c := start(t, nodetest.Options{})
	b := dial(t, c, 0)
	call := b.follow(ofStream("s-1"))
	b.confirmed(call)
	c.Set(func(f *nodetest.Facts) { f.Silent = true })
	b.must("s-1", -1)
	if got := b.revisions("s-1"); len(got) != 1 {
		t.Fatal("what was appended is not read", got)
	}
	came := make(chan error, 1)
	go func() {
		_, err := next(call)
		came <- err
	}()
	select {
	case err := <-came:
		t.Fatal("the subscription is not silent", err)
	case <-time.After(50 * time.Millisecond): // it would have come long ago
	}
	c.Set(func(f *nodetest.Facts) { f.Silent = false })
	if err := <-came; err != nil {
		t.Fatal(err)
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
	said := "leader\ncut leader\nelect\nheal 0\nkill 7\nfacts NotReady=2 ConfirmedFirst=true Metadata=true\nfacts Speed=9\njump\nconnection 1\n" +
		"metadata s-1 {\"$tb\": 2}\nmetadata s-1\ndelete s-1\ndelete\ntombstone s-1\n"
	if err := c.Obey(within(t), strings.NewReader(said), &answers); err != nil {
		t.Fatal(err)
	}
	want := []string{"ok 0", "ok", "ok 1", "ok", "error kill N: there is no node 7", "ok",
		"error facts [NAME=VALUE …]: there is no fact Speed", "error there is no jump; there are: ", "ok " + c.Connection(1),
		"ok", "error metadata STREAM JSON: want a stream and its metadata", "error delete STREAM: ", "error delete STREAM: want one stream", "ok"}
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
