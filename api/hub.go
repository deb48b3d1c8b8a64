package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"alta/domain/account"
	"alta/eventstore"
	"alta/projections"
)

// hub spreads the newest changes to everyone who listens: one subscription for
// the whole process, coalesced, written down once for all who hear the same. A
// listener that does not keep up is let go instead of being waited for; it comes
// back and names the last it heard.
type hub struct {
	log    Log
	logger *slog.Logger
	places places

	mu       sync.Mutex
	staff    map[*listener]bool
	outside  map[string]map[*listener]bool // merchants and agents, by what they hear of
	accounts map[string]map[*listener]bool
	count    int
	told     cursor // everybody was handed what there was up to here
	figures  LiveStats
	closed   bool

	replays chan struct{} // who reads the log for those that come back
}

// listener is one open connection.
type listener struct {
	who   audience
	news  chan *news
	check chan struct{} // look again whether the account may listen
}

// news is what all who hear the same get, written down once however many they
// are.
type news struct {
	frame  []byte // the event as it is sent
	at     cursor // of the newest change
	behind bool   // more happened than can be named
}

// anew is the news that sends a listener to its lists.
func anew(at cursor) *news {
	return &news{frame: frame("behind", []byte("{}"), at), at: at, behind: true}
}

const (
	category    = "application-"
	coalesce    = 250 * time.Millisecond
	waiting     = 16   // messages that a listener may be late
	maxLive     = 5000 // listeners of one process
	maxOwn      = 8    // listeners of one merchant or agent account
	maxCoalesce = 1000 // applications of one message
)

func newHub(log Log, logger *slog.Logger) *hub {
	return &hub{
		log: log, logger: logger, places: places{log: log, known: map[string]placed{}},
		staff: map[*listener]bool{}, outside: map[string]map[*listener]bool{}, accounts: map[string]map[*listener]bool{},
		replays: make(chan struct{}, maxReplays),
	}
}

// fact is what the hub notes of one event.
type fact struct {
	update
	unknown bool   // what happened cannot be read
	account string // whose sessions may have changed, instead
	at      cursor
}

// run follows the log from its end until the context ends.
func (h *hub) run(ctx context.Context) {
	feed := make(chan fact, 1024)
	go h.follow(ctx, feed)
	tick := time.NewTicker(coalesce)
	defer tick.Stop()
	b := batch{}
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-feed:
			if f.account != "" {
				h.recheck(f.account)
				continue
			}
			b.add(f)
		case <-tick.C:
			h.spread(&b)
			b = batch{}
		}
	}
}

func (h *hub) follow(ctx context.Context, feed chan<- fact) {
	from, ok := h.begin(ctx)
	if !ok {
		return
	}
	filter := eventstore.Filter{Name: "live updates", Streams: []string{category, account.Category + "-"}}
	for ctx.Err() == nil {
		reading, stop := context.WithCancelCause(ctx)
		go h.verify(reading, stop)
		for m, err := range h.log.Subscribe(reading, from, filter) {
			if err != nil {
				if ctx.Err() == nil {
					h.logger.Warn("live updates are interrupted", "error", cmp.Or(context.Cause(reading), err))
				}
				break
			}
			if m.Record == nil {
				continue
			}
			f, err := h.fact(ctx, m.Record)
			if err != nil {
				h.logger.Warn("live updates are interrupted", "error", err)
				break
			}
			from = m.Record.Position
			select {
			case feed <- f:
			case <-ctx.Done():
				stop(nil)
				return
			}
		}
		moved := errors.Is(context.Cause(reading), errMoved)
		stop(nil)
		if moved { // everybody reads anew
			if from, ok = h.begin(ctx); !ok {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// errMoved: the log behind the address is another one than before.
var errMoved = errors.New("api: the log does not hold the event any more up to which everybody was told")

// verifyEvery is how often the hub asks whether the log still holds what it told.
const verifyEvery = 30 * time.Second

// verify ends the reading with errMoved where another log took the place of the one
// that is followed: a subscription alone would wait there for ever.
func (h *hub) verify(ctx context.Context, end context.CancelCauseFunc) {
	tick := time.NewTicker(verifyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.mu.Lock()
			told := h.told
			h.mu.Unlock()
			if ours, err := h.ours(ctx, told); err == nil && !ours {
				end(errMoved)
				return
			}
		}
	}
}

// begin waits until the log's end is known, and answers false where ctx ended first.
// A listener that came before that may have missed something: it reads anew.
func (h *hub) begin(ctx context.Context) (eventstore.Position, bool) {
	for quiet := false; ; quiet = true {
		head, err := h.newest(ctx)
		if err == nil {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.told = head
			h.disperse(head)
			return head.Position, true
		}
		if !quiet && ctx.Err() == nil {
			h.logger.Warn("live updates wait until the end of the log is known", "error", err)
		}
		select {
		case <-ctx.Done():
			return eventstore.Start, false
		case <-time.After(time.Second):
		}
	}
}

// fact finds out what an event means to listeners.
func (h *hub) fact(ctx context.Context, r *eventstore.Record) (fact, error) {
	f := fact{at: cursorAt(r)}
	if id, ok := strings.CutPrefix(r.Stream, account.Category+"-"); ok {
		f.account = id
		return f, nil
	}
	before, after, err := h.places.move(ctx, r)
	if errors.As(err, new(*eventstore.SetAsideError)) {
		h.logger.Warn("live updates tell everybody to read anew", "error", err)
		f.unknown = true
		return f, nil
	}
	if err != nil {
		return f, err
	}
	f.update = updateOf(r, before, after)
	return f, nil
}

func updateOf(r *eventstore.Record, before, after projections.Place) update {
	u := update{
		LiveChange: LiveChange{ID: strings.TrimPrefix(r.Stream, category), Revision: int64(r.Revision), Claimant: after.Claimant},
		merchant:   after.Merchant, agent: after.Agent, hidden: after.Restricted,
		version: after.Told - 1, told: after.Told > before.Told,
	}
	for _, p := range []projections.Place{before, after} {
		u.touch(p.Queue())
		if p.Breached && !p.Restricted {
			u.touch(projections.QueueBreached)
		}
	}
	return u
}

// after is the update with what happened to the same application before it.
func (u update) after(earlier update) update {
	for _, q := range earlier.Queues {
		u.touch(q)
	}
	u.told = u.told || earlier.told
	return u
}

func (u *update) touch(q projections.Queue) {
	if q != "" && !slices.Contains(u.Queues, q) {
		u.Queues = append(u.Queues, q)
	}
}

// batch is what happened since everybody was told last, one update for each
// application.
type batch struct {
	updates map[string]update
	at      cursor
	much    bool // more than a message names
}

func (b *batch) add(f fact) {
	b.at = f.at
	if b.much = b.much || f.unknown; b.much {
		return
	}
	if b.updates == nil {
		b.updates = map[string]update{}
	}
	b.updates[f.ID] = f.update.after(b.updates[f.ID])
	b.much = len(b.updates) > maxCoalesce
}

// sorted lists the updates in an order of no meaning, always the same.
func (b *batch) sorted() []update {
	return slices.SortedFunc(maps.Values(b.updates), func(a, b update) int { return strings.Compare(a.ID, b.ID) })
}

// spread tells what gathered: all of it, or the news that it is too much to name,
// since to name only some would hide the others.
func (h *hub) spread(b *batch) {
	if b.at == (cursor{}) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = b.at
	if b.much {
		h.figures.Behind++
		h.disperse(b.at)
		return
	}
	all := b.sorted()
	colleagues := h.write(audience{role: account.Reviewer}, all, b.at)
	auditors := colleagues
	if slices.ContainsFunc(all, func(u update) bool { return u.hidden }) {
		auditors = h.write(audience{role: account.Auditor}, all, b.at)
	}
	for l := range h.staff {
		if l.who.role == account.Auditor {
			h.hand(l, auditors)
		} else {
			h.hand(l, colleagues)
		}
	}
	concerned := map[string][]update{}
	for _, u := range all {
		for _, who := range []audience{{role: account.Merchant, account: u.merchant}, {role: account.Agent, agency: u.agent}} {
			if len(h.outside[who.key()]) > 0 && who.hears(u) {
				concerned[who.key()] = append(concerned[who.key()], u)
			}
		}
	}
	for key, some := range concerned {
		var n *news
		for l := range h.outside[key] {
			if n == nil {
				n = h.write(l.who, some, b.at)
			}
			h.hand(l, n)
		}
	}
}

// disperse tells everybody to read anew.
func (h *hub) disperse(at cursor) {
	n := anew(at)
	for l := range h.staff {
		h.hand(l, n)
	}
	for _, all := range h.outside {
		for l := range all {
			h.hand(l, n)
		}
	}
}

func (h *hub) write(who audience, all []update, at cursor) *news {
	data, err := json.Marshal(who.message(all))
	if err != nil {
		h.logger.Error("live updates cannot be written", "error", err)
		return anew(at)
	}
	return &news{frame: frame("changes", data, at), at: at}
}

// hand gives a listener news; one that is behind is let go.
func (h *hub) hand(l *listener, n *news) {
	select {
	case l.news <- n:
		h.figures.Told++
	default:
		h.figures.Dropped++
		h.remove(l)
	}
}

// recheck has the listeners of an account look whether they still may listen.
func (h *hub) recheck(account string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.accounts[account] {
		select {
		case l.check <- struct{}{}:
		default: // it is about to
		}
	}
}

func (h *hub) listen(who audience) (*listener, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errStopping()
	}
	if h.count >= maxLive {
		return nil, problem(http.StatusServiceUnavailable, "too-many-listeners", "Too many live connections; lists still work.").retry(30 * time.Second)
	}
	if who.key() != "" && len(h.accounts[who.account]) >= maxOwn {
		return nil, problem(http.StatusTooManyRequests, "too-many-listeners", "This account has too many live connections open.").retry(30 * time.Second)
	}
	l := &listener{who: who, news: make(chan *news, waiting), check: make(chan struct{}, 1)}
	h.count++
	enter(h.accounts, who.account, l)
	if key := who.key(); key != "" {
		enter(h.outside, key, l)
	} else {
		h.staff[l] = true
	}
	return l, nil
}

func enter(in map[string]map[*listener]bool, key string, l *listener) {
	if in[key] == nil {
		in[key] = map[*listener]bool{}
	}
	in[key][l] = true
}

func (h *hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(l)
}

// close lets every listener go, and takes none any more.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, all := range h.accounts {
		for l := range all {
			h.remove(l)
		}
	}
}

// remove lets a listener go, once.
func (h *hub) remove(l *listener) {
	if !h.accounts[l.who.account][l] {
		return
	}
	exit(h.accounts, l.who.account, l)
	if key := l.who.key(); key != "" {
		exit(h.outside, key, l)
	}
	delete(h.staff, l)
	h.count--
	close(l.news)
}

func exit(from map[string]map[*listener]bool, key string, l *listener) {
	if delete(from[key], l); len(from[key]) == 0 {
		delete(from, key)
	}
}

// heard is up to where the listener knows everything that it may; no place while
// there is something on its way to it.
func (h *hub) heard(l *listener) cursor {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(l.news) > 0 {
		return cursor{}
	}
	return h.told
}

func (h *hub) stats() LiveStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.figures
	s.Listeners = h.count
	return s
}
