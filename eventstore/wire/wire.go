// Package wire is the network face of an event log: it serves an engine over the
// gRPC protocol of EventStoreDB and KurrentDB, so that their official clients
// read and write an embedded log and several Alta processes can share one.
//
// # What is there
//
// The services Streams (Append, Read with all its forms: a stream or $all,
// forwards and backwards, catch-up subscriptions with filters; Delete,
// Tombstone), ServerFeatures and Gossip. It presents itself as version 24.10.0
// with one node that leads. Checked against the official clients for Go 4.2.0
// and Node (@eventstore/db-client 6.2.1, @kurrent/kurrentdb-client 1.3.1).
//
// # What is not there
//
// Persistent subscriptions, projections, users and access lists, stream metadata
// ($$ streams), BatchAppend, multi-stream appends, scavenging, link events and
// the whole HTTP interface with its browser page. A client that asks for them is
// told so (Unimplemented). There are no system streams, so $all holds the
// application's events alone.
//
// Names of streams and types of events that begin with $ belong to the store, by
// design. An append to such a name is refused, and so is stream metadata: no
// client can set $maxCount, $maxAge, $tb or an access list, because what is
// stored here is kept for ever and ends by erasure alone. EventStoreDB itself
// sets them. The log stores no content type: an event reads back
// as application/json when its data is valid JSON, else as
// application/octet-stream.
//
// # Who may come
//
// There is neither encryption nor authentication; credentials that a client sends
// are ignored. Serve therefore refuses every listener that is neither a unix
// socket nor on the loopback interface. Listen makes the socket accessible to its
// owner only; a loopback port is open to every user of the machine. It is off
// unless `alta serve --wire` asks for it.
//
// The package declares the log that it serves and imports no engine.
package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"sync"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// Version is the server version that clients are told: the newest one whose
// protocol is served in full where it is served at all.
const Version = "24.10.0"

// Expectations of the protocol that are no revision. The log answers them with
// eventstore.ErrInvalid if it knows exact ones only.
const (
	anyRevision  eventstore.Revision = -2
	streamExists eventstore.Revision = -4
)

// Log is what is served. ReadAllFrom includes the event at the position, as the
// protocol has it; the other methods are those of every engine.
type Log interface {
	Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error)
	ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
	ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
	ReadAllFrom(ctx context.Context, from eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
	ReadAllBackward(ctx context.Context, before eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error]
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	SubscribeStream(ctx context.Context, stream string, after eventstore.Revision) iter.Seq2[eventstore.Message, error]
	Delete(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error)
	Tombstone(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error)
	Head(ctx context.Context) (eventstore.Position, error)
}

// Options of a served log; the zero value is good.
type Options struct {
	// Streams bounds the calls and subscriptions that one connection may have
	// open; 1,000 when 0.
	Streams uint32
	// Grace is how long calls under way may take after the context of Serve has
	// ended; 2 s when 0. Subscriptions are ended at once.
	Grace time.Duration
	// Logger gets failures of the log itself; nothing is logged when nil.
	Logger *slog.Logger
}

// ErrNotLocal: a listener that other machines could reach.
var ErrNotLocal = errors.New("wire: neither a unix socket nor a loopback address")

// Serve answers clients until ctx ends, and closes the listener. It fails with
// ErrNotLocal when the listener could be reached from another machine.
func Serve(ctx context.Context, listener net.Listener, log Log, opt Options) error {
	if !local(listener.Addr()) {
		return errors.Join(fmt.Errorf("%w: %v", ErrNotLocal, listener.Addr()), listener.Close())
	}
	if opt.Streams == 0 {
		opt.Streams = 1000
	}
	if opt.Grace == 0 {
		opt.Grace = 2 * time.Second
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	server := grpc.NewServer(
		grpc.MaxConcurrentStreams(opt.Streams),
		// Official clients ping every 10 s, idle or not; the default policy of
		// grpc-go answers that with "too many pings" and hangs up.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 10 * time.Second, Timeout: 10 * time.Second}),
	)
	streams.RegisterStreamsServer(server, Streams(ctx, log, opt.Logger))
	serverfeatures.RegisterServerFeaturesServer(server, Features(Version))
	gossip.RegisterGossipServer(server, members{addr: listener.Addr()})

	var stopping sync.WaitGroup
	stopping.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer stopping.Done()
		late := time.AfterFunc(opt.Grace, server.Stop)
		defer late.Stop()
		server.GracefulStop()
	})
	err := server.Serve(listener)
	if stop() {
		stopping.Done()
		server.Stop()
	}
	stopping.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("wire: %w", err)
}

// Streams is the Streams service alone, for a server that presents itself
// otherwise than Serve does. Its subscriptions end with the context; failures of
// the log itself go to the logger.
func Streams(ended context.Context, log Log, logger *slog.Logger) streams.StreamsServer {
	return &service{log: log, logger: logger, ended: ended}
}

// service is the Streams service.
type service struct {
	streams.UnimplementedStreamsServer
	log    Log
	logger *slog.Logger
	ended  context.Context // ends with Serve's
}
