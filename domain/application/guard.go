package application

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"alta/domain/item"
)

// Bounds of what people type, in characters, as the contract counts. Nothing
// lawful comes near them.
const (
	maxValue = 1024 // a field's value, an id, a version
	maxText  = 8192 // a note, a statement, a reason why
)

// head is who and when for the next event: UTC, milliseconds, and never before
// the event that went ahead, whatever a machine's clock says.
func (s State) head(by Actor, at time.Time) Header {
	return Header{By: by, At: s.moment(at)}
}

// moment is the business time of a decision that a machine's clock puts at that
// time.
func (s State) moment(at time.Time) time.Time {
	if at = stamp(at); at.Before(s.Last) {
		return s.Last
	}
	return at
}

// first answers the first of several checks that refused.
func first(checks ...error) error {
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

// exists: the application is there and its data may be processed.
func (s State) exists() error {
	switch {
	case !s.Opened():
		return ErrNotOpened
	case s.Restricted:
		return ErrRestricted
	}
	return nil
}

// live: something is still expected.
func (s State) live() error {
	if err := s.exists(); err != nil {
		return err
	}
	if s.Stage.Ended() {
		return ErrFinal.with("stage", string(s.Stage))
	}
	return nil
}

// at: the application stands at one of the stages.
func (s State) at(stages ...Stage) error {
	if err := s.exists(); err != nil {
		return err
	}
	if slices.Contains(stages, s.Stage) {
		return nil
	}
	if s.Stage.Ended() {
		return ErrFinal.with("stage", string(s.Stage))
	}
	return ErrStage.with("stage", string(s.Stage))
}

// helper: the merchant, or somebody of the agent that added it.
func (s State) helper(by Actor) error {
	if s.merchant(by) == nil {
		return nil
	}
	if by.Role == RoleAgent && s.Agent != "" && by.Organisation == s.Agent {
		return nil
	}
	return ErrNotYours
}

// merchant: the merchant itself.
func (s State) merchant(by Actor) error {
	switch {
	case by.Role == RoleMerchant && by.ID != "" && by.ID == s.Merchant:
		return nil
	case by.Role == RoleAgent && s.Agent != "" && by.Organisation == s.Agent:
		return ErrMerchantOnly
	}
	return ErrNotYours
}

func staff(by Actor) error {
	if by.ID == "" || !by.Staff() {
		return ErrStaffOnly
	}
	return nil
}

func lead(by Actor) error {
	if by.ID == "" || by.Role != RoleLead {
		return ErrLeadOnly
	}
	return nil
}

func system(by Actor) error {
	if by.Role != RoleSystem {
		return ErrSystemOnly
	}
	return nil
}

// maker: who registered the merchant, or belongs to the agent that did, does not
// decide on it.
func (s State) maker(by Actor) error {
	if by.ID == s.Registrar.ID || by.ID == s.Merchant || s.Agent != "" && by.Organisation == s.Agent {
		return ErrMaker
	}
	return nil
}

// holds: the claim is this person's and has not run out.
func (s State) holds(by Actor, at time.Time) error {
	at = s.moment(at)
	switch {
	case s.Claim.By.ID != by.ID && s.Claim.Live(at):
		return ErrNotClaimed.with("holder", s.Claim.By.ID)
	case s.Claim.By.ID != by.ID:
		return ErrNotClaimed
	case !s.Claim.Live(at):
		return ErrClaimExpired
	}
	return nil
}

// judged are the stages at which reviewers judge.
var judged = []Stage{Qualification, ICP, Website, Contract, Signature, Countersignature, Activation}

// judge: staff who did not register the merchant, who hold the claim, at one of
// the stages, while no proposal to decline is pending.
func (s State) judge(by Actor, at time.Time, stages ...Stage) error {
	if err := first(s.at(stages...), staff(by), s.maker(by)); err != nil {
		return err
	}
	if s.Decline.Pending() {
		return ErrDeclinePending
	}
	return s.holds(by, at)
}

// valid: the edge must say who acts.
func (a Actor) valid() error {
	switch a.Role {
	case RoleMerchant, RoleAgent, RoleReviewer, RoleLead, RoleAuditor, RoleAdmin, RoleSystem:
		if a.ID != "" {
			return nil
		}
	}
	return ErrRole.in("by")
}

// required refuses an empty text; text refuses one of insane length, or one that
// is no text. Both name the field.
func required(field, value string, limit int) error {
	if strings.TrimSpace(value) == "" {
		return ErrRequired.in(field)
	}
	return text(field, value, limit)
}

func text(field, value string, limit int) error {
	switch {
	case !utf8.ValidString(value):
		return ErrIllFormed.in(field)
	case strings.ContainsRune(value, 0):
		return ErrNUL.in(field)
	case utf8.RuneCountInString(value) > limit:
		return ErrTooLong.in(field).with("limit", itoa(limit))
	}
	return nil
}

// writable says whether the merchant may change an item now, and why not.
func (s State) writable(k item.Key) error {
	switch {
	case s.Stage == Draft:
		return nil
	case s.Stage == Correction && slices.Contains(s.Unlocked, k):
		return nil
	case s.awaits(k):
		return nil
	}
	why, i := "under_review", s.Item(k)
	switch {
	case s.Stage == Correction && i.Accepted > 0:
		why = "accepted"
	case s.Stage == Correction:
		why = "no_reason"
	}
	r := ErrItemLocked.on(k).with("why", why).with("stage", string(s.Stage))
	if why == "accepted" {
		r = r.with("round", itoa(i.Accepted))
	}
	return r
}

// awaits: a later stage needs the item, it is still empty, and that stage was not
// decided. Until then the merchant may supply it without a return.
func (s State) awaits(k item.Key) bool {
	if k != item.SiteICPNumber || s.ICPVerified || !s.Item(k).Empty() {
		return false
	}
	return s.Stage == Qualification || s.Stage == SecondApproval || s.Stage == ICP
}

// Locked reports whether the merchant may not change an item now; the error is
// an ErrItemLocked that says why.
func (s State) Locked(k item.Key) error { return s.writable(k) }

// supplied: the item exists, is supplied in that way and by this kind of
// merchant.
func (s State) supplied(k item.Key, class item.Class) error {
	i, ok := item.Lookup(k)
	switch {
	case !ok || i.Class != class:
		return ErrUnknownItem.on(k)
	case !k.Fits(s.Kind.Audience()):
		return ErrItemKind.on(k)
	}
	return nil
}

// idle: nothing that a reaction of the platform could do still matters.
func (s State) idle() bool { return !s.Opened() || s.Restricted || s.Stage.Ended() }
