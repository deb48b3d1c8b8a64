package wire_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/wire"
	"alta/evidence"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// offer serves a new embedded log on a loopback port for as long as the test
// runs.
func offer(t *testing.T) (*embedded.Log, net.Addr) {
	t.Helper()
	log, err := embedded.Open(t.TempDir(), embedded.Options{Leaf: evidence.Leaf, UnsafeNoSync: true, Reserve: embedded.NoReserve})
	if err != nil {
		t.Fatal(err)
	}
	l, err := wire.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- wire.Serve(ctx, l, log, wire.Options{}) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, log.Close()); err != nil {
			t.Error(err)
		}
	})
	return log, l.Addr()
}

// dial speaks the bare protocol, without an official client in between.
func dial(t *testing.T) (*embedded.Log, *grpc.ClientConn) {
	t.Helper()
	log, addr := offer(t)
	conn, err := grpc.NewClient(addr.String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return log, conn
}

func message(n byte) *streams.AppendReq_ProposedMessage {
	return &streams.AppendReq_ProposedMessage{
		Id:       &shared.UUID{Value: &shared.UUID_String_{String_: "10000000-0000-4000-8000-00000000000" + string('0'+rune(n))}},
		Metadata: map[string]string{"type": "tested.v1", "content-type": "application/json"},
		Data:     []byte(`{}`),
	}
}

// appendTo sends an append as a client does and answers what the server says.
func appendTo(t *testing.T, conn *grpc.ClientConn, o *streams.AppendReq_Options, events ...*streams.AppendReq_ProposedMessage) (*streams.AppendResp, metadata.MD, error) {
	t.Helper()
	o.StreamIdentifier = &shared.StreamIdentifier{StreamName: []byte("s-1")}
	var trailer metadata.MD
	call, err := streams.NewStreamsClient(conn).Append(t.Context(), grpc.Trailer(&trailer))
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Send(&streams.AppendReq{Content: &streams.AppendReq_Options_{Options: o}}); err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if err := call.Send(&streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: e}}); err != nil {
			t.Fatalf("the server hung up before it had read everything: %v", err)
		}
	}
	resp, err := call.CloseAndRecv()
	return resp, trailer, err
}

var (
	anyRevision  = &streams.AppendReq_Options{ExpectedStreamRevision: &streams.AppendReq_Options_Any{Any: &shared.Empty{}}}
	streamExists = &streams.AppendReq_Options{ExpectedStreamRevision: &streams.AppendReq_Options_StreamExists{StreamExists: &shared.Empty{}}}
	noStream     = &streams.AppendReq_Options{ExpectedStreamRevision: &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}}}
)

func TestEveryExpectationOfTheProtocolIsServed(t *testing.T) {
	_, conn := dial(t)
	resp, _, err := appendTo(t, conn, streamExists, message(1))
	if w := resp.GetWrongExpectedVersion(); err != nil || w.GetExpectedStreamExists() == nil || w.GetCurrentNoStream() == nil || w.GetNoStream_20_6_0() == nil {
		t.Fatal(resp, err)
	}
	for i, o := range []*streams.AppendReq_Options{anyRevision, streamExists, anyRevision} {
		resp, _, err := appendTo(t, conn, o, message(byte(i)))
		if s := resp.GetSuccess(); err != nil || s.GetCurrentRevision() != uint64(i) || s.GetPosition().GetCommitPosition() == 0 {
			t.Fatal(i, resp, err)
		}
	}
	resp, _, err = appendTo(t, conn, noStream, message(9))
	if w := resp.GetWrongExpectedVersion(); err != nil || w.GetExpectedNoStream() == nil || w.GetCurrentRevision() != 2 || w.GetCurrentRevision_20_6_0() != 2 {
		t.Fatal(resp, err)
	}
	exact := &streams.AppendReq_Options{ExpectedStreamRevision: &streams.AppendReq_Options_Revision{Revision: 1}}
	resp, _, err = appendTo(t, conn, exact, message(9))
	if w := resp.GetWrongExpectedVersion(); err != nil || w.GetExpectedRevision() != 1 || w.GetCurrentRevision() != 2 {
		t.Fatal(resp, err)
	}
}

func TestAnOversizeAppendIsReadToItsEndAndAnsweredInWords(t *testing.T) {
	_, conn := dial(t)
	var events []*streams.AppendReq_ProposedMessage
	for range 8 {
		e := message(1)
		e.Data = []byte(`"` + strings.Repeat("x", 900_000) + `"`)
		events = append(events, e)
	}
	_, trailer, err := appendTo(t, conn, noStream, events...)
	if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "Maximum Append Size") || trailer.Get("exception")[0] != "maximum-append-size-exceeded" {
		t.Fatal(err, trailer)
	}
}

func TestMalformedRequestsAreRefusedByName(t *testing.T) {
	log, conn := dial(t)
	noID, noType, noContent := message(1), message(1), message(1)
	noID.Id = &shared.UUID{Value: &shared.UUID_String_{String_: "seven"}}
	delete(noType.Metadata, "type")
	noContent.Metadata["content-type"] = "text/html"
	for name, e := range map[string]*streams.AppendReq_ProposedMessage{"id": noID, "type": noType, "content-type": noContent} {
		if _, _, err := appendTo(t, conn, noStream, e); status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	call, err := streams.NewStreamsClient(conn).Append(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Send(&streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: message(1)}}); err != nil {
		t.Fatal(err)
	}
	if _, err := call.CloseAndRecv(); status.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
	for name, o := range map[string]*streams.ReadReq_Options{
		"nothing": {},
		"a pattern that is none": {
			StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}}},
			CountOption:  &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}},
			FilterOption: &streams.ReadReq_Options_Filter{Filter: &streams.ReadReq_Options_FilterOptions{
				Filter: &streams.ReadReq_Options_FilterOptions_EventType{EventType: &streams.ReadReq_Options_FilterOptions_Expression{Regex: "("}},
			}},
		},
		"a subscription backwards": {
			ReadDirection: streams.ReadReq_Options_Backwards,
			CountOption:   &streams.ReadReq_Options_Subscription{Subscription: &streams.ReadReq_Options_SubscriptionOptions{}},
		},
	} {
		read, err := streams.NewStreamsClient(conn).Read(t.Context(), &streams.ReadReq{Options: o})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read.Recv(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	if head, err := log.Head(t.Context()); err != nil || head != eventstore.Start {
		t.Error("something was written", head, err)
	}
}

func TestEventsSayWhatTheirDataIsAndWhenTheyWereMade(t *testing.T) {
	_, conn := dial(t)
	binary := message(2)
	binary.Metadata["content-type"] = "application/octet-stream"
	binary.Data = []byte{0, 1, 2}
	if _, _, err := appendTo(t, conn, noStream, message(1), binary); err != nil {
		t.Fatal(err)
	}
	read, err := streams.NewStreamsClient(conn).Read(t.Context(), &streams.ReadReq{Options: &streams.ReadReq_Options{
		StreamOption: &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("s-1")}}},
		CountOption:  &streams.ReadReq_Options_Count{Count: 10},
		UuidOption:   &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_String_{String_: &shared.Empty{}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"application/json", "application/octet-stream"} {
		e, err := read.Recv()
		if err != nil {
			t.Fatal(err)
		}
		r := e.GetEvent().GetEvent()
		if r.GetMetadata()["content-type"] != want || len(r.GetMetadata()["created"]) != 17 || !strings.HasPrefix(r.GetId().GetString_(), "10000000-0000-4000-8000-") {
			t.Errorf("%v", r)
		}
	}
}

func TestDeletesAnswerWithStatusAndTrailers(t *testing.T) {
	_, conn := dial(t)
	if _, _, err := appendTo(t, conn, noStream, message(1)); err != nil {
		t.Fatal(err)
	}
	client := streams.NewStreamsClient(conn)
	remove := func(revision uint64) (metadata.MD, error) {
		var trailer metadata.MD
		_, err := client.Delete(t.Context(), &streams.DeleteReq{Options: &streams.DeleteReq_Options{
			StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte("s-1")},
			ExpectedStreamRevision: &streams.DeleteReq_Options_Revision{Revision: revision},
		}}, grpc.Trailer(&trailer))
		return trailer, err
	}
	if md, err := remove(5); status.Code(err) != codes.FailedPrecondition || md.Get("exception")[0] != "wrong-expected-version" || md.Get("actual-version")[0] != "0" {
		t.Error(md, err)
	}
	if md, err := remove(1 << 63); status.Code(err) != codes.InvalidArgument {
		t.Error(md, err)
	}
	if _, err := remove(0); err != nil {
		t.Error(err)
	}
	var trailer metadata.MD
	tombstone := &streams.TombstoneReq{Options: &streams.TombstoneReq_Options{
		StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte("s-1")},
		ExpectedStreamRevision: &streams.TombstoneReq_Options_Any{Any: &shared.Empty{}},
	}}
	if _, err := client.Tombstone(t.Context(), tombstone); err != nil {
		t.Error(err)
	}
	if _, err := client.Tombstone(t.Context(), tombstone, grpc.Trailer(&trailer)); status.Code(err) != codes.FailedPrecondition ||
		trailer.Get("exception")[0] != "stream-deleted" || trailer.Get("stream-name")[0] != "s-1" {
		t.Error(trailer, err)
	}
}

func TestItPresentsItselfAsOneLeaderOfTheVersionItSpeaks(t *testing.T) {
	_, conn := dial(t)
	f, err := serverfeatures.NewServerFeaturesClient(conn).GetSupportedMethods(t.Context(), &shared.Empty{})
	if err != nil || f.GetEventStoreServerVersion() != "24.10.0" {
		t.Fatal(f, err)
	}
	for _, m := range f.GetMethods() {
		if m.GetMethodName() == "batchappend" {
			t.Error("it says that it has BatchAppend")
		}
	}
	g, err := gossip.NewGossipClient(conn).Read(t.Context(), &shared.Empty{})
	if err != nil || len(g.GetMembers()) != 1 || g.GetMembers()[0].GetState() != gossip.MemberInfo_Leader || !g.GetMembers()[0].GetIsAlive() ||
		net.JoinHostPort(g.GetMembers()[0].GetHttpEndPoint().GetAddress(), "0") != "127.0.0.1:0" {
		t.Fatal(g, err)
	}
	call, err := streams.NewStreamsClient(conn).BatchAppend(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call.Recv(); status.Code(err) != codes.Unimplemented {
		t.Fatal(err)
	}
}

func TestOtherMachinesCannotBeServed(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:2113", "somewhere:2113"} {
		if l, err := wire.Listen(t.Context(), addr); !errors.Is(err, wire.ErrNotLocal) {
			t.Errorf("%s: %v %v", addr, l, err)
		}
	}
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := wire.Serve(t.Context(), l, nil, wire.Options{}); !errors.Is(err, wire.ErrNotLocal) {
		t.Error(err)
	}
}

func TestASocketIsItsOwnersAloneAndReplacedOnlyWhenNobodyListens(t *testing.T) {
	dir, err := os.MkdirTemp("", "alta-wire-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	l, err := wire.Listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if _, err := wire.Listen(t.Context(), "unix:"+path); err == nil {
		t.Error("two processes listen at one socket")
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	l, err = wire.Listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.Listen(t.Context(), "unix:"+path); err == nil {
		t.Error("a file was replaced by a socket")
	}
}
