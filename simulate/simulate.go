// Package simulate invents merchants: people and companies that do not exist,
// with numbers that pass every check, papers that match the form, a web site and
// the answers that look-ups about it would give; and it can make any of the
// twelve reasons for a return true of them. It is the source of the demonstration
// data, of test data and of load.
//
// Everything follows from a seed, a moment and an index, and from nothing else:
// there is no clock and no global randomness, so a test, a bug report and a
// benchmark can each name their merchant. The moment matters because ages and
// validity dates are counted from it.
//
// Numbers are well formed and carry right check digits but are made up. Should
// one belong to somebody, it is by chance, and nothing here sends anything
// anywhere: e-mail addresses are under example.com (RFC 2606), and a site's
// domain, which the rules want to be a registrable name, is only ever written
// down. Drawn papers say SPECIMEN all over (see package specimen).
//
// # Faults
//
// A Fault makes one reason true: Inject changes the form, a paper or the site,
// and Correct puts it right as the merchant would. Some faults are caught by the
// form itself and keep the application from being submitted (Fault.Blocks); all
// others pass the form and wait for a reviewer.
package simulate

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/simulate/specimen"
)

// Generator makes merchants. It is safe for concurrent use.
type Generator struct {
	seed uint64
	at   time.Time
	next atomic.Uint64
}

// New makes a generator. The moment at is the "today" of the merchants' ages and
// papers; two generators with the same seed and the same day make the same
// merchants.
func New(seed uint64, at time.Time) *Generator { return &Generator{seed: seed, at: at} }

// Merchant makes the next merchant.
func (g *Generator) Merchant(kind policy.Kind, products []policy.Product, site policy.SiteType) Merchant {
	return g.At(g.next.Add(1)-1, kind, products, site)
}

// Any makes the next merchant with a plausible choice of kind, products and
// site: two in five are individuals, most have a web site.
func (g *Generator) Any() Merchant { return g.AnyAt(g.next.Add(1) - 1) }

// AnyAt is the merchant that Any makes as its nth, counted from 0.
func (g *Generator) AnyAt(n uint64) Merchant {
	r := newSource(g.seed^0x5eed, n)
	kind, site := policy.Enterprise, policy.Web
	if r.chance(40) {
		kind = policy.Individual
	}
	products := []policy.Product{policy.WeChat, policy.Alipay}
	switch c := r.IntN(100); {
	case c < 10:
		site = policy.Offline
	case c < 18:
		site = policy.App
	case c < 60:
		products = append(products, policy.OnlineBanking)
	case c < 75:
		products = products[:1]
	}
	return g.At(n, kind, products, site)
}

// At makes the merchant of that index, whatever was made before: a load
// generator can split a range of indices among workers and resume in its middle.
func (g *Generator) At(n uint64, kind policy.Kind, products []policy.Product, site policy.SiteType) Merchant {
	r := newSource(g.seed, n)
	m := Merchant{
		Seed: g.seed, Index: n, Kind: kind, Products: slices.Clone(products), Site: site, day: civil(g.at).AddDate(0, 0, -7).Format(time.DateOnly),
		Fields: map[item.Key]string{}, Documents: map[item.Key]specimen.Document{},
	}
	// Two people are numbered per merchant, whether or not both are needed.
	m.Person = g.person(r, 2*n)
	m.Contact = m.Person
	in := pick(r, industries)
	a, b := pick(r, brandFirst), pick(r, brandSecond)
	seat := m.Person.place
	if kind == policy.Enterprise {
		seat = pick(r, places)
		m.Company = g.company(r, n, seat, a.han+b.han, in)
		if r.chance(30) {
			m.Contact = g.person(r, 2*n+1)
		}
	}
	acct := g.account(r, n, seat, kind == policy.Enterprise)
	m.fill(g, seat, acct, fmt.Sprintf("%s-%s", seat.area, fmt.Sprintf("8%07d", spread(g.seed, n, 1e7))))
	if site != policy.Offline {
		m.publish(r, g, a, b, seat, in)
	}
	m.photograph(r, g, acct)
	return m
}

// fill writes the form.
func (m *Merchant) fill(g *Generator, seat place, a account, phone string) {
	p, c := m.Person, m.Contact
	m.Fields = map[item.Key]string{
		item.IdentityName: p.Name, item.IdentityType: "resident_id", item.IdentityNumber: p.Number,
		item.IdentityValidFrom: p.ValidFrom, item.IdentityValidTo: p.ValidTo,
		item.ContactName: c.Name, item.ContactMobile: g.mobile(m.Index), item.ContactEmail: c.email(g.seed, m.Index),
		item.ContactPhone: phone, item.ContactAddress: p.Address,
		item.BankHolder: m.Name(), item.BankNumber: a.number, item.BankCode: a.bank.code, item.BankBranch: a.branch,
	}
	if m.Kind == policy.Enterprise {
		m.Fields[item.CompanyName] = m.Company.Name
		m.Fields[item.CompanyLicence] = m.Company.Licence
		m.Fields[item.CompanyAddress] = m.Company.Address
		m.Fields[item.ContactAddress] = m.Company.Address
		if m.Company.Old() {
			m.Fields[item.CompanyTaxNumber] = m.Company.TaxNumber
			m.Fields[item.CompanyOrgCode] = m.Company.OrgCode
		}
	}
}

// publish invents the domain, its filing and the site.
func (m *Merchant) publish(r *source, g *Generator, a, b syllable, seat place, in industry) {
	number := 1000 + spread(g.seed, m.Index, 9000)
	if m.Index >= 9000 {
		number = 10000 + spread(g.seed, m.Index-9000, 9e7)
	}
	domain := fmt.Sprintf("%s%s%d%s", a.latin, b.latin, number, pick(r, []string{".cn", ".com.cn", ".com"}))
	began := after(m.Person.Birth, 18*366)
	if m.Kind == policy.Enterprise {
		began = m.Company.Founded
	}
	year := r.between(max(2012, yearOf(began)), civil(g.at).Year()-1)
	subject := fmt.Sprintf("%sICP备%d%06d号", seat.letter, year, spread(g.seed^2, m.Index, 1e6))
	filing := subject + "-" + itoa(r.between(1, 3))
	approved := fmt.Sprintf("%d-%02d-%02d", year, r.between(1, 12), r.between(1, 28))
	if approved < began {
		approved = after(began, 30)
	}
	m.Fields[item.SiteDomain], m.Fields[item.SiteICPNumber] = domain, filing

	title := a.han + b.han + in.shop
	nature := "个人"
	if m.Kind == policy.Enterprise {
		nature = "企业"
	}
	page := specimen.SiteScreenshot{
		URL: "https://www." + domain + "/", Title: title, Slogan: in.slogan,
		Company: m.Name(), Phone: m.Fields[item.ContactPhone], Address: m.Fields[item.ContactAddress], ICP: filing,
		Accent: uint8(r.IntN(6)),
	}
	for i := range page.Products {
		page.Products[i] = specimen.Product{Name: in.goods[i], Price: "¥" + itoa(in.yuan[i]+r.between(-5, 20)) + ".00"}
	}
	m.Web = &Web{
		URL: page.URL, TestUser: "reviewer" + itoa(r.between(100, 999)), TestPassword: "Walk-" + base31(r.Uint64(), 8),
		TestWorks: true, Reachable: true, Registrant: m.Name(),
		Page: specimen.Document{Paper: page},
		Filing: specimen.Document{Paper: specimen.ICPScreenshot{
			Domain: domain, Subject: m.Name(), Nature: nature, Number: filing, SiteName: title, Approved: approved,
		}},
	}
}

// photograph makes the papers that the slots need.
func (m *Merchant) photograph(r *source, g *Generator, a account) {
	p, c, today := m.Person, m.Company, civil(g.at)
	front := specimen.IDFront{Name: p.Name, Sex: p.Sex, Ethnicity: p.Ethnicity, Birth: p.Birth, Address: p.Address, Number: p.Number}
	back := specimen.IDBack{Authority: p.Authority, ValidFrom: p.ValidFrom, ValidTo: p.ValidTo}
	put := func(k item.Key, paper specimen.Paper) {
		e := pick(r, []specimen.Encoding{specimen.JPEG, specimen.JPEG, specimen.JPEG, specimen.PNG, specimen.PDF})
		m.Documents[k] = specimen.Document{Paper: paper, Look: specimen.Look{Encoding: e}}
	}
	if m.Kind != policy.Enterprise {
		put(item.IDCardFront, front)
		put(item.IDCardBack, back)
		put(item.BankFront, specimen.BankCardFront{Bank: a.bank.name, Brand: a.bank.code, Number: a.number})
		put(item.BankBack, specimen.BankCardBack{Bank: a.bank.name, Brand: a.bank.code, Holder: p.Name})
		return
	}
	city, district := c.seat.city, c.seat.district
	issued := today.AddDate(0, 0, -r.between(60, 390)).Format(time.DateOnly)
	put(item.BusinessLicence, specimen.BusinessLicence{
		Number: c.Licence, Name: c.Name, Type: c.Type, LegalPerson: p.Name, Capital: c.Capital, Founded: c.Founded,
		ValidTo: LongTerm, Address: c.Address, Scope: c.Scope, Authority: city + district + "市场监督管理局", Issued: issued,
	})
	if c.Old() {
		put(item.TaxCertificate, specimen.TaxCertificate{
			Number: c.TaxNumber, Name: c.Name, LegalPerson: p.Name, Address: c.Address, Type: c.Type, Scope: c.Scope,
			Authority: city + "税务局", Issued: issued,
		})
		put(item.OrgCodeCertificate, specimen.OrgCodeCertificate{
			Code: c.OrgCode, Name: c.Name, LegalPerson: p.Name, Type: "企业法人", Address: c.Address, ValidFrom: issued,
			ValidTo: today.AddDate(3, 0, 0).Format(time.DateOnly), Authority: city + "质量技术监督局",
		})
	}
	put(item.LegalPersonFront, front)
	put(item.LegalPersonBack, back)
	put(item.AccountOpeningLicence, specimen.AccountOpening{
		Information: c.Founded >= "2019-07-22", // licences for enterprises ended that day
		Approval:    "J" + c.seat.cnaps + r.digits(9), Holder: c.Name, LegalPerson: p.Name, Bank: a.name, Number: a.number,
		Issued: after(c.Founded, 20),
	})
	if m.Contact.Number != p.Number {
		put(item.AuthorisationContact, authorisation(m))
	}
}

// authorisation is the letter by which the contact may act for the merchant,
// signed a week before the merchant applies.
func authorisation(m *Merchant) specimen.Authorisation {
	number, whose := m.Person.Number, "本人"
	if m.Kind == policy.Enterprise {
		number, whose = m.Company.Licence, "本公司"
	}
	return specimen.Authorisation{
		Title: "业务联系人授权书", Grantor: m.Name(), GrantorNumber: number,
		Grantee: m.Contact.Name, GranteeNumber: m.Contact.Number,
		Matter:      "兹授权上述被授权方作为" + whose + "的业务联系人，代表" + whose + "办理支付账户的开通、资料的提交、补充与更正，以及与之相关的一切沟通事宜。",
		LegalPerson: m.Person.Name, Date: m.day,
	}
}

// yearOf is the year of a date.
func yearOf(iso string) int {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return 0
	}
	return t.Year()
}

// after is a date some days later.
func after(iso string, days int) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return t.AddDate(0, 0, days).Format(time.DateOnly)
}
