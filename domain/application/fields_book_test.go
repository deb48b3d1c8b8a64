package application

import (
	"fmt"
	"strings"
	"testing"

	"alta/domain/item"
	"alta/domain/policy"
)

// TestWhatAMachineSeesInAField writes the third book of rules: what is stored of a
// typed value, and what a machine finds in it (testdata/what_a_field_shows.txt).
// Written anew like the other two, see matrix_test.go.
func TestWhatAMachineSeesInAField(t *testing.T) {
	type values = map[item.Key]string
	typed := func(k item.Key, v string, with ...string) values {
		m := values{k: v}
		for i := 0; i+1 < len(with); i += 2 {
			m[item.Key(with[i])] = with[i+1]
		}
		return m
	}
	citizen, card := "11010519491231002X", string(item.IdentityType)
	number, from := string(item.IdentityNumber), string(item.IdentityValidFrom)
	cases := []struct {
		site policy.SiteType
		kind policy.Kind
		item item.Key
		all  values
	}{}
	add := func(k item.Key, all values) {
		cases = append(cases, struct {
			site policy.SiteType
			kind policy.Kind
			item item.Key
			all  values
		}{policy.Web, policy.Individual, k, all})
	}
	for _, v := range []string{"resident_id", " Resident_ID ", "residence_permit", "permanent_residence", "passport", "travel_permit", "driving_licence"} {
		add(item.IdentityType, typed(item.IdentityType, v))
	}
	for _, v := range []string{
		citizen, "11010519491231002x", "110105194912310021", "810000199408230021", "820000199408230029", "830000199201300022", "911124198108030024", "CHN110065010101", "E12345678",
		"H1234567801", "g 1234-5678", "110105201912310025", "?",
	} {
		for _, kind := range []string{"", residentID, residencePermit, permanentResidence, passport, travelPermit} {
			if kind == "" {
				add(item.IdentityNumber, typed(item.IdentityNumber, v))
				continue
			}
			add(item.IdentityNumber, typed(item.IdentityNumber, v, card, kind))
		}
	}
	for _, v := range []string{"2016-05-12", "2016.5.12", "20160512", "2016年5月12日", "2016-13-12", "soon", "2036-05-12", "长期", "２０１６-05-12"} {
		add(item.IdentityValidFrom, typed(item.IdentityValidFrom, v, number, citizen))
	}
	for _, v := range []string{"2036-05-12", "2036.5.12", "长期", "long-term", "2020-01-01", "2026-03-02", "2026-03-01", "2026-05-01", "2026-06-01", "soon", "2010-01-01", "２０３６-05-12"} {
		add(item.IdentityValidTo, typed(item.IdentityValidTo, v, number, citizen, from, "2016-05-12"))
		add(item.IdentityValidTo, typed(item.IdentityValidTo, v, number, citizen))
	}
	add(item.IdentityValidTo, typed(item.IdentityValidTo, "2036-05-12", number, citizen, from, "never"))
	for _, one := range []struct {
		k  item.Key
		vs []string
	}{
		{item.ContactMobile, []string{"13800138000", "+86 138 0013 8000", "12345"}},
		{item.ContactEmail, []string{"chen@example.cn", "nobody", "chen@例子.cn"}},
		{item.ContactPhone, []string{"400-800-1234", "0591-87654321", "12"}},
		{item.ContactName, []string{"陈伟", "  陈\t伟 ", "陈\u200b伟", "陈\x07伟", "陈\ue863", "葛\U000e0100"}},
		{item.ContactAddress, []string{"福州市\n鼓楼区", "\u202e福州"}},
		{item.BankNumber, []string{"6216261000000000018", "6216 2610 0000 0000 018", "6216261000000000019", "1"}},
		{item.BankCode, []string{"402", "RCC", "工行", "999", "nobody's"}},
		{item.SiteDomain, []string{"shop-chenwei.cn", "https://WWW.Shop-ChenWei.CN/x", "网址之家.cn", "https://a:b@shop.cn/", "localhost", "xn--a"}},
		{item.SiteICPNumber, []string{"闽ICP备12345678号-1", "闽icp备12345678号", "闽ICP备12345678号-1A", "12345"}},
	} {
		for _, v := range one.vs {
			add(one.k, typed(one.k, v))
		}
	}
	for _, v := range []string{"402713354941", "102100099996", "402713354942", "12"} {
		add(item.BankBranch, typed(item.BankBranch, v, string(item.BankCode), "402"))
		add(item.BankBranch, typed(item.BankBranch, v))
	}
	add(item.BankNumber, typed(item.BankNumber, "810000199408230021", card, residentID)) // whose class is nobody's business here
	for i := range cases {
		c := cases[i]
		if c.item == item.BankNumber || c.item == item.SiteICPNumber {
			c.kind, c.site = policy.Enterprise, policy.App
			cases = append(cases, c)
		}
	}
	for _, one := range []struct {
		k  item.Key
		vs []string
	}{
		{item.CompanyLicence, []string{"91350100M000100Y43", "350100100000017", "350100100000018", "92350100M000100Y4X", "1"}},
		{item.CompanyOrgCode, []string{"M000100Y-4", "M000100Y4", "M000100Y5"}},
		{item.CompanyTaxNumber, []string{" 3501 00m0 ", "350100100000017"}},
		{item.CompanyName, []string{"福州好店商贸有限公司 "}},
	} {
		for _, v := range one.vs {
			add(one.k, typed(one.k, v))
			cases[len(cases)-1].kind = policy.Enterprise
		}
	}
	var b strings.Builder
	b.WriteString("What is stored of a typed value, and what a machine finds in it, in March 2026.\n")
	last := item.Key("")
	for _, c := range cases {
		w := newStory(t)
		w.do(Open{Merchant: merchant.ID, MerchantNumber: "M1", Kind: c.kind, Products: []policy.Product{policy.WeChat}, Site: c.site, Rules: rules, By: merchant, At: w.now()})
		w.do(FillDetails{Values: c.all, By: merchant, At: w.now()})
		p := must(w.s.policy(rules, w.now()))
		if c.item != last {
			fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(string(c.item)))
			last = c.item
		}
		beside := ""
		for _, k := range catalogue {
			if v, ok := c.all[k]; ok && k != c.item {
				beside += fmt.Sprintf(", %s %s", k, v)
			}
		}
		if c.kind == policy.Enterprise {
			beside += ", of an enterprise"
		}
		if c.site == policy.App {
			beside += ", for an app"
		}
		fmt.Fprintf(&b, "  %+q%s\n      is %+q\n", c.all[c.item], beside, w.s.Text(c.item))
		for _, f := range w.s.checkField(p, c.item, w.now()) {
			fmt.Fprintf(&b, "      %s: %s %s %v\n", f.Severity, f.Code, f.Suggests, f.Params)
		}
	}
	book(t, "what_a_field_shows.txt", b.String())
}
