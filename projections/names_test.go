package projections

import (
	"slices"
	"strings"
	"testing"

	"alta/domain/policy"
)

func TestALegalFormIsIndexedWholeAndNotInParts(t *testing.T) {
	for name, want := range map[string][]string{
		"蓝海有限公司":     {"蓝海有限公司", "海有限公司", "有限公司"},
		"蓝海 股份有限公司":  {"蓝海股份有限公司", "海股份有限公司", "股份有限公司", "有限公司"},
		"蓝海有限责任公司":   {"蓝海有限责任公司", "海有限责任公司", "有限责任公司"},
		"蓝海（有限合伙）":   {"蓝海(有限合伙)", "海(有限合伙)", "(有限合伙)", "有限合伙)"},
		"蓝海公司":       {"蓝海公司", "海公司", "公司", "司"},
		"有限公司之友":     {"有限公司之友", "限公司之友", "公司之友", "司之友", "之友", "友"},
		"有限公司":       {"有限公司"},
		"Blue Sea":   {"bluesea", "luesea", "uesea", "esea", "sea", "ea", "a"},
		"蓝海股份公司":     {"蓝海股份公司", "海股份公司", "股份公司"},
		"M1":         nil, // the merchant number stands in for a name
		"蓝海特殊普通合伙":   {"蓝海特殊普通合伙", "海特殊普通合伙", "特殊普通合伙", "殊普通合伙", "普通合伙", "通合伙", "合伙", "伙"},
		"蓝海（特殊普通合伙）": {"蓝海(特殊普通合伙)", "海(特殊普通合伙)", "(特殊普通合伙)", "特殊普通合伙)", "普通合伙)"},
	} {
		var got []string
		for _, m := range namesOf(&Row{ID: "id", Kind: policy.Enterprise, Name: name, MerchantNumber: "M1"}) {
			suffix, id, _ := strings.Cut(m, separator)
			if got = append(got, suffix); id != "id" {
				t.Errorf("%s: %q is for %q", name, suffix, id)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
