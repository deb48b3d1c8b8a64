package projections

import (
	"strings"

	"alta/domain/policy"

	"golang.org/x/text/unicode/norm"
)

const (
	suffixes  = 24 // of one name at the most
	suffixLen = 24 // runes of one suffix at the most
	// separator stands between a suffix and the id; it sorts before any letter.
	separator = "\x00"
)

// namesOf lists the members of the name index for a row: every suffix of the
// name, so that a search for any part of it is a search by prefix. A person's
// name is masked and is found by its blind index only.
func namesOf(r *Row) []string {
	if r.Hidden || r.Kind != policy.Enterprise || r.Name == r.MerchantNumber {
		return nil
	}
	runes := []rune(Searchable(r.Name))
	var out []string
	for i := range min(len(runes), suffixes) {
		out = append(out, string(runes[i:min(len(runes), i+suffixLen)])+separator+r.ID)
	}
	return out
}

// Searchable is the form in which names are indexed and looked for: NFKC, lower
// case, without spaces.
func Searchable(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(norm.NFKC.String(s))), "")
}
