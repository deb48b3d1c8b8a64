package simulate_test

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/policy"
	"alta/simulate"
	"alta/simulate/specimen"
)

var (
	today = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	all   = []policy.Product{policy.WeChat, policy.Alipay, policy.OnlineBanking}
)

// findings are what the identifier rules have to say about a merchant's form.
func findings(m simulate.Merchant, at time.Time) []identifier.Finding {
	var out []identifier.Finding
	f, kind := m.Fields, string(m.Kind)
	add := func(r identifier.Result) { out = append(out, r.Findings...) }
	add(identifier.ResidentID(f[item.IdentityNumber], at))
	add(identifier.IDValidity(f[item.IdentityValidFrom]+" - "+strings.Replace(f[item.IdentityValidTo], "long-term", "长期", 1), f[item.IdentityNumber], at))
	add(identifier.Mobile(f[item.ContactMobile]))
	add(identifier.Phone(f[item.ContactPhone]))
	add(identifier.Email(f[item.ContactEmail]))
	add(identifier.CNAPS(f[item.BankBranch], f[item.BankCode]))
	add(identifier.SettlementAccount(f[item.BankNumber], kind))
	if m.Kind == policy.Enterprise {
		add(identifier.Licence(f[item.CompanyLicence], kind))
		if code := f[item.CompanyOrgCode]; code != "" {
			add(identifier.OrgCode(code))
		}
	}
	if m.Site != policy.Offline {
		add(identifier.Domain(f[item.SiteDomain]))
		icp, err := identifier.Check("icp", f[item.SiteICPNumber], "", at)
		if err != nil {
			panic(err)
		}
		add(icp)
	}
	return out
}

// blocked reports whether the form would refuse to be submitted: a malformed
// value, a missing item, or one file in two slots.
func blocked(m simulate.Merchant) bool {
	twice := false
	for i, k := range m.Slots() {
		for _, other := range m.Slots()[:i] {
			twice = twice || m.Documents[k] == m.Documents[other]
		}
	}
	return twice || len(missing(m)) > 0 ||
		slices.ContainsFunc(findings(m, today), func(f identifier.Finding) bool { return f.Severity == identifier.Block })
}

// missing lists what the newest policy requires and the merchant does not have.
func missing(m simulate.Merchant) []item.Key {
	facts := policy.Facts{
		Kind: m.Kind, Products: m.Products, Site: m.Site,
		Licence: m.Fields[item.CompanyLicence], IdentityType: m.Fields[item.IdentityType],
	}
	if m.Fields[item.ContactName] != m.Fields[item.IdentityName] {
		facts.Differs = append(facts.Differs, policy.ContactDiffers)
	}
	if m.Fields[item.BankHolder] != m.Name() {
		facts.Differs = append(facts.Differs, policy.SettlementDiffers)
	}
	req := policy.Default().Latest().Requirements(facts)
	want := slices.Concat(req.Required(policy.StageQualification), req.Required(policy.StageICP))
	return slices.DeleteFunc(want, func(k item.Key) bool {
		_, uploaded := m.Documents[k]
		return uploaded || m.Fields[k] != "" || k.IsSite()
	})
}

func TestEveryNumberOfAMerchantPassesEveryRule(t *testing.T) {
	for seed := range uint64(3) {
		g := simulate.New(seed, today)
		for range 700 {
			m := g.Any()
			if got := findings(m, today); len(got) > 0 {
				t.Fatalf("seed %d, merchant %d: %+v", seed, m.Index, got)
			}
			if got := missing(m); len(got) > 0 {
				t.Fatalf("seed %d, merchant %d lacks %v", seed, m.Index, got)
			}
		}
	}
}

func TestMerchantsOfAnyYearHaveCardsThatSuitTheirAge(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 12, 31, 23, 0, 0, 0, time.UTC),
	} {
		g := simulate.New(9, at)
		for range 300 {
			if got := findings(g.Any(), at); len(got) > 0 {
				t.Fatalf("%v: %+v", at, got)
			}
		}
	}
}

func TestTheFormAndThePapersAgree(t *testing.T) {
	g := simulate.New(4, today)
	for range 200 {
		m := g.Any()
		front, back := item.IDCardFront, item.IDCardBack
		if m.Kind == policy.Enterprise {
			front, back = item.LegalPersonFront, item.LegalPersonBack
			licence := m.Documents[item.BusinessLicence].Paper.(specimen.BusinessLicence)
			opening := m.Documents[item.AccountOpeningLicence].Paper.(specimen.AccountOpening)
			if licence.Number != m.Fields[item.CompanyLicence] || licence.Name != m.Fields[item.CompanyName] || licence.LegalPerson != m.Fields[item.IdentityName] {
				t.Fatalf("merchant %d: the licence is another company's", m.Index)
			}
			if opening.Number != m.Fields[item.BankNumber] || opening.Holder != m.Fields[item.BankHolder] {
				t.Fatalf("merchant %d: the account is another one", m.Index)
			}
			_, letter := m.Documents[item.AuthorisationContact]
			if letter != (m.Contact.Number != m.Person.Number) {
				t.Fatalf("merchant %d: a letter of authorisation goes with another contact, and only then", m.Index)
			}
		} else {
			card := m.Documents[item.BankFront].Paper.(specimen.BankCardFront)
			if card.Number != m.Fields[item.BankNumber] || card.Brand != m.Fields[item.BankCode] {
				t.Fatalf("merchant %d: the card is another one", m.Index)
			}
			if holder := m.Documents[item.BankBack].Paper.(specimen.BankCardBack); holder.Holder != m.Fields[item.BankHolder] || holder.CVN != "" {
				t.Fatalf("merchant %d: the card's back does not fit", m.Index)
			}
		}
		id := m.Documents[front].Paper.(specimen.IDFront)
		period := m.Documents[back].Paper.(specimen.IDBack)
		printed, ok := identifier.ParseResidentID(id.Number)
		if !ok || id.Number != m.Fields[item.IdentityNumber] || id.Name != m.Fields[item.IdentityName] ||
			printed.Birth.Format(time.DateOnly) != id.Birth || printed.Male != (id.Sex == "男") ||
			period.ValidFrom != m.Fields[item.IdentityValidFrom] || period.ValidTo != m.Fields[item.IdentityValidTo] {
			t.Fatalf("merchant %d: the ID card does not fit the form", m.Index)
		}
		if m.Web == nil {
			continue
		}
		page := m.Web.Page.Paper.(specimen.SiteScreenshot)
		filing := m.Web.Filing.Paper.(specimen.ICPScreenshot)
		if page.ICP != m.Fields[item.SiteICPNumber] || page.Phone != m.Fields[item.ContactPhone] || page.Company != m.Name() ||
			filing.Number != m.Fields[item.SiteICPNumber] || filing.Subject != m.Name() || m.Web.Registrant != m.Name() {
			t.Fatalf("merchant %d: the site does not fit the form", m.Index)
		}
	}
}

func TestTheSameSeedMakesTheSameMerchants(t *testing.T) {
	a, b := simulate.New(7, today), simulate.New(7, today)
	for n := range uint64(60) {
		one := a.Any()
		if two := b.AnyAt(n); !reflect.DeepEqual(one, two) {
			t.Fatalf("merchant %d differs", n)
		}
	}
	if reflect.DeepEqual(simulate.New(8, today).Any().Fields, simulate.New(7, today).Any().Fields) {
		t.Fatal("another seed makes the same merchant")
	}
}

func TestWorkersThatShareAGeneratorGetDifferentMerchants(t *testing.T) {
	g := simulate.New(1, today)
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				m := g.Merchant(policy.Individual, all, policy.Web)
				mu.Lock()
				seen[m.Index] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 200 {
		t.Fatalf("%d different merchants of 200", len(seen))
	}
}

func TestNoTwoMerchantsShareANumber(t *testing.T) {
	g := simulate.New(3, today)
	seen := map[string]uint64{}
	count := 20_000
	if testing.Short() {
		count = 4_000
	}
	for range count {
		m := g.Any()
		for _, k := range []item.Key{
			item.IdentityNumber, item.CompanyLicence, item.BankNumber, item.ContactMobile, item.ContactEmail, item.SiteDomain, item.SiteICPNumber,
		} {
			v := m.Fields[k]
			if v == "" {
				continue
			}
			if other, taken := seen[string(k)+v]; taken {
				t.Fatalf("%s of merchants %d and %d is the same", k, other, m.Index)
			}
			seen[string(k)+v] = m.Index
		}
	}
}

func TestEveryCharacterOfAMerchantCanBeDrawn(t *testing.T) {
	press, err := specimen.NewPress()
	if err != nil {
		t.Fatal(err)
	}
	g := simulate.New(5, today)
	seen := map[rune]bool{}
	collect := func(s string) {
		for _, r := range s {
			seen[r] = true
		}
	}
	check := func(m simulate.Merchant) {
		for _, d := range m.Documents {
			texts(reflect.ValueOf(d.Paper), collect)
		}
		if m.Web != nil {
			texts(reflect.ValueOf(m.Web.Page.Paper), collect)
			texts(reflect.ValueOf(m.Web.Filing.Paper), collect)
		}
	}
	for range 3_000 {
		m := g.Any()
		check(m)
		if m.Index%50 != 0 {
			continue
		}
		for _, f := range simulate.Faults() {
			if f.Fits(&m) {
				wrong := m.Clone()
				if err := simulate.Inject(f, &wrong); err != nil {
					t.Fatal(err)
				}
				check(wrong)
			}
		}
	}
	for _, s := range simulate.Vocabulary() {
		collect(s)
	}
	if len(seen) < 500 {
		t.Fatalf("only %d characters were seen: the walk is broken", len(seen))
	}
	for r := range seen {
		if miss := press.Missing(string(r)); len(miss) > 0 {
			t.Errorf("no glyph for %q", r)
		}
	}
}

// texts hands every string inside v to f.
func texts(v reflect.Value, f func(string)) {
	switch v.Kind() {
	case reflect.String:
		f(v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			texts(v.Field(i), f)
		}
	case reflect.Array:
		for i := range v.Len() {
			texts(v.Index(i), f)
		}
	}
}

func TestRestylingKeepsAFaultVisible(t *testing.T) {
	m := simulate.New(1, today).Merchant(policy.Individual, all, policy.Web)
	blur, err := simulate.FaultNamed("r03-blurred")
	if err != nil {
		t.Fatal(err)
	}
	if err := simulate.Inject(blur, &m); err != nil {
		t.Fatal(err)
	}
	m.Restyle(func(_ item.Key, l *specimen.Look) { l.Small, l.Encoding = true, specimen.PDF })
	if l := m.Documents[item.IDCardFront].Look; l.Blur == 0 || !l.Small || l.Encoding != specimen.PDF {
		t.Fatalf("%+v", l)
	}
	if err := simulate.Correct(blur, &m); err != nil {
		t.Fatal(err)
	}
	if l := m.Documents[item.IDCardFront].Look; l.Blur != 0 || !l.Small {
		t.Fatalf("after the correction: %+v", l)
	}
}
