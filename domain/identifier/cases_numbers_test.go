package identifier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"alta/domain/identifier"
)

// TestCases has one line for every value that people met with, under the id of
// the case, and others of the same kind.
func TestCases(t *testing.T) {
	for _, k := range []struct {
		id, kind, value string
		found           []string
		canonical       string // not compared where empty
	}{
		{"C048", "uscc", "000000000000000000", []string{"warn uscc-class"}, ""},
		{"C048", "uscc", withUSCCCheck("99350100M000100Y4"), []string{"warn uscc-class"}, ""},
		{"C048", "uscc", withUSCCCheck("N2350100M000100Y4"), nil, ""},
		{"C048", "uscc", withUSCCCheck("54350100M000100Y4"), nil, ""},
		{"C048", "org-code", "000000000", []string{"warn org-code-degenerate"}, "00000000-0"},
		{"C048", "bank-card", "0000000000000000", []string{"warn bank-card-degenerate"}, ""},
		{"C048", "passport", "00000000", []string{"warn passport-degenerate"}, ""},
		{"C049", "uscc", withUSCCCheck("36232219870101001"), []string{"warn uscc-class"}, ""},
		{"C049", "uscc", bothSchemes("362322", "1987"), []string{"warn uscc-class", "warn uscc-resident-id"}, ""},
		{"C049", "licence", bothSchemes("362322", "1987"), []string{"warn uscc-class", "warn uscc-resident-id"}, ""},
		{"C049", "uscc", bothSchemes("110105", "1987"), []string{"warn uscc-resident-id"}, ""},
		{"C049", "passport", "11010519491231002X", []string{"warn passport-resident-id"}, ""},
		{"C049", "travel-permit", "830000199201300022", []string{"warn travel-permit-resident-id"}, ""},
		{"C049", "corporate-account", born("110105", "19491230"), []string{"warn corporate-account-resident-id"}, ""},
		{"C052", "uscc", "913501000001001000", []string{"warn uscc-checksum", "warn uscc-spreadsheet"}, ""},
		{"C052", "uscc", "9.13501E+17", []string{"block uscc-form", "warn uscc-spreadsheet"}, ""},
		{"C052", "resident-id", "110105194912310000", []string{"block resident-id-checksum", "warn resident-id-spreadsheet"}, ""},
		{"C052", "resident-id", "1.10105E+17", []string{"block resident-id-form", "warn resident-id-spreadsheet"}, ""},
		{"C052", "bank-card", "6216261000000010000", []string{"warn bank-card-checksum", "warn bank-card-spreadsheet"}, ""},
		{"C052", "bank-card", "'6216261000000000018", nil, "6216261000000000018"},

		{"C057", "resident-id", "CHN110065010101", nil, "CHN110065010101"},
		{"C057", "permanent-residence", "usa 1100 6501 0101", nil, "USA110065010101"},
		{"C057", "permanent-residence", born("911344", "19810521"), nil, ""},
		{"C057", "permanent-residence", "11010519491231002X", []string{"warn permanent-residence-class"}, ""},
		{"C059", "passport", "L123456", nil, "L123456"},
		{"C059", "passport", "A12345", nil, "A12345"},
		{"C059", "passport", "l 123 456", nil, "L123456"},
		{"C059", "passport", "L123456<<", nil, "L123456"},
		{"C062", "travel-permit", "H12345678(01)", nil, "H1234567801"},
		{"C062", "travel-permit", "h12345678（01）", nil, "H1234567801"},
		{"C062", "travel-permit", "0123456789(B)", nil, "0123456789B"},
		{"C062", "travel-permit", "M12345678", nil, "M12345678"},
		{"C062", "travel-permit", "H1234 5678-01", nil, "H1234567801"},
		{"C063", "resident-id", "110105 19491231 002X", nil, "11010519491231002X"},
		{"C063", "resident-id", "110105—19491231—002x", nil, "11010519491231002X"},
		{"C063", "resident-id", "110105\u200b19491231\u2060\ufe0f002\u3164X", nil, "11010519491231002X"},
		{"C063", "resident-id", "11010519491231002Х", nil, "11010519491231002X"}, // a Cyrillic letter
		{"C067", "phone", "95588", nil, "95588"},
		{"C067", "phone", "95118", nil, "95118"},
		{"C067", "phone", "12306", nil, "12306"},
		{"C067", "phone", "96110", nil, "96110"},
		{"C067", "phone", "10086", nil, "10086"},
		{"C067", "phone", "+86 95588", nil, "95588"},
		{"C067", "phone", "1010-1010", nil, "10101010"},
		{"C067", "phone", "9501 388 888", nil, "9501388888"},
		{"C067", "phone", "0755-96110", nil, "0755-96110"},
		{"C067", "phone", "110", []string{"block phone-form"}, ""},
		{"C069", "phone", "010-87654321分机801", nil, "010-87654321-801"},
		{"C069", "phone", "010-87654321ext:801", nil, "010-87654321-801"},
		{"C069", "phone", "010-87654321 转分机 801", nil, "010-87654321-801"},
		{"C069", "phone", "010-87654321 Ext.801", nil, "010-87654321-801"},
		{"C069", "phone", "010-87654321 x801", nil, "010-87654321-801"},
		{"C069", "phone", "010-87654321#801", nil, "010-87654321-801"},
		{"C069", "phone", "010-87654321（分机号：801）", nil, "010-87654321-801"},
		{"C069", "phone", "(010) 8765 4321 (801)", nil, "010-87654321-801"},
		{"C069", "phone", "010-87654321 extensión 801", nil, "010-87654321-801"},
		{"C069", "phone", "400-800-1234转5", nil, "400-800-1234-5"},
		{"C069", "phone", "010-87654321-转-801", nil, "010-87654321-801"},
		{"C069", "phone", "010-87654321,801", nil, "010-87654321-801"},
		{"C069", "phone", "客服电话：010-87654321", nil, "010-87654321"},
		{"C069", "phone", "86-10-87654321", nil, "010-87654321"},
		{"C063", "uscc", "统一社会信用代码：91350100M000100Y43", nil, "91350100M000100Y43"},
		{"C063", "resident-id", "身份证号 110105_19491231_002X", nil, "11010519491231002X"},
		{"C063", "bank-card", "卡号：6216 2610 0000 0000 018", nil, "6216261000000000018"},
		{"C074", "id-validity", "2016.05.12-永久", nil, "2016-05-12/long-term"},
		{"C074", "id-validity", "2016.05.12-forever", nil, "2016-05-12/long-term"},
		{"C074", "id-validity", "2016-05-12/9999-12-31", nil, "2016-05-12/long-term"},
		{"C074", "id-validity", "2016-05-12/2099-12-31", nil, "2016-05-12/long-term"},
		{"C074", "id-validity", "2016.05.12 long term", nil, "2016-05-12/long-term"},
		{"C074", "id-validity", "2016.05.12-长期有效", nil, "2016-05-12/long-term"},
		{"C074", "id-validity", "2016.05.12 - Indefinido", nil, "2016-05-12/long-term"},
		{"C074", "id-validity", "2016.05.12-permanente", nil, "2016-05-12/long-term"},
		{"C074", "id-validity", "2016.05.12-明年", []string{"block id-validity-form"}, ""},

		{"C077", "icp", "苏ICP证B2-20100204", nil, "苏B2-20100204"},
		{"C077", "icp", "浙ICP证B2-20090064号", nil, "浙B2-20090064"},
		{"C077", "icp", "(京)ICP证030173号", nil, "京ICP证030173号"},
		{"C077", "icp", "京ICP经营许可证030173号", nil, "京ICP证030173号"},
		{"C077", "icp", "京ICP证字第030173号", nil, "京ICP证030173号"},
		{"C077", "icp", "苏ICP证B2-20100204号-1", nil, "苏B2-20100204-1"},
		{"C077", "icp", "沪ICP备B2-20100204", nil, "沪B2-20100204"},
		{"C082", "icp", "京公网安备110101000005号", []string{"warn icp-police"}, "京公网安备110101000005号"},
		{"C082", "icp", "沪公安网备31010502000001号", []string{"warn icp-police"}, ""},
		{"C082", "icp", "公安备案号11010502030143", []string{"warn icp-police"}, ""},
		{"C083", "icp", "ICP备案号：粤ICP备2021012345号-1", nil, "粤ICP备2021012345号-1"},
		{"C083", "icp", "网站备案/许可证号：粤ICP备2021012345号-1", nil, "粤ICP备2021012345号-1"},
		{"C083", "icp", "ICP No.: 粤ICP备2021012345号-1", nil, "粤ICP备2021012345号-1"},
		{"C083", "icp", "增值电信业务经营许可证：粤B2-20090059", nil, "粤B2-20090059"},
		{"C083", "icp", "粤ICP备2021012345号-1 粤公网安备44030402000123号", nil, "粤ICP备2021012345号-1"},
		{"C083", "icp", "粤ICP备2021012345号-1 京ICP备2021012345号", []string{"block icp-several"}, ""},

		{"C086", "domain", "shop.cn、www.shop2.cn", []string{"block domain-several"}, ""},
		{"C086", "domain", "shop.cn, shop2.cn", []string{"block domain-several"}, ""},
		{"C086", "domain", "shop.cn；shop2.cn", []string{"block domain-several"}, ""},
		{"C086", "domain", "https://shop.cn/ https://shop2.cn/", []string{"block domain-several"}, ""},
		{"C086", "domain", "shop.cn和shop2.cn", []string{"block domain-several"}, ""},
		{"C086", "domain", "shop.cn/www.shop2.cn", []string{"block domain-several"}, ""},
		{"C086", "domain", "www.a和b.cn", nil, ""},
		{"C086", "domain", "https://shop.cn/a,b.c/d?e=f,g.h", nil, "shop.cn"},
		{"C086", "domain", "shop♥.cn", []string{"block domain-form"}, ""},
		{"C086", "domain", "甲、乙.cn", []string{"block domain-form"}, ""},
		{"C086", "domain", "shop.cn，", nil, "shop.cn"},
		{"C086", "domain", "官网：shop.cn", nil, "shop.cn"},
		{"C086", "domain", "网址：https://shop.cn/", nil, "shop.cn"},
		{"C090", "domain", "аlipay.com", []string{"hint domain-mixed-scripts"}, ""},
		{"C090", "domain", "ѕсоре.com", []string{"hint domain-lookalike"}, ""},
		{"C090", "domain", "αlipay.com", []string{"hint domain-mixed-scripts"}, ""},
		{"C090", "domain", "ɑlipay.com", []string{"hint domain-lookalike"}, ""},
		{"C090", "domain", "taobao商城.com", nil, ""},
		{"C090", "domain", "магазин.com", nil, ""},
		{"C094", "domain", "http:/shop.cn", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "http//shop.cn", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "https:shop.cn", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "data:text/html,<p>", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "htp://shop.cn", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "http;//shop.cn", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "http.//shop.cn", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "https//:shop.cn", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "http://https://shop.cn", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "javascript:alert(1)", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "mailto:info@shop.cn", []string{"block domain-scheme"}, ""},
		{"C094", "domain", "http.cn", nil, "http.cn"},
	} {
		t.Run(k.id+" "+k.kind+" "+k.value, func(t *testing.T) {
			r, err := identifier.Check(k.kind, k.value, "", noon)
			if err != nil {
				t.Fatal(err)
			}
			if got := found(r); !slices.Equal(got, k.found) {
				t.Errorf("found %q, want %q", got, k.found)
			}
			if k.canonical != "" && r.Canonical != k.canonical {
				t.Errorf("canonical %q, want %q", r.Canonical, k.canonical)
			}
		})
	}
	t.Run("C079 C082 FindICP", func(t *testing.T) {
		for text, want := range map[string]string{
			"版权所有 苏ICP证B2-20100204 2026":         "苏B2-20100204",
			"增值电信业务经营许可证 浙ICP证B2-20090064号":      "浙B2-20090064",
			"© 黔ICP证B2-20130004":                 "黔B2-20130004",
			"京公网安备110101000005号":                 "京公网安备110101000005号",
			"页脚 沪公安网备 31010502000001号 联系我们":      "沪公安网备31010502000001号",
			"(京)ICP证030173号 All rights reserved": "京ICP证030173号",
		} {
			var got []string
			for _, n := range identifier.FindICP(text) {
				got = append(got, n.String())
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%q: got %q, want %q", text, got, want)
			}
		}
	})
}

// bothSchemes is a number that is right as a resident ID and as a credit code.
func bothSchemes(region, year string) string {
	for n := range 12 * 28 * 1000 {
		s := fmt.Sprintf("%s%s%02d%02d%03d", region, year, n/28000+1, n/1000%28+1, n%1000)
		if c := identifier.ResidentIDCheck(s); c == identifier.USCCCheck(s) {
			return s + string(c)
		}
	}
	return ""
}

func TestASiteURLHasItsSchemeAndHostInOneForm(t *testing.T) {
	for value, want := range map[string]string{
		"HTTPS://X.CN":                "https://x.cn",
		"Http://Shop.CN:8080/A?b=C#d": "http://shop.cn:8080/A?b=C#d",
		" ｈｔｔｐｓ：／／网址之家．cn／ ":          "https://xn--9iq21t6wdw30c.cn/",
		"shop.cn":                               "",
		"https://admin:S3cret@shop.cn/":         "",
		"https://admin@shop.cn/":                "",
		"ftp://shop.cn/":                        "",
		"https://shop.cn/a b":                   "",
		"https://shop.cn/ https://admin:x@b.cn": "",
	} {
		got, _, ok := identifier.SiteURL(value)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q %t, want %q", value, got, ok, want)
		}
	}
}

func TestAPasswordInAnAddressIsSeenHoweverItIsWritten(t *testing.T) {
	for _, value := range []string{
		"https://admin:S3cret@shop.cn/", "HTTPS://admin:S3cret@shop.cn", "http:/admin:S3cret@shop.cn", "http//admin:S3cret@shop.cn",
		"http:admin:S3cret@shop.cn", "admin:S3cret@shop.cn", "//admin:S3cret@shop.cn", "ftp://admin:S3cret@shop.cn",
		"https://admin:S3cret@127.0.0.1/", "https://admin:p/S3cret@shop.cn/", "https://admin:12/S3cret@shop.cn/", "ｈｔｔｐｓ：／／admin：S3cret＠shop.cn",
		`https:\\admin:S3cret@shop.cn`, "https://S3cret@shop.cn/", "https://a:b@c:S3cret@shop.cn",
		"https://shop.cn/ https://admin:S3cret@shop.cn/",
	} {
		if !identifier.HasCredentials(value) {
			t.Errorf("%q: not seen", value)
		}
		if rest := identifier.WithoutCredentials(value); strings.Contains(rest, "S3cret") || !strings.Contains(rest, "shop.cn") && !strings.Contains(rest, "127.0.0.1") {
			t.Errorf("%q: %q is left", value, rest)
		}
	}
	for _, value := range []string{"https://shop.cn:8080/?mail=a@b.cn", "https://shop.cn/@user", "info@shop.cn", "shop.cn", "mailto:info@shop.cn"} {
		if identifier.HasCredentials(value) || identifier.WithoutCredentials(value) != value {
			t.Errorf("%q has none", value)
		}
	}
}

func TestBlanksInAnIdentityNumberNeverCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := residentIDs.Draw(t, "number")
		at := rapid.IntRange(1, 17).Draw(t, "place")
		blank := rapid.SampledFrom([]string{" ", "-", "－", "—", "\u200b", "\u3000", "\u00a0", "\ufe0f", "\u2800", "\u00ad"}).Draw(t, "blank")
		if r := identifier.ResidentID(id[:at]+blank+id[at:], noon); r.Canonical != id || r.Blocked() {
			t.Fatalf("%q at %d: %q %q", blank, at, r.Canonical, found(r))
		}
	})
}
