package simulate

import (
	"alta/domain/item"
	"alta/domain/reason"
	"alta/simulate/specimen"
)

// paperFaults are wrong uploads: R01 to R03.
var paperFaults = []Fault{
	{Name: "r01-id-card", Code: reason.R01, Sub: reason.MissingIDCardFront, Blocks: true, See: "the slot of the portrait side is empty",
		fits: individual, target: always(item.IDCardFront), apply: func(m *Merchant) { delete(m.Documents, item.IDCardFront) }},
	{Name: "r01-licence", Code: reason.R01, Sub: reason.MissingBusinessLicence, Blocks: true, See: "the slot of the business licence is empty",
		fits: enterprise, target: always(item.BusinessLicence), apply: func(m *Merchant) { delete(m.Documents, item.BusinessLicence) }},
	{Name: "r01-domain", Code: reason.R01, Sub: reason.MissingDomain, Blocks: true, See: "the site's domain is not filled in",
		fits: online, target: always(item.SiteDomain), apply: func(m *Merchant) { delete(m.Fields, item.SiteDomain) }},
	{Name: "r01-bank-info", Code: reason.R01, Sub: reason.MissingBankInfo, Blocks: true, See: "the branch of the settlement account is not filled in",
		target: always(item.BankBranch), apply: func(m *Merchant) { delete(m.Fields, item.BankBranch) }},
	{Name: "r01-same-file", Code: reason.R01, Sub: reason.SameFile, Blocks: true, See: "the same file is in the slots of both sides: the back is missing",
		target: idBack, apply: func(m *Merchant) { m.Documents[idBack(m)] = m.Documents[idFront(m)] }},
	{Name: "r01-back", Code: reason.R01, Sub: reason.MissingIDCardBack, See: "the slot of the back holds a second picture of the front: the back is missing",
		fits: individual, target: idBack, apply: again(idFront, idBack)},
	{Name: "r01-legal-person-back", Code: reason.R01, Sub: reason.MissingLegalPersonBack, See: "the slot of the back holds a second picture of the front: the back is missing",
		fits: enterprise, target: idBack, apply: again(idFront, idBack)},
	{Name: "r01-proof", Code: reason.R01, Sub: reason.MissingProof, Blocks: true, See: "the contact is not the legal person, and there is no letter of authorisation",
		fits: enterprise, target: always(item.AuthorisationContact), apply: func(m *Merchant) {
			m.Fields[item.ContactName] = otherName(m.Person.Name)
			delete(m.Documents, item.AuthorisationContact)
		}},

	{Name: "r02-swapped", Code: reason.R02, Sub: reason.Swapped, See: "the two sides of the ID card are in each other's slot",
		target: idFront, apply: func(m *Merchant) {
			f, b := idFront(m), idBack(m)
			m.Documents[f], m.Documents[b] = m.Documents[b], m.Documents[f]
		}},
	{Name: "r02-elsewhere", Code: reason.R02, Sub: reason.BelongsElsewhere, See: "the slot of the bank paper holds a second picture of the ID card",
		target: bankPaper, apply: again(idFront, bankPaper)},

	{Name: "r03-blurred", Code: reason.R03, Sub: reason.Unclear, See: "the picture is out of focus and its number cannot be read",
		target: mainPaper, apply: look(mainPaper, func(l *specimen.Look) { l.Blur, l.Rotate = 8, 4 })},
	{Name: "r03-thumbnail", Code: reason.R03, Sub: reason.Unclear, See: "the picture is 360 pixels wide",
		target: bankPaper, apply: look(bankPaper, func(l *specimen.Look) { l.LowResolution = true })},
	{Name: "r03-cropped", Code: reason.R03, Sub: reason.Incomplete, See: "the right and lower edges are cut off",
		target: mainPaper, apply: look(mainPaper, func(l *specimen.Look) { l.Crop = 0.28 })},
	{Name: "r03-grey", Code: reason.R03, Sub: reason.Invalid, See: "a grey copy instead of the colour original",
		target: idFront, apply: look(idFront, func(l *specimen.Look) { l.Grey = true })},
	{Name: "r03-forged", Code: reason.R03, Sub: reason.Forged, See: "the printed date of birth is not the one in the printed number",
		target: idFront, apply: func(m *Merchant) {
			repaper(m, idFront(m), func(p *specimen.IDFront) { p.Birth = after(p.Birth, 1187) })
		}},
	{Name: "r03-expired", Code: reason.R03, Sub: reason.Expired, See: "the card has expired, and the form claims another period",
		target: idBack, apply: func(m *Merchant) {
			repaper(m, idBack(m), func(p *specimen.IDBack) { p.ValidFrom, p.ValidTo = expired(m) })
		}},
	{Name: "r03-expired-form", Code: reason.R03, Sub: reason.Expired, Blocks: true, See: "the card has expired, and the form says so",
		target: always(item.IdentityValidTo), apply: func(m *Merchant) {
			from, to := expired(m)
			m.Fields[item.IdentityValidFrom], m.Fields[item.IdentityValidTo] = from, to
			repaper(m, idBack(m), func(p *specimen.IDBack) { p.ValidFrom, p.ValidTo = from, to })
		}},
	{Name: "r03-cvn", Code: reason.R03, Sub: reason.CVNVisible, See: "the verification number on the card's back is not covered",
		fits: individual, target: always(item.BankBack), apply: func(m *Merchant) {
			repaper(m, item.BankBack, func(p *specimen.BankCardBack) { p.CVN = "739" })
		}},
}

// look changes how the targeted paper was photographed.
func look(target func(*Merchant) item.Key, change func(*specimen.Look)) func(*Merchant) {
	return func(m *Merchant) {
		d, ok := m.Documents[target(m)]
		if !ok {
			return
		}
		change(&d.Look)
		m.Documents[target(m)] = d
	}
}

// again puts a second picture of one slot's paper into another slot. It is
// taken a little askew, so that the two files differ.
func again(from, to func(*Merchant) item.Key) func(*Merchant) {
	return func(m *Merchant) {
		d := m.Documents[from(m)]
		d.Look.Rotate += 2
		m.Documents[to(m)] = d
	}
}

// repaper changes the words on the paper in a slot, if it still holds such a
// paper: another fault may have put something else there.
func repaper[P specimen.Paper](m *Merchant, slot item.Key, change func(*P)) {
	d := m.Documents[slot]
	p, ok := d.Paper.(P)
	if !ok {
		return
	}
	change(&p)
	d.Paper = p
	m.Documents[slot] = d
}

// expired is a period of ten years that ended about a year before the card in
// hand began or, for a young card, at least before today.
func expired(m *Merchant) (from, to string) {
	to = after(m.Person.ValidFrom, -20)
	return after(to, -3653), to
}

// otherName is a name that differs in its last character, as a slip or another
// member of the family does.
func otherName(name string) string {
	runes := []rune(name)
	if len(runes) == 0 {
		return "敏"
	}
	last := '敏'
	if runes[len(runes)-1] == last {
		last = '琳'
	}
	runes[len(runes)-1] = last
	return string(runes)
}
