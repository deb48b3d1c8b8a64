package mail

import "alta/domain/application"

// Template names what a mail says. It is stored in notices and part of their
// ids, so a name is permanent.
type Template string

// The templates.
const (
	Activation   Template = "activation"
	Reset        Template = "reset"
	Submitted    Template = "submitted"
	Returned     Template = "returned"
	Resubmitted  Template = "resubmitted"
	Qualified    Template = "qualified"
	ICPVerified  Template = "icp-verified"
	SiteApproved Template = "site-approved"
	Offered      Template = "contract-offered"
	TakenBack    Template = "contract-taken-back"
	Lapsed       Template = "contract-lapsed"
	Signed       Template = "contract-signed"
	Active       Template = "active"
	Withdrawn    Template = "withdrawn"
	Declined     Template = "declined"
	Expired      Template = "expired"
	Reminder     Template = "reminder"
	AgentAdded   Template = "agent-added" // by an agent, for a merchant who has an account
	// What happened to somebody's log-in.
	PasswordChanged  Template = "password-changed"
	KeyIssued        Template = "api-key-issued"
	CodesChanged     Template = "codes-changed"
	CodesRemoved     Template = "codes-removed"
	RecoveryCodeUsed Template = "recovery-code-used"
	RecoveryCodesNew Template = "recovery-codes-issued" // by themselves, not with one-time codes
	NewDevice        Template = "new-device"
	// What the merchant did in person to the whole application.
	Restricted        Template = "restricted"
	RestrictionLifted Template = "restriction-lifted"
	SigningCode       Template = "signing-code" // sent at once, never recorded
)

// Templates lists them all.
func Templates() []Template {
	return []Template{Activation, Reset, Submitted, Returned, Resubmitted, Qualified, ICPVerified, SiteApproved,
		Offered, TakenBack, Lapsed, Signed, Active, Withdrawn, Declined, Expired, Reminder, AgentAdded,
		PasswordChanged, KeyIssued, CodesChanged, CodesRemoved, RecoveryCodeUsed, RecoveryCodesNew, NewDevice, Restricted, RestrictionLifted, SigningCode}
}

// templateOf is what an event is written about with; empty where the merchant is
// told nothing.
func templateOf(e application.Event) Template {
	switch e := e.(type) {
	case application.Submitted:
		return Submitted
	case application.Returned:
		return Returned
	case application.Resubmitted:
		return Resubmitted
	case application.QualificationApproved, application.QualificationConfirmed:
		return Qualified
	case application.ICPVerified:
		return ICPVerified
	case application.SiteApproved:
		return SiteApproved
	case application.ContractOffered:
		return Offered
	case application.ContractTakenBack:
		return TakenBack
	case application.ContractLapsed:
		return Lapsed
	case application.ContractSigned:
		return Signed
	case application.Activated:
		return Active
	case application.Withdrawn:
		return Withdrawn
	case application.DeclineConfirmed:
		return Declined
	case application.Expired:
		return Expired
	case application.Restricted:
		return Restricted
	case application.RestrictionLifted:
		return RestrictionLifted
	case application.DeadlineWarned:
		if e.Mark != "warn" { // the platform's own
			return Reminder
		}
		return ""
	default:
		return ""
	}
}

// eventTypes are the stored names, without their versions, that mails are made
// of: a version that this program cannot read stops it instead of passing by.
func eventTypes() []string {
	names := []string{
		"account.link_issued.", "account.password_changed.", "account.api_key_issued.", "account.totp_enrolled.", "account.totp_disabled.",
		"account.recovery_code_used.", "account.recovery_codes_issued.", "account.device_trusted.",
	}
	for _, n := range []string{
		"opened", "submitted", "returned", "resubmitted", "qualification-approved", "qualification-confirmed", "icp-verified",
		"site-approved", "contract-offered", "contract-taken-back", "contract-lapsed", "contract-signed", "activated", "withdrawn", "decline-confirmed", "expired", "deadline-warned",
		"restricted", "restriction-lifted",
	} {
		names = append(names, "application."+n+".")
	}
	return names
}
