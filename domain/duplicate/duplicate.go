// Package duplicate compares two merchants' applications: which numbers, contacts
// and papers they share, and whether there is a plain reason for it. It says what
// is the same and never what that means: a machine finds, a person decides.
package duplicate

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"alta/domain/application"
	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/policy"

	"golang.org/x/text/unicode/norm"
)

// Compared are the items of which two merchants rarely have the same value.
var Compared = []item.Key{
	item.IdentityNumber, item.CompanyLicence, item.BankNumber, item.ContactMobile, item.ContactPhone, item.ContactEmail, item.SiteDomain,
}

// Normal is the form of a value in which it is compared: as people search for it,
// and telephones and accounts without what people put between the digits.
func Normal(k item.Key, value string) string {
	switch k {
	case item.ContactMobile, item.ContactPhone:
		if r := identifier.Phone(value); r.Canonical != "" {
			value = r.Canonical
		}
	case item.BankNumber:
		value = strings.NewReplacer("-", "", ".", "").Replace(value)
	}
	return strings.Join(strings.Fields(strings.ToLower(norm.NFKC.String(value))), "")
}

// Pictured reports whether a slot's picture tells one merchant from another. The
// emblem side of an identity card and the back of a bank card look the same for
// many people.
func Pictured(slot item.Key) bool {
	return slot != item.IDCardBack && slot != item.LegalPersonBack && slot != item.BankBack
}

// nearBits is the distance of two perceptual hashes up to which pictures are
// looked at more closely: papers printed to one pattern are as near as that.
const nearBits = 4

// Near reports whether two pictures could be one, by their perceptual hashes.
func Near(a, b string) bool {
	x, ok := hash(a)
	y, there := hash(b)
	return ok && there && bits.OnesCount64(x^y) <= nearBits
}

func hash(p string) (uint64, bool) {
	v, err := strconv.ParseUint(p, 16, 64)
	return v, err == nil && len(p) == 16
}

// Keyed is the blind index of a value.
type Keyed func(kind, value string) string

// ValueKey is where an item's value stands in the index, or how its place there
// begins; empty for no value.
func (index Keyed) ValueKey(k item.Key, value string) string {
	return entry(string(k), index(string(k), Normal(k, value)))
}

// FileKey is where a file stands, by its SHA-256.
func (index Keyed) FileKey(sha256 string) string { return entry("file", index("file", sha256)) }

// enough characters of a blind index tell two values apart: 132 bits.
const enough = 22

func entry(kind, keyed string) string {
	if keyed == "" {
		return ""
	}
	return kind + "=" + keyed[:min(len(keyed), enough)]
}

// mask is laid over every perceptual hash before it is stored. Distances stay, and
// without the key nobody learns what the pictures look like.
func (index Keyed) mask() uint64 {
	var m uint64
	for _, c := range []byte(index("picture", "mask")) {
		m = bits.RotateLeft64(m, 5) ^ uint64(c)*0x9E3779B97F4A7C15
	}
	return m
}

// Half of a hash stands at the beginning of a key and the other half behind it, so
// that keys are found by the one that is known.
const half = 32

// PictureKeys are the two keys under which a picture stands: of two hashes that
// differ in three bits at most, one half differs in one at most.
func (index Keyed) PictureKeys(phash string) []string {
	v, ok := hash(phash)
	if !ok {
		return nil
	}
	v ^= index.mask()
	return []string{pictureKey(0, v), pictureKey(1, bits.RotateLeft64(v, half))}
}

func pictureKey(side int, v uint64) string {
	return "look" + strconv.Itoa(side) + "=" + digits(v, 16)
}

func digits(v uint64, n int) string {
	s := strconv.FormatUint(v, 16)
	return strings.Repeat("0", n-len(s)) + s
}

// Probes are the beginnings of the keys of pictures that could be the same: each
// half as it is, and with each of its bits the other way round.
func (index Keyed) Probes(phash string) []string {
	v, ok := hash(phash)
	if !ok {
		return nil
	}
	v ^= index.mask()
	out := make([]string, 0, 2*(half+1))
	for side := range 2 {
		first := bits.RotateLeft64(v, side*half) >> half
		probe := func(x uint64) { out = append(out, "look"+strconv.Itoa(side)+"="+digits(x, 8)) }
		probe(first)
		for b := range half {
			probe(first ^ 1<<b)
		}
	}
	return out
}

// Kind is in what way two items are the same.
type Kind string

// The kinds.
const (
	Value   Kind = "value"   // the same number, address or domain
	File    Kind = "file"    // the same bytes
	Picture Kind = "picture" // pictures that look the same
)

// Shared is one item that two applications share.
type Shared struct {
	Item item.Key `json:"item"`
	With item.Key `json:"with"` // where the other application has it
	Kind Kind     `json:"kind"`
}

// Relation is who the other application's merchant is to this one's.
type Relation string

// The relations. Only Other is a hint; the rest have a plain reason.
const (
	Own        Relation = "own"         // the same merchant's
	SameAgent  Relation = "same_agent"  // the office of the agent that added both
	SamePerson Relation = "same_person" // another company of the same legal person
	Other      Relation = "other"
)

// Match is another application that shares something.
type Match struct {
	Application string   `json:"application"`
	Relation    Relation `json:"relation"`
	Shared      []Shared `json:"shared"`
}

// Compare says what two applications share as they stand now; ok is false for
// nothing. same tells of two pictures that are Near whether they are one.
func Compare(s, o application.State, same func(a, b application.Document) bool) (m Match, ok bool) {
	for _, k := range Compared {
		if v := Normal(k, s.Text(k)); v != "" && v == Normal(k, o.Text(k)) {
			m.Shared = append(m.Shared, Shared{k, k, Value})
		}
	}
	for _, i := range s.Items {
		for _, j := range o.Items {
			a, b := i.Document, j.Document
			switch {
			case a.ID == "":
			case a.SHA256 == b.SHA256:
				m.Shared = append(m.Shared, Shared{i.Key, j.Key, File})
			case !a.Blank && !b.Blank && Pictured(i.Key) && Pictured(j.Key) && Near(a.PHash, b.PHash) && same(a, b):
				m.Shared = append(m.Shared, Shared{i.Key, j.Key, Picture})
			}
		}
	}
	m.Relation = relate(s, o, m.Shared)
	return m, len(m.Shared) > 0
}

func relate(s, o application.State, shared []Shared) Relation {
	all := func(these ...item.Key) bool {
		return !slices.ContainsFunc(shared, func(x Shared) bool { return !slices.Contains(these, x.Item) })
	}
	contact := []item.Key{item.ContactMobile, item.ContactPhone, item.ContactEmail}
	person := append([]item.Key{item.IdentityNumber, item.LegalPersonFront, item.LegalPersonBack, item.AuthorisationContact, item.SiteDomain}, contact...)
	legal := func(x application.State) string {
		if x.Kind != policy.Enterprise {
			return ""
		}
		return Normal(item.IdentityNumber, x.Text(item.IdentityNumber)) + "\x00" + Normal(item.IdentityName, x.Text(item.IdentityName))
	}
	switch {
	case s.Merchant == o.Merchant:
		return Own
	case s.Agent != "" && s.Agent == o.Agent && all(contact...):
		return SameAgent
	case len(legal(s)) > 1 && legal(s) == legal(o) && all(person...):
		return SamePerson
	}
	return Other
}
