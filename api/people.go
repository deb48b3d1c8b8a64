package api

import (
	"cmp"
	"context"
	"log/slog"
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

	mu   sync.RWMutex
	byID map[string]Person
}

// Follow keeps the directory up to date until the context ends.
func (p *People) Follow(ctx context.Context, log auth.Feed) {
	from, filter := eventstore.Start, eventstore.Filter{Streams: []string{account.Category + "-"}}
	for ctx.Err() == nil {
		for m, err := range log.Subscribe(ctx, from, filter) {
			if err != nil {
				if ctx.Err() == nil {
					p.Logger.WarnContext(ctx, "names cannot be followed now", "error", err)
				}
				break
			}
			if r := m.Record; r != nil {
				from = r.Position
				if id, ok := strings.CutPrefix(r.Stream, account.Category+"-"); ok && names[r.Type] {
					p.refresh(ctx, id)
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
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
	if err != nil {
		p.Logger.WarnContext(ctx, "a name cannot be read", "account", id, "error", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
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
