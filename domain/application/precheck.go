package application

import (
	"slices"
	"strings"
	"time"

	"alta/domain/identifier"
	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
)

// Codes of the findings that are made here; the others are package identifier's.
const (
	itemMissing    = "item-missing"
	consentMissing = "consent-missing"
	sameFile       = "same-file"
	contactDiffers = "contact-differs"
	holderDiffers  = "holder-differs"
	contactAlike   = "contact-resembles"
	holderAlike    = "holder-resembles"
	subjectAlike   = "icp-subject-resembles"
	textInvisible  = "text-invisible"
	textPrivateUse = "text-private-use"
	imageBlank     = "image-blank"
	imageSmall     = "image-small"
	imageBlurred   = "image-blurred"
	imageGrey      = "image-greyscale"
	imageAlike     = "image-alike"
	imageShape     = "image-shape"
	pdfRestricted  = "pdf-restricted"
	urlOffDomain   = "site-off-domain"
)

// Thresholds of the image hints, which a person confirms.
const (
	leastShort, leastLong = 500, 800 // pixels
	leastSharpness        = 60       // variance of the Laplacian
	alikeBits             = 6        // of 64 of the perceptual hash
	// A card is 1.6 times as long as it is wide, a passport's page 1.4 times, and
	// there is some room around them.
	leastShape, mostShape = 1.1, 2.2
)

// Precheck says what a machine sees in the application as it stands: what is
// missing, what is malformed, what does not go together, and hints for the
// reviewer. It is what Submit asks (a finding with severity block stands in its
// way), what is recorded after a submission, and what a merchant is told while
// filling in. It finds and never decides (PIPL art. 24). Details hold no
// personal values.
func Precheck(s State, r Rules, at time.Time) ([]Finding, error) {
	if err := s.exists(); err != nil {
		return nil, err
	}
	p, err := s.policy(r, at)
	if err != nil {
		return nil, err
	}
	return s.precheck(p, at), nil
}

func (s State) precheck(p policy.Policy, at time.Time) []Finding {
	req := p.Requirements(s.Facts())
	out := s.missing(p, req)
	for _, i := range item.All() {
		if s.Text(i.Key) != "" {
			out = append(out, s.checkField(p, i.Key, at)...)
		}
	}
	out = append(out, s.compare()...)
	return append(out, s.checkFiles()...)
}

// missing lists required items that are empty, and texts not agreed to.
func (s State) missing(p policy.Policy, req policy.Requirements) []Finding {
	out := []Finding{}
	for _, k := range req.Required(policy.StageQualification) {
		i := s.Item(k)
		if !i.Empty() && !i.Redacted || i.Personal.IsErased() {
			continue
		}
		f := Finding{Code: itemMissing, Item: k, Severity: string(identifier.Block), Detail: "this is required"}
		if sub, ok := reason.MissingSub(k); ok {
			f.Suggests = string(reason.R01) + "/" + string(sub)
		}
		out = append(out, f)
	}
	for _, t := range p.Texts {
		agreed := slices.ContainsFunc(s.Consents, func(c Consent) bool { return c.Name == string(t.Name) && c.Version == t.Version })
		if t.Name != policy.ContractText && !agreed {
			out = append(out, Finding{
				Code: consentMissing, Item: item.Key("consent." + string(t.Name)), Severity: string(identifier.Block),
				Detail: "the merchant has not agreed to this text", Params: []ParamPair{{"version", t.Version}},
			})
		}
	}
	return out
}

// compare holds the names of the form against each other. A difference is
// lawful with a letter of authorisation, which the policy then requires. A
// likeness is for the reviewer to judge and asks for nothing.
func (s State) compare() []Finding {
	var out []Finding
	alike := func(code string, k item.Key, a, b string, c reason.Code, sub reason.Sub) {
		if why := resemble(a, b); why != "" {
			out = append(out, Finding{
				Code: code, Item: k, Severity: string(identifier.Hint), Detail: "two names are probably the same, but are written differently",
				Suggests: suggest(c, sub), Params: []ParamPair{{"why", why}},
			})
		}
	}
	alike(contactAlike, item.ContactName, s.Text(item.ContactName), s.Text(item.IdentityName), reason.R04, reason.Mismatch)
	alike(holderAlike, item.BankHolder, s.Text(item.BankHolder), s.business(), reason.R06, reason.Mismatch)
	if s.Stage != Correction {
		alike(subjectAlike, item.SiteICPNumber, s.Evidence.Subject.Clear(), s.business(), reason.R09, reason.OtherSubject)
	}
	if different(s.Text(item.ContactName), s.Text(item.IdentityName)) {
		out = append(out, Finding{
			Code: contactDiffers, Item: item.ContactName, Severity: string(identifier.Warn),
			Detail: "the contact's name is not the name on the identity document", Suggests: suggest(reason.R04, reason.Mismatch),
		})
	}
	if different(s.Text(item.BankHolder), s.business()) {
		out = append(out, Finding{
			Code: holderDiffers, Item: item.BankHolder, Severity: string(identifier.Warn),
			Detail: "the account holder's name is not the merchant's", Suggests: suggest(reason.R06, reason.Mismatch),
		})
	}
	if url := s.Declaration.URL; url != "" && !onDomain(url, s.Text(item.SiteDomain)) {
		out = append(out, Finding{
			Code: urlOffDomain, Item: item.SiteURL, Severity: string(identifier.Warn),
			Detail: "the declared site is not on the declared domain", Suggests: suggest(reason.R11, reason.OffDomain),
		})
	}
	return out
}

// Contests lists the items that a machine found unfit while the qualification is
// judged. Whoever accepted one did not know, and has to look again.
func (e PrecheckFound) Contests(at Stage) []item.Key {
	if at != Qualification && at != SecondApproval {
		return nil
	}
	var out []item.Key
	for _, f := range e.Findings {
		if f.Severity == string(identifier.Block) && known(f.Item) {
			out = append(out, f.Item)
		}
	}
	return out
}

func suggest(c reason.Code, sub reason.Sub) string { return string(c) + "/" + string(sub) }

// onDomain: the address is an http or https one on that registrable domain.
func onDomain(url, domain string) bool {
	site, ok := identifier.ParseSite(url)
	return ok && site.Registrable == domain
}

// checkFiles looks at the uploaded files as far as their description goes.
func (s State) checkFiles() []Finding {
	var out []Finding
	for n, i := range s.Items {
		if i.Document.ID == "" {
			continue
		}
		for _, other := range s.Items[:n] {
			twin, sided := reason.OtherSide(i.Key)
			switch {
			case other.Document.SHA256 == i.Document.SHA256:
				copied, original := i.Key, other.Key
				if other.Round > i.Round { // the file that came later is the wrong one
					copied, original = original, copied
				}
				f := Finding{
					Code: sameFile, Item: copied, Severity: string(identifier.Block), Detail: "the same file lies in another slot",
					Suggests: suggest(reason.R02, reason.BelongsElsewhere), Params: []ParamPair{{"slot", string(original)}},
				}
				if sided && twin == other.Key {
					f.Suggests = suggest(reason.R01, reason.SameFile)
				}
				out = append(out, f)
			case sided && twin == other.Key && alike(i.Document.PHash, other.Document.PHash):
				out = append(out, Finding{
					Code: imageAlike, Item: i.Key, Severity: string(identifier.Hint), Detail: "the images of both sides look alike",
					Suggests: suggest(reason.R02, reason.Swapped), Params: []ParamPair{{"slot", string(other.Key)}},
				})
			}
		}
		out = append(out, image(*i)...)
	}
	return out
}

func image(i Item) []Finding {
	var out []Finding
	find := func(code string, sev identifier.Severity, sub reason.Sub, detail string) {
		out = append(out, Finding{Code: code, Item: i.Key, Severity: string(sev), Detail: detail, Suggests: suggest(reason.R03, sub)})
	}
	d := i.Document
	short, long := min(d.Width, d.Height), max(d.Width, d.Height)
	switch {
	case d.Blank:
		find(imageBlank, identifier.Warn, reason.Unclear, "the image is nearly blank")
	case d.Blur > 0 && d.Blur < leastSharpness:
		find(imageBlurred, identifier.Hint, reason.Unclear, "the image is blurred")
	}
	if short > 0 && (short < leastShort || long < leastLong) {
		find(imageSmall, identifier.Warn, reason.Unclear, "the image has fewer than 500 × 800 pixels")
	}
	if _, card := reason.OtherSide(i.Key); card && short > 0 && !between(leastShape, float64(long)/float64(short), mostShape) {
		out = append(out, Finding{
			Code: imageShape, Item: i.Key, Severity: string(identifier.Hint), Detail: "the image does not have the shape of a card",
			Suggests: suggest(reason.R02, reason.BelongsElsewhere),
		})
	}
	if d.Greyscale {
		find(imageGrey, identifier.Hint, reason.Invalid, "the image has no colour; it may be a copy")
	}
	if d.Restricted {
		out = append(out, Finding{Code: pdfRestricted, Item: i.Key, Severity: string(identifier.Hint), Detail: "the PDF forbids printing, copying or changing"})
	}
	return out
}

func between(least, v, most float64) bool { return least <= v && v <= most }

// alike: two perceptual hashes differ in few bits.
func alike(a, b string) bool {
	if len(a) != 16 || len(a) != len(b) {
		return false
	}
	bits := 0
	for i := range len(a) {
		x, y := strings.IndexByte("0123456789abcdef", a[i]), strings.IndexByte("0123456789abcdef", b[i])
		if x < 0 || y < 0 {
			return false
		}
		for v := x ^ y; v > 0; v &= v - 1 {
			bits++
		}
	}
	return bits <= alikeBits
}
