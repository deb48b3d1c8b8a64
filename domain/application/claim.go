package application

import (
	"slices"
	"time"
)

// Claim takes an application for review, for the length of a lease that every
// act of its holder renews.
type Claim struct {
	Rules Rules
	By    Actor
	At    time.Time
}

// claimable are the stages at which somebody may hold an application. During a
// correction that is for declining and for taking a reason back, while a contract
// waits for its signature for taking the offer back.
var claimable = append(slices.Clone(judged), SecondApproval, Correction)

// Decide answers Claimed. Who holds it already needs not ask twice; a lease that
// ran out is anybody's.
func (c Claim) Decide(s State) ([]Event, error) {
	if err := s.assignable(c.By); err != nil {
		return nil, err
	}
	h := s.head(c.By, c.At)
	switch {
	case s.Claim.Live(h.At) && s.Claim.By.ID == c.By.ID:
		return nil, nil
	case s.Claim.Live(h.At):
		return nil, ErrClaimedByOther.with("holder", s.Claim.By.ID).with("until", s.Claim.Until.Format(time.RFC3339))
	}
	p, err := s.policy(c.Rules, c.At)
	if err != nil {
		return nil, err
	}
	lease := p.Terms.Lease()
	return []Event{Claimed{Header: h, Stage: s.Stage, Until: h.At.Add(lease), Lease: lease}}, nil
}

// assignable: this person may judge this application at this stage.
func (s State) assignable(by Actor) error {
	if err := first(s.at(claimable...), staff(by), s.maker(by)); err != nil {
		return err
	}
	if s.Stage == SecondApproval || s.Decline.Pending() {
		return s.second(by)
	}
	return nil
}

// second: a lead, and not the one who proposed.
func (s State) second(by Actor) error {
	if err := lead(by); err != nil {
		return err
	}
	if s.Proposal.By.ID == by.ID || s.Decline.By.ID == by.ID {
		return ErrSamePerson
	}
	return nil
}
