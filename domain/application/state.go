package application

import (
	"slices"
	"time"

	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
	"alta/domain/reason"
)

// State is what decisions need to know of one application: the fold of its
// events. Its zero value is an application that was never opened. A State is
// never changed: Evolve answers a new one, so a folded state can be kept and
// shared.
//
// State is not for screens. What people see are documents that projections fold
// from the same events.
type State struct {
	// Events counts the events folded; see Revision.
	Events int64
	// Told counts those of them that the merchant is told of; see Told.
	Told int64
	// Last is the time of the newest event: business time never runs backwards
	// within a stream.
	Last time.Time

	Merchant, MerchantNumber string
	Agent                    string // organisation that added the merchant
	Registrar                Actor  // who opened it
	Kind                     policy.Kind
	Products                 []policy.Product
	Banks                    []string
	Site                     policy.SiteType
	Language                 string
	Policy                   string // version it is judged by
	Registry                 string // version of the reasons' texts at submission

	Stage Stage
	From  Stage // the stage that a return came from
	Round int   // 0 before the first submission

	Bytes    int64   // of all files that were uploaded
	Items    []*Item // in the order in which they first came; what they point to never changes
	Consents []Consent
	Reasons  []Reason
	Unlocked []item.Key // what the merchant may change during a correction
	Allowed  []item.Key // items that may get a late reason in this round
	Findings []Finding  // of the newest machine check
	Checked  int        // the round of the newest machine check
	Decided  []Decision // the rounds in which each stage was decided

	Claim    Lease
	Skips    []Skip   // since it came to its stage
	Proposal Proposal // to qualify: the first of two
	Decline  Proposal // to decline: the first of two
	// Changed is the revision at which the evidence changed last. A proposal
	// that was judged before it is void.
	Changed int64

	Qualified, ICPVerified, SiteApproved bool
	// Approvers are who found the merchant qualified, both where it took two.
	Approvers []string
	// Overridden are items accepted although a machine objected; Account says
	// that the settlement account changed. Both take a second person.
	Overridden []item.Key
	Account    bool

	Evidence    ICPEvidence // of the newest look-up
	Lookups     []string    // ids of all look-ups
	Declaration Declaration
	Offer       Offer

	Deadline *Deadline
	Marks    []string // marks of the deadline that were passed
	Breached bool
	Paused   time.Duration // business time the platform had left at the return
	Silent   time.Time     // since when nothing was heard of the merchant

	Notes    []string // ids
	Priority int

	Restricted bool
	Retain     time.Time // when the retention term ends
	Back       time.Time // until when the restriction can be taken back
	Hold       bool
	Shredded   bool
}

// Item is where one item stands.
type Item struct {
	Key      item.Key
	Value    string        // of a field that is not personal
	Personal personal.Text // of a field that is
	Document Document      // of a slot; its ID is empty where there is none
	Version  int           // how often it was changed
	Uploads  int           // how many files were put into the slot
	Round    int           // the round in which it was changed last; a correction counts for the next
	Accepted int           // the round in which it was accepted; 0 where it is not
	Redacted bool          // a reviewer covered a part; a new upload is asked for
	// Statement is what the merchant says she did about an item that has no
	// value, in the round that Round names.
	Statement string
	// Former is what the last decision saw, where it was changed since.
	Former *Former
}

// Former is an item as the last decision saw it.
type Former struct {
	Value    string
	Personal personal.Text
	Document Document
}

// Empty reports whether nothing is there.
func (i Item) Empty() bool {
	return i.Value == "" && i.Personal.IsZero() && i.Document.ID == ""
}

// differs reports whether the item is really another one than the last decision
// saw; the same file uploaded again is not.
func (i Item) differs() bool {
	return i.Former != nil && (i.Value != i.Former.Value || i.Personal != i.Former.Personal ||
		i.Document.SHA256 != i.Former.Document.SHA256)
}

// Consent is one agreement to a text.
type Consent struct {
	Name, Version, SHA256, Language string
	At                              time.Time
}

// ReasonStatus is where a reason stands.
type ReasonStatus string

// The way of a reason.
const (
	StatusOpen      ReasonStatus = "open"      // raised, the merchant does not know yet
	StatusReturned  ReasonStatus = "returned"  // the merchant has to answer it
	StatusAddressed ReasonStatus = "addressed" // answered, to be looked at
	StatusSettled   ReasonStatus = "settled"   // the item was accepted
	StatusWithdrawn ReasonStatus = "withdrawn"
)

// Reason is one thing that the merchant has to put right.
type Reason struct {
	ID     string
	Code   reason.Code
	Sub    reason.Sub
	Target item.Key
	Round  int
	Stage  Stage // at which it was raised
	Status ReasonStatus
}

// Decision is that a stage was decided in a round.
type Decision struct {
	Stage Stage
	Round int
}

// Lease is who holds the application, and until when. The zero Lease is nobody.
type Lease struct {
	By    Actor
	Since time.Time
	Until time.Time
	Renew time.Duration // what an act renews it by
}

// Live reports whether somebody holds it at that time.
func (c Lease) Live(at time.Time) bool { return c.By.ID != "" && at.Before(c.Until) }

// Proposal is the first of two approvals, to what stood there at revision
// Judged. The zero Proposal is none.
type Proposal struct {
	By     Actor
	Judged int64
}

// Pending reports whether there is a proposal.
func (p Proposal) Pending() bool { return p.By.ID != "" }

// Declaration is the declared site. Its Revision is that of the declaration.
type Declaration struct {
	URL      string
	User     personal.Text
	Password personal.Text
	Guide    string
}

// Offer is the contract as it was offered, and what became of it.
type Offer struct {
	Version, Language, SHA256 string
	By                        Actor
	Expires                   time.Time
	Signed, Countersigned     bool
	Terms                     personal.Text // see terms.go
}

// Revision is that of the newest event, as the log counts: -1 before any.
func (s State) Revision() int64 { return s.Events - 1 }

// Version counts what the merchant was told, from 0: the revision of the
// application as the merchant knows it. An event that is not told leaves it.
func (s State) Version() int64 { return s.Told - 1 }

// Opened reports whether the application exists.
func (s State) Opened() bool { return s.Events > 0 }

// Item finds an item; the zero Item, with its key, is one that is not there.
func (s State) Item(k item.Key) Item {
	for _, i := range s.Items {
		if i.Key == k {
			return *i
		}
	}
	return Item{Key: k}
}

// Text is a field's value in clear, whether it is personal or not. It is meant
// for rules; see personal.Text.
func (s State) Text(k item.Key) string {
	i := s.Item(k)
	if k.IsPersonal() {
		return i.Personal.Clear()
	}
	return i.Value
}

// Holder is who has the ball. A site review that waits for the declaration of
// the site waits for the merchant.
func (s State) Holder() Holder {
	if s.Stage == Website && s.Declaration.URL == "" {
		return Merchant
	}
	return s.Stage.Holder()
}

// Reason finds a reason by its id.
func (s State) Reason(id string) (Reason, bool) {
	for _, r := range s.Reasons {
		if r.ID == id {
			return r, true
		}
	}
	return Reason{}, false
}

// with lists the ids of the reasons of that status, in the order of raising.
func (s State) with(status ReasonStatus) []Reason {
	var out []Reason
	for _, r := range s.Reasons {
		if r.Status == status {
			out = append(out, r)
		}
	}
	return out
}

// decidedBefore is the newest round before this one in which a stage was
// decided, 0 where there is none.
func (s State) decidedBefore(stage Stage) int {
	newest := 0
	for _, d := range s.Decided {
		if d.Stage == stage && d.Round < s.Round {
			newest = max(newest, d.Round)
		}
	}
	return newest
}

// working is the round that a change made now counts for.
func (s State) working() int {
	if s.Stage == Draft || s.Stage == Correction {
		return s.Round + 1
	}
	return max(s.Round, 1)
}

// put answers the items with one changed; the former ones stay as they are.
func (s State) put(k item.Key, change func(*Item)) []*Item {
	i := s.Item(k)
	change(&i)
	at := slices.IndexFunc(s.Items, func(i *Item) bool { return i.Key == k })
	if at < 0 {
		return append(slices.Clip(s.Items), &i)
	}
	items := slices.Clone(s.Items)
	items[at] = &i
	return items
}

// each is put for every item.
func (s State) each(change func(*Item)) []*Item {
	items := make([]*Item, len(s.Items))
	for n, i := range s.Items {
		c := *i
		change(&c)
		items[n] = &c
	}
	return items
}

// edit is put for a change of what the item holds: it is no longer accepted,
// and what the last decision saw is kept.
func (s State) edit(k item.Key, change func(*Item)) State {
	round := s.working()
	s.Items = s.put(k, func(i *Item) {
		if i.Former == nil && s.Round > 0 {
			i.Former = &Former{i.Value, i.Personal, i.Document}
		}
		i.Version, i.Round, i.Accepted, i.Redacted = i.Version+1, round, 0, false
		change(i)
	})
	s.Changed = s.Revision()
	return s
}
