package application

// Told reports whether the merchant is told of an event: whether any answer to
// the merchant, or to its agent, may change because of it. Of everything else
// the merchant learns nothing, neither that it happened nor how often: not of
// claims, notes, look-ups, findings, judgements before their stage ends,
// proposals to decline, and holds.
func Told(e Event) bool {
	switch e := e.(type) {
	case Opened, KindSwitched, ProductsChosen, DetailsFilled, DocumentUploaded, DocumentRemoved, DocumentMoved, DocumentRedacted,
		ConsentGiven, ConsentWithdrawn, Submitted, Returned, ItemCorrected, Resubmitted,
		QualificationApproved, QualificationProposed, QualificationConfirmed, QualificationRefused,
		ICPVerified, SiteDeclared, SiteApproved,
		ContractOffered, ContractTakenBack, ContractLapsed, ContractSigned, ContractCountersigned, Activated,
		Withdrawn, Reopened, DeclineConfirmed, Expired,
		DeadlineBreached, DeadlineExtended, PolicyMoved, Restricted, RestrictionLifted:
		return true
	case DeadlineWarned:
		return e.Mark != platformMark // the merchant's reminders
	case PrecheckFound, Claimed, Released, Reassigned, Prioritised, ItemsAccepted, ReasonRaised, ReasonWithdrawn, LateReasonAllowed,
		NoteAdded, ICPEvidenceRecorded, DeclineProposed, DeclineRefused, HoldPlaced, HoldLifted, Shredded:
	}
	return false
}

// platformMark is the mark of a deadline of the platform.
const platformMark = "warn"

// ErrNotNow stands, before the merchant, for every refusal that would tell what
// only staff may know.
var ErrNotNow = refuse(Rule, "not-now", "this cannot be done at this moment; the platform has to act first")

// Discreet is a refusal as the merchant or its agent gets it.
func Discreet(r *Refusal) *Refusal {
	switch r.Code {
	case ErrDeclinePending.Code, ErrHold.Code, ErrICPEvidence.Code, ErrICPStale.Code, ErrICPUnverified.Code, ErrOpenReasons.Code,
		ErrChecklist.Code, ErrUnqualified.Code, ErrSiteUnapproved.Code, ErrNotClaimed.Code, ErrClaimedByOther.Code, ErrClaimExpired.Code:
		return ErrNotNow
	}
	return r
}
