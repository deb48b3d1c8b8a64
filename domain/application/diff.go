package application

import "alta/domain/item"

// Diff is what changed since the last decision: what a second look has to look
// at.
type Diff struct {
	Round   int // the round that the changes belong to
	Items   []ItemDiff
	Reasons []ReasonDiff
}

// ItemDiff is one changed item, as it was and as it is.
type ItemDiff struct {
	Item    item.Key
	Was, Is Former
	// Statement is what the merchant says about it.
	Statement string
}

// ReasonDiff is one reason of the last return, ticked where it was answered.
type ReasonDiff struct {
	Reason
	Addressed bool
}

// RoundDiff compares the application with what the last return saw.
func (s State) RoundDiff() Diff {
	d := Diff{Round: s.Round}
	if s.Stage == Correction {
		d.Round++
	}
	for _, k := range catalogue {
		i := s.Item(k)
		if i.Former == nil || !i.differs() && i.Statement == "" {
			continue
		}
		d.Items = append(d.Items, ItemDiff{k, *i.Former, Former{i.Value, i.Personal, i.Document}, i.Statement})
	}
	for _, r := range s.Reasons {
		if r.Round == d.Round-1 && r.Status != StatusWithdrawn && r.Status != StatusOpen {
			d.Reasons = append(d.Reasons, ReasonDiff{r, s.addressed(r)})
		}
	}
	return d
}
