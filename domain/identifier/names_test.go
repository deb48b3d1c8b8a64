package identifier_test

import (
	"strings"
	"testing"

	"alta/domain/identifier"
)

func TestNamesCompare(t *testing.T) {
	cases := []struct {
		rule, a, b string
		want       identifier.Verdict
	}{
		{"the same name is equal", "甲有限公司", "甲有限公司", identifier.Equal},
		{"kinds of brackets do not count", "甲（北京）有限公司", "甲(北京)有限公司", identifier.Equal},
		{"other brackets do not count either", "甲〔北京〕有限公司", "甲[北京]有限公司", identifier.Equal},
		{"a bracket is not nothing", "甲（北京）有限公司", "甲北京有限公司", identifier.Different},
		{"· and • are one dot", "阿凡提·买买提", "阿凡提•买买提", identifier.Equal},
		{"· and ・ are one dot", "阿凡提·买买提", "阿凡提・买买提", identifier.Equal},
		{"· and ‧ are one dot", "阿凡提·买买提", "阿凡提‧买买提", identifier.Equal},
		{"· and ･ are one dot", "阿凡提·买买提", "阿凡提･买买提", identifier.Equal},
		{"· and ． between Chinese characters are one dot", "阿凡提·买买提", "阿凡提．买买提", identifier.Equal},
		{"a full stop in a Latin name is no middle dot, but like one", "J.Smith", "J·Smith", identifier.ProbablySame},
		{"a dot that is not there is a hint", "阿凡提·买买提", "阿凡提买买提", identifier.ProbablySame},
		{"spaces do not count", "李 娜", "李娜", identifier.Equal},
		{"wide spaces do not count", "李　娜", "李娜", identifier.Equal},
		{"no-break spaces do not count", "Li\u00a0Na", "Li Na", identifier.Equal},
		{"invisible characters do not count", "李\u200b娜", "李娜", identifier.Equal},
		{"Latin case does not count", "ABC有限公司", "abc有限公司", identifier.Equal},
		{"width does not count", "ＡＢＣ有限公司", "ABC有限公司", identifier.Equal},
		{"有限公司 is never dropped", "甲有限公司", "甲", identifier.Different},
		{"有限责任公司 is another name than 有限公司", "甲有限责任公司", "甲有限公司", identifier.Different},
		{"one character makes another name", "李娜", "李哪", identifier.Different},
		{"no name is equal to nothing", "", "", identifier.Different},
		{"spaces are no name", " ", "\u3000", identifier.Different},
	}
	for _, k := range cases {
		t.Run(k.rule, func(t *testing.T) {
			for _, pair := range [][2]string{{k.a, k.b}, {k.b, k.a}} {
				c := identifier.CompareNames(pair[0], pair[1])
				if c.Verdict != k.want {
					t.Errorf("%q and %q: %s, want %s", pair[0], pair[1], c.Verdict, k.want)
				}
				if c.A != pair[0] || c.B != pair[1] {
					t.Error("the raw names are lost")
				}
			}
		})
	}
}

func TestNamesAsFindings(t *testing.T) {
	judge(t, "names", []ruling{
		{rule: "equal is no finding", value: "李娜", other: "李娜", canonical: "李娜"},
		{rule: "equal after normalisation is a hint", value: "李 娜", other: "李娜", found: []string{"hint names-equal-after-normalisation"}, canonical: "李娜"},
		{rule: "different is a warning, since a letter can make it lawful", value: "李娜", other: "王伟", found: []string{"warn names-different"}},
		{rule: "no first name blocks", value: "", other: "李娜", found: []string{"block names-empty"}},
		{rule: "no second name blocks", value: "李娜", other: " ", found: []string{"block names-empty"}},
	})
	for _, f := range identifier.Names("甲（北京）", "乙 (北京)").Findings {
		if !strings.Contains(f.Detail, "甲（北京）") || !strings.Contains(f.Detail, "乙 (北京)") {
			t.Errorf("both raw names are shown: %s", f.Detail)
		}
	}
}

func TestAKindThatDoesNotExistIsAnError(t *testing.T) {
	if _, err := identifier.Check("shoe-size", "42", "", noon); err == nil || !strings.Contains(err.Error(), "resident-id") {
		t.Errorf("the error names the kinds there are: %v", err)
	}
}
