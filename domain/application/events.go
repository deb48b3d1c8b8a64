package application

import (
	"time"

	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
	"alta/domain/reason"
)

// Event is one fact in an application's stream. Every event says who did it and
// when (business time, UTC, milliseconds); what the log adds (id, revision,
// position, command, correlation) is in its envelope.
//
//sumtype:decl
type Event interface {
	isEvent()
	// Head is who and when.
	Head() Header
}

// Header is the part that every event shares: who acted, and when.
type Header struct {
	By Actor     `json:"by"`
	At time.Time `json:"at"`
}

// Head answers h itself, so that embedding it satisfies Event.
func (h Header) Head() Header { return h }

// Opened begins the stream: a merchant registered, or an agent added one.
type Opened struct {
	Header
	Merchant       string           `json:"merchant"`        // account id of the merchant
	MerchantNumber string           `json:"merchant_number"` // what people quote on the phone
	Agent          string           `json:"agent,omitempty"` // organisation that added the merchant
	Kind           policy.Kind      `json:"kind"`
	Products       []policy.Product `json:"products"`
	Banks          []string         `json:"banks,omitempty"` // for online banking
	Site           policy.SiteType  `json:"site"`
	Language       string           `json:"language"` // BCP 47: zh-CN, es, en
	Policy         string           `json:"policy"`   // version in force at opening
}

// KindSwitched: individual became enterprise or the reverse, before the first
// submission. Dropped lists the uploads and fields that no longer fit.
type KindSwitched struct {
	Header
	Kind    policy.Kind `json:"kind"`
	Dropped []item.Key  `json:"dropped,omitempty"`
}

// ProductsChosen: which products, for which kind of site.
type ProductsChosen struct {
	Header
	Products []policy.Product `json:"products"`
	Banks    []string         `json:"banks,omitempty"`
	Site     policy.SiteType  `json:"site"`
}

// DetailsFilled: fields of the form were typed in, all in their canonical form.
// A field that is not named keeps its value; an empty one is cleared.
type DetailsFilled struct {
	Header
	Fields   map[item.Key]string        `json:"fields,omitempty"`
	Personal map[item.Key]personal.Text `json:"personal,omitempty"`
}

// DocumentUploaded: a complete, readable file lies in a slot. During a
// correction it answers the reasons on that slot.
type DocumentUploaded struct {
	Header
	Slot     item.Key `json:"slot"`
	Document Document `json:"document"`
}

// DocumentRemoved: the slot is empty again.
type DocumentRemoved struct {
	Header
	Slot     item.Key `json:"slot"`
	Document string   `json:"document"`
}

// DocumentMoved: the file went to the slot where it belongs; what lay there
// comes back the other way.
type DocumentMoved struct {
	Header
	From item.Key `json:"from"`
	To   item.Key `json:"to"`
}

// DocumentRedacted: a reviewer covered a part of the image (a CVN); the former
// file's key is destroyed and the slot asks for a new upload.
type DocumentRedacted struct {
	Header
	Slot     item.Key `json:"slot"`
	Former   string   `json:"former"`
	Document Document `json:"document"`
	Why      string   `json:"why"`
}

// ConsentWithdrawn: the merchant took its consent to a text back. It has to be
// given again before anything can be handed in.
type ConsentWithdrawn struct {
	Header
	Consent string        `json:"consent"`
	Version string        `json:"version"` // that was agreed to last
	Address personal.Text `json:"address"` // network address
}

// ConsentGiven: the merchant agreed to a text. Financial-account data has a
// consent of its own (PIPL art. 29).
type ConsentGiven struct {
	Header
	Consent  string        `json:"consent"` // "privacy", "financial_account"
	Version  string        `json:"version"`
	SHA256   string        `json:"sha256"`
	Language string        `json:"language"`
	Address  personal.Text `json:"address"` // network address
}

// Submitted hands the application in for the first time and starts round 1.
type Submitted struct {
	Header
	Round    int       `json:"round"`
	Policy   string    `json:"policy"`   // version it will be judged by
	Registry string    `json:"registry"` // version of the reasons' texts
	Next     Stage     `json:"next"`
	Deadline *Deadline `json:"deadline,omitempty"`
}

// PrecheckFound: what a machine noticed. Findings never decide (PIPL art. 24).
type PrecheckFound struct {
	Header
	Round    int       `json:"round"`
	Findings []Finding `json:"findings"`
}

// Claimed: a reviewer holds the application until the lease ends; every act of
// hers renews it.
type Claimed struct {
	Header
	Stage Stage         `json:"stage"`
	Until time.Time     `json:"until"`
	Lease time.Duration `json:"lease"` // what an act renews it by, in nanoseconds
}

// Released: nobody holds it any more.
type Released struct {
	Header
	Holder string        `json:"holder"`
	Cause  ReleaseCause  `json:"cause"`
	Why    string        `json:"why,omitempty"`
	Held   time.Duration `json:"held"`
}

// Reassigned: a lead gave it to somebody.
type Reassigned struct {
	Header
	To    Actor         `json:"to"`
	Stage Stage         `json:"stage"`
	Until time.Time     `json:"until"`
	Lease time.Duration `json:"lease"`
	Why   string        `json:"why,omitempty"`
}

// Prioritised: a lead moved it up or down; higher goes first, 0 is usual.
type Prioritised struct {
	Header
	Priority int    `json:"priority"`
	Why      string `json:"why,omitempty"`
}

// ItemsAccepted: a reviewer found these items in order.
type ItemsAccepted struct {
	Header
	Items []item.Key `json:"items"`
}

// ReasonRaised tells the merchant one thing that must be put right.
type ReasonRaised struct {
	Header
	Reason   string      `json:"reason"` // id, chosen by the caller
	Code     reason.Code `json:"code"`
	Sub      reason.Sub  `json:"sub,omitempty"`
	Target   item.Key    `json:"target"`
	Note     string      `json:"note,omitempty"`     // for the merchant
	Internal string      `json:"internal,omitempty"` // never leaves the house
	Round    int         `json:"round"`
}

// ReasonWithdrawn: it should not have been raised.
type ReasonWithdrawn struct {
	Header
	Reason string `json:"reason"`
	Why    string `json:"why,omitempty"`
}

// LateReasonAllowed: a lead agreed that an item untouched since an earlier
// round may get a new reason after all.
type LateReasonAllowed struct {
	Header
	Target item.Key `json:"target"`
	Round  int      `json:"round"`
	Why    string   `json:"why"`
}

// NoteAdded: an internal remark.
type NoteAdded struct {
	Header
	Note string `json:"note"` // id, chosen by the caller
	Text string `json:"text"`
}

// Returned: all reasons of the round went to the merchant together; exactly the
// unlocked items can be changed. Paused is the business time that the platform
// had left.
type Returned struct {
	Header
	Round    int           `json:"round"`
	From     Stage         `json:"from"`
	Reasons  []string      `json:"reasons"`
	Unlocked []item.Key    `json:"unlocked"`
	Deadline *Deadline     `json:"deadline,omitempty"`
	Paused   time.Duration `json:"paused"`
}

// ItemCorrected: during a correction the merchant changed a field, or said what
// she did about an item that has no value (a web page, for example).
type ItemCorrected struct {
	Header
	Item      item.Key       `json:"item"`
	Field     *string        `json:"field,omitempty"`
	Personal  *personal.Text `json:"personal,omitempty"`
	Statement string         `json:"statement,omitempty"`
}

// Resubmitted begins the next round.
type Resubmitted struct {
	Header
	Round    int        `json:"round"`
	Changed  []item.Key `json:"changed"`
	Voided   []Check    `json:"voided,omitempty"` // earlier results that the changes undid
	Next     Stage      `json:"next"`
	Deadline *Deadline  `json:"deadline,omitempty"`
}

// QualificationApproved: one pair of eyes was enough.
type QualificationApproved struct {
	Header
	Next     Stage     `json:"next"`
	Deadline *Deadline `json:"deadline,omitempty"`
}

// QualificationProposed: the first of two says yes, to the evidence as it stood
// at revision Judged.
type QualificationProposed struct {
	Header
	Judged   int64     `json:"judged"`
	Deadline *Deadline `json:"deadline,omitempty"`
}

// QualificationConfirmed: the second, different person says yes.
type QualificationConfirmed struct {
	Header
	Judged   int64     `json:"judged"`
	Next     Stage     `json:"next"`
	Deadline *Deadline `json:"deadline,omitempty"`
}

// QualificationRefused: the second person says no; it goes back to the first
// desk.
type QualificationRefused struct {
	Header
	Why      string    `json:"why"`
	Deadline *Deadline `json:"deadline,omitempty"`
}

// ICPEvidenceRecorded: what the look-up in the filing registry showed.
type ICPEvidenceRecorded struct {
	Header
	Evidence ICPEvidence `json:"evidence"`
}

// ICPVerified: a person found the evidence good.
type ICPVerified struct {
	Header
	Judged   int64     `json:"judged"`
	Next     Stage     `json:"next"`
	Deadline *Deadline `json:"deadline,omitempty"`
}

// SiteDeclared: the merchant named the site and gave a test account.
type SiteDeclared struct {
	Header
	URL          string        `json:"url"`
	TestUser     personal.Text `json:"test_user"`
	TestPassword personal.Text `json:"test_password"`
	Guide        string        `json:"guide,omitempty"` // how to walk through a purchase
	// Deadline is the platform's, where the site review was waiting for this.
	Deadline *Deadline `json:"deadline,omitempty"`
}

// SiteApproved: a person walked through the site and ticked the requirements.
type SiteApproved struct {
	Header
	Judged    int64           `json:"judged"`
	Checklist map[string]bool `json:"checklist"`
	Next      Stage           `json:"next"`
	Deadline  *Deadline       `json:"deadline,omitempty"`
}

// ContractOffered: the text, by version and digest, lies ready to be signed. The
// digest is over the contract's text with the terms after it; offers without
// terms are from before that, and theirs is over the contract's text alone.
type ContractOffered struct {
	Header
	Version  string        `json:"version"`
	Language string        `json:"language"`
	SHA256   string        `json:"sha256"`
	Expires  time.Time     `json:"expires"`
	Deadline *Deadline     `json:"deadline,omitempty"`
	Terms    personal.Text `json:"terms"`
}

// ContractTakenBack: the platform took the offer back before it was signed.
type ContractTakenBack struct {
	Header
	SHA256   string    `json:"sha256"`
	Why      string    `json:"why"` // never leaves the house
	Deadline *Deadline `json:"deadline,omitempty"`
}

// ContractLapsed: the offer ran out unsigned.
type ContractLapsed struct {
	Header
	SHA256   string    `json:"sha256"`
	Expired  time.Time `json:"expired"`
	Deadline *Deadline `json:"deadline,omitempty"`
}

// ContractSigned: what is signed is the digest, with who, when, from where and
// how.
type ContractSigned struct {
	Header
	SHA256    string        `json:"sha256"`
	Name      personal.Text `json:"name"`
	Method    string        `json:"method"` // "one-time-code"
	Address   personal.Text `json:"address"`
	UserAgent string        `json:"user_agent,omitempty"`
	Deadline  *Deadline     `json:"deadline,omitempty"`
}

// ContractCountersigned: the platform signed as well.
type ContractCountersigned struct {
	Header
	SHA256   string    `json:"sha256"`
	Deadline *Deadline `json:"deadline,omitempty"`
}

// Activated: the merchant can take payments.
type Activated struct {
	Header
	Products []policy.Product `json:"products"`
}

// Withdrawn: the merchant gave up, for now.
type Withdrawn struct {
	Header
	Why  string `json:"why,omitempty"`
	From Stage  `json:"from"`
}

// Reopened: a withdrawn application goes on where the information is filled in.
type Reopened struct {
	Header
	Next     Stage     `json:"next"`
	Deadline *Deadline `json:"deadline,omitempty"`
}

// DeclineProposed: the first of two wants to decline for good.
type DeclineProposed struct {
	Header
	Note     string `json:"note"`               // for the merchant
	Internal string `json:"internal,omitempty"` // never leaves the house
	Judged   int64  `json:"judged"`
}

// DeclineConfirmed: the second, different person agrees; final.
type DeclineConfirmed struct {
	Header
	Judged int64 `json:"judged"`
}

// DeclineRefused: the second person disagrees; the proposal is gone.
type DeclineRefused struct {
	Header
	Why string `json:"why"`
}

// Expired: the merchant was silent too long.
type Expired struct {
	Header
	Silent time.Duration `json:"silent"`
}

// DeadlineWarned: the warning mark of a deadline was passed; for the merchant
// one per reminder.
type DeadlineWarned struct {
	Header
	Deadline string    `json:"deadline"`
	Mark     string    `json:"mark"` // "warn", "7d", "3d", "1d"
	Due      time.Time `json:"due"`
}

// DeadlineBreached: a deadline passed.
type DeadlineBreached struct {
	Header
	Deadline string    `json:"deadline"`
	Due      time.Time `json:"due"`
}

// DeadlineExtended: a lead gave more time, or a calendar import moved it.
type DeadlineExtended struct {
	Header
	Deadline Deadline `json:"deadline"`
	Why      string   `json:"why"`
}

// PolicyMoved: a lead had it judged by another policy version.
type PolicyMoved struct {
	Header
	From string `json:"from"`
	To   string `json:"to"`
	Why  string `json:"why"`
}

// Restricted: personal data may no longer be processed, only kept (the
// merchant asked for erasure while the law asks for retention).
type Restricted struct {
	Header
	Why   string    `json:"why"`
	Until time.Time `json:"until"` // when the retention term ends
	// Back is until when the merchant can take it back; zero in version 1, which
	// nobody takes back.
	Back time.Time `json:"back,omitzero"`
}

// RestrictionLifted: the merchant took the restriction back.
type RestrictionLifted struct {
	Header
	Deadline *Deadline `json:"deadline,omitempty"` // in place of the one that stood still
}

// HoldPlaced: a legal hold keeps the data beyond its term.
type HoldPlaced struct {
	Header
	Why string `json:"why"`
}

// HoldLifted: the legal hold ended.
type HoldLifted struct {
	Header
	Why string `json:"why"`
}

// Shredded: the subject's key was destroyed; personal values read "erased".
type Shredded struct {
	Header
	Why string `json:"why"`
}

func (Opened) isEvent()                 {}
func (KindSwitched) isEvent()           {}
func (ProductsChosen) isEvent()         {}
func (DetailsFilled) isEvent()          {}
func (DocumentUploaded) isEvent()       {}
func (DocumentRemoved) isEvent()        {}
func (DocumentMoved) isEvent()          {}
func (DocumentRedacted) isEvent()       {}
func (ConsentGiven) isEvent()           {}
func (ConsentWithdrawn) isEvent()       {}
func (Submitted) isEvent()              {}
func (PrecheckFound) isEvent()          {}
func (Claimed) isEvent()                {}
func (Released) isEvent()               {}
func (Reassigned) isEvent()             {}
func (Prioritised) isEvent()            {}
func (ItemsAccepted) isEvent()          {}
func (ReasonRaised) isEvent()           {}
func (ReasonWithdrawn) isEvent()        {}
func (LateReasonAllowed) isEvent()      {}
func (NoteAdded) isEvent()              {}
func (Returned) isEvent()               {}
func (ItemCorrected) isEvent()          {}
func (Resubmitted) isEvent()            {}
func (QualificationApproved) isEvent()  {}
func (QualificationProposed) isEvent()  {}
func (QualificationConfirmed) isEvent() {}
func (QualificationRefused) isEvent()   {}
func (ICPEvidenceRecorded) isEvent()    {}
func (ICPVerified) isEvent()            {}
func (SiteDeclared) isEvent()           {}
func (SiteApproved) isEvent()           {}
func (ContractOffered) isEvent()        {}
func (ContractTakenBack) isEvent()      {}
func (ContractLapsed) isEvent()         {}
func (ContractSigned) isEvent()         {}
func (ContractCountersigned) isEvent()  {}
func (Activated) isEvent()              {}
func (Withdrawn) isEvent()              {}
func (Reopened) isEvent()               {}
func (DeclineProposed) isEvent()        {}
func (DeclineConfirmed) isEvent()       {}
func (DeclineRefused) isEvent()         {}
func (Expired) isEvent()                {}
func (DeadlineWarned) isEvent()         {}
func (DeadlineBreached) isEvent()       {}
func (DeadlineExtended) isEvent()       {}
func (PolicyMoved) isEvent()            {}
func (Restricted) isEvent()             {}
func (RestrictionLifted) isEvent()      {}
func (HoldPlaced) isEvent()             {}
func (HoldLifted) isEvent()             {}
func (Shredded) isEvent()               {}
