package policy

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/reason"
)

// FieldError says which part of a policy file is wrong.
type FieldError struct {
	Field string // as a path, such as "items[3].stage"
	Fault string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Fault }

func wrong(fault, field string, args ...any) error {
	return &FieldError{fmt.Sprintf(field, args...), fault}
}

var versionName = regexp.MustCompile(`^\d{4}-\d{2}(-\d{2})?$`)

// validate refuses a policy by which somebody could be judged wrongly. It is
// one list of rules, so that a person can read what a valid policy is.
func (p Policy) validate() error {
	if !versionName.MatchString(p.Version) {
		return wrong("want YYYY-MM or YYYY-MM-DD", "version")
	}
	if _, err := time.Parse(time.DateOnly, p.Effective); err != nil {
		return wrong("want a date YYYY-MM-DD", "effective")
	}
	if !p.Summary.Complete() {
		return wrong(missingText, "summary")
	}
	for _, check := range []func() error{p.validateRules, p.validateItems, p.validateFourEyes, p.validateTerms, p.validateTexts, p.validateLists} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

const (
	missingText = "want a text in zh-CN, es and en"
	unknownItem = "is not an item"
)

func (p Policy) validateRules() error {
	for _, want := range Products() {
		if _, ok := find(p.Products, func(r ProductRule) bool { return r.Product == want }); !ok {
			return wrong(fmt.Sprintf("the product %s is missing", want), "products")
		}
	}
	for i, r := range p.Products {
		if !contains(Products(), r.Product) {
			return wrong("is not a product", "products[%d].product", i)
		}
		if !r.Name.Complete() {
			return wrong(missingText, "products[%d].name", i)
		}
		if len(r.Sites) == 0 {
			return wrong("want at least one site type", "products[%d].sites", i)
		}
		if err := (When{Sites: r.Sites}).validate(); err != nil {
			return wrong(err.Error(), "products[%d]", i)
		}
	}
	for i, r := range p.Stages {
		if !contains(Stages(), r.Stage) {
			return wrong("is not a stage", "stages[%d].stage", i)
		}
		if r.Stage == StageSecondApproval {
			return wrong("the second approval follows from four_eyes", "stages[%d].stage", i)
		}
		if err := r.When.validate(); err != nil {
			return wrong(err.Error(), "stages[%d].when", i)
		}
		if !r.Why.Complete() {
			return wrong(missingText, "stages[%d].why", i)
		}
	}
	for _, always := range []Stage{StageQualification, StageContract} {
		r, ok := find(p.Stages, func(r StageRule) bool { return r.Stage == always })
		if !ok || !r.When.empty() {
			return wrong(fmt.Sprintf("the stage %s must be there without condition", always), "stages")
		}
	}
	return nil
}

func (p Policy) validateItems() error {
	if len(p.Items) == 0 {
		return wrong("want at least one", "items")
	}
	for i, r := range p.Items {
		if _, ok := item.Lookup(r.Item); !ok {
			return wrong(fmt.Sprintf("%q %s", r.Item, unknownItem), "items[%d].item", i)
		}
		if !contains(Stages(), r.Stage) || r.Stage == StageSecondApproval {
			return wrong("is not a stage that an item can be due at", "items[%d].stage", i)
		}
		if err := r.When.validate(); err != nil {
			return wrong(err.Error(), "items[%d].when", i)
		}
		if !r.Why.Complete() {
			return wrong(missingText, "items[%d].why", i)
		}
		if slices.ContainsFunc(r.Accepts, func(t lang.Text) bool { return !t.Complete() }) {
			return wrong(missingText, "items[%d].accepts", i)
		}
	}
	for i, w := range p.Waivers {
		if _, ok := item.Lookup(w.Item); !ok {
			return wrong(fmt.Sprintf("%q %s", w.Item, unknownItem), "waivers[%d].item", i)
		}
		if w.When.empty() {
			return wrong("a waiver needs a condition; leave the item out instead", "waivers[%d].when", i)
		}
		if err := w.When.validate(); err != nil {
			return wrong(err.Error(), "waivers[%d].when", i)
		}
		if !w.Because.Complete() {
			return wrong(missingText, "waivers[%d].because", i)
		}
		if d := w.Derive; d != nil {
			if d.From != item.CompanyLicence || w.When.Licence != USCC {
				return wrong("only an 18-character company.licence_number contains other values", "waivers[%d].derive", i)
			}
			if d.Start < 0 || d.End <= d.Start || d.End > 18 {
				return wrong("want 0 ≤ start < end ≤ 18", "waivers[%d].derive", i)
			}
		}
	}
	return nil
}

func (p Policy) validateFourEyes() error {
	for i, r := range p.FourEyes {
		if err := r.When.validate(); err != nil {
			return wrong(err.Error(), "four_eyes[%d].when", i)
		}
		if !r.Why.Complete() {
			return wrong(missingText, "four_eyes[%d].why", i)
		}
	}
	known := []Act{ActDecline, ActOverrideCheck, ActChangeAccount}
	for i, r := range p.Acts {
		if !contains(known, r.Act) {
			return wrong("want one of decline, override_check, settlement_change", "four_eyes_acts[%d].act", i)
		}
		if !r.Why.Complete() {
			return wrong(missingText, "four_eyes_acts[%d].why", i)
		}
	}
	return nil
}

func (p Policy) validateTerms() error {
	t := p.Terms
	for _, n := range []struct {
		field string
		value int
		min   int
		max   int
	}{
		{"qualification.business_days", t.Qualification.BusinessDays, 1, 60},
		{"second_approval.business_days", t.SecondApproval.BusinessDays, 1, 60},
		{"icp.business_days", t.ICP.BusinessDays, 1, 60},
		{"website.business_days", t.Website.BusinessDays, 1, 60},
		{"countersignature.business_days", t.Countersignature.BusinessDays, 1, 60},
		{"qualification.target_business_days", t.Qualification.Target, 0, t.Qualification.BusinessDays},
		{"second_approval.target_business_days", t.SecondApproval.Target, 0, t.SecondApproval.BusinessDays},
		{"icp.target_business_days", t.ICP.Target, 0, t.ICP.BusinessDays},
		{"website.target_business_days", t.Website.Target, 0, t.Website.BusinessDays},
		{"countersignature.target_business_days", t.Countersignature.Target, 0, t.Countersignature.BusinessDays},
		{"warn_percent", t.WarnPercent, 1, 99},
		{"correction_days", t.CorrectionDays, 1, 365},
		{"expiry_days", t.ExpiryDays, t.CorrectionDays, 3650},
		{"contract_offer_days", t.OfferDays, 1, 365},
		{"claim_lease_minutes", t.LeaseMinutes, 1, 1440},
		{"icp_evidence_max_age_days", t.ICPEvidenceDays, 1, 3650},
		{"minimum_age_years", t.MinimumAge, 14, 100},
		{"validity_warning_days", t.ValidityWarningDays, 0, 3650},
		{"retention_years", t.RetentionYears, 10, 100}, // AML law 2024 art. 34: at least ten
		{"site_probe_attempts", t.ProbeAttempts, 1, 100},
		{"site_probe_interval_minutes", t.ProbeIntervalMinutes, 1, 10080},
	} {
		if n.value < n.min || n.value > n.max {
			return wrong(fmt.Sprintf("is %d, want %d to %d", n.value, n.min, n.max), "terms.%s", n.field)
		}
	}
	if !contains([]PeriodEnd{"", EndOfDay, SameInstant}, t.PeriodEnd) {
		return wrong("want 24:00 or same_time", "terms.period_end")
	}
	if !contains([]PeriodDayOff{"", NextBusinessDay, StaysOnDayOff}, t.PeriodDayOff) {
		return wrong("want next_business_day or stays", "terms.period_day_off")
	}
	for field, s := range map[string]string{"notices_from": t.NoticesFrom, "notices_to": t.NoticesTo} {
		if _, err := time.Parse("15:04", s); s != "" && (err != nil || len(s) != 5) {
			return wrong("want a time of day such as 09:00", "terms.%s", field)
		}
	}
	// Past noon a reminder would count a day too few.
	if from, to := t.NoticeHours(); from > 12*time.Hour || to <= from {
		return wrong("want hours that begin by 12:00 and end later", "terms.notices_from")
	}
	for i, d := range t.CorrectionReminders {
		if d < 1 || d >= t.CorrectionDays || i > 0 && d >= t.CorrectionReminders[i-1] {
			return wrong("want days before the end, falling, below correction_days", "terms.correction_reminder_days[%d]", i)
		}
	}
	return nil
}

func (p Policy) validateTexts() error {
	for _, want := range []TextName{ContractText, PrivacyConsent, FinancialDataConsent} {
		if _, ok := p.Text(want); !ok {
			return wrong(fmt.Sprintf("the text %s is missing", want), "texts")
		}
	}
	for i, t := range p.Texts {
		if len(t.SHA256) != len(lang.All()) {
			return wrong("want a SHA-256 for zh-CN, es and en", "texts[%d].sha256", i)
		}
	}
	return nil
}

func (p Policy) validateLists() error {
	for i, s := range p.ICP {
		if s.Status == "" || !s.Name.Complete() {
			return wrong("want a status and its name in zh-CN, es and en", "icp_statuses[%d]", i)
		}
		if err := (When{Sites: s.Satisfies}).validate(); err != nil {
			return wrong(err.Error(), "icp_statuses[%d].satisfies", i)
		}
		if _, ok := reason.Lookup(reason.R09, s.Reason); s.Reason != "" && !ok {
			return wrong("is not a sub-code of R09", "icp_statuses[%d].reason", i)
		}
	}
	for i, c := range p.Checklist {
		if c.ID == "" || !c.Title.Complete() || len(c.Steps) == 0 || slices.ContainsFunc(c.Steps, func(t lang.Text) bool { return !t.Complete() }) {
			return wrong("want an id, a title and steps in zh-CN, es and en", "website_checklist[%d]", i)
		}
		if len(c.Items) == 0 || slices.ContainsFunc(c.Items, func(k item.Key) bool { return !k.IsSite() }) {
			return wrong("want parts of the web site", "website_checklist[%d].items", i)
		}
	}
	code := regexp.MustCompile(`^\d{3}$`)
	for i, b := range p.Banks {
		if !code.MatchString(b.Code) || !b.Name.Complete() {
			return wrong("want a code of three digits and a name in zh-CN, es and en", "banks[%d]", i)
		}
		if first, _ := p.Bank(b.Code); first != b {
			return wrong("the code is there twice", "banks[%d].code", i)
		}
	}
	return nil
}

var identityTypes = []string{"resident_id", "residence_permit", "permanent_residence", "passport", "travel_permit"}

func (w When) empty() bool {
	return len(w.Kinds)+len(w.Products)+len(w.Sites)+len(w.IdentityTypes) == 0 && w.Licence == "" && w.Differs == ""
}

func (w When) validate() error {
	for _, k := range w.Kinds {
		if !contains(Kinds(), k) {
			return wrong(fmt.Sprintf("%q is not a kind", k), "kinds")
		}
	}
	for _, q := range w.Products {
		if !contains(Products(), q) {
			return wrong(fmt.Sprintf("%q is not a product", q), "products")
		}
	}
	for _, s := range w.Sites {
		if !contains(SiteTypes(), s) {
			return wrong(fmt.Sprintf("%q is not a site type", s), "sites")
		}
	}
	for _, t := range w.IdentityTypes {
		if !contains(identityTypes, t) {
			return wrong(fmt.Sprintf("%q is not a type of identity document", t), "identity_types")
		}
	}
	if !contains([]LicenceForm{NoLicence, USCC, FifteenD}, w.Licence) {
		return wrong(`want "uscc" or "15-digit"`, "licence")
	}
	if w.Differs != "" && !contains([]Difference{ContactDiffers, SettlementDiffers, RegistrantDiffers}, w.Differs) {
		return wrong("want contact, settlement or registrant", "differs")
	}
	return nil
}
