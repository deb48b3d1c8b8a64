package simulate

import (
	"maps"
	"slices"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/simulate/specimen"
)

// Merchant is one invented merchant: what it types into the form, what it
// uploads, and what the world outside shows of it when a reviewer looks.
type Merchant struct {
	Seed  uint64 // of the generator that made it
	Index uint64 // its number there: the same seed, moment, index and wishes give the same merchant

	Kind     policy.Kind
	Products []policy.Product
	Site     policy.SiteType

	Fields    map[item.Key]string            // the form
	Documents map[item.Key]specimen.Document // the uploads by slot

	// Web is nil for a merchant that only sells offline.
	Web *Web

	Person  Person  // the individual, or the enterprise's legal person
	Contact Person  // who is written to; often the same person
	Company Company // empty for an individual

	day    string // on which its letters were signed
	faults []Fault
	origin *Merchant // before the first fault
}

// Web is a merchant's site as reviewers meet it, and what the look-ups outside
// answer about it.
type Web struct {
	URL          string
	TestUser     string // of the account with which the reviewer walks through a purchase
	TestPassword string
	TestWorks    bool // the site accepts them
	Reachable    bool
	Page         specimen.Document // a screenshot of the home page

	Registrant string            // who the registrar says holds the domain
	Filing     specimen.Document // the answer of the ICP look-up, as a screenshot
}

// Clone copies m so that neither copy's changes reach the other.
func (m Merchant) Clone() Merchant {
	m.Products = slices.Clone(m.Products)
	m.Fields = maps.Clone(m.Fields)
	m.Documents = maps.Clone(m.Documents)
	m.faults = slices.Clone(m.faults)
	if m.Web != nil {
		w := *m.Web
		m.Web = &w
	}
	return m
}

// Name is the name under which the merchant applies.
func (m Merchant) Name() string {
	if m.Kind == policy.Enterprise {
		return m.Company.Name
	}
	return m.Person.Name
}

// Slots lists the filled document slots in the order of item.All.
func (m Merchant) Slots() []item.Key {
	var out []item.Key
	for _, i := range item.All() {
		if _, ok := m.Documents[i.Key]; ok {
			out = append(out, i.Key)
		}
	}
	return out
}

// Restyle changes how every document was photographed, for example to draw all
// of them small for a load test or as PDF. Faults that show in a picture keep
// showing: only what change touches is changed.
func (m *Merchant) Restyle(change func(item.Key, *specimen.Look)) {
	each := func(m *Merchant) {
		for k, d := range m.Documents {
			change(k, &d.Look)
			m.Documents[k] = d
		}
	}
	each(m)
	if m.origin != nil {
		o := m.origin.Clone()
		each(&o)
		m.origin = &o
	}
}
