package application

import (
	"slices"
	"strings"

	"alta/domain/item"
)

// RefusalKind says what sort of no a refusal is.
type RefusalKind string

// The kinds of refusal and the HTTP status that each stands for.
const (
	Invalid   RefusalKind = "invalid"   // 422: the command makes no sense, whatever the state
	Rule      RefusalKind = "rule"      // 409: the state forbids it now
	Forbidden RefusalKind = "forbidden" // 403: this person may not
)

// Refusal is a decision's no. It is a value: compare it with errors.Is against
// one of the Err… variables (equal codes match), or take it apart with
// errors.As. It never holds a personal value.
type Refusal struct {
	Kind RefusalKind
	// Code is permanent and part of the API, such as "item-locked".
	Code string
	// Detail is an English sentence that says what is refused and what would
	// help.
	Detail string
	// Item is what it is about, where it is about one item.
	Item item.Key
	// Field is the field of the command that is wrong, where it is one.
	Field string
	// Params are the named values of a translated text.
	Params []ParamPair
	// Problems are the single things wrong, where several are told at once.
	Problems []Problem
}

// Problem is one of several things that stand in the way.
type Problem struct {
	Code   string      `json:"code"`
	Item   item.Key    `json:"item,omitempty"`
	Field  string      `json:"field,omitempty"`
	Detail string      `json:"detail"`
	Params []ParamPair `json:"params,omitempty"`
}

// Error tells the code, what it is about, and the sentence.
func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString(r.Code)
	switch {
	case r.Item != "":
		b.WriteString(" (" + string(r.Item) + ")")
	case r.Field != "":
		b.WriteString(" (" + r.Field + ")")
	}
	b.WriteString(": " + r.Detail)
	for _, p := range r.Problems {
		b.WriteString("; " + p.Code)
		if p.Item != "" {
			b.WriteString(" " + string(p.Item))
		}
	}
	return b.String()
}

// Is matches refusals of the same code.
func (r *Refusal) Is(target error) bool {
	t, ok := target.(*Refusal)
	return ok && t.Code == r.Code
}

// on is the refusal about an item.
func (r *Refusal) on(k item.Key) *Refusal {
	c := *r
	c.Item = k
	return &c
}

// in is the refusal about a field of the command.
func (r *Refusal) in(field string) *Refusal {
	c := *r
	c.Field = field
	return &c
}

// with adds a named value.
func (r *Refusal) with(name, value string) *Refusal {
	c := *r
	c.Params = append(slices.Clip(r.Params), ParamPair{name, value})
	return &c
}

// all is the refusal with everything that stands in the way.
func (r *Refusal) all(problems []Problem) *Refusal {
	c := *r
	c.Problems = problems
	return &c
}

// refusals collects every refusal, so that the API's documentation lists them
// all.
var refusals []*Refusal

func refuse(kind RefusalKind, code, detail string) *Refusal {
	r := &Refusal{Kind: kind, Code: code, Detail: detail}
	refusals = append(refusals, r)
	return r
}

// Refusals lists every refusal that a decision can answer, ordered by code.
func Refusals() []Refusal {
	out := make([]Refusal, len(refusals))
	for i, r := range refusals {
		out[i] = *r
	}
	slices.SortFunc(out, func(a, b Refusal) int { return strings.Compare(a.Code, b.Code) })
	return out
}

// A command that makes no sense (422).
var (
	ErrRequired        = refuse(Invalid, "required", "the field must be given")
	ErrTooLong         = refuse(Invalid, "too-long", "the text has more characters than allowed")
	ErrIllFormed       = refuse(Invalid, "ill-formed-text", "the text is not well-formed Unicode")
	ErrNUL             = refuse(Invalid, "nul-character", "the text holds the character U+0000, which no text needs")
	ErrUnknownItem     = refuse(Invalid, "item-unknown", "there is no such item, or it is not supplied this way")
	ErrItemKind        = refuse(Invalid, "item-kind", "the item does not concern this kind of merchant")
	ErrProducts        = refuse(Invalid, "products", "products, banks and site do not go together")
	ErrKind            = refuse(Invalid, "kind-unknown", "the kind of merchant is individual or enterprise")
	ErrDocument        = refuse(Invalid, "document-malformed", "the description of the document is not complete or out of bounds")
	ErrConsentText     = refuse(Invalid, "consent-text", "the consent is not to the text that the policy names")
	ErrReasonUnknown   = refuse(Invalid, "reason-unknown", "there is no such reason")
	ErrReasonTarget    = refuse(Invalid, "reason-target", "the reason cannot be raised on this item")
	ErrEvidenceForm    = refuse(Invalid, "evidence-malformed", "the record of the look-up is not complete")
	ErrSiteCredentials = refuse(Invalid, "site-credentials", "the address carries a user name or a password; the test account has fields of its own")
	ErrSiteURL         = refuse(Invalid, "site-url", "the site's address is not an http or https address on the declared domain")
	ErrMethod          = refuse(Invalid, "signature-method", "a contract is signed with a one-time code")
	ErrPolicy          = refuse(Invalid, "policy-unknown", "there is no such version of the policy, or it is not a newer one")
	ErrDeadlineTime    = refuse(Invalid, "deadline-time", "a deadline can only be moved to a later moment in the future")
	ErrAssignee        = refuse(Invalid, "assignee", "the application cannot be given to this person")
	ErrRole            = refuse(Invalid, "role-unknown", "the actor must have an identity and one of the roles")
)

// The state forbids it now (409).
var (
	ErrNotOpened      = refuse(Rule, "not-opened", "there is no such application")
	ErrOpened         = refuse(Rule, "already-opened", "an application with this identity was opened before")
	ErrStage          = refuse(Rule, "stage", "this cannot be done at the stage where the application stands")
	ErrFinal          = refuse(Rule, "already-final", "the application has ended")
	ErrKindFixed      = refuse(Rule, "kind-fixed", "the kind can be switched before the first submission only")
	ErrItemLocked     = refuse(Rule, "item-locked", "the item cannot be changed")
	ErrDocumentGone   = refuse(Rule, "document-gone", "the document is no longer in that slot")
	ErrIncomplete     = refuse(Rule, "submission-incomplete", "something is missing or stands in the way of the submission")
	ErrUnaddressed    = refuse(Rule, "reasons-unaddressed", "not every reason was answered")
	ErrNotClaimed     = refuse(Rule, "not-claimed", "claim the application before judging it")
	ErrClaimedByOther = refuse(Rule, "claimed-by-other", "somebody else holds the application")
	ErrClaimExpired   = refuse(Rule, "claim-expired", "the claim has run out; claim the application again")
	ErrAway           = refuse(Rule, "away", "you are away: nothing is handed to you until you are back")
	ErrOpenClaims     = refuse(Rule, "open-claims", "you hold as many applications as one person may; finish one or give one back")
	ErrSkills         = refuse(Rule, "other-skills", "the application needs a language or a product that this person does not judge")
	ErrSkipped        = refuse(Rule, "skipped", "this person skipped the application and it has not changed since")
	ErrNothingThere   = refuse(Rule, "item-empty", "there is nothing in this item to accept")
	ErrHasReason      = refuse(Rule, "item-has-reason", "a reason is open on the item; withdraw it before accepting the item")
	ErrRedacted       = refuse(Rule, "item-redacted", "the document was covered by a reviewer; ask for a new one")
	ErrReasonID       = refuse(Rule, "reason-exists", "another reason has this identity")
	ErrReasonOpen     = refuse(Rule, "reason-open", "the same reason is raised on this item already; withdraw it to say something else")
	ErrNotJudgedYet   = refuse(Rule, "item-not-judged-yet", "this part of the site is judged once the site is declared and under review")
	ErrReasonGone     = refuse(Rule, "reason-gone", "there is no such open reason")
	ErrLateReason     = refuse(Rule, "late-reason", "the item was judged in an earlier round and is unchanged; a lead has to allow a new reason")
	ErrOpenReasons    = refuse(Rule, "open-reasons", "reasons are open; return the application or withdraw them")
	ErrNoOpenReasons  = refuse(Rule, "no-open-reasons", "there is no reason to return the application with")
	ErrChecklist      = refuse(Rule, "checklist-incomplete", "every required item must be accepted or have a reason first")
	ErrEvidence       = refuse(Rule, "evidence-changed", "something changed after it was judged; refuse, and it is judged again")
	ErrDeclinePending = refuse(Rule, "decline-pending", "a proposal to decline awaits its second person")
	ErrNoProposal     = refuse(Rule, "no-proposal", "nothing is proposed that could be confirmed or refused")
	ErrICPEvidence    = refuse(Rule, "icp-evidence", "the recorded evidence does not show a good filing")
	ErrICPStale       = refuse(Rule, "icp-stale", "the evidence is older than the policy allows, or would be before the offer ends; look the filing up again and verify it")
	ErrICPUnverified  = refuse(Rule, "icp-unverified", "the filing is not verified")
	ErrSiteUndeclared = refuse(Rule, "site-undeclared", "the merchant has not declared the site and its test account")
	ErrSiteOffDomain  = refuse(Rule, "site-off-domain", "the declared site is not on the declared domain")
	ErrSiteChecklist  = refuse(Rule, "site-checklist", "every requirement of the site must be ticked")
	ErrSiteUnapproved = refuse(Rule, "site-unapproved", "the site is not approved")
	ErrUnqualified    = refuse(Rule, "unqualified", "the qualification is not approved")
	ErrContractText   = refuse(Rule, "contract-text", "the text is not the contract of the policy's version")
	ErrContractOver   = refuse(Rule, "contract-expired", "the offer has run out; ask for a new one")
	ErrUnsigned       = refuse(Rule, "contract-unsigned", "the contract is not signed by both sides")
	ErrOffered        = refuse(Rule, "contract-offered", "a contract is offered already and has not run out")
	ErrOfferStands    = refuse(Rule, "offer-stands", "a contract lies with the merchant to be signed; take the offer back first")
	ErrSignerName     = refuse(Rule, "signer-name", "the name signed with is not the one on the application")
	ErrDeadlineGone   = refuse(Rule, "deadline-gone", "the deadline is no longer the current one")
	ErrVersions       = refuse(Rule, "quota-versions", "the slot was filled as often as is allowed; ask the platform")
	ErrBytes          = refuse(Rule, "quota-bytes", "the application's files take as much room as is allowed; ask the platform")
	ErrRestricted     = refuse(Rule, "restricted", "the application's data may no longer be processed")
	ErrConsentInUse   = refuse(Rule, "consent-in-use", "the application is being worked on with this consent; withdraw the application first")
	ErrConsentActive  = refuse(Rule, "consent-active", "the merchant is active: the contract and the law require these data")
	ErrRelationship   = refuse(Rule, "relationship-active", "the account for payments is open and needs these data; ask the platform to close it first, then erasure can be asked for")
	ErrBackOver       = refuse(Rule, "restriction-final", "the time in which the restriction could be taken back is over")
	ErrNotRestricted  = refuse(Rule, "not-restricted", "only a restricted application's data can be destroyed")
	ErrHold           = refuse(Rule, "legal-hold", "a legal hold keeps the data")
	ErrRetention      = refuse(Rule, "retention", "the law asks to keep the data until the term ends")
)

// This person may not (403).
var (
	ErrNotYours          = refuse(Forbidden, "not-yours", "only the merchant, or its agent where it may help, can do this")
	ErrMerchantOnly      = refuse(Forbidden, "merchant-only", "only the merchant itself can do this, never its agent")
	ErrStaffOnly         = refuse(Forbidden, "staff-only", "only a reviewer or a lead can do this")
	ErrLeadOnly          = refuse(Forbidden, "lead-only", "only a lead can do this")
	ErrSystemOnly        = refuse(Forbidden, "system-only", "only the platform's own reactions do this")
	ErrMaker             = refuse(Forbidden, "own-merchant", "nobody decides on a merchant that they registered")
	ErrSamePerson        = refuse(Forbidden, "four-eyes-same-person", "the second approval takes another person than the first")
	ErrApprover          = refuse(Forbidden, "approver-countersigns", "who approved the qualification does not countersign the contract; another person has to")
	ErrSignerNotMerchant = refuse(Forbidden, "signer-not-merchant", "only the merchant itself signs, never its agent")
)
