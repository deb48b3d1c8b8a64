package api

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"alta/api/auth"
	"alta/domain/account"
	"alta/domain/lang"
	"alta/eventstore"
)

// Person is somebody whom screens call by name: staff, and agents'
// organisations. Merchants are not among them.
type Person struct {
	ID           string       `json:"id"`
	Role         account.Role `json:"role"`
	Name         string       `json:"name"`
	Organisation string       `json:"organisation,omitempty"`
	// Away: nothing is assigned to her now.
	Away bool `json:"away,omitempty"`

	languages  []lang.Lang
	products   []string
	leave      bool
	leaveUntil time.Time // zero: until she says so
	gone       bool      // suspended or closed
	shared     []account.View
}

// People keeps the names in memory. They are personal, so they are never in
// Redis; a process reads them from the log when it starts and follows it.
type People struct {
	Auth   *auth.Service
	Logger *slog.Logger

	mu     sync.RWMutex
	byID   map[string]Person
	failed map[string]bool // whose accounts could not be read when it was time
}

// again is how often what failed is tried again.
const again = 10 * time.Second

// Follow keeps the directory up to date until the context ends.
func (p *People) Follow(ctx context.Context, log PeopleLog) {
	var retrying sync.WaitGroup
	defer retrying.Wait()
	retrying.Go(func() { p.retry(ctx) })
	var d *directory
	for ctx.Err() == nil {
		err := error(nil)
		if d == nil {
			d, err = p.resume(ctx, log)
		}
		if err == nil {
			err = p.follow(ctx, log, d)
		}
		if err != nil && ctx.Err() == nil {
			p.Logger.WarnContext(ctx, "names cannot be followed now", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// directory is how far a process has followed the log.
type directory struct {
	roster
	from eventstore.Position // where to read on
}

// resume begins with whom the newest roster names.
func (p *People) resume(ctx context.Context, log PeopleLog) (*directory, error) {
	k, from, err := loadRoster(ctx, log, p.Logger)
	if err != nil {
		return nil, err
	}
	for id := range k.people {
		p.refresh(ctx, id)
	}
	return &directory{roster: k, from: from}, nil
}

// follow reads on, and writes a roster now and then.
func (p *People) follow(ctx context.Context, log PeopleLog, d *directory) error {
	live := false
	for m, err := range log.Subscribe(ctx, d.from, eventstore.Filter{Name: "names", Streams: []string{account.Category + "-"}}) {
		if err != nil {
			return err
		}
		if r := m.Record; r != nil {
			p.take(ctx, r, d.people)
			d.from, d.last = r.Position, eventstore.MarkOf(r)
		}
		if live = live || m.CaughtUp; !live {
			continue
		}
		if err := d.keep(ctx, log, time.Now()); err != nil && ctx.Err() == nil {
			p.Logger.WarnContext(ctx, "the roster could not be kept", "error", err)
		}
	}
	return ctx.Err()
}

// take follows one event. Of an account that is opened the role says whether it is
// one for the directory: merchants, who may be a million, are not loaded.
func (p *People) take(ctx context.Context, r *eventstore.Record, known map[string]bool) {
	id, ours := strings.CutPrefix(r.Stream, account.Category+"-")
	if !ours || !names[r.Type] {
		return
	}
	if r.Type == account.StoredName(account.Opened{}) {
		e, err := account.Decode(r.Type, r.Data, nil)
		if o, ok := e.(account.Opened); err == nil && ok && !o.Role.Staff() && o.Role != account.Agent {
			return
		}
		known[id] = true
	}
	if known[id] {
		p.refresh(ctx, id)
	}
}

// retry reads the accounts again that could not be read.
func (p *People) retry(ctx context.Context) {
	beat := time.NewTicker(again)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		p.mu.RLock()
		some := slices.Collect(maps.Keys(p.failed))
		p.mu.RUnlock()
		for _, id := range some {
			p.refresh(ctx, id)
		}
	}
}

// names are the events that can change how somebody is shown, or what she shares.
var names = map[string]bool{
	"account.opened.v1": true, "account.role_changed.v1": true, "account.closed.v1": true,
	"account.suspended.v1": true, "account.restored.v1": true,
	"account.went_away.v1": true, "account.came_back.v1": true, "account.skills_stated.v1": true,
	"account.view_saved.v1": true, "account.view_removed.v1": true,
}

func (p *People) refresh(ctx context.Context, id string) {
	st, _, err := p.Auth.Account(ctx, id)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		if !p.failed[id] && ctx.Err() == nil {
			p.Logger.WarnContext(ctx, "a name cannot be read; it is tried again", "account", id, "error", err)
		}
		if p.failed == nil {
			p.failed = map[string]bool{}
		}
		p.failed[id] = true
		return
	}
	delete(p.failed, id)
	if p.byID == nil {
		p.byID = map[string]Person{}
	}
	if !st.Role.Staff() && st.Role != account.Agent {
		return
	}
	name := st.Name.Clear()
	if st.Role == account.Agent {
		name = cmp.Or(st.OrganisationName, name)
	}
	p.byID[id] = Person{
		ID: id, Role: st.Role, Name: cmp.Or(name, id[:8]), Organisation: st.Organisation,
		languages: st.Languages, products: st.Products, leave: st.Away, leaveUntil: st.AwayUntil,
		shared: slices.DeleteFunc(slices.Clone(st.Views), func(v account.View) bool { return !v.Shared }),
		gone:   st.Status == account.StatusClosed || st.Status == account.StatusSuspended,
	}
}

// list answers some of the people, by name.
func (p *People) list(keep func(Person) bool) []Person {
	out := []Person{}
	p.mu.RLock()
	for _, x := range p.byID {
		if keep(x) {
			out = append(out, x)
		}
	}
	p.mu.RUnlock()
	slices.SortFunc(out, func(a, b Person) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}

// people lists the names. Merchants and agents are told no staff names: for them
// a reviewer is "the reviewer".
func (s *Server) people(c *call) error {
	out := s.People.list(func(p Person) bool {
		return c.who.Role.Staff() || p.ID == c.who.Account || p.Role == account.Agent && p.Organisation == c.who.Organisation
	})
	now := s.Now()
	for i := range out {
		if out[i].Role != account.Agent {
			out[i].Organisation = ""
		}
		if c.who.Role.Staff() {
			out[i].Away, _ = out[i].away(now)
		}
	}
	return c.JSON(http.StatusOK, map[string]any{"people": out})
}
