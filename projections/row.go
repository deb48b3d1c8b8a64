package projections

import (
	"slices"
	"strconv"
	"time"

	"alta/domain/application"
	"alta/domain/policy"
)

// Row is an application in a list.
type Row struct {
	ID             string             `json:"id"`
	Revision       int64              `json:"revision"`
	MerchantNumber string             `json:"merchant_number"`
	Name           string             `json:"name"`
	Merchant       string             `json:"merchant,omitempty"`
	Agent          string             `json:"agent,omitempty"`
	Kind           policy.Kind        `json:"kind"`
	Products       []policy.Product   `json:"products"`
	SiteType       policy.SiteType    `json:"site_type"`
	Domain         string             `json:"domain,omitempty"`
	Language       string             `json:"language"`
	Stage          application.Stage  `json:"stage"`
	Holder         application.Holder `json:"holder"`
	Round          int                `json:"round"`
	Priority       int                `json:"priority,omitempty"`
	OpenedAt       time.Time          `json:"opened_at"`
	SubmittedAt    *time.Time         `json:"submitted_at,omitempty"`
	EnteredAt      time.Time          `json:"entered_at"`
	UpdatedAt      time.Time          `json:"updated_at"`
	Due            *time.Time         `json:"due,omitempty"`
	Warn           *time.Time         `json:"warn,omitempty"`
	Breached       bool               `json:"breached,omitempty"`
	Claim          *Claim             `json:"claim,omitempty"`
	Proposer       string             `json:"proposer,omitempty"`
	Skips          int                `json:"skips,omitempty"` // how often it was given back with a reason at this stage
	Reasons        []string           `json:"reasons,omitempty"`
	Blocks         int                `json:"blocks,omitempty"`
	Warns          int                `json:"warns,omitempty"`
	Hints          int                `json:"hints,omitempty"`
	Version        int64              `json:"version"` // what the merchant was told last, from 0, and when
	ToldAt         time.Time          `json:"told_at"`
	SetAside       bool               `json:"set_aside,omitempty"` // its stream cannot be read on: this is what it was before

	// Hidden rows stand in no list and no index: the merchant asked for erasure
	// and the data are only kept. They are not stored.
	Hidden bool `json:"-"`
}

// RowOf shows an application in a list.
func RowOf(s *Summary) *Row {
	r := &Row{
		ID: s.ID, Revision: s.Revision, MerchantNumber: s.MerchantNumber, Name: s.Name, Merchant: s.Merchant,
		Agent: s.Agent, Kind: s.Kind, Products: s.Products, SiteType: s.SiteType, Domain: s.domain, Language: s.Language,
		Stage: s.Stage, Holder: s.Holder, Round: s.Round, Priority: s.Priority, OpenedAt: s.OpenedAt,
		SubmittedAt: s.SubmittedAt, EnteredAt: s.EnteredAt, UpdatedAt: s.UpdatedAt,
		Blocks: s.found.blocks, Warns: s.found.warns, Hints: s.found.hints, Skips: len(s.Skips), Hidden: s.Restricted,
		Version: s.told - 1, ToldAt: s.toldAt,
	}
	if s.Claim != nil {
		claim := *s.Claim // folding renews the summary's own
		r.Claim = &claim
	}
	if s.Deadline != nil {
		r.Due, r.Warn, r.Breached = &s.Deadline.Due, &s.Deadline.Warn, s.Deadline.Breached
	}
	if s.Proposal != nil {
		r.Proposer = s.Proposal.By.ID
	}
	for _, reason := range s.Reasons {
		if c := string(reason.Code); reason.State != ReasonWithdrawn && reason.State != ReasonSettled && !slices.Contains(r.Reasons, c) {
			r.Reasons = append(r.Reasons, c)
		}
	}
	slices.Sort(r.Reasons)
	return r
}

// Queue is the name of a work list.
type Queue string

// The queues. Breached and Mine have no stage of their own.
const (
	QueueQualification  Queue = "qualification"
	QueueSecondApproval Queue = "second_approval"
	QueueICP            Queue = "icp"
	QueueWebsite        Queue = "website"
	QueueContract       Queue = "contract"
	QueueCorrection     Queue = "correction"
	QueueBreached       Queue = "breached"
	QueueMine           Queue = "mine"
)

// Queues lists them as screens do.
func Queues() []Queue {
	return []Queue{QueueQualification, QueueSecondApproval, QueueICP, QueueWebsite, QueueContract, QueueCorrection, QueueBreached, QueueMine}
}

// QueueOf is the queue in which a stage's applications wait; the empty Queue for
// a stage where nobody works.
func QueueOf(s application.Stage) Queue {
	switch s {
	case application.Qualification:
		return QueueQualification
	case application.SecondApproval:
		return QueueSecondApproval
	case application.ICP:
		return QueueICP
	case application.Website:
		return QueueWebsite
	case application.Contract, application.Countersignature, application.Activation:
		return QueueContract
	case application.Correction, application.Signature:
		return QueueCorrection
	}
	return ""
}

// manyRounds is where one set holds this round and all later ones.
const manyRounds = 9

// never sorts rows without a deadline last.
const never = 1 << 50

func (r *Row) due() float64 {
	if r.Due == nil {
		return never
	}
	return float64(r.Due.UnixMilli())
}

// urgency sorts by priority, then by due time: a step of priority outweighs any
// difference in time.
func (r *Row) urgency() float64 { return r.due() - float64(r.Priority)*1e14 }

// queue is the one in which the row waits; empty where nobody works on it. A site
// review that waits for the declaration of the site waits for the merchant.
func (r *Row) queue() Queue {
	if r.Stage == application.Website && r.Holder == application.Merchant {
		return QueueCorrection
	}
	return QueueOf(r.Stage)
}

// outside is the row without what only staff may know: who looks at it, what a
// machine suspects, reasons that were not returned yet, and that anything of it
// happened.
func (r Row) outside() Row {
	r.Claim, r.Proposer, r.Skips, r.Priority, r.Blocks, r.Warns, r.Hints = nil, "", 0, 0, 0, 0, 0
	r.Revision, r.UpdatedAt = r.Version, r.ToldAt
	if r.Stage != application.Correction {
		r.Reasons = nil
	}
	return r
}

// facets lists the sorted sets, by name without the version, in which the row
// stands, with its score in each. The empty list is an application that nobody
// works on, or a hidden one.
func (r *Row) facets() map[string]float64 {
	out := make(map[string]float64, 16)
	if r.Hidden {
		return out
	}
	out["all"] = float64(r.UpdatedAt.UnixMilli())
	if r.Agent != "" {
		out["agent="+r.Agent] = float64(r.OpenedAt.UnixMilli())
	}
	out["stage="+string(r.Stage)] = float64(r.UpdatedAt.UnixMilli())
	q := r.queue()
	if q == "" {
		return out
	}
	queue := "queue=" + string(q)
	due := r.due()
	out[queue] = due
	out[queue+"|sort=priority"] = r.urgency()
	out[queue+"|sort=age"] = float64(r.OpenedAt.UnixMilli())
	out[queue+"|kind="+string(r.Kind)] = due
	out[queue+"|language="+r.Language] = due
	out[queue+"|round="+strconv.Itoa(min(r.Round, manyRounds))] = due
	for _, p := range r.Products {
		out[queue+"|product="+string(p)] = due
	}
	for _, c := range r.Reasons {
		out[queue+"|reason="+c] = due
	}
	if r.Agent != "" {
		out[queue+"|agent="+r.Agent] = due
	}
	if r.Blocks > 0 {
		out[queue+"|risk=block"] = due
	}
	if r.Warns > 0 {
		out[queue+"|risk=warn"] = due
	}
	if r.Hints > 0 {
		out[queue+"|risk=hint"] = due
	}
	if r.Holder == application.Platform {
		out["queue="+string(QueueBreached)] = due
	}
	switch {
	case r.Claim == nil && r.SetAside: // nobody can take it
	case r.Claim == nil:
		out[queue+"|free"] = due
		if r.Priority != 0 {
			out[queue+"|free|moved"] = r.urgency()
		}
	default:
		mine := "queue=" + string(QueueMine) + "|assignee=" + r.Claim.By.ID
		out[mine], out[mine+"|claimed"] = due, float64(r.Claim.Until.UnixMilli())
		out[queue+"|assignee="+r.Claim.By.ID] = due
		out[queue+"|claimed"] = float64(r.Claim.Until.UnixMilli())
	}
	return out
}
