package account

import (
	"maps"
	"slices"
	"time"
)

// View is a queue with filters and a sort under a name, kept by a staff member
// for herself or for everybody.
type View struct {
	ID      string
	Name    string
	Queue   string
	Filters map[string]string // as in the list's address, the sort among them
	Shared  bool
	At      time.Time // of the newest change
}

// Bounds of the views of one person.
const (
	MaxViews       = 50
	MaxSharedViews = 20
	maxFilters     = 16
	maxFilterValue = 64 // characters
	maxViewName    = 60 // characters
	maxViewID      = 64 // bytes
)

// SaveView keeps a view in an account, or changes it. Its owner may; of a shared
// one so may every lead.
type SaveView struct {
	View    string // chosen by the caller
	Name    string
	Queue   string
	Filters map[string]string
	Shared  bool
	By      string
	Lead    bool // By is a lead
	At      time.Time
}

// Decide answers ViewSaved.
func (c SaveView) Decide(s State) ([]Event, error) {
	old, known := s.View(c.View)
	if err := s.keeper(c.By, c.Lead, old); err != nil {
		return nil, err
	}
	name, ok := line(c.Name, maxViewName)
	shared := 0
	for _, v := range s.Views {
		if v.Shared && v.ID != c.View {
			shared++
		}
	}
	switch {
	case !ok || name == "":
		return nil, ErrText.in("name")
	case c.View == "" || len(c.View) > maxViewID || !productWord.MatchString(c.Queue) || !filters(c.Filters):
		return nil, ErrView
	case known && old.Name == name && old.Queue == c.Queue && old.Shared == c.Shared && maps.Equal(old.Filters, c.Filters):
		return nil, nil
	case !known && len(s.Views) >= MaxViews, c.Shared && !old.Shared && shared >= MaxSharedViews:
		return nil, ErrTooManyViews
	}
	return []Event{ViewSaved{View: c.View, Name: name, Queue: c.Queue, Filters: c.Filters, Shared: c.Shared, By: c.By, At: c.At}}, nil
}

// RemoveView drops a view; see SaveView for who may.
type RemoveView struct {
	View string
	By   string
	Lead bool
	At   time.Time
}

// Decide answers ViewRemoved, and nothing for a view that is not there.
func (c RemoveView) Decide(s State) ([]Event, error) {
	old, known := s.View(c.View)
	if err := s.keeper(c.By, c.Lead, old); err != nil {
		return nil, err
	}
	if !known {
		return nil, nil
	}
	return []Event{ViewRemoved{View: c.View, By: c.By, At: c.At}}, nil
}

// View finds a view of the account.
func (s State) View(id string) (View, bool) {
	i := slices.IndexFunc(s.Views, func(v View) bool { return v.ID == id })
	if i < 0 {
		return View{}, false
	}
	return s.Views[i], true
}

// keeper: the view is the person's own, or a shared one and she is a lead.
func (s State) keeper(by string, isLead bool, v View) error {
	if err := s.open(); err != nil {
		return err
	}
	switch {
	case !s.Role.Staff():
		return ErrNotStaff
	case by != s.ID && !(isLead && v.Shared):
		return ErrViewOwner
	}
	return nil
}

func filters(f map[string]string) bool {
	for k, v := range f {
		if text, ok := line(v, maxFilterValue); !ok || text != v || v == "" || !productWord.MatchString(k) {
			return false
		}
	}
	return len(f) <= maxFilters
}
