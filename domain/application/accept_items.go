package application

import (
	"slices"
	"time"

	"alta/domain/item"
	"alta/domain/policy"
)

// AcceptItems finds items in order. Accepting an item that a machine objected
// to overrides the machine, which takes a second person later on.
type AcceptItems struct {
	Items []item.Key
	By    Actor
	At    time.Time
}

// Decide answers ItemsAccepted with those that are not accepted yet.
func (c AcceptItems) Decide(s State) ([]Event, error) {
	if err := s.judge(c.By, c.At, judged...); err != nil {
		return nil, err
	}
	if len(c.Items) == 0 {
		return nil, ErrRequired.in("items")
	}
	var fresh []item.Key
	for _, k := range c.Items {
		if err := s.acceptable(k); err != nil {
			return nil, err
		}
		if s.Item(k).Accepted == 0 && !slices.Contains(fresh, k) {
			fresh = append(fresh, k)
		}
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	return []Event{ItemsAccepted{Header: s.head(c.By, c.At), Items: fresh}}, nil
}

// acceptable: there is something to accept, and nobody objects.
func (s State) acceptable(k item.Key) error {
	i, ok := item.Lookup(k)
	there := s.Item(k)
	switch {
	case !ok:
		return ErrUnknownItem.on(k)
	case !k.Fits(s.Kind.Audience()):
		return ErrItemKind.on(k)
	case i.Class == item.Site && !s.answered(k) && (s.Declaration.URL == "" || !s.passedOn(policy.StageWebsite)):
		return ErrNotJudgedYet.on(k)
	case s.hasReason(k):
		return ErrHasReason.on(k)
	case there.Redacted:
		return ErrRedacted.on(k)
	case there.Empty() && i.Class != item.Site && !s.answered(k):
		return ErrNothingThere.on(k)
	}
	return nil
}

// answered reports whether a reason on k waits to be settled: an empty item can
// be the right answer, such as a letter that is no longer needed.
func (s State) answered(k item.Key) bool {
	return slices.ContainsFunc(s.Reasons, func(r Reason) bool { return r.Target == k && r.Status == StatusAddressed })
}
