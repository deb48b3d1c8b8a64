package reason_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/reason"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The sub-codes that the business asks for; more may exist, none may be missing.
var asked = map[reason.Code][]reason.Sub{
	reason.R01: {"domain", "id-card-front", "id-card-back", "bank-card-front", "bank-card-back", "bank-info",
		"business-licence", "tax-certificate", "org-code-certificate", "legal-person-id-front", "legal-person-id-back",
		"account-opening-licence", "same-file"},
	reason.R02: {"belongs-elsewhere"},
	reason.R03: {"unclear", "forged", "incomplete", "expired", "invalid"},
	reason.R04: {"mismatch"},
	reason.R05: {"mobile", "email", "phone", "address"},
	reason.R06: {"mismatch"},
	reason.R07: {"mismatch"},
	reason.R08: {"mismatch", "malformed", "duplicate"},
	reason.R09: {"no-filing", "app-only", "cancelled", "other-subject"},
	reason.R10: {"mismatch"},
	reason.R11: {"unreachable", "blocked", "dangerous"},
	reason.R12: {"contact", "company-info", "content", "prohibited-goods", "display-broken", "unfinished",
		"no-purchase-flow", "test-account", "terms-missing"},
}

func name(e reason.Entry) string { return string(e.Code) + "/" + string(e.Sub) }

func TestEveryReasonAndSubCodeIsRegistered(t *testing.T) {
	for _, c := range reason.Codes() {
		for _, s := range asked[c] {
			if _, ok := reason.Lookup(c, s); !ok {
				t.Errorf("%s/%s is not in the registry", c, s)
			}
		}
	}
	if len(reason.Codes()) != 12 {
		t.Errorf("there are %d codes, want twelve", len(reason.Codes()))
	}
}

func TestEveryRowIsComplete(t *testing.T) {
	permanent := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[string]bool{}
	for _, e := range reason.All() {
		t.Run(name(e), func(t *testing.T) {
			if seen[name(e)] {
				t.Error("is there twice")
			}
			seen[name(e)] = true
			if !slices.Contains(reason.Codes(), e.Code) || !permanent.MatchString(string(e.Sub)) {
				t.Error("want a code R01 to R12 and a sub-code in lower-case words")
			}
			if len(e.Targets) == 0 {
				t.Error("can be raised on nothing")
			}
			for _, k := range e.Targets {
				if _, ok := item.Lookup(k); !ok {
					t.Errorf("target %s is not an item", k)
				}
			}
			if !slices.Contains([]reason.Class{reason.Certain, reason.Suspicion, reason.LookUp, reason.Person}, e.Machine) || e.Found == "" {
				t.Error("does not say how far a machine finds it")
			}
			if l, ok := reason.Lookup(e.Code, e.Sub); !ok || l.Sub != e.Sub {
				t.Error("cannot be looked up")
			}
		})
	}
}

func TestEveryTextExistsInThreeLanguagesWithTheSameParameters(t *testing.T) {
	param := regexp.MustCompile(`\{[a-z]+\}`)
	known := []string{"{item}", "{value}", "{deadline}", "{expected}", "{seen}"}
	for _, e := range append(reason.All(), reason.Fallback("R99", "new")) {
		t.Run(name(e), func(t *testing.T) {
			en := parts(e.Wording(lang.English))
			for _, l := range lang.All() {
				for field, text := range parts(e.Wording(l)) {
					if strings.TrimSpace(text) == "" {
						t.Errorf("%s: %s is empty", l, field)
					}
					got, want := param.FindAllString(text, -1), param.FindAllString(en[field], -1)
					slices.Sort(got)
					slices.Sort(want)
					if !slices.Equal(slices.Compact(got), slices.Compact(want)) {
						t.Errorf("%s: %s has parameters %v, English has %v", l, field, got, want)
					}
					for _, p := range got {
						if !slices.Contains(known, p) {
							t.Errorf("%s: %s has the unknown parameter %s", l, field, p)
						}
					}
				}
			}
			if zh := e.Wording(lang.Chinese); zh.Fix == e.Wording(lang.English).Fix || zh.Fix == e.Wording(lang.Spanish).Fix {
				t.Error("two languages say the same")
			}
		})
	}
}

func parts(w reason.Wording) map[string]string {
	return map[string]string{"title": w.Title, "what": w.What, "fix": w.Fix, "by": w.By, "internal": w.Internal}
}

func TestEveryItemHasALabelInThreeLanguages(t *testing.T) {
	for _, i := range item.All() {
		seen := map[string]bool{}
		for _, l := range lang.All() {
			label := reason.ItemLabel(i.Key, l)
			if label == string(i.Key) || seen[label] {
				t.Errorf("%s has no label of its own in %s", i.Key, l)
			}
			seen[label] = true
		}
	}
}

func TestEveryItemCanBeMissingAndCanBeWrong(t *testing.T) {
	for _, i := range item.All() {
		if _, ok := reason.MissingSub(i.Key); !ok {
			t.Errorf("%s: no sub-code of R01 says that it is missing", i.Key)
		}
		wrong := slices.ContainsFunc(reason.For(i.Key), func(e reason.Entry) bool { return e.Code != reason.R01 })
		if !wrong {
			t.Errorf("%s: a reviewer has no reason to send it back when it is there and wrong", i.Key)
		}
	}
}

func TestAReasonIsRaisedOnItsTargetsOnly(t *testing.T) {
	for _, c := range []struct {
		rule string
		code reason.Code
		sub  reason.Sub
		on   item.Key
		want bool
	}{
		{"an ID card can be unclear", reason.R03, reason.Unclear, item.IDCardFront, true},
		{"a bank account number is no picture and cannot be unclear", reason.R03, reason.Unclear, item.BankNumber, false},
		{"validity dates can be past", reason.R03, reason.Expired, item.IdentityValidTo, true},
		{"a security code shows on the card's back only", reason.R03, reason.CVNVisible, item.BankFront, false},
		{"a contact is compared with the holder", reason.R04, reason.Mismatch, item.ContactName, true},
		{"a mobile number is not an e-mail address", reason.R05, reason.Email, item.ContactMobile, false},
		{"an account holder is not an account number", reason.R07, reason.Mismatch, item.BankHolder, false},
		{"an ICP number can be missing from the register", reason.R09, reason.NoFiling, item.SiteICPNumber, true},
		{"a company's name can differ from the registrant", reason.R10, reason.Mismatch, item.CompanyName, true},
		{"a document cannot be unreachable", reason.R11, reason.Unreachable, item.IDCardFront, false},
		{"a test account can fail", reason.R12, reason.TestAccountFails, item.SiteTestAccount, true},
		{"an unknown sub-code applies to nothing", reason.R12, "someday", item.SiteURL, false},
		{"an unknown code applies to nothing", "R13", reason.Mismatch, item.SiteURL, false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			if got := reason.AppliesTo(c.code, c.sub, c.on); got != c.want {
				t.Errorf("AppliesTo(%s, %s, %s) = %v", c.code, c.sub, c.on, got)
			}
		})
	}
}

func TestOnlyForgeryAndProhibitedGoodsMayEndAnApplication(t *testing.T) {
	var final []string
	for _, e := range reason.All() {
		if e.Final {
			final = append(final, name(e))
		}
	}
	if want := []string{"R03/forged", "R12/prohibited-goods"}; !slices.Equal(final, want) {
		t.Errorf("final: %v, want %v", final, want)
	}
}

func TestWhoeverReadsTheRegistryCannotChangeIt(t *testing.T) {
	reason.All()[0].Targets[0] = "broken"
	e, _ := reason.Lookup(reason.R01, reason.MissingDomain)
	e.Targets[0] = "broken"
	if !reason.AppliesTo(reason.R01, reason.MissingDomain, item.SiteDomain) {
		t.Error("a caller changed the registry")
	}
}

// The golden file is the registry as a person reads it. A changed row shows up
// in review; a changed text asks for a new reason.Version.
func TestTheRegistryIsAsReviewed(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "registry %s\n", reason.Version)
	for _, e := range reason.All() {
		fmt.Fprintf(&b, "\n%s machine %s final %v\n  on %v\n", name(e), e.Machine, e.Final, e.Targets)
		for _, l := range lang.All() {
			w := e.Wording(l)
			fmt.Fprintf(&b, "  %s\n    %s\n    %s\n    %s\n    %s\n    (internal) %s\n", l, w.Title, w.What, w.Fix, w.By, w.Internal)
		}
	}
	golden(t, "registry.txt", b.String())
}

func TestWhatOpensIsAsReviewed(t *testing.T) {
	var b strings.Builder
	for _, i := range item.All() {
		for _, kind := range []item.Audience{item.Individual, item.Enterprise} {
			if i.Key.Fits(kind) {
				fmt.Fprintf(&b, "%s (%s)\n", i.Key, kind)
				for _, k := range reason.UnlocksFor(kind, i.Key) {
					fmt.Fprintf(&b, "  %s\n", k)
				}
			}
		}
	}
	golden(t, "unlocks.txt", b.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s; if the change is meant, change reason.Version and run `go test ./domain/reason -update`", path)
	}
}

func TestEverythingThatIsMissingHasItsReason(t *testing.T) {
	for _, i := range item.All() {
		sub, ok := reason.MissingSub(i.Key)
		if !ok || sub == reason.SameFile || !reason.AppliesTo(reason.R01, sub, i.Key) {
			t.Errorf("%s is missing: R01/%s, %v", i.Key, sub, ok)
		}
	}
	if sub, ok := reason.MissingSub("passport.photo"); ok {
		t.Errorf("what does not exist is missing as %s", sub)
	}
}

func TestTheOtherSideOfADocument(t *testing.T) {
	pairs := map[item.Key]item.Key{item.IDCardFront: item.IDCardBack, item.BankFront: item.BankBack, item.LegalPersonFront: item.LegalPersonBack}
	for _, i := range item.All() {
		want, sided := pairs[i.Key]
		for front, back := range pairs {
			if back == i.Key {
				want, sided = front, true
			}
		}
		if got, ok := reason.OtherSide(i.Key); ok != sided || got != want {
			t.Errorf("the other side of %s is %s, %v", i.Key, got, ok)
		}
	}
}
