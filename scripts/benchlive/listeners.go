package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"alta/scripts/measure"
	"alta/simulate/drive"
)

// ears are all open connections.
type ears struct {
	host  string
	wrote func(change) (time.Time, bool)
	all   []*ear

	messages, returned atomic.Int64
	mu                 sync.Mutex
	delays             []time.Duration
	failed             error
	reading            sync.WaitGroup
}

// ear is one connection, and what came over it.
type ear struct {
	who   *drive.Person
	timed bool

	mu    sync.Mutex
	conn  net.Conn
	ended chan struct{}    // closed when nothing more is read from conn
	last  string           // id of the last event
	newer map[string]int64 // of those that are timed: the newest revision heard
	gone  bool             // closed by us
}

const (
	agentsEars = 8 // as many as one account outside the house may open
	opening    = 16
)

// openAll opens the connections, a few at a time as browsers come in the morning.
func openAll(ctx context.Context, count int, host string, people map[string]*drive.Person, wrote func(change) (time.Time, bool)) (*ears, error) {
	e := &ears{host: host, wrote: wrote}
	staff := []string{"reviewer", "reviewer2", "lead", "lead2", "auditor"}
	for i := range count {
		l := &ear{who: people[staff[i%len(staff)]], timed: i%timed == 0, newer: map[string]int64{}}
		if i < agentsEars {
			l.who, l.timed = people["agent"], false
		}
		e.all = append(e.all, l)
	}
	todo := make(chan *ear)
	var openers sync.WaitGroup
	for range opening {
		openers.Go(func() {
			for l := range todo {
				if err := e.open(ctx, l); err != nil {
					e.fail(err)
				}
			}
		})
	}
	for _, l := range e.all {
		todo <- l
	}
	close(todo)
	openers.Wait()
	return e, e.failure()
}

// open connects an ear; one that was connected before names what it heard last.
func (e *ears) open(ctx context.Context, l *ear) error {
	token, err := l.who.Token(ctx)
	if err != nil {
		return err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", e.host)
	if err != nil {
		return err
	}
	l.mu.Lock()
	again := ""
	if l.last != "" {
		again = "Last-Event-ID: " + l.last + "\r\n"
	}
	l.mu.Unlock()
	_, err = fmt.Fprintf(conn, "GET /v1/changes HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n%s\r\n", e.host, token, again)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	in := bufio.NewReaderSize(conn, 4096)
	status, err := in.ReadString('\n')
	if err != nil || !strings.Contains(status, " 200 ") {
		return errors.Join(fmt.Errorf("the stream is answered %q", status), err, conn.Close())
	}
	l.mu.Lock()
	ended := make(chan struct{})
	l.conn, l.ended, l.gone = conn, ended, false
	l.mu.Unlock()
	e.reading.Go(func() {
		defer close(ended)
		err := e.listen(l, in)
		_ = conn.Close()
		l.mu.Lock()
		ours := l.gone
		l.mu.Unlock()
		if !ours {
			e.fail(fmt.Errorf("a stream broke: %w", err))
		}
	})
	return nil
}

// listen reads events until the connection ends. Chunks of the transfer are lines
// like others, and mean nothing.
func (e *ears) listen(l *ear, in *bufio.Reader) error {
	var event string
	for {
		line, err := readLine(in, l.timed)
		if err != nil {
			return err
		}
		switch {
		case bytes.HasPrefix(line, []byte("id: ")):
			id := string(line[4:])
			l.mu.Lock()
			if id < l.last {
				e.fail(fmt.Errorf("after %s came %s", l.last, id))
			}
			l.last = id
			l.mu.Unlock()
		case bytes.HasPrefix(line, []byte("event: ")):
			event = string(line[7:])
			switch event {
			case "changes":
				e.messages.Add(1)
			case "behind":
				e.fail(errors.New("a listener was told that it is behind"))
			}
		case event == "changes" && l.timed && bytes.HasPrefix(line, []byte("data: ")):
			if err := e.hear(l, line[6:]); err != nil {
				return err
			}
		}
	}
}

// readLine reads a line; of a long one that nobody wants, only the beginning.
func readLine(in *bufio.Reader, whole bool) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return bytes.TrimRight(line, "\r\n"), err
	}
	kept := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		if line, err = in.ReadSlice('\n'); whole {
			kept = append(kept, line...)
		}
	}
	return bytes.TrimRight(kept, "\r\n"), err
}

func (e *ears) hear(l *ear, data []byte) error {
	now := time.Now()
	var m struct {
		Changes []struct {
			ID       string
			Revision int64
		}
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	for _, c := range m.Changes {
		l.mu.Lock()
		l.newer[c.ID] = max(l.newer[c.ID], c.Revision)
		l.mu.Unlock()
		if at, ok := e.wrote(change{c.ID, c.Revision}); ok {
			e.mu.Lock()
			e.delays = append(e.delays, max(0, now.Sub(at)))
			e.mu.Unlock()
		}
	}
	return nil
}

// wander has some listeners go away and come back while things happen.
func (e *ears) wander(ctx context.Context, span time.Duration) {
	for i, l := range e.all {
		if i%(timed*5) != timed {
			continue
		}
		l.mu.Lock()
		l.gone = true
		_ = l.conn.Close()
		ended := l.ended
		l.mu.Unlock()
		<-ended
		pause(ctx, min(span/4, time.Second))
		if ctx.Err() != nil {
			return
		}
		if err := e.open(ctx, l); err != nil {
			e.fail(err)
		}
		e.returned.Add(1)
	}
}

// settle waits until those who are timed have heard up to a place.
func (e *ears) settle(ctx context.Context, place string) error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
		late := 0
		for _, l := range e.all {
			l.mu.Lock()
			if l.timed && l.last < place {
				late++
			}
			l.mu.Unlock()
		}
		if late == 0 {
			return e.failure()
		}
	}
	return errors.Join(e.failure(), errors.New("a minute after the last change, not everybody has heard of it"))
}

// verify checks that every listener that is timed heard of the last state of
// everything that changed since it came, and that staff heard at all.
func (e *ears) verify(l *load) error {
	want := l.newest()
	for i, ear := range e.all {
		ear.mu.Lock()
		for id, revision := range ear.newer {
			if newest, changed := want[id]; changed && newest != revision {
				e.fail(fmt.Errorf("listener %d heard of %s up to revision %d; it is at %d", i, id, revision, want[id]))
			}
		}
		if ear.timed && len(ear.newer) < len(want) {
			e.fail(fmt.Errorf("listener %d heard of %d applications; %d changed", i, len(ear.newer), len(want)))
		}
		ear.mu.Unlock()
	}
	return e.failure()
}

func (e *ears) close() {
	for _, l := range e.all {
		l.mu.Lock()
		if l.gone = true; l.conn != nil {
			_ = l.conn.Close()
		}
		l.mu.Unlock()
	}
	e.reading.Wait()
}

func (e *ears) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failed == nil {
		e.failed = err
	}
}

func (e *ears) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failed
}

// heard is what came over all connections.
type heard struct {
	messages, returned int64
	delays             []time.Duration
}

func (e *ears) sum() heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return heard{e.messages.Load(), e.returned.Load(), e.delays}
}

func (h heard) percentile(p float64) time.Duration {
	if len(h.delays) == 0 {
		return 0
	}
	return measure.Percentile(h.delays, p)
}

func (h heard) at(p float64) string { return h.percentile(p).Round(time.Millisecond).String() }

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
