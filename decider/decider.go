// Package decider is the whole application layer: load a stream, fold it into a
// state, let a pure function decide, append what it decided after exactly the
// revision that was folded.
//
// What must stay true:
//
//   - An append names the revision of the state that the decision saw, never one
//     looked up afterwards. Two people who act at once get one success, and the
//     other is told who did what.
//   - Whatever decides is pure, because it is asked again after a conflict.
//   - A request is done once, however often it is sent. Event ids come from the
//     request's id, so the log recognises a repeated append; and a request whose
//     events are already in the stream is answered with its first result, also
//     when others have written since, which no log recognises by itself.
//   - The cache holds folds of what the log returned and nothing else. Every call
//     first reads what is newer, but for two. Where the log's news are followed
//     (Follow), what is appended is decided on what they have told, and the exact
//     revision decides. Every other answer (a refusal, an effect in place, a stale
//     revision, a conflict) is told after a look at the log. And who was told of an
//     event gets a state that holds it (LoadThrough), which later ones may miss.
//   - Of those who write one stream at once one decides after the other.
//
// The package knows no business and no engine; it imports the log's words only.
package decider

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"alta/eventstore"
)

// Log is what the decider needs of an event log.
type Log interface {
	// ReadStream reads at most limit events of a stream, from a revision on. Past
	// the end it reads nothing; a stream that does not exist is ErrStreamNotFound.
	ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
	// Append adds events after the expected revision, or refuses with ErrConflict.
	Append(ctx context.Context, stream string, expected eventstore.Revision, events ...eventstore.Proposed) (eventstore.Appended, error)
}

// Refusals of this package. Match them with errors.Is; StaleError with errors.As.
var (
	// ErrCommandReused: the command's id was already used for another operation.
	ErrCommandReused = errors.New("decider: the command id was used for another operation")
	// ErrContended: others kept appending first, more often than the decider is
	// willing to ask again. Nothing was written; try later.
	ErrContended = errors.New("decider: the stream is being written too often")
	// ErrID: a text that is not the id it should be.
	ErrID = errors.New("decider: not a UUID")
)

// Change is one event that came between, as a StaleError tells it.
type Change struct {
	Revision eventstore.Revision
	Type     string // stored name of the event
	Actor    string
	Role     string
	At       time.Time // the log's clock: good to show, not to decide on
}

// StaleError says that the caller decided on an older state than the present
// one, and who did what since. Over HTTP it is 412.
type StaleError struct {
	Stream string
	Seen   eventstore.Revision
	Actual eventstore.Revision
	By     string   // actor of the newest change
	Since  []Change // oldest first; the newest 64 where there are more
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("decider: stream %s is at revision %d, the caller has seen %d", e.Stream, e.Actual, e.Seen)
}

// Is makes errors.Is(err, eventstore.ErrConflict) true.
func (e *StaleError) Is(target error) bool { return target == eventstore.ErrConflict }

// Result is what became of a command.
type Result[S, E any] struct {
	Revision eventstore.Revision // of the command's last event; the present one where nothing was appended
	Position eventstore.Position // likewise
	State    S                   // after the command; for a repeated command, the present one
	Events   []E                 // what the command caused, also where an earlier sending of it did
	Appended bool                // whether this call wrote them
	Repeated bool                // whether an earlier sending of the command wrote them
}

// Decider binds one kind of stream to its fold and its codec. Fill the exported
// fields once; the methods may then be called concurrently.
type Decider[S, E any] struct {
	Log      Log
	Category string // stream names are Category + "-" + id
	Initial  S
	// Evolve folds one event. It must not change what s refers to: folded states
	// are shared by concurrent callers.
	Evolve func(s S, e E) S
	// Encode writes an event's type and data; the decider adds id and metadata.
	// The id is given because sealed fields are bound to it.
	Encode func(ctx context.Context, stream string, id eventstore.ID, e E) (eventstore.Proposed, error)
	// Decode answers an *eventstore.SetAsideError for what no key would help to read.
	Decode func(ctx context.Context, r *eventstore.Record) (E, error)
	// CacheSize bounds the folded states kept in memory; 0 means 4,096.
	CacheSize int

	cache cache[S]
	turns turns
}

const (
	page            = 512 // events read at a time
	conflictRetries = 16
	unknownRetries  = 4
	reported        = 64 // changes that a StaleError lists at most
)

// Stream is the name of the stream with that id.
func (d *Decider[S, E]) Stream(id string) string { return d.Category + "-" + id }

// Load folds the present state. A stream without events is the initial state at
// eventstore.NoStream, and no error. Of a stream that is set aside it answers what
// could be folded together with the *eventstore.SetAsideError: enough to say whose
// it is, and never something to decide on.
func (d *Decider[S, E]) Load(ctx context.Context, id string) (S, eventstore.Revision, error) {
	f, err := d.fold(ctx, d.Stream(id))
	return f.state, f.revision, err
}

// LoadThrough folds the state of a record's stream up to the record or further. It is
// for those who follow the log: what they were told of is not read again, where the
// fold before it is remembered. What they were not told of yet may be missing. Else it
// is like Load.
func (d *Decider[S, E]) LoadThrough(ctx context.Context, r *eventstore.Record) (S, eventstore.Revision, error) {
	f, news, ok := d.cache.latest(r.Stream)
	if !ok {
		f = folded[S]{state: d.Initial, revision: eventstore.NoStream}
	}
	f, err := d.told(ctx, f, append(slices.Clip(news), r))
	if err == nil && f.revision < r.Revision { // others between are not known
		f, err = d.fold(ctx, r.Stream)
	}
	return f.state, f.revision, err
}

// told folds what the news told after a fold, as far as nothing is missing between,
// and remembers it.
func (d *Decider[S, E]) told(ctx context.Context, f folded[S], news []*eventstore.Record) (folded[S], error) {
	kept := f.revision
	for _, r := range news {
		if r.Revision != f.revision+1 {
			continue // it is folded, or follows what is missing
		}
		if f.revision == kept {
			f.commits = slices.Clone(f.commits) // the cached fold's are shared
		}
		if err := d.evolve(ctx, &f, r); err != nil {
			if !errors.As(err, new(*eventstore.SetAsideError)) {
				f = folded[S]{}
			}
			return f, fmt.Errorf("decider: fold %s: %w", r.Stream, err)
		}
	}
	if f.revision > kept {
		d.cache.put(news[0].Stream, f, d.CacheSize, false)
	}
	return f, nil
}

// Feed is what Follow needs of an event log.
type Feed interface {
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	Head(ctx context.Context) (eventstore.Position, error)
}

// Follow keeps the folded states in memory up to date from the log's news, until ctx
// or the subscription ends: meanwhile a decision that appends needs no look at the log
// before. It is worth its cost where the log lies behind a network.
func (d *Decider[S, E]) Follow(ctx context.Context, log Feed) error {
	defer d.cache.followed(false)
	head, err := log.Head(ctx)
	if err != nil {
		return err
	}
	live := false
	for m, err := range log.Subscribe(ctx, head, eventstore.Filter{Name: d.Category + " states", Streams: []string{d.Category + "-"}}) {
		if err != nil {
			return err
		}
		if m.Record != nil {
			d.cache.deliver(m.Record)
		}
		if m.CaughtUp && !live {
			live = true
			d.cache.followed(true)
		}
	}
	return ctx.Err()
}

// Forget drops the folded state of one stream from memory, for a person whose
// data was erased. The next call folds the stream again.
func (d *Decider[S, E]) Forget(id string) { d.cache.drop(d.Stream(id)) }

// Transact appends what decide answers, provided that nobody appended since the
// state it saw was read. When somebody did, decide is asked again, so it must be
// pure; after 16 times the answer is ErrContended. A caller that names the
// revision it looked at gets a StaleError instead.
//
// decide is asked before the stale check on purpose: a repeated request whose
// effect is in place answers with the present revision, and a real refusal beats
// a vague 412. decide's errors are answered as they are.
//
// A command whose events the stream already holds (among the newest 256
// commands) is not decided again: it gets its first result. A request that has
// two things to do to one stream therefore needs a second id; see DeriveID.
func (d *Decider[S, E]) Transact(ctx context.Context, id string, cmd Command, seen *eventstore.Revision, decide func(S) ([]E, error)) (Result[S, E], error) {
	stream := d.Stream(id)
	if cmd.ID == (eventstore.ID{}) {
		return Result[S, E]{}, fmt.Errorf("%w: a command needs one", ErrID)
	}
	meta, err := cmd.Meta()
	if err != nil {
		return Result[S, E]{}, err
	}
	done, err := d.turns.take(ctx, stream)
	if err != nil {
		return Result[S, E]{}, err
	}
	defer done()
	for attempt, read := 0, false; attempt < conflictRetries; {
		f, err := d.present(ctx, stream, &read)
		if err != nil {
			return Result[S, E]{}, err
		}
		c, again := f.find(cmd.ID)
		var events []E
		if !again {
			events, err = decide(f.state)
		}
		if err != nil {
			events = nil
		}
		if !read && (len(events) == 0 || seen != nil && *seen != f.revision) {
			read = true // a refusal, an effect in place, a repetition: told only after a look at the log
			continue
		}
		switch {
		case again:
			return d.repeated(ctx, stream, f, c, cmd)
		case err != nil:
			return Result[S, E]{}, err
		case len(events) == 0:
			return Result[S, E]{Revision: f.revision, Position: f.position, State: f.state}, nil
		case seen != nil && *seen != f.revision:
			return Result[S, E]{}, d.stale(ctx, stream, *seen, f.revision)
		}
		proposed := make([]eventstore.Proposed, len(events))
		for i, e := range events {
			eid := EventID(cmd.sending(), stream, i)
			if proposed[i], err = d.Encode(ctx, stream, eid, e); err != nil {
				return Result[S, E]{}, fmt.Errorf("decider: encode event %d for %s: %w", i, stream, err)
			}
			proposed[i].ID, proposed[i].Meta = eid, meta
		}
		appended, err := d.append(ctx, stream, f.revision, proposed)
		if errors.Is(err, eventstore.ErrConflict) {
			if read {
				if err := pause(ctx, attempt); err != nil {
					return Result[S, E]{}, err
				}
				attempt++
			}
			read = true
			continue
		}
		if err != nil {
			return Result[S, E]{}, err
		}
		// The fold is left to what the log returns on purpose: when this same command ran
		// twice at once, what the log kept may be the other run's wording.
		d.cache.reaches(stream, appended.Revision)
		state := f.state
		for _, e := range events {
			state = d.Evolve(state, e)
		}
		return Result[S, E]{Revision: appended.Revision, Position: appended.Position, State: state, Events: events, Appended: true}, nil
	}
	return Result[S, E]{}, fmt.Errorf("%w: %s", ErrContended, stream)
}

// append asks the log, and where the outcome is unknown asks again with the same
// ids at the same revision: the log then answers what really happened. Where it cannot be
// asked again the outcome stays unknown, also where that asking was for nothing.
func (d *Decider[S, E]) append(ctx context.Context, stream string, expected eventstore.Revision, proposed []eventstore.Proposed) (eventstore.Appended, error) {
	var unknown error
	for attempt := 0; ; attempt++ {
		appended, err := d.Log.Append(ctx, stream, expected, proposed...)
		switch {
		case errors.Is(err, eventstore.ErrUnknownOutcome):
			unknown = err
		case unknown != nil && err != nil && !errors.Is(err, eventstore.ErrConflict):
			return appended, fmt.Errorf("%w; asked again: %w", unknown, err)
		default:
			return appended, err
		}
		if attempt == unknownRetries || pause(ctx, attempt) != nil {
			return appended, err
		}
	}
}

// repeated answers a command whose events the stream already holds.
func (d *Decider[S, E]) repeated(ctx context.Context, stream string, f folded[S], c commit, cmd Command) (Result[S, E], error) {
	if c.other(cmd) {
		return Result[S, E]{}, fmt.Errorf("%w: %s", ErrCommandReused, cmd.ID)
	}
	r := Result[S, E]{Revision: c.last, Position: c.position, State: f.state, Repeated: true}
	for rec, err := range d.Log.ReadStream(ctx, stream, c.first, int(c.last-c.first)+1) {
		if err != nil {
			return Result[S, E]{}, fmt.Errorf("decider: read %s: %w", stream, err)
		}
		e, err := d.Decode(ctx, rec)
		if err != nil {
			return Result[S, E]{}, fmt.Errorf("decider: decode %s at revision %d: %w", stream, rec.Revision, err)
		}
		r.Events = append(r.Events, e)
	}
	return r, nil
}

// Repeated answers the first result of a command whose events the stream already
// holds, as Transact would, and false where it holds none. It refuses with
// ErrCommandReused what Transact would refuse.
func (d *Decider[S, E]) Repeated(ctx context.Context, id string, cmd Command) (Result[S, E], bool, error) {
	stream := d.Stream(id)
	f, err := d.fold(ctx, stream)
	if err != nil {
		return Result[S, E]{}, false, err
	}
	c, ok := f.find(cmd.ID)
	if !ok {
		return Result[S, E]{}, false, nil
	}
	r, err := d.repeated(ctx, stream, f, c, cmd)
	return r, err == nil, err
}

// Since answers a *StaleError where others appended to the stream after the
// revision that a caller looked at, and nil where nobody did. It tells a refusal
// that the caller could have foreseen from one that others have caused.
func (d *Decider[S, E]) Since(ctx context.Context, id string, seen eventstore.Revision) error {
	_, actual, err := d.Load(ctx, id)
	if err != nil || seen == actual {
		return err
	}
	return d.stale(ctx, d.Stream(id), seen, actual)
}

func (d *Decider[S, E]) stale(ctx context.Context, stream string, seen, actual eventstore.Revision) error {
	stale := &StaleError{Stream: stream, Seen: seen, Actual: actual}
	if seen >= actual { // from the future: the caller speaks of a log that is no more
		return stale
	}
	from := max(seen+1, actual-reported+1, 0)
	for r, err := range d.Log.ReadStream(ctx, stream, from, reported) {
		if err != nil {
			return fmt.Errorf("decider: read %s: %w", stream, err)
		}
		c, err := ReadMeta(r.Meta)
		if err != nil {
			return fmt.Errorf("decider: %s at revision %d: %w", stream, r.Revision, err)
		}
		stale.Since = append(stale.Since, Change{Revision: r.Revision, Type: r.Type, Actor: c.Actor, Role: c.Role, At: r.Created})
		stale.By, stale.Actual = c.Actor, max(stale.Actual, r.Revision)
	}
	return stale
}

// present answers the state to decide on. Unless it must be read, it is what the
// log's news have told, where they are followed; read says whether the log was asked.
func (d *Decider[S, E]) present(ctx context.Context, stream string, read *bool) (folded[S], error) {
	if !*read {
		if f, news, ok := d.cache.current(stream); ok {
			return d.told(ctx, f, news)
		}
	}
	*read = true
	return d.fold(ctx, stream)
}

// fold answers the present state: the cached one plus whatever is newer.
func (d *Decider[S, E]) fold(ctx context.Context, stream string) (folded[S], error) {
	f, news, ok := d.cache.latest(stream)
	if !ok {
		f = folded[S]{state: d.Initial, revision: eventstore.NoStream}
	}
	if g, err := d.told(ctx, f, news); err == nil { // what is wrong with them, reading tells
		f = g
	}
	cached := f.revision
	for {
		n := 0
		for r, err := range d.Log.ReadStream(ctx, stream, f.revision+1, page) {
			switch {
			case eventstore.Absent(err) && f.revision == eventstore.NoStream:
				return f, nil
			case errors.Is(err, eventstore.ErrStreamNotFound), errors.Is(err, eventstore.ErrStreamDeleted):
				d.cache.drop(stream)
			}
			if err == nil {
				if f.revision == cached {
					f.commits = slices.Clone(f.commits) // the cached fold's are shared
				}
				err = d.evolve(ctx, &f, r)
			}
			if err != nil {
				if !errors.As(err, new(*eventstore.SetAsideError)) {
					f = folded[S]{}
				}
				return f, fmt.Errorf("decider: read %s: %w", stream, err)
			}
			n++
		}
		if n < page {
			break
		}
	}
	d.cache.put(stream, f, d.CacheSize, true)
	return f, nil
}

// evolve folds one record, or leaves f as it is. It writes into f.commits.
func (d *Decider[S, E]) evolve(ctx context.Context, f *folded[S], r *eventstore.Record) (err error) {
	if err := eventstore.Follows(r, f.revision); err != nil {
		return err
	}
	e, err := d.Decode(ctx, r)
	if err != nil {
		return fmt.Errorf("decode revision %d: %w", r.Revision, err)
	}
	c, err := ReadMeta(r.Meta)
	if err != nil {
		return eventstore.Unreadable(r, err)
	}
	defer func() {
		if p := recover(); p != nil {
			err = eventstore.Panicked(r, p)
		}
	}()
	state := d.Evolve(f.state, e)
	f.state, f.revision, f.position = state, r.Revision, r.Position
	f.note(c, r)
	return nil
}

// pause waits a little longer after each attempt, with jitter so that two who
// collided do not collide again: at most 2 ms, then 4, …, 64.
func pause(ctx context.Context, attempt int) error {
	t := time.NewTimer(time.Duration(rand.Int64N(int64(2 * time.Millisecond << min(attempt, 5)))))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
