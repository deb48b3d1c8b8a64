package wire

import (
	"context"
	"net"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Features is the ServerFeatures service of a server of that version: clients ask
// it first and choose their calls by it. BatchAppend is not listed, so none uses it.
func Features(version string) serverfeatures.ServerFeaturesServer {
	return features{version: version}
}

type features struct {
	serverfeatures.UnimplementedServerFeaturesServer
	version string
}

func (f features) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	const streams = "event_store.client.streams.streams"
	out := &serverfeatures.SupportedMethods{EventStoreServerVersion: f.version}
	for _, m := range []struct {
		service, method string
		features        []string
	}{
		{streams, "read", []string{"position", "events"}},
		{streams, "append", nil},
		{streams, "delete", nil},
		{streams, "tombstone", nil},
		{"event_store.client.gossip.gossip", "read", nil},
		{"event_store.client.server_features.serverfeatures", "getsupportedmethods", nil},
	} {
		out.Methods = append(out.Methods, &serverfeatures.SupportedMethod{ServiceName: m.service, MethodName: m.method, Features: m.features})
	}
	return out, nil
}

// members is the Gossip service of a cluster of one.
type members struct {
	gossip.UnimplementedGossipServer
	addr net.Addr
}

func (m members) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	addr, ok := m.addr.(*net.TCPAddr)
	if !ok {
		return nil, status.Error(codes.Unimplemented, "a log on a unix socket cannot be discovered; connect to it directly")
	}
	return &gossip.ClusterInfo{Members: []*gossip.MemberInfo{{
		// The instance never changes place, so that it may always have the same id.
		InstanceId:   &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{MostSignificantBits: 0x414c544100004000, LeastSignificantBits: -0x7ffffffffffffffe}}},
		TimeStamp:    time.Now().UnixNano() / 100,
		State:        gossip.MemberInfo_Leader,
		IsAlive:      true,
		HttpEndPoint: &gossip.EndPoint{Address: addr.IP.String(), Port: uint32(addr.Port)},
	}}}, nil
}
