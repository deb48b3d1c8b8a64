package application

import (
	"slices"
	"time"

	"alta/domain/identifier"
	"alta/domain/policy"
)

// RecordICPEvidence writes down what the filing registry showed. A newer look-up
// takes the place of the one before, so that a person has to find it good.
type RecordICPEvidence struct {
	Evidence ICPEvidence
	Rules    Rules
	By       Actor // staff who hold the claim, or the platform's own look-up
	At       time.Time
}

// Decide answers ICPEvidenceRecorded.
func (c RecordICPEvidence) Decide(s State) ([]Event, error) {
	if err := s.exists(); err != nil {
		return nil, err
	}
	if slices.Contains(s.Lookups, c.Evidence.ID) {
		return nil, nil
	}
	if c.By.Role == RoleSystem {
		if err := s.at(judged...); err != nil {
			return nil, err
		}
	} else if err := s.judge(c.By, c.At, judged...); err != nil {
		return nil, err
	}
	if err := s.unoffered(); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	if !p.Requirements(s.Facts()).Asks(policy.StageICP) {
		return nil, ErrStage.with("stage", string(s.Stage)).with("because", "the policy asks for no filing")
	}
	h := s.head(c.By, c.At)
	e, err := c.Evidence.tidied(p, h.At)
	if err != nil {
		return nil, err
	}
	return []Event{ICPEvidenceRecorded{Header: h, Evidence: e}}, nil
}

// tidied checks the record's form and brings number and domain to their
// canonical form.
func (e ICPEvidence) tidied(p policy.Policy, at time.Time) (ICPEvidence, error) {
	if err := first(required("evidence.id", e.ID, maxValue), required("evidence.source", e.Source, maxValue),
		text("evidence.relation", e.Relation, maxText), text("evidence.subject", e.Subject.Clear(), maxValue),
		text("evidence.screenshot", e.Screenshot, maxValue)); err != nil {
		return e, err
	}
	if _, ok := e.answer(p); !ok {
		return e, ErrEvidenceForm.in("evidence.status")
	}
	site, ok := identifier.ParseSite(e.Domain)
	if !ok {
		return e, ErrEvidenceForm.in("evidence.domain")
	}
	e.Domain = site.Registrable
	if e.Number != "" {
		n, ok := identifier.ParseICP(e.Number)
		if !ok {
			return e, ErrEvidenceForm.in("evidence.number")
		}
		e.Number = n.String()
	}
	switch e.SubjectKind {
	case "", "individual", "enterprise", "other":
	default:
		return e, ErrEvidenceForm.in("evidence.subject_kind")
	}
	if e.LookedUpAt.IsZero() || e.LookedUpAt.After(at) {
		return e, ErrEvidenceForm.in("evidence.looked_up_at")
	}
	e.LookedUpAt = stamp(e.LookedUpAt)
	return e, nil
}

// answers are the words of a look-up's record, and the register's answer in the
// words of the policy that each stands for.
var answers = map[string]string{"found": "website_filed", "app_only": "app_filed", "none": "none", "cancelled": "cancelled"}

// answer is what the policy says of the evidence's status.
func (e ICPEvidence) answer(p policy.Policy) (policy.ICPStatus, bool) {
	return p.ICPStatus(answers[e.Status])
}
