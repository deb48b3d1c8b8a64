package application

import (
	"slices"
	"time"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
)

// RaiseReason tells the merchant one thing that must be put right. It reaches
// the merchant together with the others when the application is returned.
type RaiseReason struct {
	Reason   string // id, chosen by the caller
	Code     reason.Code
	Sub      reason.Sub
	Target   item.Key
	Note     string // for the merchant
	Internal string // never leaves the house
	Rules    Rules
	By       Actor
	At       time.Time
}

// Decide answers ReasonRaised.
func (c RaiseReason) Decide(s State) ([]Event, error) {
	if r, ok := s.Reason(c.Reason); ok && s.exists() == nil {
		if r.Code == c.Code && r.Sub == c.Sub && r.Target == c.Target {
			return nil, nil // the same click twice
		}
		return nil, ErrReasonID.with("reason", c.Reason)
	}
	if err := first(s.judge(c.By, c.At, judged...), s.unoffered(), required("reason", c.Reason, maxValue),
		text("note", c.Note, maxText), text("internal", c.Internal, maxText)); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	switch {
	case !reason.AppliesTo(c.Code, c.Sub, c.Target):
		if _, ok := reason.Lookup(c.Code, c.Sub); !ok {
			return nil, ErrReasonUnknown.in("code").with("code", string(c.Code)).with("sub", string(c.Sub))
		}
		return nil, ErrReasonTarget.on(c.Target)
	case !c.Target.Fits(s.Kind.Audience()):
		return nil, ErrItemKind.on(c.Target)
	case !s.asked(p.Requirements(s.Facts()), c.Target):
		return nil, ErrReasonTarget.on(c.Target).with("because", "the policy does not ask this merchant for it")
	case s.raised(c.Code, c.Sub, c.Target) != "":
		return nil, ErrReasonOpen.on(c.Target).with("reason", s.raised(c.Code, c.Sub, c.Target))
	case s.late(c.Code, c.Target) && c.By.Role != RoleLead:
		return nil, ErrLateReason.on(c.Target)
	}
	return []Event{ReasonRaised{
		Header: s.head(c.By, c.At), Reason: c.Reason, Code: c.Code, Sub: c.Sub, Target: c.Target,
		Note: c.Note, Internal: c.Internal, Round: s.Round,
	}}, nil
}

// asked: the policy asks this merchant for the item, or the item is there all the
// same. Of a site that nobody asks for nothing can be put right.
func (s State) asked(req policy.Requirements, k item.Key) bool {
	if k.IsSite() {
		return req.Asks(policy.StageWebsite)
	}
	_, asked := req.Find(k)
	return asked || req.IsWaived(k) || !s.Item(k).Empty()
}

// raised is the id of the reason that says the same of the item and waits to be
// told; empty where there is none.
func (s State) raised(code reason.Code, sub reason.Sub, k item.Key) string {
	for _, r := range s.Reasons {
		if r.Status == StatusOpen && r.Code == code && r.Sub == sub && r.Target == k {
			return r.ID
		}
	}
	return ""
}

// late: the stage to see it was decided in an earlier round, and neither the
// item nor anything it is compared with changed since. Everything that a stage
// objects to belongs into its first round. A covered image is never late: a new
// one has to be asked for.
func (s State) late(code reason.Code, k item.Key) bool {
	decided := s.decidedBefore(s.sees(code, k))
	if decided == 0 || slices.Contains(s.Allowed, k) || s.Item(k).Redacted {
		return false
	}
	return !slices.ContainsFunc(s.opens(k), func(k item.Key) bool {
		return s.Item(k).Round > decided
	})
}

// sees is the first stage that could raise a reason on an item: this one or the
// one before it that looks at such things.
func (s State) sees(code reason.Code, k item.Key) Stage {
	first := Qualification
	switch {
	case code == reason.R11 || code == reason.R12 || k.IsSite():
		first = Website
	case code == reason.R09 || code == reason.R10 || slices.Contains(filingItems, k):
		first = ICP
	}
	return judged[min(slices.Index(judged, s.Stage), slices.Index(judged, first))]
}
