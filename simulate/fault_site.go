package simulate

import (
	"strings"

	"alta/domain/item"
	"alta/domain/reason"
	"alta/simulate/specimen"
)

// siteFaults are wrong filings, domains and sites: R09 to R12.
var siteFaults = []Fault{
	site("r09-app-only", reason.R09, reason.AppOnly, item.SiteICPNumber, "the filing's number ends in A: an app's, not a web site's",
		func(m *Merchant) { m.Fields[item.SiteICPNumber] += "A" }).blocking(),
	site("r09-malformed", reason.R09, reason.Malformed, item.SiteICPNumber, "the number is no filing's",
		func(m *Merchant) {
			m.Fields[item.SiteICPNumber] = strings.Replace(m.Fields[item.SiteICPNumber], "ICP备", "备案", 1)
		}).blocking(),
	site("r09-app-record", reason.R09, reason.AppOnly, item.SiteDomain, "the register knows an app's filing only, though the form gives a web site's",
		refile(func(p *specimen.ICPScreenshot) { p.Number += "A" })),
	site("r09-no-filing", reason.R09, reason.NoFiling, item.SiteDomain, "the register has no filing for the domain",
		refile(unfile)),
	site("r09-cancelled", reason.R09, reason.Cancelled, item.SiteICPNumber, "the filing was cancelled: the register no longer has it, while the site still shows the number",
		refile(unfile)),
	site("r09-other-subject", reason.R09, reason.OtherSubject, item.SiteICPNumber, "the filing is another subject's",
		func(m *Merchant) {
			refile(func(p *specimen.ICPScreenshot) { p.Subject = otherMerchant(m) })(m)
		}),

	site("r10-registrant", reason.R10, reason.Mismatch, item.SiteDomain, "the domain's registrant is somebody else",
		func(m *Merchant) { m.Web.Registrant = otherMerchant(m) }),

	site("r11-unreachable", reason.R11, reason.Unreachable, item.SiteURL, "the site does not answer",
		func(m *Merchant) {
			m.Web.Reachable = false
			repage(func(p *specimen.SiteScreenshot) { p.Unreachable = true })(m)
		}),

	site("r12-contact", reason.R12, reason.SiteContact, item.SiteContact, "the service phone in the footer is not the registered one",
		repage(func(p *specimen.SiteScreenshot) { p.Phone = swapLast(p.Phone) })),
	site("r12-company", reason.R12, reason.SiteCompany, item.SiteCompany, "the footer names somebody else",
		func(m *Merchant) { repage(func(p *specimen.SiteScreenshot) { p.Company = otherMerchant(m) })(m) }),
	site("r12-content", reason.R12, reason.SiteContent, item.SiteContent, "the goods are not what the merchant registered for",
		repage(func(p *specimen.SiteScreenshot) {
			for i, name := range [4]string{"二手手机回收", "老酒收购", "代写文章", "短租房源"} {
				p.Products[i].Name = name
			}
		})),
	site("r12-prohibited", reason.R12, reason.ProhibitedGoods, item.SiteContent, "goods that may not be sold",
		repage(func(p *specimen.SiteScreenshot) {
			for i, name := range [4]string{"电子烟套装", "境外彩票代购", "游戏外挂", "处方药代购"} {
				p.Products[i].Name = name
			}
		})),
	site("r12-display", reason.R12, reason.DisplayBroken, item.SiteDisplay, "the pictures do not load",
		repage(func(p *specimen.SiteScreenshot) { p.Broken = true })),
	site("r12-unfinished", reason.R12, reason.Unfinished, item.SiteContent, "the shelves are empty",
		repage(func(p *specimen.SiteScreenshot) {
			for i := range p.Products {
				p.Products[i] = specimen.Product{Name: "敬请期待"}
			}
		})),
	site("r12-no-purchase", reason.R12, reason.NoPurchaseFlow, item.SitePurchase, "nothing can be put into a cart",
		repage(func(p *specimen.SiteScreenshot) { p.NoCart = true })),
	site("r12-terms", reason.R12, reason.TermsMissing, item.SiteTerms, "the footer has no terms, privacy or refund texts",
		repage(func(p *specimen.SiteScreenshot) { p.NoTerms = true })),
	site("r12-test-account", reason.R12, reason.TestAccountFails, item.SiteTestAccount, "the test account cannot log in",
		func(m *Merchant) { m.Web.TestWorks = false }),
}

// site makes a fault that only a merchant with a web site can have.
func site(name string, code reason.Code, sub reason.Sub, target item.Key, see string, apply func(*Merchant)) Fault {
	return Fault{Name: name, Code: code, Sub: sub, See: see, fits: online, target: always(target), apply: apply}
}

func (f Fault) blocking() Fault {
	f.Blocks = true
	return f
}

// repage changes what the home page shows.
func repage(change func(*specimen.SiteScreenshot)) func(*Merchant) {
	return func(m *Merchant) {
		if p, ok := m.Web.Page.Paper.(specimen.SiteScreenshot); ok {
			change(&p)
			m.Web.Page.Paper = p
		}
	}
}

// refile changes what the ICP register answers.
func refile(change func(*specimen.ICPScreenshot)) func(*Merchant) {
	return func(m *Merchant) {
		if p, ok := m.Web.Filing.Paper.(specimen.ICPScreenshot); ok {
			change(&p)
			m.Web.Filing.Paper = p
		}
	}
}

func unfile(p *specimen.ICPScreenshot) {
	p.Subject, p.Nature, p.Number, p.SiteName, p.Approved = "", "", "", "", ""
}
