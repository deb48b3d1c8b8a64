package application

import (
	"time"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
)

// Return sends all open reasons of the round to the merchant together and
// unlocks exactly their targets and dependents. Everything required must have
// been looked at first, so that the merchant hears everything in one round.
type Return struct {
	Rules Rules
	By    Actor
	At    time.Time
}

// Decide answers Returned.
func (c Return) Decide(s State) ([]Event, error) {
	if s.Stage == Correction && s.exists() == nil && staff(c.By) == nil {
		return nil, nil
	}
	if err := s.judge(c.By, c.At, judged...); err != nil {
		return nil, err
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	open := s.with(StatusOpen)
	if len(open) == 0 {
		return nil, ErrNoOpenReasons
	}
	if err := s.checked(p.Requirements(s.Facts())); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	e := Returned{Header: h, Round: s.Round, From: s.Stage, Unlocked: s.unlocks(open)}
	for _, r := range open {
		e.Reasons = append(e.Reasons, r.ID)
	}
	if e.Paused, err = s.paused(c.Rules, h.At); err != nil {
		return nil, err
	}
	if e.Deadline, err = s.deadline(c.Rules, p, Correction, h.At); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// unlocks lists what the reasons unlock: their targets and dependents.
func (s State) unlocks(reasons []Reason) []item.Key {
	set := map[item.Key]bool{}
	for _, r := range reasons {
		for _, k := range s.opens(r.Target) {
			set[k] = true
		}
	}
	var out []item.Key
	for _, k := range catalogue {
		if set[k] {
			out = append(out, k)
		}
	}
	return out
}

// opens is what a reason on an item unlocks for this kind of merchant.
func (s State) opens(target item.Key) []item.Key { return opens[s.Kind][target] }

var opens = func() map[policy.Kind]map[item.Key][]item.Key {
	table := map[policy.Kind]map[item.Key][]item.Key{}
	for _, kind := range policy.Kinds() {
		table[kind] = map[item.Key][]item.Key{}
		for _, k := range catalogue {
			table[kind][k] = reason.UnlocksFor(kind.Audience(), k)
		}
	}
	return table
}()
