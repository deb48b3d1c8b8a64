package application

import (
	"errors"
	"testing"
	"time"

	"alta/domain/calendar"
	"alta/domain/item"
	"alta/domain/policy"
)

// Of two clocks the merchant's never runs while she cannot sign: what would make
// the signature impossible takes the offer back first, and an offer that ran out is
// the platform's to make again.
func TestWhileAnOfferStandsTheMerchantCanSign(t *testing.T) {
	offered := func(t testing.TB) *story { return individual(t).offered() }
	held := func(t testing.TB) *story { return offered(t).claim(anna) }
	old := func(age time.Duration) func(testing.TB) *story { // evidence of that age, on a morning, when the contract is offered
		return func(t testing.TB) *story { return individual(t).sited().wait(age).claim(anna) }
	}
	takingBack := func(by Actor, why string) func(*story) command {
		return func(w *story) command { return TakeBackContract{Why: why, Rules: rules, By: by, At: w.now()} }
	}
	lapsing := func(by Actor) func(*story) command {
		return func(w *story) command { return LapseContract{Rules: rules, By: by, At: w.now()} }
	}
	offering := func(w *story) command {
		return OfferContract{Application: "application-1", Offer: "offer-1", Rules: rules, By: anna, At: w.now()}
	}
	lookingUp := func(by Actor) func(*story) command {
		return func(w *story) command {
			return RecordICPEvidence{Evidence: w.evidence(), Rules: rules, By: by, At: w.now()}
		}
	}
	atItsEnd := func(after time.Duration) func(testing.TB) *story {
		return func(t testing.TB) *story {
			w := offered(t)
			w.at = w.s.Offer.Expires.Add(after)
			return w
		}
	}
	extending := func(until func(*story) time.Time) func(*story) command {
		return func(w *story) command {
			return ExtendDeadline{Deadline: w.s.Deadline.ID, Due: until(w), Why: "asked", Rules: rules, By: lena, At: w.now()}
		}
	}
	evidenceEnds := func(w *story) time.Time { return w.s.Evidence.LookedUpAt.Add(90 * day) } // policy 2026-01
	back := func(t *testing.T, s State, e Event) {
		is(t, s.Stage, Contract)
		is(t, s.Holder(), Platform)
		is(t, s.Offer, Offer{})
		is(t, s.Deadline.Holder, Platform)
		is(t, s.Claim, Lease{})
		p, err := rules.version(s.Policy)
		is(t, err, nil)
		due, err := rules.Calendar.Add(e.Head().At, calendar.Days(p.Terms.Countersignature.BusinessDays))
		is(t, err, nil)
		is(t, s.Deadline.Due, due.At.UTC())
	}
	rulebook(t, map[string]rule{
		"who holds it takes the offer back":         {given: held, when: takingBack(anna, "look again"), then: "contract-taken-back", also: back},
		"and says why":                              {given: held, when: takingBack(anna, " "), err: ErrRequired},
		"only who holds it":                         {given: offered, when: takingBack(anna, "look again"), err: ErrNotClaimed},
		"nobody else":                               {given: held, when: takingBack(bo, "look again"), err: ErrNotClaimed},
		"not the merchant":                          {given: held, when: takingBack(merchant, "look again"), err: ErrStaffOnly},
		"taken back twice is taken back once":       {given: func(t testing.TB) *story { return held(t).do(takingBack(anna, "look again")(held(t))) }, when: takingBack(anna, "look again"), then: ""},
		"a signed contract is not taken back":       {given: func(t testing.TB) *story { return individual(t).signed().claim(bo) }, when: takingBack(bo, "look again"), err: ErrStage},
		"what was taken back is not signed":         {given: func(t testing.TB) *story { return held(t).do(takingBack(anna, "look again")(held(t))) }, when: func(w *story) command { return w.signature() }, err: ErrStage},
		"what was taken back is offered again":      {given: func(t testing.TB) *story { return held(t).do(takingBack(anna, "look again")(held(t))).claim(anna) }, when: offering, then: "contract-offered"},
		"no reason is raised while an offer stands": {given: held, when: raising(anna, RaiseReason{Code: "R11", Sub: "dangerous", Target: item.SiteURL}), err: ErrOfferStands},
		"nor is the filing looked up":               {given: held, when: lookingUp(anna), err: ErrOfferStands},
		"nor by a machine":                          {given: offered, when: lookingUp(robot), err: ErrOfferStands},
		"nor an image covered": {given: held, when: func(w *story) command {
			return RedactDocument{Slot: item.BankFront, Former: w.s.Item(item.BankFront).Document.ID, Document: file("covered"), Why: "a code", By: anna, At: w.now()}
		}, err: ErrOfferStands},
		"nor the policy moved": {given: offered, when: func(w *story) command {
			return MovePolicy{To: "2026-07", Why: "asked", Rules: rules, By: lena, At: w.now()}
		}, err: ErrStage},
		"a contract is offered on evidence that outlasts it": {given: old(73 * day), when: offering, then: "contract-offered"},
		"not on evidence that grows too old before it ends":  {given: old(76 * day), when: offering, err: ErrICPStale},
		"where no filing is asked for nothing grows old":     {given: func(t testing.TB) *story { return offlineQualified(t).wait(400 * day).claim(anna) }, when: offering, then: "contract-offered"},
		"an offer is extended up to the end of its evidence": {given: offered, when: extending(evidenceEnds), then: "deadline-extended", also: func(t *testing.T, s State, _ Event) { is(t, s.Offer.Expires, s.Deadline.Due) }},
		"and not beyond": {given: offered, when: extending(func(w *story) time.Time { return evidenceEnds(w).Add(time.Millisecond) }), err: ErrICPStale},
		"other deadlines do not depend on the evidence": {given: func(t testing.TB) *story { return individual(t).signed() }, when: extending(func(w *story) time.Time { return evidenceEnds(w).Add(day) }), then: "deadline-extended"},
		"an offer lapses at the moment of its end":      {given: atItsEnd(0), when: lapsing(robot), then: "contract-lapsed", also: back},
		"and not before": {given: atItsEnd(-time.Millisecond), when: lapsing(robot), then: ""},
		"it lapses by the clock, not by a person": {given: atItsEnd(0), when: lapsing(lena), err: ErrSystemOnly},
		"it lapses once":                   {given: func(t testing.TB) *story { w := atItsEnd(0)(t); return w.do(lapsing(robot)(w)) }, when: lapsing(robot), then: ""},
		"a signed contract does not lapse": {given: func(t testing.TB) *story { return individual(t).signed().wait(30 * day) }, when: lapsing(robot), then: ""},
		"of a restricted application nothing lapses": {given: func(t testing.TB) *story {
			w := atItsEnd(0)(t)
			return w.happened(Restricted{Header: w.s.head(merchant, w.now())})
		}, when: lapsing(robot), then: ""},
		"what lapsed is offered again":                   {given: func(t testing.TB) *story { w := atItsEnd(0)(t); return w.do(lapsing(robot)(w)).claim(anna) }, when: offering, then: "contract-offered"},
		"at the very moment of its end it is not signed": {given: atItsEnd(0), when: func(w *story) command { return w.signature() }, err: ErrContractOver},
		"a moment before it is, although the evidence is old": {given: func(t testing.TB) *story {
			w := old(73 * day)(t)
			w.do(offering(w))
			w.at = w.s.Offer.Expires.Add(-time.Millisecond)
			return w
		}, when: func(w *story) command { return w.signature() }, then: "contract-signed"},
	})
}

// offlineQualified is a merchant without a site, whose contract is to be offered.
func offlineQualified(t testing.TB) *story {
	w := newStory(t)
	w.do(Open{Merchant: merchant.ID, MerchantNumber: "M1", Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Offline, Rules: rules, By: merchant, At: w.now()})
	return w.qualified()
}

// The refusal says until when the offer stands, and what to do.
func TestWhatAnOfferForbidsSaysUntilWhenItStands(t *testing.T) {
	w := individual(t).offered().claim(anna)
	_, err := RecordICPEvidence{Evidence: w.evidence(), Rules: rules, By: anna, At: w.now()}.Decide(w.s)
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatal(err)
	}
	is(t, r.Code, "offer-stands")
	is(t, len(r.Params), 1)
	is(t, r.Params[0], ParamPair{"expires", w.s.Offer.Expires.Format(time.RFC3339)})
}
