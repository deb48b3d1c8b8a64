package esdb_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"alta/eventstore/embedded"
	"alta/eventstore/esdb"
	"alta/eventstore/eventstoretest"
	"alta/eventstore/wire"
	"alta/evidence"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine opens an embedded log that is closed with the test.
func engine(t testing.TB) *embedded.Log {
	t.Helper()
	l, err := embedded.Open(t.TempDir(), embedded.Options{Leaf: evidence.Leaf, UnsafeNoSync: true, Reserve: embedded.NoReserve})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close the engine: %v", err)
		}
	})
	return l
}

// socket names a unix socket with a short path.
func socket(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "alta-wire-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// serve offers a log at a listener until the answered function is called.
func serve(t testing.TB, l net.Listener, log wire.Log) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- wire.Serve(ctx, l, log, wire.Options{}) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	}
}

// served offers a log at a unix socket for as long as the test runs.
func served(t testing.TB, log wire.Log) (connection string) {
	t.Helper()
	connection = "unix:" + socket(t)
	l, err := wire.Listen(t.Context(), connection)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(serve(t, l, log))
	return connection
}

// open opens the adapter for as long as the test runs.
func open(t testing.TB, connection string, opt esdb.Options) *esdb.Log {
	t.Helper()
	l, err := esdb.Open(connection, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

func TestTheEngineBehindItsOwnProtocolObeysEveryLaw(t *testing.T) {
	eventstoretest.Run(t, func(t *testing.T) eventstoretest.Log {
		return open(t, served(t, engine(t)), esdb.Options{})
	})
}

func TestARealServerObeysEveryLaw(t *testing.T) {
	server := os.Getenv("ALTA_TEST_ESDB")
	if server == "" {
		t.Skip("ALTA_TEST_ESDB names no server, such as esdb://localhost:2113?tls=false")
	}
	l := open(t, server, esdb.Options{})
	eventstoretest.Run(t, func(*testing.T) eventstoretest.Log { return l })
}
