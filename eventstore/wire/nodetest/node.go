package nodetest

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"syscall"
	"time"

	"alta/eventstore"
	"alta/eventstore/wire"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// What a server says when it does not do what it is asked.
var (
	errNotLeader = status.Error(codes.NotFound, "Leader info available")
	errNotReady  = status.Error(codes.Unavailable, "Server Is Not Ready")
	errDenied    = status.Error(codes.PermissionDenied, "Access Denied")
	errLimit     = status.Error(codes.Aborted, "Operation timed out: the append was not committed in time")
	errTooSlow   = status.Error(codes.Aborted, "Consumer too slow to handle event while live. Client resubscription required.")
)

// node is one node. Its state is guarded by the cluster's mutex.
type node struct {
	c       *Cluster
	index   int
	address string
	gate    *gate

	up      bool // its process runs
	stopped bool
	dead    bool
	cut     bool
	led     bool   // it led when it was cut off
	frozen  uint64 // what it had then
	full    bool
	unready int // reads that it refuses yet
	drops   int // how often all subscriptions were dropped
	id      eventstore.ID
	strict  map[*context.CancelCauseFunc]bool // subscriptions that require the leader

	// Of the present process; set by start and ended by stop, which run one at a time.
	server   *grpc.Server
	listener *listener
	end      context.CancelFunc
	ended    chan struct{}
	fillers  []net.Conn
}

func newID() (id eventstore.ID) {
	_, _ = rand.Read(id[:]) // never fails: it ends the process instead
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// sound is true for a node that the others reach. The caller holds the lock.
func (n *node) sound() bool { return n.up && !n.stopped && !n.dead && !n.cut }

// start starts the node's process. Its first one chooses the port.
func (n *node) start() error {
	inner, err := net.Listen("tcp", n.address)
	for tries := 0; err != nil && errors.Is(err, syscall.EADDRINUSE) && tries < 100; tries++ {
		time.Sleep(20 * time.Millisecond) // somebody's passing connection has the port
		inner, err = net.Listen("tcp", n.address)
	}
	if err != nil {
		return fmt.Errorf("nodetest: start node %d: %w", n.index, err)
	}
	n.address, n.gate = inner.Addr().String(), newGate()
	n.listener = &listener{Listener: inner, gate: n.gate, closed: make(chan struct{}), taken: make(chan struct{}, 1)}
	n.server = grpc.NewServer(
		grpc.MaxConcurrentStreams(100),
		grpc.WaitForHandlers(true),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 10 * time.Second, Timeout: 10 * time.Second}),
	)
	var ctx context.Context
	ctx, n.end = context.WithCancel(context.Background())
	streams.RegisterStreamsServer(n.server, &service{n: n, ended: ctx})
	serverfeatures.RegisterServerFeaturesServer(n.server, wire.Features(n.c.opt.Version))
	gossip.RegisterGossipServer(n.server, members{n: n})
	n.ended = make(chan struct{})
	n.c.change(func() {
		n.up, n.stopped, n.dead, n.cut, n.led = true, false, false, false, false
		n.unready, n.id, n.strict = n.c.facts.NotReady, newID(), map[*context.CancelCauseFunc]bool{}
	})
	go func(server *grpc.Server, l net.Listener, ended chan struct{}) {
		defer close(ended)
		_ = server.Serve(l) // ends with stop
	}(n.server, n.listener, n.ended)
	return nil
}

// stop ends the node's process, where one runs, and waits for what it was doing.
func (n *node) stop() {
	if n.server == nil {
		return
	}
	n.end()
	n.server.Stop()
	<-n.ended
	for _, f := range n.fillers {
		_ = f.Close()
	}
	n.server, n.fillers = nil, nil
}

// deafen makes the kernel leave the opening of connections unanswered: nobody takes
// those that came, and there is no room for more. The gate is shut already, so that
// one more connection is taken, which is waited for, and no other.
func (n *node) deafen() error {
	raw, err := n.listener.Listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		return err
	}
	var lerr error
	if err := raw.Control(func(fd uintptr) { lerr = syscall.Listen(int(fd), 0) }); err != nil || lerr != nil {
		return errors.Join(err, lerr)
	}
	for i := range 16 {
		c, err := net.DialTimeout("tcp", n.address, 200*time.Millisecond)
		if err != nil {
			return nil
		}
		n.fillers = append(n.fillers, c)
		if i == 0 {
			<-n.listener.taken
		}
	}
	return errors.New("nodetest: the kernel goes on answering for a dead node")
}

// depose ends the subscriptions that require the leader. The caller holds the lock.
func (n *node) depose() {
	for cancel := range n.strict {
		(*cancel)(errNotLeader)
	}
	clear(n.strict)
}

// has is the engine's number of the newest event that the node shows. The caller
// holds the lock.
func (n *node) has() uint64 {
	if n.cut {
		return n.frozen
	}
	return n.c.visible
}

// refusal is what the node answers instead of doing what it is asked: nil where it
// leads, or where the leader is not required. The caller holds the lock.
func (n *node) refusal(strict bool) error {
	c := n.c
	switch {
	case n.cut && n.led && (c.facts.StaleLeader || c.leader == n.index):
		return nil
	case n.cut && (strict || n.led):
		return errNotReady
	case n.cut || c.leader == n.index:
		return nil
	case c.leader == none:
		return errNotReady
	case strict:
		return errNotLeader
	}
	return nil
}

// service is the Streams service of a node.
type service struct {
	streams.UnimplementedStreamsServer
	n     *node
	ended context.Context // ends with the node's process
}

// inner is package wire's service for one call.
func (s *service) inner(strict bool) streams.StreamsServer {
	return wire.Streams(s.ended, &view{n: s.n, strict: strict}, slog.New(slog.DiscardHandler))
}

// requires is true for calls that only the leader may answer.
func requires(ctx context.Context) bool {
	md, _ := metadata.FromIncomingContext(ctx)
	v := md.Get("requires-leader")
	return len(v) > 0 && (v[0] == "true" || v[0] == "True")
}

// answer words an error as the server does.
func (s *service) answer(setTrailer func(metadata.MD), err error) error {
	var said interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &said) {
		return err
	}
	switch {
	case errors.Is(err, errNotLeader):
		s.n.c.mu.Lock()
		leader := s.n.c.leader
		s.n.c.mu.Unlock()
		if leader == none {
			return errNotReady
		}
		host, port, _ := net.SplitHostPort(s.n.c.Address(leader))
		setTrailer(metadata.Pairs("exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port))
	case errors.Is(err, errDenied):
		setTrailer(metadata.Pairs("exception", "access-denied"))
	}
	return said.GRPCStatus().Err()
}

// Append is answered by the leader, or passed on to it where it is not required.
func (s *service) Append(call streams.Streams_AppendServer) error {
	return s.answer(call.SetTrailer, s.inner(requires(call.Context())).Append(call))
}

// Delete deletes softly.
func (s *service) Delete(ctx context.Context, req *streams.DeleteReq) (*streams.DeleteResp, error) {
	resp, err := s.inner(requires(ctx)).Delete(ctx, req)
	return resp, s.answer(func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) }, err)
}

// Tombstone deletes for good.
func (s *service) Tombstone(ctx context.Context, req *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	resp, err := s.inner(requires(ctx)).Tombstone(ctx, req)
	return resp, s.answer(func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) }, err)
}

// Read reads or subscribes.
func (s *service) Read(req *streams.ReadReq, call streams.Streams_ReadServer) error {
	strict, n, c := requires(call.Context()), s.n, s.n.c
	all, subscription := req.GetOptions().GetAll() != nil, req.GetOptions().GetSubscription() != nil
	ctx, cancel := context.WithCancelCause(call.Context())
	defer cancel(nil)
	c.mu.Lock()
	err := n.refusal(strict)
	switch {
	case all && c.facts.AllDenied && !c.store.granted():
		err = errDenied
	case subscription:
		if strict && !errors.Is(err, errNotLeader) {
			// It is silent where the node does not know who leads, and ends when it does.
			err = nil
			n.strict[&cancel] = true
			defer func() {
				c.mu.Lock()
				delete(n.strict, &cancel)
				c.mu.Unlock()
			}()
		}
	case err == nil && n.unready > 0:
		n.unready--
		err = errNotReady
	}
	confirmed := c.facts.ConfirmedFirst
	c.mu.Unlock()
	if subscription && confirmed && errors.Is(err, errNotLeader) {
		err = errors.Join(call.Send(confirmation()), err)
	}
	if err == nil {
		err = s.inner(strict).Read(req, &reading{call, ctx})
	}
	return s.answer(call.SetTrailer, err)
}

func confirmation() *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: &streams.ReadResp_SubscriptionConfirmation{
		SubscriptionId: rand.Text(),
	}}}
}

// reading is a call with another context.
type reading struct {
	streams.Streams_ReadServer
	ctx context.Context
}

func (r *reading) Context() context.Context { return r.ctx }

// members is the Gossip service of a node.
type members struct {
	gossip.UnimplementedGossipServer
	n *node
}

// Read answers who is in the cluster, as this node sees it.
func (m members) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	c := m.n.c
	c.mu.Lock()
	defer c.mu.Unlock()
	info := &gossip.ClusterInfo{}
	for _, one := range c.nodes {
		host, text, _ := net.SplitHostPort(one.address)
		port, _ := strconv.ParseUint(text, 10, 32)
		// A node that was stopped or cut off is missed when another leader is elected.
		alive := one.sound() || one.up && one.index == c.leader
		if m.n.cut {
			alive = one == m.n
		}
		info.Members = append(info.Members, &gossip.MemberInfo{
			InstanceId: &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
				MostSignificantBits:  int64(binary.BigEndian.Uint64(one.id[:8])),
				LeastSignificantBits: int64(binary.BigEndian.Uint64(one.id[8:])),
			}}},
			TimeStamp:    time.Now().UnixNano() / 100,
			State:        m.n.sees(one),
			IsAlive:      alive,
			HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(port)},
		})
	}
	return info, nil
}

// sees is the state in which the node sees another one, or itself. The caller holds
// the lock.
func (n *node) sees(one *node) gossip.MemberInfo_VNodeState {
	switch {
	case n.cut && n.led && one == n && n.refusal(true) == nil:
		return gossip.MemberInfo_Leader
	case n.cut || n.c.leader == none:
		return gossip.MemberInfo_Unknown
	case n.c.leader == one.index:
		return gossip.MemberInfo_Leader
	}
	return gossip.MemberInfo_Follower
}
