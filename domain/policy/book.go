package policy

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"alta/domain/lang"
	"alta/domain/strictjson"
)

// PlaceError says that a product cannot be used where the merchant sells.
type PlaceError struct {
	Product Product
	Site    SiteType
	Sites   []SiteType // where it can
}

func (e *PlaceError) Error() string {
	return fmt.Sprintf("products: %s cannot be used with site %q: want one of %s",
		e.Product, e.Site, strings.Join(words(e.Sites), ", "))
}

// TextName names a text that a merchant agrees to.
type TextName string

// The texts.
const (
	ContractText         TextName = "contract"          // the merchant service agreement
	PrivacyConsent       TextName = "privacy"           // PIPL art. 14, 17
	FinancialDataConsent TextName = "financial_account" // separate consent, PIPL art. 29
)

// TextRef pins a text: its version and, by language, the SHA-256 of its bytes in
// lower-case hexadecimal.
type TextRef struct {
	Name    TextName             `json:"name"`
	Version string               `json:"version"`
	SHA256  map[lang.Lang]string `json:"sha256"`
}

// Document is a text as it was agreed to.
type Document struct {
	Name    TextName  `json:"name"`
	Version string    `json:"version"`
	Lang    lang.Lang `json:"lang"`
	Text    string    `json:"text"`
	SHA256  string    `json:"sha256"`
}

// Book is every version of the policy, oldest first, and every version of the
// texts. It does not change once loaded.
type Book struct {
	policies []Policy
	texts    map[textKey]Document
}

type textKey struct {
	name    TextName
	version string
	lang    lang.Lang
}

//go:embed versions texts
var embedded embed.FS

// Default is the book that ships with the program, read at first use.
func Default() *Book { return shipped() }

var shipped = sync.OnceValue(func() *Book {
	b, err := Load(embedded)
	if err != nil {
		// The files are part of the program and a test loads them, so a program
		// that gets here was built wrongly and must not judge anybody.
		panic(err)
	}
	return b
})

// ErrUnknownText is for a text, version or language that a book does not have.
var ErrUnknownText = errors.New("policy: no such text")

// Load reads a book: versions/<version>.json, and
// texts/<name>/<version>/<language>.txt for every text that a version pins. It
// refuses a book in which anything is unknown, contradictory or missing, and says
// where: nothing is judged by a policy that is half right.
func Load(fsys fs.FS) (*Book, error) {
	b := &Book{texts: map[textKey]Document{}}
	if err := b.loadTexts(fsys); err != nil {
		return nil, err
	}
	files, err := fs.Glob(fsys, "versions/*.json")
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if len(files) == 0 {
		return nil, errors.New("policy: a book needs at least one file versions/<version>.json")
	}
	for _, name := range files {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("policy: %w", err)
		}
		p, err := Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("policy: %s: %w", name, err)
		}
		if want := strings.TrimSuffix(path.Base(name), ".json"); p.Version != want {
			return nil, fmt.Errorf("policy: %s: version is %q, want %q as in the file's name", name, p.Version, want)
		}
		if err := b.pinned(p); err != nil {
			return nil, fmt.Errorf("policy: %s: %w", name, err)
		}
		b.policies = append(b.policies, p)
	}
	slices.SortFunc(b.policies, func(x, y Policy) int { return strings.Compare(x.Version, y.Version) })
	for i := 1; i < len(b.policies); i++ {
		if b.policies[i].Effective <= b.policies[i-1].Effective {
			return nil, fmt.Errorf("policy: version %s takes effect on %s, not after version %s (%s)", b.policies[i].Version,
				b.policies[i].Effective, b.policies[i-1].Version, b.policies[i-1].Effective)
		}
	}
	return b, nil
}

// Parse reads and validates one version. Unknown fields are refused, because a
// misspelt rule would otherwise be a rule that nobody applies.
func Parse(raw []byte) (Policy, error) {
	var p Policy
	if err := strictjson.Unmarshal(raw, &p); err != nil {
		return Policy{}, err
	}
	if err := p.validate(); err != nil {
		return Policy{}, err
	}
	p.plan = p.compile()
	return p, nil
}

func (b *Book) loadTexts(fsys fs.FS) error {
	files, err := fs.Glob(fsys, "texts/*/*/*.txt")
	if err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	for _, name := range files {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return fmt.Errorf("policy: %w", err)
		}
		part := strings.Split(strings.TrimSuffix(name, ".txt"), "/")
		k := textKey{TextName(part[1]), part[2], lang.Lang(part[3])}
		sum := sha256.Sum256(raw)
		b.texts[k] = Document{k.name, k.version, k.lang, string(raw), hex.EncodeToString(sum[:])}
	}
	return nil
}

// pinned checks that the texts a version names are there and are, byte for byte,
// what the version says they are.
func (b *Book) pinned(p Policy) error {
	for _, ref := range p.Texts {
		for _, l := range lang.All() {
			d, err := b.Text(ref.Name, ref.Version, l)
			if err != nil {
				return fmt.Errorf("texts: %w", err)
			}
			if d.SHA256 != ref.SHA256[l] {
				return fmt.Errorf("texts: %s %s %s has SHA-256 %s, the policy says %q", ref.Name, ref.Version, l, d.SHA256, ref.SHA256[l])
			}
		}
	}
	return nil
}

// Latest is the newest version, whether it is in force yet or not; a submission is
// judged by the one that is InForce on its day.
func (b *Book) Latest() Policy { return b.policies[len(b.policies)-1] }

// At is the named version.
func (b *Book) At(version string) (Policy, bool) {
	return find(b.policies, func(p Policy) bool { return p.Version == version })
}

// InForce is the version in effect at the moment, by the date in the moment's
// own zone; false before the first one.
func (b *Book) InForce(at time.Time) (Policy, bool) {
	day := at.Format(time.DateOnly)
	for i := len(b.policies) - 1; i >= 0; i-- {
		if b.policies[i].Effective <= day {
			return b.policies[i], true
		}
	}
	return Policy{}, false
}

// Versions lists the versions, oldest first.
func (b *Book) Versions() []string {
	out := make([]string, len(b.policies))
	for i, p := range b.policies {
		out[i] = p.Version
	}
	return out
}

// Text is one version of a text in one language, or ErrUnknownText.
func (b *Book) Text(name TextName, version string, l lang.Lang) (Document, error) {
	d, ok := b.texts[textKey{name, version, lang.Match(string(l))}]
	if !ok {
		return Document{}, fmt.Errorf("%w: %s %s in %s", ErrUnknownText, name, version, l)
	}
	return d, nil
}

// Contract is the text of a version of the merchant service agreement in the
// default book, with the SHA-256 that a signature is over.
func Contract(version string, l lang.Lang) (text, sha256 string, err error) {
	d, err := Default().Text(ContractText, version, l)
	return d.Text, d.SHA256, err
}
