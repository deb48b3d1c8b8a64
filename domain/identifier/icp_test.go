package identifier_test

import (
	"slices"
	"testing"

	"alta/domain/identifier"
)

func TestICPNumber(t *testing.T) {
	form := []string{"block icp-form"}
	app := []string{"block icp-app-filing"}
	police := []string{"warn icp-police"}
	judge(t, "icp", []ruling{
		{rule: "a filing of eight digits", value: "京ICP备12345678号", canonical: "京ICP备12345678号"},
		{rule: "a filing of a site", value: "京ICP备12345678号-1", canonical: "京ICP备12345678号-1"},
		{rule: "a filing of 20 and eight digits", value: "京ICP备2021012345号-2", canonical: "京ICP备2021012345号-2"},
		{rule: "spaces and a full-width dash", value: "京ICP备 2021012345号－2", canonical: "京ICP备2021012345号-2"},
		{rule: "spaces everywhere", value: " 京 ICP 备 12345678 号 - 1 ", canonical: "京ICP备12345678号-1"},
		{rule: "lower case and full width", value: "京ｉｃｐ备１２３４５６７８号", canonical: "京ICP备12345678号"},
		{rule: "the dash before 号", value: "京ICP备12345678-1号", canonical: "京ICP备12345678号-1"},
		{rule: "a stray dash before 号", value: "京ICP备12345678-号", canonical: "京ICP备12345678号"},
		{rule: "a long dash", value: "京ICP备12345678号—1", canonical: "京ICP备12345678号-1"},
		{rule: "without 号", value: "京ICP备12345678", canonical: "京ICP备12345678号"},
		{rule: "traditional characters", value: "粵ICP備12345678號-1", canonical: "粤ICP备12345678号-1"},
		{rule: "a leading zero in the site's number", value: "京ICP备12345678号-01", canonical: "京ICP备12345678号-1"},
		{rule: "site number zero blocks", value: "京ICP备12345678号-0", found: form},
		{rule: "seven digits block", value: "京ICP备1234567号", found: form},
		{rule: "nine digits block", value: "京ICP备123456789号", found: form},
		{rule: "ten digits that do not start with 20 block", value: "京ICP备1921012345号", found: form},
		{rule: "no province blocks", value: "ICP备12345678号", found: form},
		{rule: "a letter of no province blocks", value: "港ICP备12345678号", found: []string{"block icp-province"}},
		{rule: "a province's other letter is a warning", value: "川ICP备12345678号", found: []string{"warn icp-province"}, canonical: "川ICP备12345678号"},
		{rule: "a year to come is a warning", value: "京ICP备2027012345号", found: []string{"warn icp-year"}},
		{rule: "this year is none", value: "京ICP备2026012345号"},
		{rule: "an app's filing is no website's", value: "京ICP备12345678号-4A", found: app, canonical: "京ICP备12345678号-4A"},
		{rule: "an app's filing in lower case", value: "京ICP备12345678号-4a", found: app},
		{rule: "a mini-program's filing is no website's", value: "京ICP备12345678号-4X", found: app},
		{rule: "a quick app's filing is no website's", value: "京ICP备12345678号-4K", found: app},
		{rule: "another suffix blocks", value: "京ICP备12345678号-4B", found: form},
		{rule: "a licence by number", value: "京ICP证030173号", canonical: "京ICP证030173号"},
		{rule: "a licence of a site", value: "京ICP证030173号-1", canonical: "京ICP证030173号-1"},
		{rule: "a value-added licence", value: "粤B2-20090059", canonical: "粤B2-20090059"},
		{rule: "a value-added licence of a service", value: "粤B2-20090059-5", canonical: "粤B2-20090059-5"},
		{rule: "a value-added licence with full-width dashes", value: "粤b2－20090059－5", canonical: "粤B2-20090059-5"},
		{rule: "a licence for the whole country", value: "合字B2-20090059", canonical: "合字B2-20090059"},
		{rule: "a licence of several classes", value: "A2.B1.B2-20090001", canonical: "A2.B1.B2-20090001"},
		{rule: "a licence of class C9 blocks", value: "粤C9-20090059", found: form},
		{rule: "a police filing does not replace the ICP number", value: "京公网安备11010502030143号", found: police, canonical: "京公网安备11010502030143号"},
		{rule: "the older word for it", value: "京公安备 11010502030143", found: police, canonical: "京公安备11010502030143号"},
		{rule: "a police filing of ten digits blocks", value: "京公网安备1101050203号", found: form},
		{rule: "a police filing of another region", value: "京公网安备31010502030143号", found: []string{"warn icp-police", "warn icp-police-region"}},
		{rule: "nothing blocks", value: "", found: []string{"block icp-empty"}},
		{rule: "words block", value: "正在备案", found: form},
		{rule: "a footer with the subject alone is the same subject", value: "粤ICP备12345678号-3", other: "粤ICP备12345678号"},
		{rule: "another subject is a warning", value: "粤ICP备12345678号-3", other: "粤ICP备87654321号", found: []string{"warn icp-subject"}},
		{rule: "an unreadable other number is a hint", value: "粤ICP备12345678号-3", other: "?", found: []string{"hint icp-other-form"}},
	})
}

func TestPartsOfAnICPNumber(t *testing.T) {
	n, ok := identifier.ParseICP("京ICP备2021012345号－12A")
	want := identifier.ICP{Kind: identifier.ICPFiling, Province: "京", Word: "ICP备", Number: "2021012345", Index: 12, Suffix: "A"}
	if !ok || n != want || !n.IsApp() || n.Subject() != "京ICP备2021012345号" {
		t.Errorf("got %+v, want %+v", n, want)
	}
}

func TestNumbersAreFoundInAFooter(t *testing.T) {
	cases := map[string][]string{
		"© 2026 甲有限公司 京ICP备12345678号-1 All rights reserved":    {"京ICP备12345678号-1"},
		"ICP备案号：粤ICP备 2021012345 号 | 增值电信业务经营许可证：粤B2-20090059": {"粤ICP备2021012345号", "粤B2-20090059"},
		"许可证B2-20090059　京公网安备 11010502030143号":                 {"B2-20090059", "京公网安备11010502030143号"},
		"京ICP备12345678号-1 2026 京ICP备12345678号-1":               {"京ICP备12345678号-1"},
		"沪ICP备12345678号-2A（App）":                               {"沪ICP备12345678号-2A"},
		"no number here":                                       nil,
	}
	for text, want := range cases {
		var got []string
		for _, n := range identifier.FindICP(text) {
			got = append(got, n.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
