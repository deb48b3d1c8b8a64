package application

import (
	"time"

	"alta/domain/calendar"
	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"
)

// Role is what a person is on the platform; one person has one.
type Role string

// The roles of DOMAIN: who may do what is decided by the API's authorisation
// table and, where it is a business rule, by the decider.
const (
	RoleMerchant Role = "merchant"
	RoleAgent    Role = "agent"
	RoleReviewer Role = "reviewer"
	RoleLead     Role = "lead"
	RoleAuditor  Role = "auditor"
	RoleAdmin    Role = "admin"
	RoleSystem   Role = "system" // reactions: deadlines, machine checks
)

// Actor is who acts: an account and the role in which it acts.
type Actor struct {
	ID   string `json:"id"`
	Role Role   `json:"role"`
	// Organisation is the agent's organisation, empty for everybody else.
	Organisation string `json:"organisation,omitempty"`
}

// Staff reports whether the actor judges applications.
func (a Actor) Staff() bool { return a.Role == RoleReviewer || a.Role == RoleLead }

// Stage is where an application stands and, by that, who has the ball.
type Stage string

// The stages.
const (
	Draft            Stage = "draft" // information: form and documents
	Qualification    Stage = "qualification"
	SecondApproval   Stage = "second_approval"
	Correction       Stage = "correction"
	ICP              Stage = "icp"
	Website          Stage = "website"
	Contract         Stage = "contract"         // to be offered
	Signature        Stage = "signature"        // offered, the merchant's turn
	Countersignature Stage = "countersignature" // signed, the platform's turn
	Activation       Stage = "activation"       // countersigned, to be switched on
	Active           Stage = "active"
	WithdrawnStage   Stage = "withdrawn"
	DeclinedStage    Stage = "declined"
	ExpiredStage     Stage = "expired"
)

// Holder is who has the ball.
type Holder string

// The holders.
const (
	Platform Holder = "platform"
	Merchant Holder = "merchant"
	Nobody   Holder = "nobody"
)

// Holder answers who has the ball in a stage.
func (s Stage) Holder() Holder {
	switch s {
	case Draft, Correction, Signature:
		return Merchant
	case Qualification, SecondApproval, ICP, Website, Contract, Countersignature, Activation:
		return Platform
	default:
		return Nobody
	}
}

// Ended reports whether nothing more is expected: active, withdrawn, declined or
// expired.
func (s Stage) Ended() bool { return s.Holder() == Nobody }

// Check is a result that later changes can undo.
type Check string

// The checks.
const (
	CheckQualification Check = "qualification"
	CheckICP           Check = "icp"
	CheckSite          Check = "site"
	CheckContract      Check = "contract"
)

// ReleaseCause says why a claim ended.
type ReleaseCause string

// The causes.
const (
	GivenBack    ReleaseCause = "given_back"
	LeaseExpired ReleaseCause = "lease_expired"
	Skipped      ReleaseCause = "skipped"
	TakenOver    ReleaseCause = "taken_over"
)

// Document is a file in a slot. Its bytes are in the vault; this is what rules,
// screens and auditors need to know about it.
type Document struct {
	ID        string  `json:"id"`
	Type      string  `json:"type"` // media type by content
	SHA256    string  `json:"sha256"`
	Size      int64   `json:"size"` // bytes
	Width     int     `json:"width,omitempty"`
	Height    int     `json:"height,omitempty"`
	Pages     int     `json:"pages"`
	PHash     string  `json:"phash,omitempty"` // perceptual hash of the first page, 16 hex digits
	Blur      float64 `json:"blur,omitempty"`  // variance of the Laplacian; low is blurred
	Greyscale bool    `json:"greyscale,omitempty"`
	Blank     bool    `json:"blank,omitempty"`
	// Restricted is a PDF that forbids printing, copying or changing.
	Restricted bool     `json:"restricted,omitempty"`
	Blobs      []string `json:"blobs"` // the vault's names: original, then a view per page, then the thumbnail
}

// Finding is what a machine noticed about an item.
type Finding struct {
	Code     string      `json:"code"` // permanent, such as "resident-id-checksum"
	Item     item.Key    `json:"item"`
	Severity string      `json:"severity"`           // block, warn, hint
	Detail   string      `json:"detail"`             // without personal values
	Suggests string      `json:"suggests,omitempty"` // a reason, such as "R03/expired"
	Params   []ParamPair `json:"params,omitempty"`
}

// ParamPair is one named value of a finding's text.
type ParamPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Deadline is a moment by which its holder must have acted. It is pinned: it
// names the policy and calendar versions that it was computed with, and only an
// event changes it.
type Deadline struct {
	ID       string      `json:"id"` // unique within the stream: stage and revision of its start
	Stage    Stage       `json:"stage"`
	Holder   Holder      `json:"holder"`
	Started  time.Time   `json:"started"`
	Warn     time.Time   `json:"warn"`
	Due      time.Time   `json:"due"`
	Reminds  []time.Time `json:"reminds,omitempty"` // the merchant's reminders
	Policy   string      `json:"policy"`
	Calendar string      `json:"calendar"`
	// Provisional: the calendar's year was not published officially yet.
	Provisional bool `json:"provisional,omitempty"`
}

// ICPEvidence is the record of one look-up in the filing registry.
type ICPEvidence struct {
	ID     string `json:"id"`     // chosen by the caller
	Status string `json:"status"` // found, none, app_only, cancelled
	Number string `json:"number,omitempty"`
	// Subject is who filed: a person's name where an individual did.
	Subject     personal.Text `json:"subject"`
	SubjectKind string        `json:"subject_kind,omitempty"` // individual, enterprise, other
	Domain      string        `json:"domain"`
	Source      string        `json:"source"` // "manual", or the port's name
	Screenshot  string        `json:"screenshot,omitempty"`
	Relation    string        `json:"relation,omitempty"` // proof where subject ≠ merchant: shareholder, principal, officer
	LookedUpAt  time.Time     `json:"looked_up_at"`
}

// Rules are the data a decision rests on, chosen at the edge: every policy
// version and the calendar in force, which also says what the platform's zone
// is.
type Rules struct {
	Policies *policy.Book
	Calendar calendar.Calendar
}
