package simulate_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
	"alta/simulate"
)

// changes is what each fault changes and nothing else: i for individuals, e for
// enterprises. Keys stand for fields and slots; "web" for the site and the
// answers about it.
var changes = map[string]struct{ i, e []item.Key }{
	"r01-id-card":   {i: []item.Key{item.IDCardFront}},
	"r01-licence":   {e: []item.Key{item.BusinessLicence}},
	"r01-domain":    both(item.SiteDomain),
	"r01-bank-info": both(item.BankBranch),
	"r01-same-file": {i: []item.Key{item.IDCardBack}, e: []item.Key{item.LegalPersonBack}},
	"r01-proof":     {e: []item.Key{item.ContactName}},
	"r01-back":      {i: []item.Key{item.IDCardBack}},

	"r01-legal-person-back": {e: []item.Key{item.LegalPersonBack}},

	"r02-swapped":   {i: []item.Key{item.IDCardFront, item.IDCardBack}, e: []item.Key{item.LegalPersonFront, item.LegalPersonBack}},
	"r02-elsewhere": {i: []item.Key{item.BankFront}, e: []item.Key{item.AccountOpeningLicence}},

	"r03-blurred":   {i: []item.Key{item.IDCardFront}, e: []item.Key{item.BusinessLicence}},
	"r03-thumbnail": {i: []item.Key{item.BankFront}, e: []item.Key{item.AccountOpeningLicence}},
	"r03-cropped":   {i: []item.Key{item.IDCardFront}, e: []item.Key{item.BusinessLicence}},
	"r03-grey":      {i: []item.Key{item.IDCardFront}, e: []item.Key{item.LegalPersonFront}},
	"r03-forged":    {i: []item.Key{item.IDCardFront}, e: []item.Key{item.LegalPersonFront}},
	"r03-expired":   {i: []item.Key{item.IDCardBack}, e: []item.Key{item.LegalPersonBack}},
	"r03-expired-form": {
		i: []item.Key{item.IdentityValidFrom, item.IdentityValidTo, item.IDCardBack},
		e: []item.Key{item.IdentityValidFrom, item.IdentityValidTo, item.LegalPersonBack},
	},
	"r03-cvn": {i: []item.Key{item.BankBack}},

	"r04-contact":       both(item.ContactName),
	"r04-letter":        both(item.ContactName, item.AuthorisationContact),
	"r04-card":          {i: []item.Key{item.IDCardFront}, e: []item.Key{item.LegalPersonFront}},
	"r05-mobile-form":   both(item.ContactMobile),
	"r05-mobile-silent": both(item.ContactMobile),
	"r05-email-form":    both(item.ContactEmail),
	"r05-email-bounces": both(item.ContactEmail),
	"r05-phone":         both(item.ContactPhone),
	"r05-address":       both(item.ContactAddress),
	"r06-holder":        both(item.BankHolder),
	"r06-paper":         {i: []item.Key{item.BankBack}, e: []item.Key{item.AccountOpeningLicence}},
	"r07-number":        {i: []item.Key{item.BankFront}, e: []item.Key{item.AccountOpeningLicence}},
	"r07-checksum":      {i: []item.Key{item.BankNumber}},
	"r07-bank":          both(item.BankCode),
	"r08-card":          {i: []item.Key{item.IDCardFront}, e: []item.Key{item.LegalPersonFront}},
	"r08-checksum":      both(item.IdentityNumber),
	"r08-licence":       {e: []item.Key{item.BusinessLicence}},

	"r08-licence-checksum": {e: []item.Key{item.CompanyLicence}},

	"r09-app-only":      both(item.SiteICPNumber),
	"r09-malformed":     both(item.SiteICPNumber),
	"r09-app-record":    both("web"),
	"r09-no-filing":     both("web"),
	"r09-cancelled":     both("web"),
	"r09-other-subject": both("web"),
	"r10-registrant":    both("web"),
	"r11-unreachable":   both("web"),
	"r12-contact":       both("web"),
	"r12-company":       both("web"),
	"r12-content":       both("web"),
	"r12-prohibited":    both("web"),
	"r12-display":       both("web"),
	"r12-unfinished":    both("web"),
	"r12-no-purchase":   both("web"),
	"r12-terms":         both("web"),
	"r12-test-account":  both("web"),
}

func both(keys ...item.Key) struct{ i, e []item.Key } { return struct{ i, e []item.Key }{keys, keys} }

func difference(m simulate.Merchant) []item.Key {
	d := m.Difference()
	out := slices.Concat(d.Fields, d.Documents)
	if d.Web {
		out = append(out, "web")
	}
	return out
}

func TestAFaultChangesExactlyWhatItSaysAndItsCorrectionPutsItBack(t *testing.T) {
	for _, kind := range policy.Kinds() {
		g := simulate.New(11, today)
		for range 40 {
			clean := g.Merchant(kind, all, policy.Web)
			for _, f := range simulate.Faults() {
				want := changes[f.Name].i
				if kind == policy.Enterprise {
					want = changes[f.Name].e
				}
				m := clean.Clone()
				if !f.Fits(&m) {
					if want != nil {
						t.Fatalf("%s does not fit an %s", f.Name, kind)
					}
					continue
				}
				// Who has a letter of authorisation loses it.
				if (f.Name == "r01-proof" || f.Name == "r04-contact") && clean.Contact.Number != clean.Person.Number {
					want = []item.Key{item.ContactName, item.AuthorisationContact}
				}
				if err := simulate.Inject(f, &m); err != nil {
					t.Fatal(err)
				}
				if got := difference(m); !slices.Equal(got, want) {
					t.Errorf("%s of %s %d changes %v, not %v", f.Name, kind, m.Index, got, want)
				}
				if got := blocked(m); got != f.Blocks {
					t.Errorf("%s of %s %d: stopped by the form: %v; the fault says %v: %+v", f.Name, kind, m.Index, got, f.Blocks, findings(m, today))
				}
				if !reason.AppliesTo(f.Code, f.Sub, f.Target(&m)) {
					t.Errorf("%s: %s/%s cannot be raised on %s", f.Name, f.Code, f.Sub, f.Target(&m))
				}
				if err := simulate.Correct(f, &m); err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(m, clean) {
					t.Errorf("%s: the correction leaves %v", f.Name, difference(m))
				}
			}
		}
	}
}

func TestEveryReasonCanBeShownToAReviewer(t *testing.T) {
	for _, kind := range policy.Kinds() {
		m := simulate.New(2, today).Merchant(kind, all, policy.Web)
		for _, code := range reason.Codes() {
			if len(simulate.FaultsOf(code, &m, false)) == 0 {
				t.Errorf("%s of an %s: nothing passes the form", code, kind)
			}
		}
	}
}

func TestEveryFaultHasItsOwnNameAndIsListedHere(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range simulate.Faults() {
		if seen[f.Name] || f.See == "" {
			t.Errorf("%q is there twice or says nothing", f.Name)
		}
		seen[f.Name] = true
		if _, ok := changes[f.Name]; !ok {
			t.Errorf("%q has no line in this test", f.Name)
		}
	}
	if len(seen) != len(changes) {
		t.Errorf("%d faults, %d lines", len(seen), len(changes))
	}
}

func TestFaultsAreCorrectedOneByOne(t *testing.T) {
	m := simulate.New(2, today).Merchant(policy.Individual, all, policy.Web)
	clean := m.Clone()
	names := []string{"r03-blurred", "r08-card", "r07-number", "r03-thumbnail", "r12-contact"}
	var faults []simulate.Fault
	for _, n := range names {
		f, err := simulate.FaultNamed(n)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, f)
		if err := simulate.Inject(f, &m); err != nil {
			t.Fatal(err)
		}
	}
	if err := simulate.Correct(faults[0], &m); err != nil {
		t.Fatal(err)
	}
	// The number on the same card is still wrong.
	if d := m.Documents[item.IDCardFront]; d.Look.Blur != 0 || d == clean.Documents[item.IDCardFront] {
		t.Fatalf("after the first correction: %+v", d)
	}
	for _, f := range faults[1:] {
		if err := simulate.Correct(f, &m); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(m, clean) {
		t.Fatalf("what is left: %v", difference(m))
	}
}

func TestAFaultIsRefusedWhereItMakesNoSense(t *testing.T) {
	m := simulate.New(2, today).Merchant(policy.Individual, all[:1], policy.Offline)
	unreachable, err := simulate.FaultNamed("r11-unreachable")
	if err != nil {
		t.Fatal(err)
	}
	contact, err := simulate.FaultNamed("r04-contact")
	if err != nil {
		t.Fatal(err)
	}
	if err := simulate.Inject(contact, &m); err != nil {
		t.Fatal(err)
	}
	_, unnamed := simulate.FaultNamed("r13")
	for name, got := range map[string]error{
		"a merchant without a site has no unreachable one": simulate.Inject(unreachable, &m),
		"what was not injected is not corrected":           simulate.Correct(unreachable, &m),
		"a fault of one's own making is none":              simulate.Inject(simulate.Fault{Name: "made-up"}, &m),
		"the same fault twice is one":                      simulate.Inject(contact, &m),
		"there is no fault of that name":                   unnamed,
	} {
		var fault *simulate.FaultError
		if !errors.As(got, &fault) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestFaultsBearAMerchantWhoseFormWasChangedByHand(t *testing.T) {
	for _, kind := range policy.Kinds() {
		for _, value := range []string{"", "1", "张"} {
			for _, f := range simulate.Faults() {
				m := simulate.New(2, today).Merchant(kind, all, policy.Web)
				for k := range m.Fields {
					m.Fields[k] = value
				}
				m.Person, m.Company = simulate.Person{Name: value}, simulate.Company{Name: value, Licence: value}
				if !f.Fits(&m) {
					continue
				}
				if err := simulate.Inject(f, &m); err != nil {
					t.Errorf("%s: %v", f.Name, err)
				}
			}
		}
	}
}
