package policy

import (
	"time"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/reason"
)

// Policy is one version of the rules. It is data: whoever holds it must not
// change it.
type Policy struct {
	Version   string    `json:"version"`   // "2026-01"; versions sort by name
	Effective string    `json:"effective"` // the first day, YYYY-MM-DD, in the platform's place
	Summary   lang.Text `json:"summary"`   // what changed against the version before

	Products []ProductRule  `json:"products"`
	Stages   []StageRule    `json:"stages"`
	Items    []ItemRule     `json:"items"`
	Waivers  []WaiverRule   `json:"waivers"`
	FourEyes []FourEyesRule `json:"four_eyes"`
	Acts     []ActRule      `json:"four_eyes_acts"`
	// ApproverCountersigns lets who approved the qualification countersign the
	// contract. Without it no one person takes a merchant from submission to active.
	ApproverCountersigns bool `json:"approver_countersigns,omitempty"`

	Terms     Terms       `json:"terms"`
	Texts     []TextRef   `json:"texts"`
	ICP       []ICPStatus `json:"icp_statuses"`
	Checklist []Check     `json:"website_checklist"`
	Banks     []Bank      `json:"banks"`

	plan *plan // the rules arranged for Requirements
}

// ProductRule says where a product can be used.
type ProductRule struct {
	Product Product    `json:"product"`
	Name    lang.Text  `json:"name"`
	Sites   []SiteType `json:"sites"`
}

// StageRule asks for a stage under a condition. A stage without a matching rule
// is skipped; Else says why, for those who wonder.
type StageRule struct {
	Stage Stage     `json:"stage"`
	When  When      `json:"when"`
	Why   lang.Text `json:"why"`
	Else  lang.Text `json:"else,omitzero"`
}

// ItemRule asks for an item, or offers it, under a condition. The first rule of
// an item that matches is the one that counts; an item without a matching rule
// is not asked for at all.
type ItemRule struct {
	Item     item.Key    `json:"item"`
	Required bool        `json:"required"`
	Stage    Stage       `json:"stage"` // the review before which it must be there
	When     When        `json:"when"`
	Why      lang.Text   `json:"why"`
	Accepts  []lang.Text `json:"accepts,omitempty"` // what else may stand in its place
}

// WaiverRule takes back a required item under a condition.
type WaiverRule struct {
	Item    item.Key    `json:"item"`
	When    When        `json:"when"`
	Because lang.Text   `json:"because"`
	Derive  *Derivation `json:"derive,omitempty"` // where the waived value can be read off another
}

// Derivation reads a waived value off the licence number: its characters from
// Start up to, not including, End, counted from 0.
type Derivation struct {
	From  item.Key `json:"from"`
	Start int      `json:"start"`
	End   int      `json:"end"`
}

// FourEyesRule asks for a second, different person to approve the qualification.
type FourEyesRule struct {
	When When      `json:"when"`
	Why  lang.Text `json:"why"`
}

// Act is something that always takes two people, whoever the merchant is.
type Act string

// The acts that a policy may list.
const (
	ActDecline       Act = "decline"           // declining for good
	ActOverrideCheck Act = "override_check"    // overriding a failed check
	ActChangeAccount Act = "settlement_change" // changing a settlement account
)

// ActRule asks for two people for an act.
type ActRule struct {
	Act Act       `json:"act"`
	Why lang.Text `json:"why"`
}

// Terms are the times and limits of a policy. Business days are those of
// domain/calendar; every other day is a calendar day.
type Terms struct {
	Qualification    Term `json:"qualification"`
	SecondApproval   Term `json:"second_approval"`
	ICP              Term `json:"icp"`
	Website          Term `json:"website"`
	Countersignature Term `json:"countersignature"`

	WarnPercent          int   `json:"warn_percent"`             // of a term, when a warning is due
	CorrectionDays       int   `json:"correction_days"`          // calendar days for the merchant
	CorrectionReminders  []int `json:"correction_reminder_days"` // calendar days before the end
	ExpiryDays           int   `json:"expiry_days"`              // calendar days of the merchant's silence
	OfferDays            int   `json:"contract_offer_days"`      // calendar days to sign
	LeaseMinutes         int   `json:"claim_lease_minutes"`      // renewed by activity
	ICPEvidenceDays      int   `json:"icp_evidence_max_age_days"`
	MinimumAge           int   `json:"minimum_age_years"`
	ValidityWarningDays  int   `json:"validity_warning_days"` // a document that ends sooner is flagged
	RetentionYears       int   `json:"retention_years"`       // after the relationship ends
	ProbeAttempts        int   `json:"site_probe_attempts"`   // before a site counts as unreachable
	ProbeIntervalMinutes int   `json:"site_probe_interval_minutes"`

	// How the merchant's periods in calendar days end, and when notices go out. A
	// version that does not say has the defaults of the law: see Terms.Ends and
	// Terms.RollsOver.
	PeriodEnd    PeriodEnd    `json:"period_end,omitempty"`
	PeriodDayOff PeriodDayOff `json:"period_day_off,omitempty"`
	NoticesFrom  string       `json:"notices_from,omitempty"` // 09:00, in the platform's place
	NoticesTo    string       `json:"notices_to,omitempty"`   // 20:00
}

// PeriodEnd is when on its last day a period in calendar days ends.
type PeriodEnd string

// The ends. The Civil Code's is 24:00 (art. 203); the parties may agree on
// another (art. 204).
const (
	EndOfDay    PeriodEnd = "24:00"
	SameInstant PeriodEnd = "same_time" // of day as the period began
)

// PeriodDayOff is what becomes of a period whose last day is a day off.
type PeriodDayOff string

// What a policy may say. The Civil Code's is the next business day (art. 203).
const (
	NextBusinessDay PeriodDayOff = "next_business_day"
	StaysOnDayOff   PeriodDayOff = "stays"
)

// The hours of notices where the policy does not say.
const (
	noticesFrom = "09:00"
	noticesTo   = "20:00"
)

// Ends is when on its last day a period ends.
func (t Terms) Ends() PeriodEnd {
	if t.PeriodEnd == "" {
		return EndOfDay
	}
	return t.PeriodEnd
}

// RollsOver reports whether a period whose last day is a day off ends with the
// next business day.
func (t Terms) RollsOver() bool { return t.PeriodDayOff != StaysOnDayOff }

// NoticeHours are the hours in which the merchant is reminded, since midnight.
func (t Terms) NoticeHours() (from, to time.Duration) {
	return clock(t.NoticesFrom, noticesFrom), clock(t.NoticesTo, noticesTo)
}

// clock reads a time of day that was checked with the policy.
func clock(s, other string) time.Duration {
	t, err := time.Parse("15:04", s)
	if err != nil {
		t, _ = time.Parse("15:04", other)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

// Lease is how long a claim lasts without activity.
func (t Terms) Lease() time.Duration { return time.Duration(t.LeaseMinutes) * time.Minute }

// Of is the term of a stage's review; the contract stage's is the
// countersignature.
func (t Terms) Of(s Stage) Term {
	switch s {
	case StageQualification:
		return t.Qualification
	case StageSecondApproval:
		return t.SecondApproval
	case StageICP:
		return t.ICP
	case StageWebsite:
		return t.Website
	case StageContract:
		return t.Countersignature
	}
	return Term{}
}

// Term is a time for the platform, in business days.
type Term struct {
	BusinessDays int `json:"business_days"`
	Target       int `json:"target_business_days,omitempty"` // what the platform aims at; 0: the term itself
}

// ICPStatus is one answer of the ICP register.
type ICPStatus struct {
	Status string    `json:"status"`
	Name   lang.Text `json:"name"`
	// Satisfies lists the site types for which the answer is good enough; for the
	// others Reason (of R09) is what to tell the merchant. A status with neither
	// is a wait.
	Satisfies []SiteType `json:"satisfies,omitempty"`
	Reason    reason.Sub `json:"reason,omitempty"`
}

// OKFor reports whether the status is good enough for the site type.
func (s ICPStatus) OKFor(t SiteType) bool { return contains(s.Satisfies, t) }

// Check is one of the requirements of the website review, with the items whose
// faults it covers and the steps of the walk-through.
type Check struct {
	ID    string      `json:"id"`
	Title lang.Text   `json:"title"`
	Steps []lang.Text `json:"steps"`
	Items []item.Key  `json:"items"`
}

// Bank is a bank of the online banking gateway. Code is the first three digits
// of its CNAPS branch codes.
type Bank struct {
	Code string    `json:"code"`
	Name lang.Text `json:"name"`
}

// Bank finds a bank by its code.
func (p Policy) Bank(code string) (Bank, bool) {
	return find(p.Banks, func(b Bank) bool { return b.Code == code })
}

// ICPStatus finds a status of the register by its name.
func (p Policy) ICPStatus(status string) (ICPStatus, bool) {
	return find(p.ICP, func(s ICPStatus) bool { return s.Status == status })
}

// TwoPeopleFor reports whether the act always takes two people, and why.
func (p Policy) TwoPeopleFor(a Act) (lang.Text, bool) {
	r, ok := find(p.Acts, func(r ActRule) bool { return r.Act == a })
	return r.Why, ok
}

// Text is the version of a named text that the policy asks for.
func (p Policy) Text(name TextName) (TextRef, bool) {
	return find(p.Texts, func(t TextRef) bool { return t.Name == name })
}

func find[T any](list []T, is func(T) bool) (T, bool) {
	for _, t := range list {
		if is(t) {
			return t, true
		}
	}
	var none T
	return none, false
}
