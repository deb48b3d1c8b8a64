package projections

import (
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/policy"
	"alta/domain/reason"
)

// Status is what the merchant and the agent follow. Nothing internal is in it:
// it is built field by field from what a merchant may know, and an event that the
// merchant is not told of (application.Told) leaves every byte of it.
type Status struct {
	ID             string             `json:"id"`
	Revision       int64              `json:"revision"`
	MerchantNumber string             `json:"merchant_number"`
	Name           string             `json:"name"`
	Kind           policy.Kind        `json:"kind"`
	Products       []policy.Product   `json:"products"`
	Banks          []string           `json:"banks,omitempty"`
	SiteType       policy.SiteType    `json:"site_type"`
	Language       string             `json:"language"`
	Agent          string             `json:"agent,omitempty"`
	Stage          application.Stage  `json:"stage"`
	Holder         application.Holder `json:"holder"`
	Round          int                `json:"round"`
	OpenedAt       time.Time          `json:"opened_at"`
	SubmittedAt    *time.Time         `json:"submitted_at,omitempty"`
	UpdatedAt      time.Time          `json:"updated_at"`
	Deadline       *Deadline          `json:"deadline,omitempty"`
	Steps          []Step             `json:"steps"`
	Reasons        []StatusReason     `json:"reasons"`
	Unlocked       []item.Key         `json:"unlocked"`
	Awaited        []item.Key         `json:"awaited,omitempty"`
	Contract       *Contract          `json:"contract,omitempty"`
	DeclineNote    string             `json:"decline_note,omitempty"`
}

// outside is the deadline without what the platform reminds itself of.
func (d *Deadline) outside() *Deadline {
	if d == nil || d.Holder == application.Merchant {
		return d
	}
	out := *d
	out.Warned = false
	return &out
}

// Step is one stage of the way ahead.
type Step struct {
	Stage application.Stage `json:"stage"`
	State string            `json:"state"` // done, current, ahead
	At    *time.Time        `json:"at,omitempty"`
}

// StatusReason is one thing to put right, in every language.
type StatusReason struct {
	ID     string      `json:"id"`
	Code   reason.Code `json:"code"`
	Sub    reason.Sub  `json:"sub,omitempty"`
	Target item.Key    `json:"target"`
	Note   string      `json:"note,omitempty"`
	Value  string      `json:"value,omitempty"`
	State  ReasonState `json:"state"`
	Text   ReasonTexts `json:"text"`
}

// ReasonText tells what was seen and what to do.
type ReasonText struct {
	Title string `json:"title"`
	What  string `json:"what"`
	Fix   string `json:"fix"`
	By    string `json:"by,omitempty"` // until when
}

// ReasonTexts is a ReasonText in every language.
type ReasonTexts struct {
	Chinese ReasonText `json:"zh-CN"`
	Spanish ReasonText `json:"es"`
	English ReasonText `json:"en"`
}

// StatusOf shows an application to its merchant.
func StatusOf(a *Application) *Status {
	s := &Status{
		ID: a.ID, Revision: a.told - 1, MerchantNumber: a.MerchantNumber, Name: a.Name,
		Kind: a.Kind, Products: a.Products, Banks: a.Banks, SiteType: a.SiteType, Language: a.Language,
		Agent: a.Agent, Stage: a.Stage, Holder: a.Holder, Round: a.Round, OpenedAt: a.OpenedAt,
		SubmittedAt: a.SubmittedAt, UpdatedAt: a.toldAt, Deadline: a.Deadline.outside(),
		Steps: steps(a), Reasons: []StatusReason{}, Unlocked: a.Unlocked, Awaited: awaited(a), Contract: a.Contract,
	}
	if s.Unlocked == nil {
		s.Unlocked = []item.Key{}
	}
	if a.Contract != nil && a.Contract.CountersignedBy != nil {
		c := *a.Contract
		c.CountersignedBy = nil
		s.Contract = &c
	}
	if a.Stage == application.DeclinedStage && a.Decline != nil {
		s.DeclineNote = a.Decline.Note
	}
	for _, r := range a.Reasons {
		if r.told != ReasonReturned && r.told != ReasonAddressed {
			continue
		}
		view := StatusReason{ID: r.ID, Code: r.Code, Sub: r.Sub, Target: r.Target, Note: r.Note, State: r.told}
		if i := a.item(r.Target); i != nil {
			view.Value = i.Value
		}
		p := reason.Params{Item: r.Target, Value: view.Value}
		if a.Deadline != nil {
			p.Deadline = a.Deadline.Due.In(beijing)
		}
		view.Text = ReasonTexts{
			Chinese: render(r, lang.Chinese, p), Spanish: render(r, lang.Spanish, p), English: render(r, lang.English, p),
		}
		s.Reasons = append(s.Reasons, view)
	}
	return s
}

// awaited lists what the filing's check needs and the merchant has not given: it
// may be given at any time until that check is over (application.State.Locked), and
// the check cannot end without it, although the platform's time runs.
func awaited(a *Application) []item.Key {
	if i := a.item(item.SiteICPNumber); i != nil && i.Required && a.awaits(i) {
		return []item.Key{i.Key}
	}
	return nil
}

// beijing is the zone in which deadlines are told to merchants: China has kept
// UTC+8 without summer time since 1991.
var beijing = time.FixedZone("Asia/Shanghai", 8*3600)

func render(r Reason, l lang.Lang, p reason.Params) ReasonText {
	m := reason.Render(r.Code, r.Sub, l, p)
	return ReasonText{Title: m.Title, What: m.What, Fix: m.Fix, By: m.By}
}

// steps lays out the way that the policy asks for. A correction is shown as the
// stage that asked for it; second approval and the contract's inner stages are
// the platform's business and one step each for the merchant.
func steps(a *Application) []Step {
	way := []application.Stage{application.Draft, application.Qualification}
	for _, s := range a.Stages {
		if s == application.ICP || s == application.Website {
			way = append(way, s)
		}
	}
	way = append(way, application.Contract, application.Active)
	at := a.Stage
	switch at {
	case application.SecondApproval:
		at = application.Qualification
	case application.Signature, application.Countersignature, application.Activation:
		at = application.Contract
	case application.Correction:
		at = a.returnedFrom()
	}
	current := -1
	for i, s := range way {
		if s == at {
			current = i
		}
	}
	out := make([]Step, 0, len(way))
	for i, s := range way {
		step := Step{Stage: s, State: "ahead"}
		switch {
		case a.Stage == application.Active, current >= 0 && i < current:
			step.State = "done"
		case i == current:
			step.State = "current"
		}
		if t, ok := a.Steps[string(s)]; ok && (step.State == "done" || current < 0) {
			step.State, step.At = "done", &t
		}
		out = append(out, step)
	}
	return out
}

// Wordings is a reason's texts as templates, before anything is filled in.
func Wordings(e reason.Entry) ReasonTexts {
	text := func(l lang.Lang) ReasonText {
		w := e.Wording(l)
		return ReasonText{Title: w.Title, What: w.What, Fix: w.Fix, By: w.By}
	}
	return ReasonTexts{Chinese: text(lang.Chinese), Spanish: text(lang.Spanish), English: text(lang.English)}
}
