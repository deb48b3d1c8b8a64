package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"alta/api"
)

// stopping is how the interface ends: streams at once, bodies within a moment.
type stopping interface {
	Stop()
	Running() int64 // requests under way
}

// front answers requests from the first moment of the process to its end: at first only
// how it stands, then with the interface.
type front struct {
	server *http.Server
	shown  atomic.Pointer[http.Handler]
	ends   stopping // nil without an interface
	failed chan error
}

// openFront answers at a listener. Until something is shown every request is told to
// come again.
func openFront(l net.Listener, logger *slog.Logger) *front {
	f := &front{failed: make(chan error, 1)}
	begun := time.Now().UTC().Truncate(time.Second)
	f.show(api.Aside(func() api.Readiness {
		return api.Readiness{Parts: []api.PartHealth{{Name: "start", State: api.PartStarting, Reason: "keys, files and Redis are opened", Since: begun}}}
	}, api.Starting()))
	f.server = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*f.shown.Load()).ServeHTTP(w, r) }),
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	go func() { f.failed <- f.server.Serve(l) }()
	return f
}

// show has requests answered by a handler from now on.
func (f *front) show(h http.Handler) { f.shown.Store(&h) }

// open shows the interface.
func (f *front) open(h http.Handler, ends stopping) {
	f.ends = ends
	f.show(h)
}

// wait waits until the context ends, or answers why requests are answered no more.
func (f *front) wait(ctx context.Context) error {
	select {
	case err := <-f.failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

const (
	// grace is how long requests under way may take to finish after a stop.
	grace = 20 * time.Second
	// quiet is how long no request may be under way before connections that have sent
	// none, or only a part of one, are cut off after the order to stop.
	quiet = 700 * time.Millisecond
)

// close takes no more requests and lets those under way finish.
func (f *front) close() error {
	running := func() int64 { return 0 }
	if f.ends != nil {
		running = f.ends.Running
		f.ends.Stop()
	}
	closing, stop := context.WithTimeout(context.Background(), grace)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- f.server.Shutdown(closing) }()
	look := time.NewTicker(quiet / 10)
	defer look.Stop()
	for last := time.Now(); ; {
		select {
		case err := <-ended:
			if err != nil {
				return errors.Join(f.server.Close(), fmt.Errorf("requests were cut off: %w", err))
			}
			return nil
		case <-look.C:
			if running() > 0 {
				last = time.Now()
			} else if time.Since(last) > quiet {
				// What is left has no request: a connection opened in advance, or half a header.
				return f.server.Close()
			}
		}
	}
}
