package application

// Enters answers where an event takes an application that stands at a stage,
// with the deadline that begins there; false where it stays. It says what Evolve
// does to the stage, for folds that need nothing else of an application.
func Enters(from Stage, e Event) (to Stage, d *Deadline, moves bool) {
	switch e := e.(type) {
	case Opened:
		return Draft, nil, true
	case Submitted:
		return e.Next, e.Deadline, true
	case Returned:
		return Correction, e.Deadline, true
	case Resubmitted:
		return e.Next, e.Deadline, true
	case QualificationApproved:
		return e.Next, e.Deadline, true
	case QualificationProposed:
		return SecondApproval, e.Deadline, true
	case QualificationConfirmed:
		return e.Next, e.Deadline, true
	case QualificationRefused:
		return Qualification, e.Deadline, true
	case ICPVerified: // it may have been looked up again before signing
		return e.Next, e.Deadline, e.Next != from
	case SiteApproved:
		return e.Next, e.Deadline, true
	case ContractOffered:
		return Signature, e.Deadline, true
	case ContractTakenBack:
		return Contract, e.Deadline, true
	case ContractLapsed:
		return Contract, e.Deadline, true
	case ContractSigned:
		return Countersignature, e.Deadline, true
	case ContractCountersigned:
		return Activation, e.Deadline, true
	case Activated:
		return Active, nil, true
	case Withdrawn:
		return WithdrawnStage, nil, true
	case Reopened:
		return e.Next, e.Deadline, true
	case DeclineConfirmed:
		return DeclinedStage, nil, true
	case Expired:
		return ExpiredStage, nil, true
	case KindSwitched, ProductsChosen, DetailsFilled, DocumentUploaded, DocumentRemoved, DocumentMoved, DocumentRedacted,
		ConsentGiven, ConsentWithdrawn, PrecheckFound, Claimed, Released, Reassigned, Prioritised, ItemsAccepted, ReasonRaised, ReasonWithdrawn,
		LateReasonAllowed, NoteAdded, ItemCorrected, ICPEvidenceRecorded, SiteDeclared, DeclineProposed, DeclineRefused,
		DeadlineWarned, DeadlineBreached, DeadlineExtended, PolicyMoved, Restricted, RestrictionLifted, HoldPlaced, HoldLifted, Shredded:
	}
	return from, nil, false
}
