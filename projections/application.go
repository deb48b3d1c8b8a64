package projections

import (
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/reason"
)

// Application is everything staff need to judge an application. Personal values
// are masked: the clear ones never leave the vault except on a recorded reveal.
//
// Its Summary is what lists are made from, and the whole what the merchant's status
// is (StatusOf), so that the merchant, the queue and the auditor cannot be told
// different things.
type Application struct {
	Summary
	Banks    []string              `json:"banks,omitempty"`
	Policy   string                `json:"policy"`
	FourEyes bool                  `json:"four_eyes"`
	Stages   []application.Stage   `json:"stages,omitempty"`
	Items    []Item                `json:"items"`
	Unlocked []item.Key            `json:"unlocked"`
	Findings []application.Finding `json:"findings"`
	Checks   []Check               `json:"checks"`
	ICP      *ICPEvidence          `json:"icp,omitempty"`
	Site     *Site                 `json:"site,omitempty"`
	Contract *Contract             `json:"contract,omitempty"`
	Consents []Consent             `json:"consents"`
	Notes    []Note                `json:"notes"`
	Steps    map[string]time.Time  `json:"steps,omitempty"` // when each stage was last passed
}

// Deadline is the running deadline and which of its marks were passed.
type Deadline struct {
	application.Deadline
	Warned   bool `json:"warned,omitempty"`
	Breached bool `json:"breached,omitempty"`
}

// Claim is who holds the application. The lease ends at Until whatever this
// document says; an act of the holder renews it by LeaseSeconds.
type Claim struct {
	By           application.Actor `json:"by"`
	Until        time.Time         `json:"until"`
	LeaseSeconds float64           `json:"lease_seconds"`
}

// Skip is somebody's giving back of the application with a reason.
type Skip struct {
	By  application.Actor `json:"by"`
	At  time.Time         `json:"at"`
	Why string            `json:"why"`
}

// maxSkips bounds how many are shown; the oldest go.
const maxSkips = 20

// ItemState says how far an item has come.
type ItemState string

// The states of an item.
const (
	Missing   ItemState = "missing"
	Given     ItemState = "given"
	Accepted  ItemState = "accepted"
	Rejected  ItemState = "rejected"
	Corrected ItemState = "corrected"
)

// Item is one thing that the merchant supplies and a reviewer judges.
type Item struct {
	Key        item.Key           `json:"key"`
	Class      item.Class         `json:"class"`
	Required   bool               `json:"required"`
	Waived     *lang.Text         `json:"waived,omitempty"` // why it is not needed
	Personal   bool               `json:"personal,omitempty"`
	Value      string             `json:"value,omitempty"`
	Document   *Document          `json:"document,omitempty"`
	State      ItemState          `json:"state"`
	Locked     bool               `json:"locked"`
	Round      int                `json:"round,omitempty"`
	ChangedAt  *time.Time         `json:"changed_at,omitempty"`
	AcceptedBy *application.Actor `json:"accepted_by,omitempty"`
	AcceptedAt *time.Time         `json:"accepted_at,omitempty"`
	Statement  string             `json:"statement,omitempty"`
	Previous   []ItemVersion      `json:"previous,omitempty"`
}

// ItemVersion is what an item was before its last change.
type ItemVersion struct {
	Round    int       `json:"round"`
	At       time.Time `json:"at"`
	Value    string    `json:"value,omitempty"`
	Document *Document `json:"document,omitempty"`
}

// Document is what screens show about a file; where its bytes lie is not theirs
// to know.
type Document struct {
	ID         string  `json:"id"`
	Type       string  `json:"type"`
	SHA256     string  `json:"sha256"`
	Size       int64   `json:"size"`
	Width      int     `json:"width,omitempty"`
	Height     int     `json:"height,omitempty"`
	Pages      int     `json:"pages"`
	Blur       float64 `json:"blur,omitempty"`
	Greyscale  bool    `json:"greyscale,omitempty"`
	Blank      bool    `json:"blank,omitempty"`
	Restricted bool    `json:"restricted,omitempty"`
	Redacted   bool    `json:"redacted,omitempty"`
}

// DocumentOf shows a document of the domain.
func DocumentOf(d application.Document) *Document {
	return &Document{
		ID: d.ID, Type: d.Type, SHA256: d.SHA256, Size: d.Size, Width: d.Width, Height: d.Height,
		Pages: d.Pages, Blur: d.Blur, Greyscale: d.Greyscale, Blank: d.Blank, Restricted: d.Restricted,
	}
}

// ReasonState says how far a raised reason has come.
type ReasonState string

// The states of a reason: open (the merchant does not know yet), returned (with
// the merchant), addressed (the merchant changed the item or said what she
// did), settled (a reviewer accepted that), withdrawn.
const (
	ReasonOpen      ReasonState = "open"
	ReasonReturned  ReasonState = "returned"
	ReasonAddressed ReasonState = "addressed"
	ReasonSettled   ReasonState = "settled"
	ReasonWithdrawn ReasonState = "withdrawn"
)

// Reason is a raised reason. Note is for the merchant, Internal never leaves
// the house.
type Reason struct {
	ID       string            `json:"id"`
	Code     reason.Code       `json:"code"`
	Sub      reason.Sub        `json:"sub,omitempty"`
	Target   item.Key          `json:"target"`
	Note     string            `json:"note,omitempty"`
	Internal string            `json:"internal,omitempty"`
	Round    int               `json:"round"`
	By       application.Actor `json:"by"`
	At       time.Time         `json:"at"`
	State    ReasonState       `json:"state"`

	told ReasonState // as the merchant knows it
}

// Check is a result that was reached, and whether it still stands.
type Check struct {
	Check  application.Check  `json:"check"`
	By     application.Actor  `json:"by"`
	Second *application.Actor `json:"second,omitempty"`
	At     time.Time          `json:"at"`
	Judged *int64             `json:"judged,omitempty"`
	Void   bool               `json:"void,omitempty"`
}

// Proposal is the first of two approvals.
type Proposal struct {
	By       application.Actor `json:"by"`
	At       time.Time         `json:"at"`
	Judged   int64             `json:"judged"`
	Note     string            `json:"note,omitempty"`
	Internal string            `json:"internal,omitempty"`
}

// ICPEvidence is the newest look-up in the filing registry. A person who filed
// is masked.
type ICPEvidence struct {
	ID          string            `json:"id"`
	Status      string            `json:"status"`
	Number      string            `json:"number,omitempty"`
	Subject     string            `json:"subject,omitempty"`
	SubjectKind string            `json:"subject_kind,omitempty"`
	Domain      string            `json:"domain"`
	Source      string            `json:"source"`
	Screenshot  string            `json:"screenshot,omitempty"`
	Relation    string            `json:"relation,omitempty"`
	LookedUpAt  time.Time         `json:"looked_up_at"`
	By          application.Actor `json:"by"`
}

func icpEvidence(e application.ICPEvidence, by application.Actor) *ICPEvidence {
	subject := e.Subject.Masked()
	if e.SubjectKind == "enterprise" && e.Subject.Clear() != "" {
		subject = e.Subject.Clear()
	}
	return &ICPEvidence{
		ID: e.ID, Status: e.Status, Number: e.Number, Subject: subject, SubjectKind: e.SubjectKind, Domain: e.Domain,
		Source: e.Source, Screenshot: e.Screenshot, Relation: e.Relation, LookedUpAt: e.LookedUpAt, By: by,
	}
}

// Site is the declared web site.
type Site struct {
	URL        string          `json:"url"`
	Guide      string          `json:"guide,omitempty"`
	DeclaredAt time.Time       `json:"declared_at"`
	Checklist  map[string]bool `json:"checklist,omitempty"`
}

// Contract is the offered contract and who signed it.
type Contract struct {
	Version         string             `json:"version"`
	Language        string             `json:"language"`
	SHA256          string             `json:"sha256"`
	OfferedAt       time.Time          `json:"offered_at"`
	Expires         time.Time          `json:"expires"`
	SignedAt        *time.Time         `json:"signed_at,omitempty"`
	CountersignedAt *time.Time         `json:"countersigned_at,omitempty"`
	CountersignedBy *application.Actor `json:"countersigned_by,omitempty"`
}

// Consent is a text that the merchant agreed to.
type Consent struct {
	Consent  string    `json:"consent"`
	Version  string    `json:"version"`
	SHA256   string    `json:"sha256"`
	Language string    `json:"language"`
	At       time.Time `json:"at"`
}

// Note is an internal remark.
type Note struct {
	ID   string            `json:"id"`
	Text string            `json:"text"`
	By   application.Actor `json:"by"`
	At   time.Time         `json:"at"`
}
