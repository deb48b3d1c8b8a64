package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"alta/eventstore/embedded"
	"alta/eventstore/wire"
)

// eventServer is a log that other processes reach through a proxy, which can be shut
// (nobody answers), muted (connections stay open and nothing comes) and opened again.
type eventServer struct {
	t          *testing.T
	log        *guardedLog
	address    string // of the proxy
	connection string

	mu       sync.Mutex
	muted    bool
	listener net.Listener
	links    []net.Conn
	upstream string
}

func newEventServer(t *testing.T) *eventServer {
	t.Helper()
	dir, err := os.MkdirTemp("", "alta-server-") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return newEventServerOf(t, dir, filepath.Join(dir, "data"))
}

// newEventServerOf makes one of the log in a data directory; its socket lies in dir.
func newEventServerOf(t *testing.T, dir, data string) *eventServer {
	t.Helper()
	log, err := openLog(data, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &eventServer{t: t, log: log, address: freeAddress(t), upstream: filepath.Join(dir, "s")}
	s.connection = "esdb://" + s.address + "?tls=false"
	l, err := wire.Listen(t.Context(), "unix:"+s.upstream)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- wire.Serve(ctx, l, log, wire.Options{}) }()
	t.Cleanup(func() {
		s.shut()
		stop()
		if err := errors.Join(<-served, log.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// open takes connections; muted ones stay open and nothing passes.
func (s *eventServer) open(muted bool) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = muted
	if s.listener != nil {
		return
	}
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.listener = l
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("unix", s.upstream)
			if err != nil {
				_ = c.Close()
				continue
			}
			s.mu.Lock()
			s.links = append(s.links, c, up)
			s.mu.Unlock()
			go s.pass(c, up)
			go s.pass(up, c)
		}
	}()
}

// pass forwards what comes, and holds on to it while the proxy is muted.
func (s *eventServer) pass(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		for s.isMuted() {
			time.Sleep(5 * time.Millisecond)
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func (s *eventServer) isMuted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.muted
}

// mute keeps connections open and passes nothing.
func (s *eventServer) mute() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = true
}

// shut cuts every connection and takes no more.
func (s *eventServer) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = false
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	for _, c := range s.links {
		_ = c.Close()
	}
	s.links = nil
}
