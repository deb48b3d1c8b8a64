package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"alta/api"
	"alta/domain/sample"
	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/projections"
)

const (
	hiddenMost   = 10_000  // streams that are remembered
	hiddenPast   = 100_000 // streams that are remembered while the past is read, the first ones; some were shown again
	hiddenLogged = 100     // of them that one process names in its log
	// serverAnswers is within what time of the server's clock it answers metadata.
	serverAnswers = time.Second
)

// hiddenWatch is what this process knows of streams that other clients of the server
// deleted, or gave metadata that let events go. The events are in the log until the
// server scavenges, so it is said at once: afterwards only a backup brings them back.
type hiddenWatch struct {
	logger *slog.Logger
	// changed, if set, is told of every stream that was hidden or shown again.
	changed func(stream string)

	mu     sync.Mutex
	all    map[string]esdb.Hiding // by stream; of those that hide nothing until the past was read
	past   bool                   // the past was read
	logged int
	// back is when a deletion was undone, by stream: the server then writes a $tb of its
	// own, which is nobody's deed.
	back map[string]time.Time
}

// hiddenLog is what a hiddenWatch follows.
type hiddenLog interface {
	Head(ctx context.Context) (eventstore.Position, error)
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
}

// run follows what is done to streams until the context ends.
func (w *hiddenWatch) run(ctx context.Context, log hiddenLog) error {
	for quiet := false; ; quiet = true {
		err := w.follow(ctx, log)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !quiet {
			w.logger.Warn("what others hide in the event store cannot be followed for now", "error", err.Error())
		}
		if errors.Is(err, eventstore.ErrNoPosition) { // it is another log
			w.mu.Lock()
			w.all = nil
			w.mu.Unlock()
		}
		if !pause(ctx, time.Second) {
			return ctx.Err()
		}
	}
}

// follow takes what is done from now on, and beside that what was done before: the past
// may be long, and what is done now is not to wait for it.
func (w *hiddenWatch) follow(ctx context.Context, log hiddenLog) error {
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.past = false
	w.mu.Unlock()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var reading sync.WaitGroup
	defer reading.Wait()
	defer stop(nil)
	reading.Go(func() {
		past, err := hiddenStreams(ctx, log)
		if err != nil {
			stop(err)
			return
		}
		w.remember(past)
	})
	for m, err := range log.Subscribe(ctx, head, esdb.Hidings()) {
		if err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
		if m.Record == nil {
			continue
		}
		if h, ok := esdb.HidingOf(m.Record); ok {
			w.mu.Lock()
			w.take(h)
			w.mu.Unlock()
		}
	}
	return eventstore.ErrClosed
}

// hiddenStreams reads what was done to streams of Alta's since the beginning of a log,
// of at most hiddenPast streams.
func hiddenStreams(ctx context.Context, log hiddenLog) (map[string]esdb.Hiding, error) {
	past, filter := map[string]esdb.Hiding{}, esdb.Hidings()
	filter.Name = "hidden streams before"
	for m, err := range log.Subscribe(ctx, eventstore.Start, filter) {
		if err != nil {
			return nil, fmt.Errorf("what others hide in the event store: %w", err)
		}
		if m.CaughtUp {
			break
		}
		h, ok := esdb.HidingOf(m.Record)
		if !ok || !written(h.Stream) {
			continue
		}
		if was, known := past[h.Stream]; !was.Tombstoned && (known || len(past) < hiddenPast) {
			past[h.Stream] = h
		}
	}
	return past, nil
}

// written reports whether this program writes a stream of that name.
func written(stream string) bool { return ourStream(stream) || stream == api.RosterStream }

// remember takes what was read of the past.
func (w *hiddenWatch) remember(past map[string]esdb.Hiding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range inOrder(past) {
		if _, known := w.all[h.Stream]; known || h.Reason() != "" {
			w.take(h)
		}
	}
	for stream, h := range w.all {
		if h.Reason() == "" {
			delete(w.all, stream)
		}
	}
	w.past = true
}

func inOrder(all map[string]esdb.Hiding) (out []esdb.Hiding) {
	for _, h := range all {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b esdb.Hiding) int { return a.Position.Compare(b.Position) })
	return out
}

// take notes what is newer than what is known, and says so. The caller holds the lock.
func (w *hiddenWatch) take(h esdb.Hiding) {
	was, known := w.all[h.Stream]
	if !written(h.Stream) || was.Tombstoned || known && !h.Tombstoned && h.Position.Compare(was.Position) <= 0 {
		return
	}
	if !known && len(w.all) >= hiddenMost {
		return
	}
	before, now := was.Reason(), h.Reason()
	undone, is := w.back[h.Stream]
	answered := is && now == eventstore.Truncated && h.At.Sub(undone) < serverAnswers
	if delete(w.back, h.Stream); now == "" && before == eventstore.Deleted {
		if w.back == nil || len(w.back) == hiddenMost {
			w.back = map[string]time.Time{}
		}
		w.back[h.Stream] = h.At
	}
	if w.all == nil {
		w.all = map[string]esdb.Hiding{}
	}
	if w.all[h.Stream] = h; now == "" && w.past {
		delete(w.all, h.Stream)
	}
	if was.Position, was.At, was.Stream = h.Position, h.At, h.Stream; was == h {
		return // it hides what was hidden before
	}
	if w.changed != nil {
		w.changed(h.Stream)
	}
	switch {
	case now == "":
		w.logger.Info("a stream is not hidden in the event store any more", "stream", h.Stream)
	case answered, before != "" && now != eventstore.Deleted && now != eventstore.Tombstoned:
		w.logger.Info("others hide something else of a stream in the event store now", "stream", h.Stream, "reason", string(now))
	case w.logged < hiddenLogged:
		w.logged++
		w.logger.Error("somebody hides events of a stream in the event store: they can be brought back until the server scavenges",
			"stream", h.Stream, "reason", string(now), "position", h.Position.String(), "undo", undoOf(h))
	case w.logged == hiddenLogged:
		w.logged++
		w.logger.Error("events of more streams are hidden in the event store than are named here; see GET /v1/set-aside")
	}
}

// undoOf says how to undo what was done to a stream.
func undoOf(h esdb.Hiding) string {
	if h.Tombstoned {
		return "with alta move to another server before a scavenge, else from a backup"
	}
	return "with alta log unhide before a scavenge"
}

// list is what is known, in the order of the log.
func (w *hiddenWatch) list() (out []projections.Aside) {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return asidesOf(w.all)
}

func asidesOf(all map[string]esdb.Hiding) (out []projections.Aside) {
	for _, h := range inOrder(all) {
		if reason := h.Reason(); reason != "" {
			out = append(out, projections.Aside{Stream: h.Stream, Reason: reason, Position: h.Position.String(), At: h.At.UTC().Truncate(time.Millisecond), Undo: undoOf(h)})
		}
	}
	return out
}

// join adds what is known to what lists have set aside. Of a stream that is in both it
// says how to undo it.
func (w *hiddenWatch) join(all []projections.Aside, total int64) ([]projections.Aside, int64) {
	hidden := w.list()
	if len(hidden) == 0 {
		return all, total
	}
	both := map[string]bool{}
	for _, a := range hidden {
		both[a.Stream] = true
	}
	out := slices.DeleteFunc(slices.Clone(all), func(a projections.Aside) bool { return both[a.Stream] })
	total += int64(len(hidden) - (len(all) - len(out)))
	out = append(out, hidden...)
	slices.SortStableFunc(out, func(a, b projections.Aside) int { return strings.Compare(a.Position, b.Position) })
	return out, total
}

// hides reports whether nothing, or not everything, of an application can be read for
// sure. Of $maxAge and $maxCount only a reading tells.
func (w *hiddenWatch) hides(application string) bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.all) == 0 {
		return false
	}
	h := w.all[applicationCategory+"-"+application]
	return h.Tombstoned || h.Before > 0
}

// nothing reports whether it is known that nothing is hidden.
func (w *hiddenWatch) nothing() bool {
	if w == nil {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.past && len(w.all) == 0
}

// newHidden makes the watch of a log on a server; nil for the embedded one, of which no
// other client may delete a stream, and which has no metadata.
func (p *program) newHidden() *hiddenWatch {
	if p.server == nil {
		return nil
	}
	return &hiddenWatch{logger: p.logger, changed: func(stream string) {
		category, id, _ := strings.Cut(stream, "-")
		switch category { // those that are decided on without a look at the log
		case applicationCategory:
			p.applications.Forget(id)
		case sample.Category:
			p.samples.Forget(id)
		}
	}}
}

// unhide brings back what others hide of streams.
func unhide(ctx context.Context, server string, streams []string, out io.Writer) error {
	l, err := esdb.Open(server, esdb.Options{})
	if err != nil {
		return fmt.Errorf("--eventstore: %w", err)
	}
	for _, s := range streams {
		if err := l.Unhide(ctx, s); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", s, err), l.Close())
		}
		if _, err := fmt.Fprintf(out, "%s shows all its events\n", s); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	return l.Close()
}
