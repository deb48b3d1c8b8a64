package reason

import (
	"slices"

	"alta/domain/item"
	"alta/domain/lang"
)

// Version names this state of the registry. It is recorded with every event, so
// that an auditor knows which wording a merchant was shown. It changes whenever
// a row or a text does.
const Version = "2026-11"

// Code is the permanent number of a reason. It is stored in events.
type Code string

// The twelve reasons.
const (
	R01 Code = "R01" // something is missing
	R02 Code = "R02" // document in the wrong slot
	R03 Code = "R03" // document not acceptable
	R04 Code = "R04" // contact is not the document's holder
	R05 Code = "R05" // contact details invalid
	R06 Code = "R06" // account name is not the certificate's holder
	R07 Code = "R07" // settlement number is not the bank certificate's
	R08 Code = "R08" // identification number wrong
	R09 Code = "R09" // domain has no ICP filing
	R10 Code = "R10" // business name is not the domain's registrant
	R11 Code = "R11" // site cannot be reached
	R12 Code = "R12" // site differs from the registration
)

// Sub is the permanent sub-code of a reason: lower-case words with hyphens, such
// as "expired" or "no-filing". It is unique within its Code and stored in
// events.
type Sub string

// Class says how far a machine can find a reason. A machine's find is only ever
// a finding: a person raises the reason (PIPL art. 24).
type Class string

// The classes.
const (
	Certain   Class = "A" // a machine is certain: a checksum, an empty item, a date that is past
	Suspicion Class = "B" // a machine suspects, a person confirms: blur, a probe, read text
	LookUp    Class = "C" // needs an outside look-up: the ICP register, a registrar, a blocklist
	Person    Class = "M" // only a person can tell
)

// Entry is one row of the registry: a reason with one of its sub-codes.
type Entry struct {
	Code Code
	Sub  Sub

	// Targets are the items it may be raised on, in the order of item.All.
	Targets []item.Key

	// Machine is the most that a machine can do about it; Found says in English
	// what finds it, for the documentation and for reviewers in training.
	Machine Class
	Found   string

	// Final says that the reason, once two people have confirmed it, may end the
	// application for good. Every reason leaves the merchant a way to correct it
	// first; one that is not Final never ends an application by itself.
	Final bool

	zh, es, en Wording
}

// Wording is what a row says in one language, as templates (see Render).
type Wording struct {
	Title    string // a few words, for a list
	What     string // to the merchant: which item, what was seen
	Fix      string // to the merchant: what to do
	By       string // to the merchant: by when
	Internal string // to reviewers and auditors only
}

// Wording is the row's templates in l.
func (e Entry) Wording(l lang.Lang) Wording {
	w := lang.English
	switch w = lang.Match(string(l)); w {
	case lang.Chinese:
		return e.zh
	case lang.Spanish:
		return e.es
	}
	return e.en
}

// AppliesTo reports whether the row may be raised on k.
func (e Entry) AppliesTo(k item.Key) bool { return slices.Contains(e.Targets, k) }

type rowKey struct {
	Code Code
	Sub  Sub
}

var (
	registry = assemble()
	rows     = func() map[rowKey]Entry {
		m := make(map[rowKey]Entry, len(registry))
		for _, e := range registry {
			m[rowKey{e.Code, e.Sub}] = e
		}
		return m
	}()
)

// assemble puts the twelve files together in order.
func assemble() []Entry {
	all := slices.Concat(missing, wrongSlot, notAcceptable, contactHolder, contactInvalid,
		accountHolder, accountNumber, idNumber, noFiling, registrant, unreachable, siteDiffers)
	for i := range all {
		all[i].Targets = ordered(all[i].Targets)
		all[i].zh.By, all[i].es.By, all[i].en.By = byWhen.Zh, byWhen.Es, byWhen.En
	}
	return all
}

// byWhen is the same for every row; its brackets make the sentence vanish where
// no deadline runs.
var byWhen = lang.Text{
	Zh: "[请在 {deadline}之前完成修改并重新提交。]",
	Es: "[Corríjalo y vuelva a enviar la solicitud antes del {deadline}.]",
	En: "[Please put it right and resubmit by {deadline}.]",
}

// All lists every row, ordered by code and within a code as reviewers see it.
func All() []Entry {
	out := slices.Clone(registry)
	for i := range out {
		out[i].Targets = slices.Clone(out[i].Targets)
	}
	return out
}

// Codes lists the twelve codes in order.
func Codes() []Code {
	return []Code{R01, R02, R03, R04, R05, R06, R07, R08, R09, R10, R11, R12}
}

// Lookup finds a row. A code or sub-code that this version does not know answers
// false; nothing that shows stored reasons may fail on it (see Render).
func Lookup(c Code, s Sub) (Entry, bool) {
	e, ok := rows[rowKey{c, s}]
	if ok {
		e.Targets = slices.Clone(e.Targets)
	}
	return e, ok
}

// AppliesTo reports whether reason c with sub-code s may be raised on k; an
// unknown row applies to nothing.
func AppliesTo(c Code, s Sub, k item.Key) bool {
	return rows[rowKey{c, s}].AppliesTo(k)
}

// For lists the rows that may be raised on k: a reviewer's menu for one item.
func For(k item.Key) []Entry {
	var out []Entry
	for _, e := range All() {
		if e.AppliesTo(k) {
			out = append(out, e)
		}
	}
	return out
}

// MissingSub is the sub-code of R01 for an empty k, and false for a key that
// item does not know.
func MissingSub(k item.Key) (Sub, bool) {
	for _, e := range missing {
		if e.Sub != SameFile && e.AppliesTo(k) {
			return e.Sub, true
		}
	}
	return "", false
}

// ordered sorts keys as item.All lists them and drops repetitions.
func ordered(keys []item.Key) []item.Key {
	out := make([]item.Key, 0, len(keys))
	for _, i := range item.All() {
		if slices.Contains(keys, i.Key) {
			out = append(out, i.Key)
		}
	}
	return out
}
