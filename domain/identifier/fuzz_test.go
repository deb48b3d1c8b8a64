package identifier_test

import (
	"strings"
	"testing"

	"alta/domain/identifier"
)

// fuzzKind fuzzes one row of the table: no value may stop a check, and what a
// check lets through must keep its canonical form when checked again.
func fuzzKind(f *testing.F, kind string, seeds ...string) {
	f.Helper()
	for _, s := range append(seeds, "", "\xff", strings.Repeat("号", 2000)) {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, value, other string) {
		sane(t, kind, value, other)
		r, _ := identifier.Check(kind, value, "", noon)
		if r.Canonical == "" || kind == "id-validity" {
			return
		}
		if again, _ := identifier.Check(kind, r.Canonical, "", noon); again.Canonical != r.Canonical {
			t.Fatalf("%q becomes %q, and that %q", value, r.Canonical, again.Canonical)
		}
	})
}

func FuzzResidentID(f *testing.F) {
	fuzzKind(f, "resident-id", "11010519491231002X", "830000199201300022")
}
func FuzzUSCC(f *testing.F)     { fuzzKind(f, "uscc", "91350100M000100Y43", "91350100M0001TGQXM") }
func FuzzOrgCode(f *testing.F)  { fuzzKind(f, "org-code", "D2143569-X") }
func FuzzLicence(f *testing.F)  { fuzzKind(f, "licence", "110108000000016") }
func FuzzCNAPS(f *testing.F)    { fuzzKind(f, "cnaps", "402713354941", "ICBC") }
func FuzzBankCard(f *testing.F) { fuzzKind(f, "bank-card", "6216 2610 0000 0000 018") }
func FuzzAccount(f *testing.F)  { fuzzKind(f, "corporate-account", "12-345-6789") }
func FuzzMobile(f *testing.F)   { fuzzKind(f, "mobile", "+86 138-0013-8000") }
func FuzzPhone(f *testing.F)    { fuzzKind(f, "phone", "0591-87654321-8001", "400-800-1234") }
func FuzzEmail(f *testing.F)    { fuzzKind(f, "email", "li.na@shop.cn", "A.b＠例子.中国") }
func FuzzICP(f *testing.F) {
	fuzzKind(f, "icp", "京ICP备 2021012345号－2", "粤B2-20090059-5", "京ICP证030173号-1", "京公网安备11010502030143号")
}
func FuzzDomain(f *testing.F) {
	fuzzKind(f, "domain", "https://user@www.网址之家.cn:8080/x?y#z", "[::1]:80", "0x7f.1", "shop.github.io")
}
func FuzzNames(f *testing.F) {
	fuzzKind(f, "names", "甲（北京）有限公司", "阿凡提．买买提")
}
func FuzzPassport(f *testing.F)     { fuzzKind(f, "passport", "E12345678") }
func FuzzTravelPermit(f *testing.F) { fuzzKind(f, "travel-permit", "H0123456700") }
func FuzzIDValidity(f *testing.F) {
	fuzzKind(f, "id-validity", "2016.05.12-2026.05.12", "2016.05.12-长期")
}

func FuzzFindICP(f *testing.F) {
	f.Add("© 2026 甲有限公司 京ICP备12345678号-1 All rights reserved 粤B2-20090059")
	f.Fuzz(func(t *testing.T, text string) {
		for _, n := range identifier.FindICP(text) {
			if again, ok := identifier.ParseICP(n.String()); !ok || again != n {
				t.Fatalf("%+v does not survive being written and read", n)
			}
		}
	})
}
