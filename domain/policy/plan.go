package policy

import (
	"slices"
	"sync"
	"sync/atomic"

	"alta/domain/item"
	"alta/domain/lang"
)

// A plan is a policy's rules arranged for being asked: per item, in the order of
// item.All, with each condition as six bytes. A decision asks for the requirements
// every time, so an answer must cost about as much as writing it down.
type plan struct {
	items    []plannedItem
	stages   []plannedStage
	fourEyes []condition
	derived  map[item.Key]*Derivation

	// Merchants come in few situations, so an answer is worked out once. Whoever
	// asks for ever stranger ones gets an answer too, only a slower one.
	known   sync.Map // condition → Requirements
	entries atomic.Int32
}

const mostKnown = 256

func (rules *plan) answer(p *Policy, now condition) Requirements {
	if r, ok := rules.known.Load(now); ok {
		return r.(Requirements)
	}
	r := rules.judge(p, now)
	r.Items, r.Stages, r.Absent, r.FourEyesWhy = slices.Clip(r.Items), slices.Clip(r.Stages), slices.Clip(r.Absent), slices.Clip(r.FourEyesWhy)
	if rules.entries.Add(1) <= mostKnown {
		rules.known.Store(now, r)
	}
	return r
}

type plannedItem struct {
	kinds   uint8 // bits of the kinds that can supply the item
	rules   []conditional[ItemRule]
	waivers []conditional[WaiverRule]
}

type plannedStage struct {
	stage     Stage
	rules     []conditional[StageRule]
	otherwise lang.Text
}

type conditional[R any] struct {
	when condition
	rule *R
}

// A condition holds for a situation when no byte of both is without a common
// bit. The byte of an unrestricted part has the bit that every situation has.
type condition [6]uint8

const always = 1 << 7

func (c condition) holds(s condition) bool {
	for i := range c {
		if c[i]&s[i] == 0 {
			return false
		}
	}
	return true
}

// bits are those of the words given, by their place in the list of known ones; a
// word that is not known has none.
func bits[W comparable](known []W, given ...W) uint8 {
	var b uint8
	for _, w := range given {
		if i := slices.Index(known, w); i >= 0 {
			b |= 1 << i
		}
	}
	return b
}

var (
	knownKinds       = Kinds()
	knownProducts    = Products()
	knownSites       = SiteTypes()
	knownForms       = []LicenceForm{USCC, FifteenD}
	knownDifferences = Differences()
)

func (w When) condition() condition {
	c := condition{
		bits(knownKinds, w.Kinds...), bits(knownProducts, w.Products...), bits(knownSites, w.Sites...),
		bits(knownForms, w.Licence), bits(identityTypes, w.IdentityTypes...), bits(knownDifferences, w.Differs),
	}
	for i := range c {
		if c[i] == 0 { // a validated condition has no unknown words: nothing was said
			c[i] = always
		}
	}
	return c
}

// situation is what the conditions are compared with; licence is in normal form.
func (f Facts) situation(licence string) condition {
	s := condition{
		bits(knownKinds, f.Kind), bits(knownProducts, f.Products...), bits(knownSites, f.Site),
		bits(knownForms, formOfNormal(licence)), bits(identityTypes, f.IdentityType), bits(knownDifferences, f.Differs...),
	}
	for i := range s {
		s[i] |= always
	}
	return s
}

func (p *Policy) compile() *plan {
	out := &plan{derived: map[item.Key]*Derivation{}}
	for _, i := range item.All() {
		var it plannedItem
		for n, k := range knownKinds {
			if i.Key.Fits(k.Audience()) {
				it.kinds |= 1 << n
			}
		}
		for n := range p.Items {
			if r := &p.Items[n]; r.Item == i.Key {
				it.rules = append(it.rules, conditional[ItemRule]{r.When.condition(), r})
			}
		}
		for n := range p.Waivers {
			if w := &p.Waivers[n]; w.Item == i.Key {
				it.waivers = append(it.waivers, conditional[WaiverRule]{w.When.condition(), w})
				if w.Derive != nil {
					out.derived[w.Item] = w.Derive
				}
			}
		}
		out.items = append(out.items, it)
	}
	for _, s := range Stages() {
		st := plannedStage{stage: s}
		for n := range p.Stages {
			if r := &p.Stages[n]; r.Stage == s {
				st.rules = append(st.rules, conditional[StageRule]{r.When.condition(), r})
				st.otherwise = r.Else
			}
		}
		out.stages = append(out.stages, st)
	}
	for _, r := range p.FourEyes {
		out.fourEyes = append(out.fourEyes, r.When.condition())
	}
	return out
}
