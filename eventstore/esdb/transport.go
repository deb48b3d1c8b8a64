package esdb

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/serviceconfig"
	"google.golang.org/grpc/status"
)

// gRPC connects anew by itself, and the client does not learn of it: a server that
// was started again, on other files perhaps, looks as if nothing had happened. So
// connections are numbered where gRPC makes them, and a call can say over which one
// alone it may go. The place for that is the policy that chooses connections: ours is
// pick_first, which gRPC uses where nothing else is asked for, with numbers.
//
// The client leaves no way to ask for a policy. What finds the addresses of a server
// can, so the resolvers of its two kinds of address are wrapped. Registering the
// policy under the name of pick_first would not do: gRPC looks that name up before
// any other package can register something. Both can be registered only while the
// program starts.
func init() {
	balancer.Register(numbering{balancer.Get(pickfirst.Name)})
	resolver.Register(asking{resolver.Get("dns")})
	resolver.Register(askingLocal{asking{resolver.Get("unix")}})
}

// policyName is that of the policy that numbers connections.
const policyName = "alta_numbered_pick_first"

// asking finds addresses as the resolver that it wraps, and asks for the policy.
type asking struct{ resolver.Builder }

// Build makes the resolver of one client.
func (a asking) Build(target resolver.Target, cc resolver.ClientConn, o resolver.BuildOptions) (resolver.Resolver, error) {
	policy := cc.ParseServiceConfig(`{"loadBalancingConfig":[{"` + policyName + `":{}}]}`)
	if policy.Err != nil {
		return nil, policy.Err
	}
	return a.Builder.Build(target, &resolved{cc, policy}, o)
}

// askingLocal is asking for sockets, whose addresses are no names of hosts.
type askingLocal struct{ asking }

// OverrideAuthority is the host that a server at a socket is told.
func (a askingLocal) OverrideAuthority(t resolver.Target) string {
	return a.Builder.(resolver.AuthorityOverrider).OverrideAuthority(t)
}

// resolved is where a client hears of its server's addresses.
type resolved struct {
	resolver.ClientConn
	policy *serviceconfig.ParseResult
}

// UpdateState adds the policy to the addresses that were found.
func (c *resolved) UpdateState(s resolver.State) error {
	s.ServiceConfig = c.policy
	return c.ClientConn.UpdateState(s)
}

// transports counts the connections of this process.
var transports atomic.Uint64

// route is the connection of one call.
type route struct {
	only    uint64        // the call may go over this one alone; 0 for any
	used    atomic.Uint64 // over which it went
	refused atomic.Bool   // it was not sent, because the connection is another one
}

type routeKey struct{}

// over makes the context of a call with a route.
func over(ctx context.Context, r *route) context.Context {
	return context.WithValue(ctx, routeKey{}, r)
}

// numbering is pick_first, with numbers.
type numbering struct{ balancer.Builder }

var _ balancer.ConfigParser = numbering{}

// Name is what the policy is asked for by.
func (numbering) Name() string { return policyName }

// Build makes the policy of one client.
func (n numbering) Build(cc balancer.ClientConn, o balancer.BuildOptions) balancer.Balancer {
	return n.Builder.Build(&numbered{ClientConn: cc}, o)
}

// ParseConfig reads the policy's settings.
func (n numbering) ParseConfig(b json.RawMessage) (serviceconfig.LoadBalancingConfig, error) {
	return n.Builder.(balancer.ConfigParser).ParseConfig(b)
}

// numbered sees the connections of one client; it uses one at a time.
type numbered struct {
	balancer.ClientConn
	current atomic.Uint64
}

// NewSubConn numbers a connection when it is there, before anything can go over it.
func (n *numbered) NewSubConn(to []resolver.Address, o balancer.NewSubConnOptions) (balancer.SubConn, error) {
	listener := o.StateListener
	o.StateListener = func(s balancer.SubConnState) {
		if s.ConnectivityState == connectivity.Ready {
			n.current.Store(transports.Add(1))
		}
		listener(s)
	}
	//lint:ignore SA1019 the balancer underneath makes its connections this way, and gRPC has no other yet.
	return n.ClientConn.NewSubConn(to, o)
}

// UpdateState lets calls be chosen for by a picker that looks at their routes.
func (n *numbered) UpdateState(s balancer.State) {
	s.Picker = routed{s.Picker, n.current.Load()}
	n.ClientConn.UpdateState(s)
}

type routed struct {
	balancer.Picker
	number uint64
}

// Pick refuses a call that may go over another connection alone.
func (p routed) Pick(i balancer.PickInfo) (balancer.PickResult, error) {
	result, err := p.Picker.Pick(i)
	r, ok := i.Ctx.Value(routeKey{}).(*route)
	if err != nil || !ok {
		return result, err
	}
	if r.only != 0 && r.only != p.number {
		if result.Done != nil {
			result.Done(balancer.DoneInfo{})
		}
		r.refused.Store(true)
		return balancer.PickResult{}, status.Error(codes.Canceled, "the connection is another one")
	}
	r.used.Store(p.number)
	return result, nil
}
