package identifier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/domain/identifier"
)

// noon is the moment that counts as now: 23 November 2026 in Beijing.
var noon = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

// A ruling is one line of the rule book: a value and what is found in it, as
// "severity code", nothing where the value is good.
type ruling struct {
	rule      string
	value     string
	other     string
	found     []string
	canonical string // not compared where empty
}

func found(r identifier.Result) []string {
	out := []string{}
	for _, f := range r.Findings {
		out = append(out, fmt.Sprintf("%s %s", f.Severity, f.Code))
	}
	return out
}

func judge(t *testing.T, kind string, rulings []ruling) {
	t.Helper()
	for _, k := range rulings {
		t.Run(k.rule, func(t *testing.T) {
			r, err := identifier.Check(kind, k.value, k.other, noon)
			if err != nil {
				t.Fatal(err)
			}
			if got := found(r); !slices.Equal(got, k.found) {
				t.Errorf("%q: found %q, want %q", k.value, got, k.found)
			}
			if k.canonical != "" && r.Canonical != k.canonical {
				t.Errorf("%q: canonical %q, want %q", k.value, r.Canonical, k.canonical)
			}
			if r.Kind != kind || r.Value != k.value || r.Findings == nil {
				t.Errorf("the result does not repeat what was asked: %+v", r)
			}
			for _, f := range r.Findings {
				if f.Detail == "" || !strings.HasPrefix(f.Code, kind) && !strings.HasPrefix(f.Code, "uscc") {
					t.Errorf("finding without detail or of another kind: %+v", f)
				}
			}
		})
	}
}

// born makes a resident ID with a right check character.
func born(region, date string) string {
	s := region + date + "002"
	return s + string(identifier.ResidentIDCheck(s))
}

func TestResidentIdentityNumber(t *testing.T) {
	judge(t, "resident-id", []ruling{
		{rule: "the standard's example is valid", value: "11010519491231002X", canonical: "11010519491231002X"},
		{rule: "a lower-case x is the same", value: "11010519491231002x", canonical: "11010519491231002X"},
		{rule: "full-width characters are the same", value: "１１０１０５１９４９１２３１００２Ｘ", canonical: "11010519491231002X"},
		{rule: "spaces at the ends do not count", value: " \t11010519491231002X\u3000", canonical: "11010519491231002X"},
		{rule: "invisible characters do not count", value: "\u202d11010519491231002X\u202c\ufeff", canonical: "11010519491231002X"},
		{rule: "a wrong check character blocks", value: "110105194912310021", found: []string{"block resident-id-checksum"}},
		{rule: "nothing blocks", value: "", found: []string{"block resident-id-empty"}},
		{rule: "only spaces is nothing", value: " \u3000 ", found: []string{"block resident-id-empty"}},
		{rule: "blanks and dashes between groups do not count", value: "110105-19491231 002X", canonical: "11010519491231002X"},
		{rule: "15-digit numbers are void", value: "110105491231002", found: []string{"block resident-id-void"}},
		{rule: "too short blocks", value: "11010519491231002", found: []string{"block resident-id-form"}},
		{rule: "too long blocks", value: "11010519491231002X0", found: []string{"block resident-id-form"}},
		{rule: "a letter other than X blocks", value: "11010519491231002Y", found: []string{"block resident-id-form"}},
		{rule: "X can only be last", value: "1101051949123100X2", found: []string{"block resident-id-form"}},
		{rule: "a Chinese character blocks", value: "11010519491231002十", found: []string{"block resident-id-form"}},
		{rule: "a Hong Kong resident's permit is valid", value: born("810000", "19920130")},
		{rule: "a Macao resident's permit is valid", value: born("820000", "19920130")},
		{rule: "a Taiwan resident's permit is valid", value: "830000199201300022"},
		{rule: "a permit's region has no districts", value: born("810101", "19920130"), found: []string{"warn resident-id-region"}},
		{rule: "a foreigner's permanent residence is valid", value: born("911344", "19810521")},
		{rule: "a foreigner's check character blocks too", value: "911344198105210019", found: []string{"block resident-id-checksum"}},
		{rule: "16 is no province", value: born("160105", "19491231"), found: []string{"block resident-id-region"}},
		{rule: "71 is no province of the register", value: born("710105", "19491231"), found: []string{"block resident-id-region"}},
		{rule: "00 is no province", value: born("000105", "19491231"), found: []string{"block resident-id-region"}},
		{rule: "30 February is no date", value: born("110105", "19490230"), found: []string{"block resident-id-birth-date"}},
		{rule: "29 February of a common year is no date", value: born("110105", "19000229"), found: []string{"block resident-id-birth-date"}},
		{rule: "29 February of a leap year is a date", value: born("110105", "20000229")},
		{rule: "month 13 is no date", value: born("110105", "19491331"), found: []string{"block resident-id-birth-date"}},
		{rule: "the year 0000 is no year of birth", value: born("110105", "00001231"), found: []string{"block resident-id-birth-date"}},
		{rule: "a date to come blocks", value: born("110105", "20261124"), found: []string{"block resident-id-birth-future"}},
		{rule: "who is born today is under age", value: born("110105", "20261123"), found: []string{"block resident-id-under-age"}},
		{rule: "18 today is of age", value: born("110105", "20081123")},
		{rule: "18 tomorrow is under age", value: born("110105", "20081124"), found: []string{"block resident-id-under-age"}},
		{rule: "older than 120 is a warning", value: born("110105", "19000101"), found: []string{"warn resident-id-age"}},
		{rule: "all that is wrong is said at once", value: "710105203002300020",
			found: []string{"block resident-id-region", "block resident-id-birth-date", "block resident-id-checksum"}},
		{rule: "a megabyte is no number", value: strings.Repeat("1", 1<<20), found: []string{"block resident-id-form"}},
		{rule: "broken text is no number", value: "\xff\xfe", found: []string{"block resident-id-form"}},
	})
}

func TestTodayIsBeijingsDay(t *testing.T) {
	id := born("110105", "20081124")
	evening := time.Date(2026, 11, 23, 15, 59, 59, 0, time.UTC)
	if r := identifier.ResidentID(id, evening); !r.Has("resident-id-under-age") {
		t.Error("23:59:59 in Beijing is still the day before the birthday")
	}
	if r := identifier.ResidentID(id, evening.Add(time.Second)); r.Blocked() {
		t.Error("midnight in Beijing is the birthday, whatever the day in London")
	}
}

func TestWhoIsBornOn29FebruaryComesOfAgeOnTheLastDayOfFebruary(t *testing.T) {
	id := born("110105", "20080229")
	for day, underAge := range map[int]bool{27: true, 28: false} {
		at := time.Date(2026, 2, day, 12, 0, 0, 0, time.UTC)
		if got := identifier.ResidentID(id, at).Has("resident-id-under-age"); got != underAge {
			t.Errorf("on 2026-02-%d: under age %t, want %t", day, got, underAge)
		}
	}
}

func TestThePolicySetsTheLeastAge(t *testing.T) {
	id := born("110105", "20101123")
	if identifier.ResidentIDFrom(id, 16, noon).Blocked() || !identifier.ResidentIDFrom(id, 17, noon).Blocked() {
		t.Error("a person of 16 is of age from 16 on, and is not from 17 on")
	}
}

func TestThePolicySetsHowLongBeforeItsEndADocumentIsWarnedAbout(t *testing.T) {
	const ends = "2016.12.03-2026.12.03" // ten days after noon
	if identifier.IDValidityWithin(ends, "", 10, noon).Has("id-validity-expiring") || !identifier.IDValidityWithin(ends, "", 11, noon).Has("id-validity-expiring") {
		t.Error("with ten days left a document is warned about from eleven days before its end on, and not from ten")
	}
}

func TestPartsOfAResidentIdentityNumber(t *testing.T) {
	p, ok := identifier.ParseResidentID("11010519491231002x")
	want := identifier.Resident{Class: identifier.Citizen, Region: "110105", Province: "11",
		Birth: time.Date(1949, 12, 31, 0, 0, 0, 0, time.UTC)}
	if !ok || p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
	for id, class := range map[string]identifier.ResidentClass{
		born("810000", "19920130"): identifier.HongKongResident,
		born("820000", "19920130"): identifier.MacaoResident,
		born("830000", "19920130"): identifier.TaiwanResident,
		born("911344", "19920130"): identifier.Foreigner,
	} {
		if p, ok := identifier.ParseResidentID(id); !ok || p.Class != class {
			t.Errorf("%s: %s, want %s", id, p.Class, class)
		}
	}
	if p, _ := identifier.ParseResidentID("110105194912310010"); !p.Male {
		t.Error("an odd sequence number is a man's")
	}
	if _, ok := identifier.ParseResidentID("11010519490230002X"); ok {
		t.Error("a number without a date of birth has no parts")
	}
}

func TestPeriodOfAnIdentityCard(t *testing.T) {
	old := born("110105", "19491231")   // 76
	young := born("110105", "20061231") // 19
	judge(t, "id-validity", []ruling{
		{rule: "ten years as printed", value: "2020.05.12-2030.05.12", canonical: "2020-05-12/2030-05-12"},
		{rule: "ISO dates are read too", value: "2020-05-12/2030-05-12", canonical: "2020-05-12/2030-05-12"},
		{rule: "Chinese dates are read too", value: "2020年5月12日 至 2030年5月12日", canonical: "2020-05-12/2030-05-12"},
		{rule: "the long term", value: "2016.05.12-长期", canonical: "2016-05-12/long-term"},
		{rule: "no period at all blocks", value: "soon", found: []string{"block id-validity-form"}},
		{rule: "31 April is no date", value: "2020.04.31-2030.04.30", found: []string{"block id-validity-form"}},
		{rule: "nothing blocks", value: "", found: []string{"block id-validity-empty"}},
		{rule: "the wrong way round blocks", value: "2030.05.12-2020.05.12", found: []string{"block id-validity-order"}},
		{rule: "expired yesterday blocks", value: "2016.11.22-2026.11.22", found: []string{"block id-validity-expired"}},
		{rule: "the last day is still valid", value: "2016.11.23-2026.11.23", found: []string{"warn id-validity-expiring"}},
		{rule: "fewer than 90 days left is a warning", value: "2017.02.20-2027.02.20", found: []string{"warn id-validity-expiring"}},
		{rule: "90 days left is not", value: "2017.02.21-2027.02.21"},
		{rule: "a card of tomorrow blocks", value: "2026.11.24-2036.11.24", found: []string{"block id-validity-not-yet"}},
		{rule: "seven years is no lawful period", value: "2020.05.12-2027.05.12", found: []string{"warn id-validity-period"}},
		{rule: "issued on 29 February ends on 28 February", value: "2024.02.29-2034.02.28"},
		{rule: "issued on 29 February ends on 1 March", value: "2024.02.29-2034.03.01"},
		{rule: "from 46 on the long term suits", value: "2016.05.12-长期", other: old},
		{rule: "from 46 on ten years do not", value: "2020.05.12-2030.05.12", other: old, found: []string{"warn id-validity-period"}},
		{rule: "from 16 to 25 ten years suit", value: "2024.05.12-2034.05.12", other: young},
		{rule: "from 16 to 25 twenty years do not", value: "2024.05.12-2044.05.12", other: young, found: []string{"warn id-validity-period"}},
		{rule: "from 26 to 45 twenty years suit", value: "2024.05.12-2044.05.12", other: born("110105", "19900101")},
		{rule: "under 16 five years suit", value: "2022.05.12-2027.05.12", other: young},
		{rule: "permits are for five years", value: "2024.05.12-2029.05.12", other: born("810000", "19900101")},
		{rule: "before birth is a warning", value: "2000.05.12-2040.05.12", other: young, found: []string{"warn id-validity-period"}},
		{rule: "an unreadable number compares with no age", value: "2020.05.12-2030.05.12", other: "?"},
	})
}

func TestPassportAndTravelPermit(t *testing.T) {
	judge(t, "passport", []ruling{
		{rule: "a passport", value: "e12345678", canonical: "E12345678"},
		{rule: "five characters are too few", value: "E1234", found: []string{"block passport-form"}},
		{rule: "six are enough", value: "A12345"},
		{rule: "thirty are enough", value: strings.Repeat("A", 30)},
		{rule: "31 are too many", value: strings.Repeat("A", 31), found: []string{"block passport-form"}},
		{rule: "other signs block", value: "E1234/5678", found: []string{"block passport-form"}},
		{rule: "nothing blocks", value: "", found: []string{"block passport-empty"}},
	})
	judge(t, "travel-permit", []ruling{
		{rule: "a Hong Kong resident's", value: "H0123456700"},
		{rule: "a Taiwan resident's", value: "01234567"},
	})
}

func TestUnifiedSocialCreditCode(t *testing.T) {
	judge(t, "uscc", []ruling{
		{rule: "the published example is valid", value: "91350100M000100Y43", canonical: "91350100M000100Y43"},
		{rule: "lower case is the same", value: "91350100m000100y43", canonical: "91350100M000100Y43"},
		{rule: "a pilot-era number fails the check with a warning only", value: "91350100M0001TGQXM", found: []string{"warn uscc-checksum"}, canonical: "91350100M0001TGQXM"},
		{rule: "a kind of merchant that is none is a hint", value: "91350100M000100Y43", other: "company", found: []string{"hint uscc-kind-unknown"}},
		{rule: "the letter I blocks", value: "91350100M00010IY43", found: []string{"block uscc-form"}},
		{rule: "the letter O blocks", value: "91350100M00010OY43", found: []string{"block uscc-form"}},
		{rule: "the letter S blocks", value: "91350100M00010SY43", found: []string{"block uscc-form"}},
		{rule: "the letter V blocks", value: "91350100M00010VY43", found: []string{"block uscc-form"}},
		{rule: "the letter Z blocks", value: "91350100M00010ZY43", found: []string{"block uscc-form"}},
		{rule: "a letter in the region blocks", value: "913501A0M000100Y43", found: []string{"block uscc-form"}},
		{rule: "17 characters block", value: "91350100M000100Y4", found: []string{"block uscc-form"}},
		{rule: "blanks between groups do not count", value: "9135 0100 M000 100Y 43", canonical: "91350100M000100Y43"},
		{rule: "nothing blocks", value: "", found: []string{"block uscc-empty"}},
		{rule: "a company for an enterprise suits", value: "91350100M000100Y43", other: "enterprise"},
		{rule: "a company for an individual is a hint", value: "91350100M000100Y43", other: "individual", found: []string{"hint uscc-kind"}},
		{rule: "a sole trader for an enterprise is a hint", value: withUSCCCheck("92350100M000100Y4"), other: "enterprise", found: []string{"hint uscc-kind"}},
		{rule: "a sole trader for an individual suits", value: withUSCCCheck("92350100M000100Y4"), other: "individual"},
	})
	p, ok := identifier.ParseUSCC("91350100m000100y43")
	want := identifier.Registration{Code: "91350100M000100Y43", Class: "91", Region: "350100", TaxNumber: "350100M000100Y4", OrgCode: "M000100Y4"}
	if !ok || p != want {
		t.Errorf("parts: got %+v, want %+v", p, want)
	}
}

func withUSCCCheck(first17 string) string {
	return first17 + string(identifier.USCCCheck(first17))
}

func TestACodeWhoseSumIsAMultipleOf31EndsInZero(t *testing.T) {
	tried := 0
	for n := range 1000 {
		first17 := fmt.Sprintf("91350100MA%07d", n)
		if identifier.USCCCheck(first17) == '0' {
			tried++
			if r := identifier.USCC(first17+"0", ""); len(r.Findings) != 0 {
				t.Errorf("%s0: %q", first17, found(r))
			}
		}
	}
	if tried == 0 {
		t.Error("no such code among a thousand")
	}
}

func TestOrganisationCode(t *testing.T) {
	judge(t, "org-code", []ruling{
		{rule: "the standard's example is valid", value: "D2143569-X", canonical: "D2143569-X"},
		{rule: "without its dash it is the same", value: "D2143569X", canonical: "D2143569-X"},
		{rule: "any dash will do", value: "d2143569－x", canonical: "D2143569-X"},
		{rule: "a long dash will do", value: "D2143569—X", canonical: "D2143569-X"},
		{rule: "a wrong check character is a warning", value: "D2143569-1", found: []string{"warn org-code-checksum"}},
		{rule: "a wrong form is a warning", value: "D214356-X", found: []string{"warn org-code-form"}},
		{rule: "nothing blocks", value: "", found: []string{"block org-code-empty"}},
	})
}

func TestLicenceNumber(t *testing.T) {
	judge(t, "licence", []ruling{
		{rule: "the published example is valid", value: "110108000000016", canonical: "110108000000016"},
		{rule: "full-width digits are the same", value: "１１０１０８０００００００１６", canonical: "110108000000016"},
		{rule: "a wrong check digit is a warning", value: "110108000000017", found: []string{"warn licence-checksum"}},
		{rule: "14 digits are a warning", value: "11010800000001", found: []string{"warn licence-form"}},
		{rule: "18 characters are checked as a credit code", value: "91350100M000100Y43", canonical: "91350100M000100Y43"},
		{rule: "18 wrong characters block as a credit code does", value: "91350100M00010OY43", found: []string{"block uscc-form"}},
		{rule: "nothing blocks", value: "", found: []string{"block licence-empty"}},
	})
}

func TestBranchCode(t *testing.T) {
	judge(t, "cnaps", []ruling{
		{rule: "the published example is valid", value: "402713354941", canonical: "402713354941"},
		{rule: "a wrong check digit is a warning", value: "102584000012", found: []string{"warn cnaps-checksum"}},
		{rule: "11 digits block", value: "40271335494", found: []string{"block cnaps-form"}},
		{rule: "13 digits block", value: "4027133549410", found: []string{"block cnaps-form"}},
		{rule: "letters block", value: "40271335494A", found: []string{"block cnaps-form"}},
		{rule: "blanks between groups do not count", value: "402 7133 54941", canonical: "402713354941"},
		{rule: "nothing blocks", value: "", found: []string{"block cnaps-empty"}},
		{rule: "the chosen bank by its digits", value: withCNAPSCheck("10258400001"), other: "102"},
		{rule: "the chosen bank by its abbreviation", value: withCNAPSCheck("10258400001"), other: "icbc"},
		{rule: "the chosen bank by its name", value: withCNAPSCheck("10258400001"), other: "中国工商银行股份有限公司"},
		{rule: "another bank by its digits is a warning", value: withCNAPSCheck("10258400001"), other: "105", found: []string{"warn cnaps-bank"}},
		{rule: "another bank by its name is a warning", value: withCNAPSCheck("10258400001"), other: "建设银行", found: []string{"warn cnaps-bank"}},
		{rule: "a bank outside the table is a warning against a bank of its own", value: withCNAPSCheck("10258400001"), other: "某某银行", found: []string{"warn cnaps-bank"}},
		{rule: "a city bank cannot be told from its group's digits", value: withCNAPSCheck("31310000001"), other: "北京银行", found: []string{"hint cnaps-bank-unknown"}},
		{rule: "both wrong is both said", value: "102584000012", other: "CCB", found: []string{"warn cnaps-checksum", "warn cnaps-bank"}},
	})
	for code, name := range map[string]string{"102": "ICBC", "103": "ABC", "104": "BOC", "105": "CCB", "301": "BoCom", "308": "CMB", "403": "PSBC"} {
		if b, ok := identifier.FindBank(name); !ok || b.Code != code {
			t.Errorf("%s: got %q, want %s", name, b.Code, code)
		}
	}
}

func withCNAPSCheck(first11 string) string {
	return first11 + string(identifier.CNAPSCheck(first11))
}

func TestSettlementAccount(t *testing.T) {
	judge(t, "bank-card", []ruling{
		{rule: "the published example is valid", value: "6216261000000000018", canonical: "6216261000000000018"},
		{rule: "groups of four are the same", value: "6216 2610 0000 0000 018", canonical: "6216261000000000018"},
		{rule: "groups with dashes are the same", value: "6216-2610-0000-0000-018", canonical: "6216261000000000018"},
		{rule: "a wrong check digit is a warning", value: "6216261000000000017", found: []string{"warn bank-card-checksum"}},
		{rule: "12 digits are a warning", value: "621626100000", found: []string{"warn bank-card-form"}},
		{rule: "20 digits are a warning", value: "62162610000000000180", found: []string{"warn bank-card-form"}},
		{rule: "letters are a warning", value: "6216261OOOOOOOOOO18", found: []string{"warn bank-card-form"}},
		{rule: "nothing blocks", value: "", found: []string{"block bank-card-empty"}},
	})
	judge(t, "corporate-account", []ruling{
		{rule: "a company's account never knows Luhn", value: "6216261000000000017", canonical: "6216261000000000017"},
		{rule: "dashes belong to it", value: "12-345-6789", canonical: "12-345-6789"},
		{rule: "five digits are enough", value: "12345"},
		{rule: "four are a warning", value: "1234", found: []string{"warn corporate-account-form"}},
		{rule: "33 are a warning", value: strings.Repeat("1", 33), found: []string{"warn corporate-account-form"}},
		{rule: "letters are a warning", value: "12345A", found: []string{"warn corporate-account-form"}},
		{rule: "dashes alone are a warning", value: "-----", found: []string{"warn corporate-account-form"}},
	})
	judge(t, "bank-card", []ruling{
		{rule: "an enterprise's account is no card", value: "6216261000000000017", other: "enterprise"},
		{rule: "an individual's is", value: "6216261000000000017", other: "individual", found: []string{"warn bank-card-checksum"}},
		{rule: "a holder that is neither is a hint, and the account is checked as a card", value: "6216261000000000018", other: "corporate", found: []string{"hint bank-card-kind-unknown"}},
	})
}
