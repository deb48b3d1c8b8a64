package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/policy"
	"alta/eventstore"
	"alta/projections"
)

// Bounds of one request for the next application: how many the decider is asked
// about, since others may be taking them at the same moment, and how many pages
// of a list are read for somebody with rare skills.
const (
	candidates = 1000
	longWalk   = 40
)

// MaxOpenClaims is the largest share that can be configured: what a person holds
// is read as one page.
const MaxOpenClaims = 50

// claimNext claims the most urgent application of a queue that the caller may be
// handed (application.TakeNext, application.Urgency). The lists only propose and
// the decider decides, so two people never get one row, and a row that somebody
// took a moment ago costs its next asker one try.
func (s *Server) claimNext(c *call) error {
	defer s.turns.take(c.who.Account)() // so that her share cannot be had twice at once
	mine, err := s.held(c)
	if err != nil {
		return err
	}
	if done, err := s.claimedBefore(c, mine); done || err != nil {
		return err
	}
	n := next{Server: s, call: c, queue: projections.Queue(c.Param("queue")), at: s.Now(), seen: map[string]bool{}}
	if n.desk, err = s.desk(c.Request().Context(), c.who.Account, len(mine)); err != nil {
		return err
	}
	if err := n.desk.Ready(); err != nil {
		return err
	}
	id, err := n.find()
	switch {
	case err != nil:
		return err
	case id != "":
		return c.JSON(http.StatusOK, map[string]string{"id": id})
	}
	if n.tried >= candidates {
		return problem(http.StatusServiceUnavailable, "busy", "Others take the applications as fast as they are listed; try again.").retry(time.Second)
	}
	return c.NoContent(http.StatusNoContent)
}

// desk is what the platform knows of the person who asks for work.
func (s *Server) desk(ctx context.Context, account string, open int) (application.Desk, error) {
	st, _, err := s.Auth.Account(ctx, account)
	if err != nil {
		return application.Desk{}, err
	}
	d := application.Desk{Away: st.OnLeave(s.Now()), Open: open, Most: s.OpenClaims}
	for _, l := range st.Languages {
		d.Languages = append(d.Languages, string(l))
	}
	for _, p := range st.Products {
		d.Products = append(d.Products, policy.Product(p))
	}
	return d, nil
}

// held lists what the caller holds: what the list shows, and what it will show
// in a moment.
func (s *Server) held(c *call) (map[string]bool, error) {
	page, err := s.Reader.Queue(c.Request().Context(), projections.QueueMine, c.who.Account, projections.Filter{}, "", MaxOpenClaims)
	if err != nil {
		return nil, err
	}
	mine := s.taken.by(c.who.Account, s.Now())
	for _, raw := range page.Rows {
		var row projections.Row
		if err := json.Unmarshal(raw, &row); err != nil {
			return nil, err
		}
		mine[row.ID] = true
	}
	return mine, nil
}

// claimedBefore finds what an earlier sending of the same request claimed: a
// lost answer must not cost a second application.
func (s *Server) claimedBefore(c *call, mine map[string]bool) (bool, error) {
	if c.given == "" {
		return false, nil
	}
	for id := range mine {
		cmd := c.command()
		cmd.ID = decider.DeriveID(c.key, id)
		r, err := s.Applications.Transact(c.Request().Context(), id, cmd, nil, func(application.State) ([]application.Event, error) { return nil, nil })
		if err != nil {
			return false, err
		}
		if len(r.Events) > 0 {
			c.replayed(true)
			c.wrote(int64(r.Revision), r.Position)
			return true, c.JSON(http.StatusOK, map[string]string{"id": id})
		}
	}
	return false, nil
}

// next is one search for the next application.
type next struct {
	*Server
	call  *call
	queue projections.Queue
	at    time.Time
	desk  application.Desk
	seen  map[string]bool
	tried int // by the decider
	// passed are rows that were on their way to somebody else.
	passed []string
}

// find claims the first of all that can be claimed; empty for none.
func (n *next) find() (string, error) {
	whole := true
	for _, f := range n.walks() {
		id, end, err := n.walk(f)
		if id != "" || err != nil {
			return id, err
		}
		whole = whole && end
	}
	for _, f := range n.narrow(whole) {
		if id, _, err := n.walk(f); id != "" || err != nil {
			return id, err
		}
	}
	return n.again()
}

// patience bounds how often, with a pause of a hundredth of a second, it is looked
// whether a row that was on its way to somebody has come there.
const patience = 20

// again goes back to the rows that were passed over: a row that did not come to
// whom it was meant for is free, and nobody is told "nothing" while one is.
func (n *next) again() (string, error) {
	for range patience {
		passed := n.passed
		n.passed = nil
		for _, id := range passed {
			ok, err := n.claim(id)
			if err != nil {
				return "", err
			}
			if ok {
				return id, nil
			}
		}
		if len(n.passed) == 0 {
			break
		}
		select {
		case <-n.call.Request().Context().Done():
			return "", context.Cause(n.call.Request().Context())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return "", nil
}

// list is one of several that are gone through one after the other.
type list struct {
	projections.Filter
	of func(priority int) bool
}

// walks are the lists that, one after the other, have the order of
// application.Urgency: what presses, by due time; then what was moved up, by
// priority; everything else, by due time; and what was moved down.
func (n *next) walks() []list {
	any := func(int) bool { return true }
	horizon := n.at.Add(application.Pressing)
	if n.queue == projections.QueueBreached || n.queue == projections.QueueMine { // all of it presses
		return []list{{projections.Filter{Assignee: "none", DueBefore: horizon}, any}}
	}
	return []list{
		{projections.Filter{Free: true, DueBefore: horizon}, any},
		{projections.Filter{Free: true, Moved: true}, func(p int) bool { return p > 0 }},
		{projections.Filter{Free: true}, func(p int) bool { return p == 0 }},
		{projections.Filter{Free: true, Moved: true}, func(p int) bool { return p < 0 }},
	}
}

// narrow are the lists to go on with for somebody whose skills are so rare that
// nothing was found within the bound: those of her skills, by due time.
func (n *next) narrow(whole bool) []list {
	if whole {
		return nil
	}
	any := func(int) bool { return true }
	var out []list
	for _, l := range n.desk.Languages {
		out = append(out, list{projections.Filter{Assignee: "none", Language: l}, any})
	}
	for _, p := range n.desk.Products {
		out = append(out, list{projections.Filter{Assignee: "none", Product: string(p)}, any})
	}
	return out
}

// offered is what is read of a row.
type offered struct {
	ID       string           `json:"id"`
	Language string           `json:"language"`
	Products []policy.Product `json:"products"`
	Proposer string           `json:"proposer"`
	Priority int              `json:"priority"`
	SetAside bool             `json:"set_aside"`
}

// walk tries the rows of a list and answers the id of the one that was claimed,
// or whether it came to the end of the list.
func (n *next) walk(l list) (id string, end bool, err error) {
	cursor := ""
	for range longWalk {
		page, err := n.Reader.Queue(n.call.Request().Context(), n.queue, n.call.who.Account, l.Filter, cursor, 50)
		if err != nil {
			return "", false, err
		}
		for _, raw := range page.Rows {
			var row offered
			if err := json.Unmarshal(raw, &row); err != nil {
				return "", false, err
			}
			if n.seen[row.ID] || row.SetAside || !l.of(row.Priority) || !n.desk.Fits(row.Language, row.Products) || row.Proposer == n.call.who.Account {
				continue
			}
			n.seen[row.ID] = true
			if n.taken.has(row.ID, n.Now()) {
				n.pass(row.ID)
				continue
			}
			if n.tried++; n.tried > candidates {
				return "", false, nil
			}
			ok, err := n.claim(row.ID)
			if err != nil {
				return "", false, err
			}
			if ok {
				return row.ID, false, nil
			}
		}
		if cursor = page.Next; cursor == "" {
			return "", true, nil
		}
	}
	return "", false, nil
}

// errElsewhere: the row has left the queue since it was listed.
var errElsewhere = errors.New("api: the application waits in another queue by now")

// claim tries to claim one application as it stands now. Whoever else writes to
// it at the same moment, a machine check for example, does not cost its turn.
//
// It is first asked of the state alone whether she may have it, and then reserved:
// so of many who ask this process at once one goes to the log, the others go on
// to the next row, and no row is passed over for somebody who could not have it.
func (n *next) claim(id string) (bool, error) {
	ctx := n.call.Request().Context()
	st, _, err := n.Applications.Load(ctx, id)
	if err != nil {
		return false, unlessRefused(err)
	}
	take := application.TakeNext{Desk: n.desk, Rules: n.call.rules(), By: n.call.actor(), At: n.call.now()}
	decide := func(st application.State) ([]application.Event, error) {
		if listed := n.queue != projections.QueueBreached && n.queue != projections.QueueMine; listed && projections.QueueOf(st.Stage) != n.queue {
			return nil, errElsewhere
		}
		return take.Decide(st)
	}
	if would, err := decide(st); err != nil || len(would) == 0 {
		return false, unlessRefused(err)
	}
	if !n.taken.reserve(id, n.call.who.Account, n.Now()) {
		n.pass(id)
		return false, nil
	}
	cmd := n.call.command()
	cmd.ID, cmd.Policy = decider.DeriveID(n.call.key, id), st.Policy
	r, err := n.Applications.Transact(ctx, id, cmd, nil, decide)
	if err != nil || len(r.Events) == 0 { // somebody else was faster, elsewhere
		n.taken.drop(id)
		return false, unlessRefused(err)
	}
	n.call.wrote(int64(r.Revision), r.Position)
	return true, nil
}

// pass notes a row that is on its way to somebody else.
func (n *next) pass(id string) {
	if len(n.passed) < candidates {
		n.passed = append(n.passed, id)
	}
}

// unlessRefused keeps faults: a row that a person may not have, or that nobody can
// have because its stream is set aside, is no fault.
func unlessRefused(err error) error {
	if refused := (*application.Refusal)(nil); errors.As(err, &refused) || errors.Is(err, errElsewhere) || errors.As(err, new(*eventstore.SetAsideError)) {
		return nil
	}
	return err
}

// recent remembers what this process gave to whom a moment ago, so that many who
// ask at once need not each ask the decider about what the list still shows.
type recent struct {
	mu  sync.Mutex
	ids map[string]gift
}

type gift struct {
	to    string
	until time.Time
}

// remembered is about how long lists lag behind.
const remembered = 2 * time.Second

func (r *recent) has(id string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return now.Before(r.ids[id].until)
}

func (r *recent) by(who string, now time.Time) map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]bool{}
	for id, g := range r.ids {
		if g.to == who && now.Before(g.until) {
			out[id] = true
		}
	}
	return out
}

// reserve notes that a row goes to somebody, unless it goes to somebody else.
func (r *recent) reserve(id, to string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Before(r.ids[id].until) {
		return false
	}
	if r.ids == nil {
		r.ids = map[string]gift{}
	}
	if len(r.ids) > 4*candidates {
		maps.DeleteFunc(r.ids, func(_ string, g gift) bool { return !now.Before(g.until) })
	}
	r.ids[id] = gift{to, now.Add(remembered)}
	return true
}

// drop forgets what was given back, or was not given in the end.
func (r *recent) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.ids, id)
}

// turns lets each person do one thing at a time, of several things that count
// against one bound.
type turns struct {
	mu    sync.Mutex
	queue map[string]*turn
}

type turn struct {
	mu      sync.Mutex
	waiting int
}

// take waits for a person's turn and answers the function that ends it.
func (t *turns) take(who string) func() {
	t.mu.Lock()
	if t.queue == nil {
		t.queue = map[string]*turn{}
	}
	mine := t.queue[who]
	if mine == nil {
		mine = &turn{}
		t.queue[who] = mine
	}
	mine.waiting++
	t.mu.Unlock()
	mine.mu.Lock()
	return func() {
		mine.mu.Unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.waiting--; mine.waiting == 0 {
			delete(t.queue, who)
		}
	}
}
