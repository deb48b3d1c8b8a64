package esdb

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// parse reads a connection string:
//
//	esdb://host:2113?tls=false              one server
//	esdb+discover://cluster.example:2113    a cluster behind one name
//	esdb://user:pass@a:2113,b:2113,c:2113   a cluster by its nodes
//	unix:/path/to/socket                    a log that a process of this machine offers
//
// kurrentdb:// and kurrentdb+discover:// (and kurrent://) mean the same. Settings
// are the official ones: tls, tlsVerifyCert, tlsCaFile, userCertFile, userKeyFile,
// nodePreference, gossipTimeout, discoveryInterval, keepAliveInterval,
// keepAliveTimeout. An error never repeats the string: it may hold a password.
func parse(connection string) (*esdb.Configuration, error) {
	if path, ok := strings.CutPrefix(connection, "unix:"); ok {
		path = strings.TrimPrefix(path, "//")
		if path == "" || strings.ContainsAny(path, "?#") {
			return nil, fmt.Errorf("%w: event store: unix: needs the path of a socket and no settings", eventstore.ErrInvalid)
		}
		conf, err := official("esdb://localhost:2113?tls=false")
		if err != nil {
			return nil, err
		}
		conf.Address = "unix:" + path // handed to gRPC as it is
		return conf, nil
	}
	scheme, rest, ok := strings.Cut(connection, "://")
	if !ok {
		return nil, fmt.Errorf("%w: event store: want esdb://…, kurrentdb://… or unix:/path", eventstore.ErrInvalid)
	}
	switch scheme {
	case "esdb", "kurrentdb", "kurrent", "kdb":
		scheme = "esdb"
	case "esdb+discover", "kurrentdb+discover", "kurrent+discover", "kdb+discover":
		scheme = "esdb+discover"
	default:
		return nil, fmt.Errorf("%w: event store: there is no scheme %s://", eventstore.ErrInvalid, scheme)
	}
	conf, err := official(scheme + "://" + rest)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(strings.ToLower(rest), "gossiptimeout=") {
		conf.GossipTimeout = 2 // seconds for one attempt to connect
	}
	return conf, nil
}

func official(connection string) (conf *esdb.Configuration, err error) {
	conf, err = esdb.ParseConnectionString(connection)
	if err != nil {
		return nil, fmt.Errorf("%w: event store: the connection string cannot be understood: %w", eventstore.ErrInvalid, withoutURL(err))
	}
	if err := conf.Validate(); err != nil {
		return nil, fmt.Errorf("%w: event store: %w", eventstore.ErrInvalid, err)
	}
	if conf.DisableTLS && conf.Username != "" {
		return nil, fmt.Errorf("%w: event store: tls=false would silently drop the user and password; remove them or use TLS", eventstore.ErrInvalid)
	}
	// The client reads these files on every attempt and panics when a node that
	// it discovered makes it fail.
	if conf.UserCertFile != "" {
		if _, err := tls.LoadX509KeyPair(conf.UserCertFile, conf.UserKeyFile); err != nil {
			return nil, fmt.Errorf("%w: event store: user certificate: %w", eventstore.ErrInvalid, err)
		}
	}
	conf.MaxDiscoverAttempts = 1 // see link
	return conf, nil
}

// withoutURL takes the connection string out of net/url's errors.
func withoutURL(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
