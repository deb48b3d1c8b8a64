package sample

import (
	"cmp"
	"slices"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
)

// Outcome is what is decided about a qualification.
type Outcome string

// The outcomes.
const (
	Approve Outcome = "approve"
	Return  Outcome = "return"
)

// Verdict is one person's answer: an outcome, and what would have to be put right.
// It holds no sentence, so nobody's data can stand in it.
type Verdict struct {
	Outcome Outcome  `json:"outcome"`
	Reasons []Reason `json:"reasons,omitempty"` // of a return, in order, each once
}

// Reason is one thing to put right.
type Reason struct {
	Target item.Key    `json:"target"`
	Code   reason.Code `json:"code"`
	Sub    reason.Sub  `json:"sub,omitempty"`
}

// maxReasons bounds a verdict; it is more than there are items.
const maxReasons = 100

// ordered is the verdict with its reasons in order and each once, so that equal
// verdicts are equal.
func (v Verdict) ordered() Verdict {
	v.Reasons = slices.Clone(v.Reasons)
	slices.SortFunc(v.Reasons, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Sub, b.Sub))
	})
	v.Reasons = slices.Compact(v.Reasons)
	return v
}

func (v Verdict) equal(o Verdict) bool {
	return v.Outcome == o.Outcome && slices.Equal(v.Reasons, o.Reasons)
}

// check refuses a verdict that makes no sense for that kind of merchant.
func (v Verdict) check(kind policy.Kind) error {
	switch {
	case v.Outcome != Approve && v.Outcome != Return:
		return about(application.ErrRequired, "outcome", "")
	case v.Outcome == Approve && len(v.Reasons) > 0, v.Outcome == Return && len(v.Reasons) == 0, len(v.Reasons) > maxReasons:
		return about(ErrVerdict, "reasons", "")
	}
	for _, r := range v.Reasons {
		_, known := reason.Lookup(r.Code, r.Sub)
		switch {
		case !known:
			return about(application.ErrReasonUnknown, "reasons", r.Target)
		case !reason.AppliesTo(r.Code, r.Sub, r.Target):
			return about(application.ErrReasonTarget, "reasons", r.Target)
		case !r.Target.Fits(kind.Audience()):
			return about(application.ErrItemKind, "reasons", r.Target)
		}
	}
	return nil
}

// Agreement is how far two verdicts agree.
type Agreement struct {
	Same bool `json:"same"` // the outcome
	// Where both return: the codes that both name, and those that either names.
	Shared int `json:"shared"`
	Named  int `json:"named"`
}

// Agreement compares the two verdicts of a judged sample.
func (s State) Agreement() Agreement {
	a := Agreement{Same: s.First.Outcome == s.Second.Outcome}
	if !a.Same || s.First.Outcome != Return {
		return a
	}
	first, second := s.First.codes(), s.Second.codes()
	for c := range first {
		if second[c] {
			a.Shared++
		}
	}
	a.Named = len(first) + len(second) - a.Shared
	return a
}

func (v Verdict) codes() map[reason.Code]bool {
	set := map[reason.Code]bool{}
	for _, r := range v.Reasons {
		set[r.Code] = true
	}
	return set
}
