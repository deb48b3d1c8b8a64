package reason

import "alta/domain/item"

// Groups of targets, taken from item so that a new slot is never forgotten.
var (
	slots       = keys(func(i item.Item) bool { return i.Class == item.Document })
	siteParts   = keys(func(i item.Item) bool { return i.Class == item.Site })
	proofs      = []item.Key{item.AuthorisationContact, item.AuthorisationSite, item.AuthorisationSettlement, item.DomainCertificate}
	validity    = []item.Key{item.IdentityValidFrom, item.IdentityValidTo}
	twoSided    = []item.Key{item.IDCardFront, item.IDCardBack, item.BankFront, item.BankBack, item.LegalPersonFront, item.LegalPersonBack}
	otherFields = keys(func(i item.Item) bool {
		switch i.Key {
		case item.SiteDomain, item.BankHolder, item.BankNumber, item.BankCode, item.BankBranch:
			return false // these have sub-codes of their own
		}
		return i.Class == item.Field
	})
)

func keys(keep func(item.Item) bool) []item.Key {
	var out []item.Key
	for _, i := range item.All() {
		if keep(i) {
			out = append(out, i.Key)
		}
	}
	return out
}

// OtherSide is the other slot of a two-sided document, and false for a document with
// one side: what a swap exchanges.
func OtherSide(k item.Key) (item.Key, bool) {
	for i, t := range twoSided {
		if t == k {
			return twoSided[i^1], true
		}
	}
	return "", false
}
