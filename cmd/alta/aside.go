package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"alta/eventstore"
	"alta/projections"
)

const (
	asideEvery = 5 * time.Second // how often lists are asked what is set aside
	asideMost  = 1000            // streams that are remembered for notes and figures
	asideNamed = 5               // streams that a note names
)

// asideWatch is what this process knows of the streams that are set aside.
type asideWatch struct {
	hidden *hiddenWatch // of the same log

	mu    sync.Mutex
	all   []projections.Aside
	total int64
	known bool // the lists have said it once
}

func (w *asideWatch) set(all []projections.Aside, total int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all, w.total, w.known = all, total, true
}

// get answers what is known; known is false before the lists could be read.
func (w *asideWatch) get() (all []projections.Aside, total int64, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, total = w.hidden.join(w.all, w.total)
	return all, total, w.known
}

// notes say for an operator what is set aside. The process serves everybody else.
func (w *asideWatch) notes() (out []string) {
	all, total, _ := w.get()
	for _, a := range all[:min(asideNamed, len(all))] {
		out = append(out, "set aside: "+describeAside(a))
	}
	if more := total - int64(len(out)); more > 0 {
		out = append(out, fmt.Sprintf("set aside: %d streams more", more))
	}
	return out
}

// describeAside says in a line why a stream is set aside, and from where on.
func describeAside(a projections.Aside) string {
	if a.Undo != "" {
		return fmt.Sprintf("%s: %s by another client; undo it %s", a.Stream, a.Reason, a.Undo)
	}
	what := ""
	if a.Type != "" {
		what = " (" + a.Type + ")"
	}
	return fmt.Sprintf("%s from revision %d%s at %s: %s", a.Stream, a.Revision, what, a.Position, a.Reason)
}

// setAside answers the streams that are set aside, and those that others hide, at most
// limit of them, and how many there are.
func (p *program) setAside(ctx context.Context, limit int) ([]projections.Aside, int64, error) {
	all, total, err := p.reader.SetAside(ctx, limit)
	if err != nil {
		return nil, 0, err
	}
	all, total = p.hidden.join(all, total)
	return all[:min(limit, len(all))], total, nil
}

// watchAsides keeps for notes and figures what is set aside. While lists cannot be
// read the last that was known stands.
func (p *program) watchAsides(ctx context.Context) error {
	beat := time.NewTicker(asideEvery)
	defer beat.Stop()
	for {
		asking, stop := context.WithTimeout(ctx, asideEvery)
		if all, total, err := p.reader.SetAside(asking, asideMost); err == nil {
			p.asides.set(all, total)
		}
		stop()
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
	}
}

// printAsides names the streams that are set aside.
func (p *program) printAsides(ctx context.Context, out io.Writer) error {
	all, total, err := p.setAside(ctx, asideMost)
	if err != nil {
		return err
	}
	return printAsides(out, all, total)
}

func printAsides(out io.Writer, all []projections.Aside, total int64) error {
	if total == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(out, "%d streams cannot be read any further, or others hide events of them: what is set aside is shown as it was before, and nothing is appended to it\n", total); err != nil {
		return err
	}
	for _, a := range all {
		if _, err := fmt.Fprintln(out, "  "+describeAside(a)); err != nil {
			return err
		}
	}
	return nil
}

// unreadables are the streams of a log with an event that this version cannot read, and
// those of which others hide events on a server.
type unreadables struct {
	all    []projections.Aside // at most asideMost
	known  map[string]bool
	hidden []projections.Aside
}

// find looks at every event of a log.
func (u *unreadables) find(log iter.Seq2[*eventstore.Record, error]) error {
	u.known = map[string]bool{}
	for r, err := range log {
		if err != nil {
			return err
		}
		var reason *eventstore.SetAsideError
		if u.known[r.Stream] || !errors.As(readable(r), &reason) {
			continue
		}
		u.known[r.Stream] = true
		if len(u.all) < asideMost {
			u.all = append(u.all, projections.Aside{
				Stream: r.Stream, Revision: int64(r.Revision), Type: r.Type, Reason: reason.Reason, Position: r.Position.String(), At: r.Created,
			})
		}
	}
	return nil
}

func (u *unreadables) print(out io.Writer) error {
	return printAsides(out, append(u.all, u.hidden...), int64(len(u.known)+len(u.hidden)))
}

// setAside writes the figures of what is set aside.
func (f figures) setAside(s sink) {
	all, _, known := f.p.asides.get()
	if !known {
		return
	}
	by := map[eventstore.SetAsideReason]int{}
	for _, a := range all {
		by[a.Reason]++
	}
	for _, reason := range eventstore.SetAsideReasons() {
		s.gauge("alta_streams_set_aside", "Streams that this version cannot read any further, or of which others hide events in the event store; alarm above 0.", float64(by[reason]), "reason", string(reason))
	}
}
