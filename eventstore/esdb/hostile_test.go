package esdb_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/eventstore/wire"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// script is a server that answers what a test wants, call by call.
type script struct {
	streams.UnimplementedStreamsServer
	serverfeatures.UnimplementedServerFeaturesServer

	append func(n int, a received, trailer func(metadata.MD)) (*streams.AppendResp, error)
	// read answers reads and subscriptions, but for those that newest and shared answer.
	read func(n int, req *streams.ReadReq, call streams.Streams_ReadServer) error
	// newest answers who asks for the newest event, as every connection and every
	// subscription does first; nil is an empty log.
	newest func(call streams.Streams_ReadServer) error
	// shared answers the subscription that all consumers share; nil is one at which
	// nothing ever comes.
	shared func(req *streams.ReadReq, call streams.Streams_ReadServer) error
	remove func(n int) error

	mu      sync.Mutex
	appends []received
	reads   []*streams.ReadReq
	removes int
}

// received is an append as the server got it.
type received struct {
	leader   string
	expected *streams.AppendReq_Options
	ids      []eventstore.ID
}

func (s *script) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	return &serverfeatures.SupportedMethods{EventStoreServerVersion: "24.10.0"}, nil
}

func (s *script) Append(call streams.Streams_AppendServer) error {
	var a received
	if md, ok := metadata.FromIncomingContext(call.Context()); ok {
		a.leader = strings.Join(md.Get("requires-leader"), ",")
	}
	for {
		req, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if o := req.GetOptions(); o != nil {
			a.expected = o
		}
		if m := req.GetProposedMessage(); m != nil {
			a.ids = append(a.ids, structured(m.GetId()))
		}
	}
	s.mu.Lock()
	s.appends = append(s.appends, a)
	n := len(s.appends)
	s.mu.Unlock()
	resp, err := s.append(n, a, call.SetTrailer)
	if err != nil {
		return err
	}
	return call.SendAndClose(resp)
}

func structured(u *shared.UUID) (id eventstore.ID) {
	most, least := u.GetStructured().GetMostSignificantBits(), u.GetStructured().GetLeastSignificantBits()
	for i := range 8 {
		id[i], id[8+i] = byte(most>>(56-8*i)), byte(least>>(56-8*i))
	}
	return id
}

func (s *script) Read(req *streams.ReadReq, call streams.Streams_ReadServer) error {
	switch o := req.GetOptions(); {
	case o.GetAll() != nil && o.GetReadDirection() == streams.ReadReq_Options_Backwards && o.GetCount() > 0:
		if s.newest == nil {
			return nil
		}
		return s.newest(call)
	case o.GetSubscription() != nil && o.GetFilter().GetStreamIdentifier().GetRegex() == `^([^$]|\$\$[^$])`:
		if s.shared != nil {
			return s.shared(req, call)
		}
		if err := call.Send(confirmed()); err != nil {
			return err
		}
		<-call.Context().Done()
		return nil
	}
	s.mu.Lock()
	s.reads = append(s.reads, req)
	n := len(s.reads)
	s.mu.Unlock()
	if s.read == nil { // only whether it is still the log that it was
		if s.newest == nil {
			return nil
		}
		return s.newest(call)
	}
	return s.read(n, req, call)
}

func (s *script) Delete(context.Context, *streams.DeleteReq) (*streams.DeleteResp, error) {
	s.mu.Lock()
	s.removes++
	n := s.removes
	s.mu.Unlock()
	if err := s.remove(n); err != nil {
		return nil, err
	}
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{Position: &streams.DeleteResp_Position{CommitPosition: 9, PreparePosition: 9}}}, nil
}

// start runs the server on a loopback port for as long as the test runs.
func (s *script) start(t *testing.T) (connection string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	streams.RegisterStreamsServer(server, s)
	serverfeatures.RegisterServerFeaturesServer(server, s)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() { server.Stop(); <-done })
	return "esdb://" + l.Addr().String() + "?tls=false"
}

func success(revision uint64) *streams.AppendResp {
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: revision},
		PositionOption:        &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{CommitPosition: 7, PreparePosition: 7}},
	}}}
}

// stored is an event as a server sends it.
func stored(stream, typ string, revision, position uint64) *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id:               &shared.UUID{Value: &shared.UUID_String_{String_: "10000000-0000-4000-8000-000000000001"}},
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)},
			StreamRevision:   revision, CommitPosition: position, PreparePosition: position,
			Metadata: map[string]string{"type": typ, "content-type": "application/json", "created": "17000000000000000"},
		},
	}}}
}

func TestAnUnknownOutcomeIsResolvedByTheSameIDsAtTheSameRevision(t *testing.T) {
	for name, first := range map[string]func(trailer func(metadata.MD)) (*streams.AppendResp, error){
		"aborted":     func(func(metadata.MD)) (*streams.AppendResp, error) { return nil, status.Error(codes.Aborted, "x") },
		"unavailable": func(func(metadata.MD)) (*streams.AppendResp, error) { return nil, status.Error(codes.Unavailable, "x") },
		"timed out": func(func(metadata.MD)) (*streams.AppendResp, error) {
			return nil, status.Error(codes.DeadlineExceeded, "x")
		},
		"unknown":         func(func(metadata.MD)) (*streams.AppendResp, error) { return nil, status.Error(codes.Unknown, "x") },
		"an empty answer": func(func(metadata.MD)) (*streams.AppendResp, error) { return &streams.AppendResp{}, nil },
		"a panic of the client": func(trailer func(metadata.MD)) (*streams.AppendResp, error) {
			trailer(metadata.Pairs("exception", "stream-deleted")) // without stream-name
			return nil, status.Error(codes.FailedPrecondition, "x")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{append: func(n int, _ received, trailer func(metadata.MD)) (*streams.AppendResp, error) {
				if n == 1 {
					return first(trailer)
				}
				return success(4), nil
			}}
			log := open(t, s.start(t), esdb.Options{})
			at, err := log.Append(t.Context(), "s-1", 2, event(0, 1), event(0, 2))
			if err != nil || at.Revision != 4 {
				t.Fatal(at, err)
			}
			if len(s.appends) != 2 {
				t.Fatalf("%d appends were sent", len(s.appends))
			}
			for _, a := range s.appends {
				if a.expected.GetRevision() != 2 || len(a.ids) != 2 || a.ids[0] != event(0, 1).ID || a.ids[1] != event(0, 2).ID {
					t.Fatalf("%+v", a)
				}
				if a.leader != "true" {
					t.Fatalf("requires-leader is %q", a.leader)
				}
			}
		})
	}
}

func TestAnOutcomeThatStaysUnknownIsSaidToBeSo(t *testing.T) {
	s := &script{append: func(int, received, func(metadata.MD)) (*streams.AppendResp, error) {
		return nil, status.Error(codes.Aborted, "x")
	}}
	log := open(t, s.start(t), esdb.Options{Patience: 200 * time.Millisecond})
	if _, err := log.Append(t.Context(), "s-1", 2, event(0, 1)); !errors.Is(err, eventstore.ErrUnknownOutcome) {
		t.Fatal(err)
	}
}

func TestRefusalsAreNotTriedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		status *status.Status
		want   error
	}{
		"too large": {status.New(codes.InvalidArgument, "Maximum Append Size of 1048576 Exceeded."), eventstore.ErrTooLarge},
		"invalid":   {status.New(codes.InvalidArgument, "x"), eventstore.ErrInvalid},
		"denied":    {status.New(codes.PermissionDenied, "x"), esdb.ErrDenied},
		"who?":      {status.New(codes.Unauthenticated, "x"), esdb.ErrDenied},
		"full":      {status.New(codes.ResourceExhausted, "x"), eventstore.ErrReadOnly},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{append: func(int, received, func(metadata.MD)) (*streams.AppendResp, error) { return nil, c.status.Err() }}
			log := open(t, s.start(t), esdb.Options{})
			if _, err := log.Append(t.Context(), "s-1", 2, event(0, 1)); !errors.Is(err, c.want) {
				t.Fatal(err)
			}
			if len(s.appends) != 1 {
				t.Fatalf("%d appends were sent", len(s.appends))
			}
		})
	}
}

func TestWhatTheServerWouldChokeOnIsNotSent(t *testing.T) {
	s := &script{append: func(int, received, func(metadata.MD)) (*streams.AppendResp, error) { return success(0), nil }}
	log := open(t, s.start(t), esdb.Options{})
	big := event(0, 1)
	big.Data = []byte(strings.Repeat("x", eventstore.MaxAppendBytes))
	system := event(0, 1)
	system.Type = "$metadata"
	for name, try := range map[string]func() error{
		"an oversize append": func() error { _, err := log.Append(t.Context(), "s-1", 2, big); return err },
		"a system's type":    func() error { _, err := log.Append(t.Context(), "s-1", 2, system); return err },
		"a system's stream":  func() error { _, err := log.Append(t.Context(), "$$s-1", 2, event(0, 1)); return err },
		"any revision":       func() error { _, err := log.Append(t.Context(), "s-1", -2, event(0, 1)); return err },
		"an existing stream": func() error { _, err := log.Delete(t.Context(), "s-1", -4); return err },
		"no id":              func() error { _, err := log.Append(t.Context(), "s-1", 2, eventstore.Proposed{Type: "t"}); return err },
		"a nameless stream":  func() error { _, err := log.Tombstone(t.Context(), "", 2); return err },
	} {
		if err := try(); !errors.Is(err, eventstore.ErrInvalid) && !errors.Is(err, eventstore.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.appends) != 0 || s.removes != 0 {
		t.Fatalf("%d appends and %d deletes were sent", len(s.appends), s.removes)
	}
}

func TestAConflictOfADeleteSaysWhatTheStreamIsAt(t *testing.T) {
	s := &script{
		remove: func(n int) error {
			if n == 1 {
				return status.Error(codes.FailedPrecondition, "Append failed due to WrongExpectedVersion. Stream: s-1, Expected version: 2, Actual version: 7")
			}
			return status.Error(codes.FailedPrecondition, "it is not what you think")
		},
		read: func(_ int, _ *streams.ReadReq, call streams.Streams_ReadServer) error {
			return call.Send(stored("s-1", "tested.v1", 8, 80))
		},
	}
	log := open(t, s.start(t), esdb.Options{})
	for _, want := range []eventstore.Revision{7, 8} { // told, then read back
		_, err := log.Delete(t.Context(), "s-1", 2)
		var c *eventstore.ConflictError
		if !errors.As(err, &c) || c.Actual != want || c.Expected != 2 {
			t.Fatal(err)
		}
	}
}

func TestADeleteThatHadHappenedBeforeItWasRepeatedIsASuccess(t *testing.T) {
	s := &script{
		remove: func(n int) error {
			if n == 1 {
				return status.Error(codes.Aborted, "x")
			}
			return status.Error(codes.NotFound, "Event stream 's-1' is not found.")
		},
		newest: func(call streams.Streams_ReadServer) error {
			return call.Send(stored("s-1", "tested.v1", 2, 80))
		},
	}
	log := open(t, s.start(t), esdb.Options{})
	if at, err := log.Delete(t.Context(), "s-1", 2); err != nil || at.Commit != 80 {
		t.Fatal(at, err)
	}
	if _, err := log.Delete(t.Context(), "s-1", 2); !errors.Is(err, eventstore.ErrStreamNotFound) {
		t.Fatal(err) // this one was not sent before
	}
}

func TestAReadThatMakesTheClientPanicIsReadAgain(t *testing.T) {
	s := &script{read: func(n int, _ *streams.ReadReq, call streams.Streams_ReadServer) error {
		if n == 1 {
			return call.Send(&streams.ReadResp{Content: &streams.ReadResp_LastStreamPosition{LastStreamPosition: 5}})
		}
		return call.Send(stored("s-1", "tested.v1", 0, 10))
	}}
	log := open(t, s.start(t), esdb.Options{})
	n := 0
	for r, err := range log.ReadStream(t.Context(), "s-1", 0, -1) {
		if n++; err != nil || r.Revision != 0 {
			t.Fatal(r, err)
		}
	}
	if n != 1 || len(s.reads) != 2 {
		t.Fatalf("%d events, %d reads", n, len(s.reads))
	}
}

func TestEventsOfTheStoreItselfAreSkipped(t *testing.T) {
	all := []*streams.ReadResp{
		stored("$stats-127.0.0.1:2113", "$statsCollected", 0, 10), stored("s-1", "tested.v1", 0, 20),
		stored("$$s-1", "$metadata", 0, 30), stored("s-1", "$streamDeleted", 9, 40), stored("s-2", "tested.v1", 0, 50),
		stored("$stats-127.0.0.1:2113", "$statsCollected", 1, 60),
	}
	send := func(call streams.Streams_ReadServer, all []*streams.ReadResp) error {
		for _, e := range all {
			if err := call.Send(e); err != nil {
				return err
			}
		}
		return nil
	}
	s := &script{
		read: func(_ int, req *streams.ReadReq, call streams.Streams_ReadServer) error {
			if req.GetOptions().GetSubscription() != nil {
				if err := call.Send(confirmed()); err != nil {
					return err
				}
			}
			return send(call, all)
		},
		newest: func(call streams.Streams_ReadServer) error {
			newest := slices.Clone(all)
			slices.Reverse(newest)
			return send(call, newest)
		},
	}
	log := open(t, s.start(t), esdb.Options{})
	want := []uint64{20, 50}
	var got []uint64
	for r, err := range log.ReadAll(t.Context(), eventstore.Start, -1) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Position.Commit)
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Fatal(got)
	}
	got = nil
	for m, err := range log.Subscribe(t.Context(), eventstore.Start, eventstore.Filter{Streams: []string{"s-"}}) {
		if err != nil {
			t.Fatal(err)
		}
		if m.Record != nil {
			got = append(got, m.Record.Position.Commit)
		}
		if len(got) == 2 {
			break
		}
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Fatal(got)
	}
	if at, err := log.Head(t.Context()); err != nil || at.Commit != 50 {
		t.Fatal(at, err)
	}
}

func confirmed() *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: "x"}}}
}

func TestADroppedSubscriptionIsResumedAfterWhatItHadReached(t *testing.T) {
	s := &script{read: func(n int, req *streams.ReadReq, call streams.Streams_ReadServer) error {
		if err := call.Send(confirmed()); err != nil {
			return err
		}
		send := func(all ...*streams.ReadResp) error {
			for _, e := range all {
				if err := call.Send(e); err != nil {
					return err
				}
			}
			return nil
		}
		checkpoint := &streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: 35, PreparePosition: 35}}}
		switch n {
		case 1:
			return errors.Join(send(stored("s-1", "t", 0, 10), stored("s-1", "t", 1, 20)), status.Error(codes.Aborted, "consumer too slow"))
		case 2: // repeats one, reports progress, and just ends
			return send(stored("s-1", "t", 1, 20), stored("s-1", "t", 2, 30), checkpoint)
		case 3:
			return errors.Join(send(stored("s-1", "t", 3, 40)), status.Error(codes.Unavailable, "x"))
		}
		if err := send(stored("s-1", "t", 4, 50)); err != nil {
			return err
		}
		<-call.Context().Done()
		return nil
	}}
	s.newest = func(call streams.Streams_ReadServer) error { return call.Send(stored("s-9", "t", 0, 90)) }
	log := open(t, s.start(t), esdb.Options{})
	var got []string
	for m, err := range log.Subscribe(t.Context(), eventstore.Start, eventstore.Filter{Streams: []string{"s-1"}}) {
		if err != nil {
			t.Fatal(err)
		}
		if m.Record != nil {
			got = append(got, strconv.FormatUint(m.Record.Position.Commit, 10))
		}
		if len(got) == 5 {
			break
		}
	}
	if strings.Join(got, " ") != "10 20 30 40 50" {
		t.Fatal(got)
	}
	for i, want := range []uint64{0, 20, 35, 40} {
		all := s.reads[i].GetOptions().GetAll()
		if all.GetPosition().GetCommitPosition() != want || (want == 0) != (all.GetStart() != nil) {
			t.Fatalf("subscription %d begins at %v", i+1, all)
		}
	}
}

func TestSubscriptionsAreRefusedBeforeTheServersLimit(t *testing.T) {
	log := open(t, served(t, engine(t)), esdb.Options{Subscriptions: 1})
	for range log.Subscribe(t.Context(), eventstore.Start, eventstore.Filter{}) {
		for _, err := range log.Subscribe(t.Context(), eventstore.Start, eventstore.Filter{}) {
			if !errors.Is(err, eventstore.ErrUnavailable) {
				t.Fatal(err)
			}
		}
		break
	}
	for m, err := range log.Subscribe(t.Context(), eventstore.Start, eventstore.Filter{}) {
		if err != nil || !m.CaughtUp {
			t.Fatal(m, err)
		}
		break
	}
}

func TestAFollowerThatNamesTheLeaderIsLeftForIt(t *testing.T) {
	leader := &script{append: func(int, received, func(metadata.MD)) (*streams.AppendResp, error) { return success(3), nil }}
	host, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(leader.start(t), "esdb://"), "?tls=false"))
	if err != nil {
		t.Fatal(err)
	}
	follower := &script{append: func(_ int, _ received, trailer func(metadata.MD)) (*streams.AppendResp, error) {
		trailer(metadata.Pairs("exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port))
		return nil, status.Error(codes.NotFound, "Leader info available")
	}}
	log := open(t, follower.start(t), esdb.Options{})
	if at, err := log.Append(t.Context(), "s-1", 2, event(0, 1)); err != nil || at.Revision != 3 {
		t.Fatal(at, err)
	}
	if len(leader.appends) != 1 || len(follower.appends) != 1 {
		t.Fatalf("%d appends reached the leader, %d the follower", len(leader.appends), len(follower.appends))
	}
}

func TestATombstonedStreamEndsItsSubscription(t *testing.T) {
	log := open(t, served(t, engine(t)), esdb.Options{})
	if _, err := log.Append(t.Context(), "s-1", eventstore.NoStream, event(0, 1)); err != nil {
		t.Fatal(err)
	}
	var end error
	for m, err := range log.SubscribeStream(t.Context(), "s-1", eventstore.NoStream) {
		if end = err; m.CaughtUp {
			if _, err := log.Tombstone(t.Context(), "s-1", 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !errors.Is(end, eventstore.ErrStreamDeleted) {
		t.Fatal(end)
	}
	for _, err := range log.SubscribeStream(t.Context(), "s-1", eventstore.NoStream) {
		if !errors.Is(err, eventstore.ErrStreamDeleted) {
			t.Fatal(err)
		}
	}
}

func TestCallsBeyondTheCapWaitAndAreNeverSentWhenTimeIsUp(t *testing.T) {
	release := make(chan struct{})
	s := &script{append: func(int, received, func(metadata.MD)) (*streams.AppendResp, error) {
		<-release
		return success(3), nil
	}}
	log := open(t, s.start(t), esdb.Options{InFlight: 1})
	first := make(chan error, 1)
	go func() {
		_, err := log.Append(t.Context(), "s-1", 2, event(0, 1))
		first <- err
	}()
	for sent := 0; sent == 0; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		sent = len(s.appends)
		s.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := log.Append(ctx, "s-2", 2, event(0, 2)); !errors.Is(err, eventstore.ErrUnavailable) || errors.Is(err, eventstore.ErrUnknownOutcome) {
		t.Fatal(err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if len(s.appends) != 1 {
		t.Fatalf("%d appends were sent", len(s.appends))
	}
}

func TestAClusterIsDiscovered(t *testing.T) {
	l, err := wire.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(serve(t, l, engine(t)))
	log := open(t, "kurrentdb+discover://"+l.Addr().String()+"?tls=false", esdb.Options{})
	if at, err := log.Append(t.Context(), "s-1", eventstore.NoStream, event(0, 1)); err != nil || at.Revision != 0 {
		t.Fatal(at, err)
	}
}
