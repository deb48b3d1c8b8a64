package identifier

import (
	"maps"
	"slices"
)

// codes are the findings of every kind. The pages have a text for each in every
// language.
var codes = map[string][]string{
	"resident-id":       {"empty", "form", "void", "region", "birth-date", "birth-future", "under-age", "age", "checksum", "spreadsheet"},
	"uscc":              {"empty", "form", "class", "resident-id", "checksum", "spreadsheet", "kind", "kind-unknown"},
	"org-code":          {"empty", "form", "checksum", "degenerate"},
	"licence":           {"empty", "form", "checksum", "resident-id", "spreadsheet", "degenerate", "kind-unknown"},
	"cnaps":             {"empty", "form", "checksum", "degenerate", "bank", "bank-unknown"},
	"bank-card":         {"empty", "form", "checksum", "spreadsheet", "degenerate", "resident-id", "kind-unknown"},
	"corporate-account": {"empty", "form", "spreadsheet", "degenerate", "resident-id"},
	"mobile":            {"empty", "form"},
	"phone":             {"empty", "form"},
	"email":             {"empty", "form"},
	"icp":               {"empty", "form", "several", "province", "year", "app-filing", "police", "police-region", "subject", "other-form"},
	"domain": {"empty", "form", "several", "scheme", "userinfo", "port", "ip", "special-use", "single-label", "public-suffix",
		"unknown-suffix", "free-hosting", "mixed-scripts", "lookalike"},
	"passport":            {"empty", "form", "degenerate", "resident-id"},
	"travel-permit":       {"empty", "form", "degenerate", "resident-id"},
	"permanent-residence": {"class"},
	"id-validity":         {"empty", "form", "order", "not-yet", "period", "expired", "expiring"},
}

// Codes lists the findings' codes in order, without those of [Names].
func Codes() []string {
	var out []string
	for kind, list := range maps.All(codes) {
		for _, code := range list {
			out = append(out, kind+"-"+code)
		}
	}
	slices.Sort(out)
	return out
}
