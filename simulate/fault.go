package simulate

import (
	"fmt"
	"slices"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
)

// Fault is one way in which a merchant gets something wrong.
type Fault struct {
	Name string // permanent, such as "r07-number"; for flags and tests
	Code reason.Code
	Sub  reason.Sub

	// Blocks says that the form's own checks or the required set catch it: the
	// application cannot be submitted before it is corrected. The others pass,
	// and are for a reviewer or a machine finding to see.
	Blocks bool

	// See says what there is to notice, in English, for staff in training.
	See string

	fits   func(*Merchant) bool
	target func(*Merchant) item.Key
	apply  func(*Merchant)
}

// Fits reports whether m can get this wrong: a merchant without a site has no
// unreachable one.
func (f Fault) Fits(m *Merchant) bool { return f.fits == nil || f.fits(m) }

// Target is the item on which a reviewer would raise the reason.
func (f Fault) Target(m *Merchant) item.Key {
	if f.target == nil {
		return ""
	}
	return f.target(m)
}

// FaultError says why a fault cannot be injected or corrected.
type FaultError struct{ Fault, Detail string }

func (e *FaultError) Error() string { return fmt.Sprintf("simulate: fault %q: %s", e.Fault, e.Detail) }

// Faults lists every fault, by code.
func Faults() []Fault {
	return slices.Concat(paperFaults, formFaults, siteFaults)
}

// FaultNamed finds a fault by its name.
func FaultNamed(name string) (Fault, error) {
	for _, f := range Faults() {
		if f.Name == name {
			return f, nil
		}
	}
	return Fault{}, &FaultError{name, "there is none of this name"}
}

// FaultsOf lists the faults of a reason that m can have and that pass the form,
// or with blocking those that do not.
func FaultsOf(code reason.Code, m *Merchant, blocking bool) []Fault {
	var out []Fault
	for _, f := range Faults() {
		if f.Code == code && f.Blocks == blocking && f.Fits(m) {
			out = append(out, f)
		}
	}
	return out
}

// Inject makes f true of m. Several faults can be injected one after the other.
func Inject(f Fault, m *Merchant) error {
	switch {
	case f.apply == nil:
		return &FaultError{f.Name, "it is not one of Faults"}
	case !f.Fits(m):
		return &FaultError{f.Name, "this merchant cannot have it"}
	case slices.ContainsFunc(m.faults, func(o Fault) bool { return o.Name == f.Name }):
		return &FaultError{f.Name, "the merchant has it already"}
	}
	if m.origin == nil {
		o := m.Clone()
		m.origin = &o
	}
	f.apply(m)
	m.faults = append(m.faults, f)
	return nil
}

// Correct takes f back, as the merchant does who puts it right. Other faults of
// m stay, also where they concern the same paper.
func Correct(f Fault, m *Merchant) error {
	i := slices.IndexFunc(m.faults, func(o Fault) bool { return o.Name == f.Name })
	if i < 0 {
		return &FaultError{f.Name, "the merchant does not have it"}
	}
	rest := slices.Delete(slices.Clone(m.faults), i, i+1)
	origin := m.origin
	*m = origin.Clone()
	if len(rest) == 0 {
		return nil
	}
	m.origin = origin
	for _, other := range rest {
		other.apply(m)
		m.faults = append(m.faults, other)
	}
	return nil
}

// Injected lists the faults that m has, in the order of their injection.
func (m Merchant) Injected() []Fault { return slices.Clone(m.faults) }

// Difference is what a fault changed: the fields and document slots whose
// content is not what it was before the first fault, and whether the site or the
// answers about it differ.
type Difference struct {
	Fields    []item.Key
	Documents []item.Key
	Web       bool
}

// Difference compares m with itself before the first fault.
func (m Merchant) Difference() Difference {
	var d Difference
	if m.origin == nil {
		return d
	}
	for _, i := range item.All() {
		if m.Fields[i.Key] != m.origin.Fields[i.Key] {
			d.Fields = append(d.Fields, i.Key)
		}
		if m.Documents[i.Key] != m.origin.Documents[i.Key] {
			d.Documents = append(d.Documents, i.Key)
		}
	}
	d.Web = m.Web != nil && *m.Web != *m.origin.Web
	return d
}

func individual(m *Merchant) bool { return m.Kind == policy.Individual }
func enterprise(m *Merchant) bool { return m.Kind == policy.Enterprise }
func online(m *Merchant) bool     { return m.Web != nil }

// always targets one item.
func always(k item.Key) func(*Merchant) item.Key {
	return func(*Merchant) item.Key { return k }
}

// byKind targets one item for individuals and another for enterprises.
func byKind(person, company item.Key) func(*Merchant) item.Key {
	return func(m *Merchant) item.Key {
		if enterprise(m) {
			return company
		}
		return person
	}
}

// The papers that prove who someone is, and the account.
var (
	idFront   = byKind(item.IDCardFront, item.LegalPersonFront)
	idBack    = byKind(item.IDCardBack, item.LegalPersonBack)
	bankPaper = byKind(item.BankFront, item.AccountOpeningLicence)
	mainPaper = byKind(item.IDCardFront, item.BusinessLicence)
)
