package application

import (
	"cmp"
	"slices"
	"time"

	"alta/domain/policy"
)

// TakeNext is Claim where the platform picks: a person asks for the next
// application of a queue, and is offered one after the other, most urgent first
// (Urgency), until one is hers. What she may claim by name she is not offered if
// it needs other skills than hers, or if she skipped it.
type TakeNext struct {
	Desk  Desk
	Rules Rules
	By    Actor
	At    time.Time
}

// Desk is what the platform knows of a person who asks for the next application.
type Desk struct {
	// Languages and Products are her skills. Each empty list stands for all: who
	// stated nothing takes everything. An application fits if its language is
	// among hers and so are all its products.
	Languages []string
	Products  []policy.Product
	Away      bool // on leave
	Open      int  // applications that she holds
	Most      int  // how many she may hold and still ask for another; 0 stands for DefaultOpenClaims
}

// DefaultOpenClaims is the fair share where the operator sets none: whoever
// holds so many applications finishes or gives back one before the next.
const DefaultOpenClaims = 10

// SkipLasts is how long at most a skipped application is not offered again to
// the person who skipped it. It ends sooner when the application changes: when
// it comes to another stage, when what is to be judged changes, or when a lead
// gives it another priority or another person.
const SkipLasts = 24 * time.Hour

// maxSkips bounds the memory of one application's skips; the oldest is forgotten.
const maxSkips = 50

// Skip is somebody's wish not to be offered an application for a while.
type Skip struct {
	By      string
	At      time.Time
	Changed int64 // the evidence that was skipped; see State.Changed
}

// Ready says why nothing at all is handed to this person; nil where something is.
func (d Desk) Ready() error {
	switch most := cmp.Or(d.Most, DefaultOpenClaims); {
	case d.Away:
		return ErrAway
	case d.Open >= most:
		return ErrOpenClaims.with("open", itoa(d.Open)).with("most", itoa(most))
	}
	return nil
}

// Fits reports whether an application in that language and with those products
// is for somebody with these skills.
func (d Desk) Fits(language string, products []policy.Product) bool {
	if len(d.Languages) > 0 && !slices.Contains(d.Languages, language) {
		return false
	}
	other := func(p policy.Product) bool { return !slices.Contains(d.Products, p) }
	return len(d.Products) == 0 || !slices.ContainsFunc(products, other)
}

// Decide answers Claimed. What she holds already is not the next one.
func (c TakeNext) Decide(s State) ([]Event, error) {
	if err := first(c.Desk.Ready(), s.assignable(c.By)); err != nil {
		return nil, err
	}
	switch {
	case !c.Desk.Fits(s.Language, s.Products):
		return nil, ErrSkills
	case s.skipped(c.By, s.moment(c.At)):
		return nil, ErrSkipped
	}
	if s.Stage == Countersignature && !s.Decline.Pending() { // nobody is handed what she may not sign
		p, err := s.policy(c.Rules, c.At)
		if err != nil {
			return nil, err
		}
		if err := s.countersigner(p, p.Requirements(s.Facts()), c.By); err != nil {
			return nil, err
		}
	}
	return Claim{Rules: c.Rules, By: c.By, At: c.At}.Decide(s)
}

func (s State) skipped(by Actor, at time.Time) bool {
	return slices.ContainsFunc(s.Skips, func(k Skip) bool {
		return k.By == by.ID && k.Changed == s.Changed && at.Before(k.At.Add(SkipLasts))
	})
}

// skip notes who skipped the application, once for each person.
func (s State) skip(who string, at time.Time) State {
	over := func(k Skip) bool { return k.By == who || k.Changed != s.Changed || !at.Before(k.At.Add(SkipLasts)) }
	s.Skips = append(slices.DeleteFunc(slices.Clone(s.Skips), over), Skip{who, at, s.Changed})
	s.Skips = s.Skips[max(0, len(s.Skips)-maxSkips):]
	return s
}

// Pressing is how long before its due time an application goes ahead of every
// other, whatever their priorities.
const Pressing = 4 * time.Hour

// Urgency is what decides which of two applications is offered first.
type Urgency struct {
	Due      time.Time
	Priority int
}

// Before is the order in which applications are offered, at a moment: what is
// overdue or due within Pressing goes first, by its due time alone, so that no
// priority lets a deadline pass; then the higher priority, and of equal ones what
// is due earlier.
func (u Urgency) Before(other Urgency, at time.Time) bool {
	horizon := at.Add(Pressing)
	mine, theirs := u.Due.Before(horizon), other.Due.Before(horizon)
	switch {
	case mine != theirs:
		return mine
	case mine:
		return u.Due.Before(other.Due)
	}
	return cmp.Or(cmp.Compare(other.Priority, u.Priority), u.Due.Compare(other.Due)) < 0
}
