package identifier_test

import (
	"strings"
	"testing"

	"alta/domain/identifier"
)

func TestMobileNumber(t *testing.T) {
	form := []string{"block mobile-form"}
	judge(t, "mobile", []ruling{
		{rule: "eleven digits from 13 to 19", value: "13800138000", canonical: "13800138000"},
		{rule: "with +86", value: "+8613800138000", canonical: "13800138000"},
		{rule: "with 0086", value: "008613800138000", canonical: "13800138000"},
		{rule: "with spaces", value: "+86 138 0013 8000", canonical: "13800138000"},
		{rule: "with dashes", value: "138-0013-8000", canonical: "13800138000"},
		{rule: "with brackets", value: "(+86) 13800138000", canonical: "13800138000"},
		{rule: "full width", value: "＋８６１３８００１３８０００", canonical: "13800138000"},
		{rule: "as phones paste it, with direction marks", value: "\u202a13800138000\u202c", canonical: "13800138000"},
		{rule: "12 is no mobile", value: "12800138000", found: form},
		{rule: "10 is no mobile", value: "10800138000", found: form},
		{rule: "ten digits block", value: "1380013800", found: form},
		{rule: "twelve digits block", value: "138001380000", found: form},
		{rule: "86 without a sign is no country code", value: "8613800138000", found: form},
		{rule: "the country code twice blocks", value: "+86+8613800138000", found: form},
		{rule: "another country blocks", value: "+85291234567", found: form},
		{rule: "a landline blocks", value: "0591-87654321", found: form},
		{rule: "a 400 number blocks", value: "400-800-1234", found: form},
		{rule: "letters block", value: "1380013800O", found: form},
		{rule: "only a country code blocks", value: "+86", found: form},
		{rule: "nothing blocks", value: "", found: []string{"block mobile-empty"}},
	})
}

func TestServiceTelephone(t *testing.T) {
	form := []string{"block phone-form"}
	judge(t, "phone", []ruling{
		{rule: "a mobile", value: "+86 13800138000", canonical: "13800138000"},
		{rule: "a landline with its area code", value: "0591-87654321", canonical: "0591-87654321"},
		{rule: "a landline with a three-digit area code", value: "(010)87654321", canonical: "010-87654321"},
		{rule: "a landline from abroad", value: "+86 591 87654321", canonical: "0591-87654321"},
		{rule: "a landline with an extension", value: "0591-87654321-8001", canonical: "0591-87654321-8001"},
		{rule: "a landline with an extension in Chinese", value: "010-87654321转801", canonical: "010-87654321-801"},
		{rule: "a 400 number", value: "4008001234", canonical: "400-800-1234"},
		{rule: "a 400 number in groups", value: "400-8001-234", canonical: "400-800-1234"},
		{rule: "an 800 number", value: "800-810-1234", canonical: "800-810-1234"},
		{rule: "a landline without its area code blocks", value: "87654321", found: form},
		{rule: "a 500 number blocks", value: "500-800-1234", found: form},
		{rule: "words block", value: "call me", found: form},
		{rule: "nothing blocks", value: "", found: []string{"block phone-empty"}},
	})
}

func TestEmailAddress(t *testing.T) {
	form := []string{"block email-form"}
	judge(t, "email", []ruling{
		{rule: "local part and domain", value: "li.na@shop.cn", canonical: "li.na@shop.cn"},
		{rule: "the domain's case does not count", value: "Li.Na@Shop.CN", canonical: "Li.Na@shop.cn"},
		{rule: "full-width signs are folded", value: "lina＠shop．cn", canonical: "lina@shop.cn"},
		{rule: "a Chinese domain becomes an A-label", value: "lina@网址之家.cn", canonical: "lina@xn--9iq21t6wdw30c.cn"},
		{rule: "plus and signs are lawful", value: "li+alta_1@shop.cn"},
		{rule: "no @ blocks", value: "lina.shop.cn", found: form},
		{rule: "two @ block", value: "li@na@shop.cn", found: form},
		{rule: "no local part blocks", value: "@shop.cn", found: form},
		{rule: "no domain blocks", value: "lina@", found: form},
		{rule: "one label blocks", value: "lina@shop", found: form},
		{rule: "an address literal blocks", value: "lina@127.0.0.1", found: form},
		{rule: "two dots together block", value: "li..na@shop.cn", found: form},
		{rule: "a dot at the end blocks", value: "lina.@shop.cn", found: form},
		{rule: "a space inside blocks", value: "li na@shop.cn", found: form},
		{rule: "a line break inside blocks", value: "lina@shop.cn\r\nBcc: x@y.cn", found: form},
		{rule: "a display name blocks", value: "Li Na <lina@shop.cn>", found: form},
		{rule: "65 characters before the @ block", value: strings.Repeat("a", 65) + "@shop.cn", found: form},
		{rule: "nothing blocks", value: "", found: []string{"block email-empty"}},
	})
}

func TestMailbox(t *testing.T) {
	for value, want := range map[string]string{
		"lina@例子.公司":                         "lina@xn--fsqu00a.xn--55qx5d",
		"lina@xn--fsqu00a.xn--55qx5d":        "lina@xn--fsqu00a.xn--55qx5d",
		"用户@例子.广告":                           "用户@xn--fsqu00a.xn--4rr70v",
		"Li.Na＠Shop.CN":                      "Li.Na@shop.cn",
		"josé@correo.es":                     "josé@correo.es",
		"a@b":                                "",
		"a@localhost":                        "",
		"a@[127.0.0.1]":                      "",
		"a@127.0.0.1":                        "",
		`"li na"@shop.cn`:                    "",
		"a@b@shop.cn":                        "",
		".a@shop.cn":                         "",
		"a@-shop.cn":                         "",
		"a@shop_1.cn":                        "",
		"a@shop.cn.":                         "",
		"a\r\nRCPT TO:<b@c.cn>@d.cn":         "",
		"a@shop.cn>":                         "",
		strings.Repeat("用", 22) + "@shop.cn": "", // 66 bytes
	} {
		if got := identifier.Mailbox(value); got.Canonical != want || got.Blocked() != (want == "") {
			t.Errorf("%q: %q, %v; want %q", value, got.Canonical, got.Findings, want)
		}
	}
	for value, want := range map[string]bool{"用户@xn--fsqu00a.cn": true, "josé@correo.es": true, "lina@shop.cn": false, "no address": false} {
		if identifier.NeedsSMTPUTF8(value) != want {
			t.Errorf("%q: want %v", value, want)
		}
	}
}
