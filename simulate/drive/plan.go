package drive

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
	"alta/simulate"
	"alta/simulate/specimen"
)

// Target is how far a merchant is taken.
type Target string

// The targets. Where the merchant's way has no such stage (an offline merchant
// has no site) the next one that it has counts.
const (
	Draft       Target = "draft"       // the form half filled in
	Submitted   Target = "submitted"   // waits for the qualification review
	Claimed     Target = "claimed"     // a reviewer holds it
	Returned    Target = "returned"    // with the merchant, with reasons
	Resubmitted Target = "resubmitted" // corrected, waits for the next look
	Proposed    Target = "proposed"    // waits for the second approval
	Qualified   Target = "qualified"   // waits for the look-up of its filing
	ICP         Target = "icp"         // filing verified, waits for the site review
	Website     Target = "website"     // site approved, waits for the contract
	Contract    Target = "contract"    // offered, waits for the signature
	Signed      Target = "signed"      // waits for the countersignature
	Active      Target = "active"
	Declined    Target = "declined"
	Withdrawn   Target = "withdrawn"
)

// Targets lists them in the order of the way.
func Targets() []Target {
	return []Target{Draft, Submitted, Claimed, Returned, Resubmitted, Proposed, Qualified, ICP, Website, Contract, Signed, Active, Declined, Withdrawn}
}

// Via is who brings the merchant.
type Via string

// The ways in.
const (
	Self  Via = "self"
	Agent Via = "agent"
)

// Plan is what is to become of one merchant.
type Plan struct {
	Merchant simulate.Merchant
	Email    string // of the account; the form's may have a fault
	Language string
	Via      Via
	To       Target
	// Looks says whether reviewers open images and unmask numbers before they
	// judge, as people do.
	Looks bool
}

// Wish is what Plans makes plans from. The zero value of a field leaves the
// choice to the seed.
type Wish struct {
	Seed  uint64
	Day   time.Time // "today" of the merchants' ages and papers
	First uint64    // index of the first merchant
	Count int

	To       Target // "" is a mixture
	Kind     policy.Kind
	Products []policy.Product
	Site     policy.SiteType
	Via      Via
	Language string
	// Faults are names of faults ("r03-blurred") or codes of reasons ("R05"), of
	// which the seed picks one; every merchant gets each that it can have.
	Faults []string
	Small  bool // draw papers at half size
	Looks  bool
}

// WishError says which part of a Wish cannot be granted.
type WishError struct{ Field, Detail string }

func (e *WishError) Error() string { return e.Field + ": " + e.Detail }

func (w Wish) check() error {
	if w.Count < 1 {
		return &WishError{"count", "at least one merchant"}
	}
	if w.To != "" && !slices.Contains(Targets(), w.To) {
		return &WishError{"to", fmt.Sprintf("there is no stage %q", w.To)}
	}
	if w.Kind != "" && w.Kind != policy.Individual && w.Kind != policy.Enterprise {
		return &WishError{"kind", fmt.Sprintf("%q is neither individual nor enterprise", w.Kind)}
	}
	if w.Site != "" && w.Site != policy.Web && w.Site != policy.App && w.Site != policy.Offline {
		return &WishError{"site", fmt.Sprintf("%q is none of web, app, offline", w.Site)}
	}
	if w.Via != "" && w.Via != Self && w.Via != Agent {
		return &WishError{"via", fmt.Sprintf("%q is neither self nor agent", w.Via)}
	}
	for _, p := range w.Products {
		if p != policy.WeChat && p != policy.Alipay && p != policy.OnlineBanking {
			return &WishError{"products", fmt.Sprintf("there is no product %q", p)}
		}
		if p == policy.OnlineBanking && w.Site == policy.Offline {
			return &WishError{"products", "online banking needs a web site or an app"}
		}
	}
	for _, f := range w.Faults {
		if code := reason.Code(strings.ToUpper(f)); len(f) == 3 && slices.ContainsFunc(simulate.Faults(), func(x simulate.Fault) bool { return x.Code == code }) {
			continue
		}
		if _, err := simulate.FaultNamed(f); err != nil {
			return &WishError{"fault", fmt.Sprintf("%q is neither a fault nor a reason's code", f)}
		}
	}
	return nil
}

// Plans makes the plans: the same wish gives the same plans.
func Plans(w Wish) ([]Plan, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	g := simulate.New(w.Seed, w.Day)
	out := make([]Plan, 0, w.Count)
	for n := range uint64(w.Count) {
		p, err := w.plan(g, w.First+n)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (w Wish) plan(g *simulate.Generator, n uint64) (Plan, error) {
	r := rand.New(rand.NewPCG(w.Seed^0xa17a, n))
	m := g.AnyAt(n)
	kind, products, site := or(w.Kind, m.Kind), m.Products, or(w.Site, m.Site)
	if len(w.Products) > 0 {
		products = w.Products
	}
	banking := slices.Contains(products, policy.OnlineBanking)
	switch {
	case site == policy.Offline && banking && len(w.Products) == 0:
		products = slices.DeleteFunc(slices.Clone(products), func(p policy.Product) bool { return p == policy.OnlineBanking })
	case site == policy.Offline && banking:
		site = policy.Web
	}
	p := Plan{To: w.To, Via: w.Via, Language: w.Language, Looks: w.Looks}
	p.To = or(p.To, mixed(w.Seed, n))
	p.Via = or(p.Via, pickWeighted(r, []Via{Self, Agent}, []int{70, 30}))
	p.Language = or(p.Language, pickWeighted(r, []string{"zh-CN", "es", "en"}, []int{60, 20, 20}))
	if w.Site == "" && site == policy.Offline && (p.To == ICP || p.To == Website) {
		site = policy.Web // the stage that was asked for exists
	}
	m = g.At(n, kind, products, site)
	p.Email = m.Fields[item.ContactEmail]
	faults, err := w.faults(r, &m, p.To)
	if err != nil {
		return Plan{}, err
	}
	if w.Kind == "" && len(w.Faults) > 0 && len(faults) == 0 {
		m = g.At(n, other(kind), products, site) // perhaps the other kind can have it
		if faults, err = w.faults(r, &m, p.To); err != nil {
			return Plan{}, err
		}
		p.Email = m.Fields[item.ContactEmail]
	}
	if len(w.Faults) > 0 && len(faults) == 0 {
		return Plan{}, &WishError{"fault", "merchants of this kind, with these products and site, cannot have any of these faults"}
	}
	for _, f := range faults {
		if err := simulate.Inject(f, &m); err != nil {
			return Plan{}, err
		}
	}
	if w.Small {
		m.Restyle(small)
	}
	p.Merchant = m
	return p, nil
}

// faults picks those that a merchant gets. One that is to be returned gets one
// that a reviewer can find, if none was wished for.
func (w Wish) faults(r *rand.Rand, m *simulate.Merchant, to Target) ([]simulate.Fault, error) {
	var out []simulate.Fault
	add := func(f simulate.Fault) {
		if f.Fits(m) && !slices.ContainsFunc(out, func(o simulate.Fault) bool { return o.Name == f.Name }) {
			out = append(out, f)
		}
	}
	for _, name := range w.Faults {
		if f, err := simulate.FaultNamed(name); err == nil {
			add(f)
			continue
		}
		code := reason.Code(strings.ToUpper(name))
		some := simulate.FaultsOf(code, m, false)
		if len(some) == 0 {
			some = simulate.FaultsOf(code, m, true)
		}
		if len(some) > 0 {
			add(some[r.IntN(len(some))])
		}
	}
	passes := func(f simulate.Fault) bool { return !f.Blocks }
	if (to == Returned || to == Resubmitted) && !slices.ContainsFunc(out, passes) {
		var some []simulate.Fault
		for _, f := range simulate.Faults() {
			if passes(f) && f.Fits(m) && stageOf(f) == stageQualification {
				some = append(some, f)
			}
		}
		add(some[r.IntN(len(some))])
		if more := some[r.IntN(len(some))]; r.IntN(2) == 0 && more.Target(m) != out[len(out)-1].Target(m) {
			add(more)
		}
	}
	return out, nil
}

// stageOf is where a reviewer comes across a fault.
func stageOf(f simulate.Fault) string {
	switch f.Code {
	case reason.R09, reason.R10:
		return stageICP
	case reason.R11, reason.R12:
		return stageWebsite
	}
	return stageQualification
}

// small draws at half size, without PDF: the cheapest papers that can be read.
func small(_ item.Key, l *specimen.Look) {
	l.Small = true
	if l.Encoding == specimen.PDF {
		l.Encoding = specimen.JPEG
	}
}

// deck is the mixture that a platform has on its desks on a usual day: how many
// of forty merchants are where.
var deck = []struct {
	to Target
	n  int
}{
	{Draft, 3}, {Submitted, 8}, {Claimed, 2}, {Returned, 5}, {Resubmitted, 3}, {Proposed, 3}, {Qualified, 3}, {ICP, 3},
	{Website, 2}, {Contract, 2}, {Signed, 1}, {Active, 3}, {Declined, 1}, {Withdrawn, 1},
}

// mixed deals the nth card: each forty merchants are dealt a shuffled deck, so
// that a small demonstration has something at every stage, too.
func mixed(seed, n uint64) Target {
	var cards []Target
	for _, c := range deck {
		for range c.n {
			cards = append(cards, c.to)
		}
	}
	size := uint64(len(cards))
	r := rand.New(rand.NewPCG(seed^0xdec, n/size))
	r.Shuffle(len(cards), func(i, j int) { cards[i], cards[j] = cards[j], cards[i] })
	return cards[n%size]
}

func pickWeighted[T any](r *rand.Rand, of []T, weights []int) T {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := r.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return of[i]
		}
	}
	return of[len(of)-1]
}

func or[T ~string](a, b T) T {
	if a != "" {
		return a
	}
	return b
}

func other(k policy.Kind) policy.Kind {
	if k == policy.Individual {
		return policy.Enterprise
	}
	return policy.Individual
}
