package projections

import (
	"slices"
	"strings"

	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/policy"
)

const (
	suffixes  = 24 // of one name at the most
	suffixLen = 24 // runes of one suffix at the most
	// separator stands before the id, and between other parts of a member of a set in
	// the order of words; it sorts before any letter.
	separator = "\x00"
)

// legalForms are those with which a company's name ends by law, the longer before
// what they contain (Company Law of the PRC art. 7, Partnership Law art. 15, 56
// and 62), as nameForm writes them.
var legalForms = [][]rune{
	[]rune("股份有限公司"), []rune("有限责任公司"), []rune("有限公司"), []rune("股份公司"),
	[]rune("(特殊普通合伙)"), []rune("(普通合伙)"), []rune("(有限合伙)"),
}

// namesOf lists the members of the name index for a row: every suffix of the
// name, so that a search for any part of it is a search by prefix. A suffix that
// begins inside the legal form is one only where it is a legal form itself: 限公司
// ends half the companies, so nobody finds anything by it, and the likes of it
// were a quarter of the index. A person's name is masked and is found by its
// blind index only.
func namesOf(r *Row) []string {
	if r.Hidden || r.Kind != policy.Enterprise || r.Name == r.MerchantNumber {
		return nil
	}
	runes := []rune(nameForm(r.Name))
	form := len(runes) - legalForm(runes)
	var out []string
	for i := range min(len(runes), suffixes) {
		if i > form && !isLegalForm(runes[i:]) {
			continue
		}
		out = append(out, string(runes[i:min(len(runes), i+suffixLen)])+separator+r.ID)
	}
	return out
}

// legalForm is how many runes at the end of a name are its legal form.
func legalForm(name []rune) int {
	for _, f := range legalForms {
		if n := len(name) - len(f); n >= 0 && slices.Equal(name[n:], f) {
			return len(f)
		}
	}
	return 0
}

// isLegalForm reports whether s is one, whatever stands before it. Nobody types the
// bracket before a partnership's.
func isLegalForm(s []rune) bool {
	return legalForm(s) == len(s) || legalForm(append([]rune{'('}, s...)) == len(s)+1
}

// nameForm is the form in which names are indexed and looked for: the comparison's
// own, so that a query finds every name that Alta takes for the same.
func nameForm(s string) string { return identifier.NameSearch(s) }

// exactForm is the form in which a value of that kind is looked for as a whole.
func exactForm(kind, s string) string {
	switch item.Key(kind) {
	case item.IdentityName, item.CompanyName:
		return nameForm(s)
	case item.SiteDomain: // as people paste it, and as the page shows it
		if site, ok := identifier.ParseSite(s); ok && site.Registrable != "" {
			return site.Registrable
		}
	}
	return Searchable(s)
}

// Searchable is the form in which numbers and the like are looked for: NFKC, lower
// case, without spaces and what nobody sees. What it makes empty finds nothing.
func Searchable(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(identifier.Normalise(s))), "")
}
