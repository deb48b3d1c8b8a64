package reason

// The sub-codes. They are permanent: events hold them.
const (
	// R01, one per thing that can be missing.
	MissingDomain                Sub = "domain"
	MissingIDCardFront           Sub = "id-card-front"
	MissingIDCardBack            Sub = "id-card-back"
	MissingBankCardFront         Sub = "bank-card-front"
	MissingBankCardBack          Sub = "bank-card-back"
	MissingBankInfo              Sub = "bank-info"
	MissingBusinessLicence       Sub = "business-licence"
	MissingTaxCertificate        Sub = "tax-certificate"
	MissingOrgCodeCertificate    Sub = "org-code-certificate"
	MissingLegalPersonFront      Sub = "legal-person-id-front"
	MissingLegalPersonBack       Sub = "legal-person-id-back"
	MissingAccountOpeningLicence Sub = "account-opening-licence"
	MissingField                 Sub = "field"
	MissingProof                 Sub = "proof"
	MissingSite                  Sub = "site"
	SameFile                     Sub = "same-file" // one file in the slots of both sides

	// R02
	BelongsElsewhere Sub = "belongs-elsewhere"
	Swapped          Sub = "swapped"

	// R03
	Unclear    Sub = "unclear"
	Forged     Sub = "forged"
	Incomplete Sub = "incomplete"
	Expired    Sub = "expired"
	Invalid    Sub = "invalid"
	CVNVisible Sub = "cvn-visible"

	// R04, R06, R07, R08, R10
	Mismatch Sub = "mismatch"
	// R04
	Holder Sub = "holder"
	// R05
	Mobile  Sub = "mobile"
	Email   Sub = "email"
	Phone   Sub = "phone"
	Address Sub = "address"
	// R07
	Bank Sub = "bank"
	// R08
	Malformed Sub = "malformed" // also R09
	Duplicate Sub = "duplicate"

	// R09
	NoFiling     Sub = "no-filing"
	AppOnly      Sub = "app-only"
	Cancelled    Sub = "cancelled"
	OtherSubject Sub = "other-subject"

	// R11
	Unreachable Sub = "unreachable"
	Blocked     Sub = "blocked"
	Dangerous   Sub = "dangerous"
	OffDomain   Sub = "off-domain"

	// R12
	SiteContact      Sub = "contact"
	SiteCompany      Sub = "company-info"
	SiteContent      Sub = "content"
	ProhibitedGoods  Sub = "prohibited-goods"
	DisplayBroken    Sub = "display-broken"
	Unfinished       Sub = "unfinished"
	NoPurchaseFlow   Sub = "no-purchase-flow"
	TestAccountFails Sub = "test-account"
	TermsMissing     Sub = "terms-missing"
)
