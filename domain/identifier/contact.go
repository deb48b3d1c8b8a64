package identifier

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

var (
	mobileForm   = regexp.MustCompile(`^1[3-9]\d{9}$`)
	landlineForm = regexp.MustCompile(`^0?(10|2\d|[3-9]\d{2})([2-9]\d{6,7})$`)
	tollForm     = regexp.MustCompile(`^([48]00)(\d{7})$`)

	// The numbering plan's short numbers of services, without an area code and,
	// where a city runs the service, with one. Emergency numbers are no merchant's.
	shortForm     = regexp.MustCompile(`^(?:95\d{3,4}|950\d{4,9}|96\d{3,4}|10\d{3}|1010\d{4}|12\d{3}|11185|11[68]\d{3})$`)
	areaShortForm = regexp.MustCompile(`^0(10|2\d|[3-9]\d{2})(9[56]\d{3,4}|12\d{3}|10\d{3})$`)

	// An extension behind a word or a sign, and one in brackets.
	wordExtension = regexp.MustCompile(`^(.*?\d)[,;/(\[:-]*(?:转|轉|接|分机|分機|内线|內線|EXTENSI[OÓ]N|EXTN?|X|#|INTERNO|INT|ANEXO|P|W|,)` +
		`(?:接|分机|分機|内线|內線|至)?(?:号码?|號碼?)?[.:=#(,-]*(\d{1,6})[)\]#]*$`)
	bracketExtension = regexp.MustCompile(`^(.*\d)\((\d{1,6})\)$`)
)

// telephone strips what people put into telephone numbers (spaces, dashes,
// brackets) and the country code, +86 or 0086. It reports whether there was one.
func telephone(value string) (string, bool) {
	s := unlabel(textMark(hyphens(noBlank(Normalise(value)))))
	s = strings.NewReplacer("-", "", "(", "", ")", "").Replace(s)
	for _, code := range []string{"+86", "0086"} {
		if rest, ok := strings.CutPrefix(s, code); ok {
			return rest, true
		}
	}
	return s, false
}

// Mobile checks a mainland mobile number, which must block when wrong: the
// result of the review and one-time codes go there. The canonical form has 11
// digits and no country code.
func Mobile(value string) Result {
	r, _, ok := begin("mobile", value, Normalise)
	if !ok {
		return r
	}
	s, _ := telephone(value)
	if !mobileForm.MatchString(s) {
		what := "a mobile number is 1, a digit from 3 to 9, and nine more, with or without +86"
		switch _, service := servicePhone(value); {
		case service:
			what += "; this is a service telephone"
		case oddity(s, "") != "":
			what += "; it has a character that is no digit"
		case len(s) != 11:
			what += "; digits found: " + strconv.Itoa(len(s))
		}
		r.add(Block, "mobile-form", "%s", what)
		return r
	}
	r.Canonical = s
	return r
}

// Phone checks a service telephone: a mobile, a landline with its area code, a
// 400 or 800 number, or a short number of the numbering plan. Wrong form blocks.
// Canonical forms: 13800138000, 0591-87654321, 0591-87654321-8001, 400-800-1234,
// 95588, 0755-96110.
func Phone(value string) Result {
	r, _, ok := begin("phone", value, Normalise)
	if !ok {
		return r
	}
	canonical, ok := servicePhone(value)
	if s, _ := telephone(value); !ok && mobileForm.MatchString(s) {
		canonical, ok = s, true
	}
	if !ok {
		r.add(Block, "phone-form", "a telephone is a mobile number, a landline with its area code, a 400 or 800 number, or a short number such as 95588")
		return r
	}
	r.Canonical = canonical
	return r
}

// servicePhone answers the canonical form of a telephone that is no mobile, with
// its extension.
func servicePhone(value string) (string, bool) {
	s := unlabel(textMark(hyphens(noBlank(Normalise(value)))))
	if rest, ok := strings.CutPrefix(strings.NewReplacer("(86)", "86-", "86--", "86-").Replace(s), "86-"); ok {
		s = "+86" + rest // a country code without its sign, set off
	}
	for _, form := range []*regexp.Regexp{wordExtension, bracketExtension} {
		if m := form.FindStringSubmatch(s); m != nil {
			number, ok := subscriber(m[1])
			return number + "-" + m[2], ok
		}
	}
	if i := strings.LastIndexByte(s, '-'); i > 0 && len(s)-i-1 <= 6 && digits(s[i+1:]) {
		if number, ok := subscriber(s[:i]); ok {
			return number + "-" + s[i+1:], true
		}
	}
	return subscriber(s)
}

func subscriber(value string) (string, bool) {
	s, abroad := telephone(value)
	if m := tollForm.FindStringSubmatch(s); m != nil {
		return m[1] + "-" + m[2][:3] + "-" + m[2][3:], true
	}
	if shortForm.MatchString(s) {
		return s, true
	}
	if m := areaShortForm.FindStringSubmatch(s); m != nil {
		return "0" + m[1] + "-" + m[2], true
	}
	m := landlineForm.FindStringSubmatch(s)
	if m == nil || !abroad && s[0] != '0' {
		return "", false
	}
	return "0" + m[1] + "-" + m[2], true
}

var localForm = regexp.MustCompile("^[A-Za-z0-9\\pL\\pM\\pN!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9\\pL\\pM\\pN!#$%&'*+/=?^_`{|}~-]+)*$")

// Email checks the e-mail address of a contact: a [Mailbox] whose local part is
// ASCII, which every mail server can write to. Wrong form blocks.
func Email(value string) Result {
	r := mailbox("email", value)
	if !r.Blocked() && NeedsSMTPUTF8(r.Canonical) {
		r.Canonical = ""
		r.add(Block, "email-form", "%s", localRule)
	}
	return r
}

const localRule = "the part before the @ is 1 to 64 letters, digits and signs, with no space and no dot at either end"

// Mailbox checks an e-mail address of the plain form local@domain: RFC 5321
// without quoted local parts, comments and address literals, and with the local
// parts of RFC 6531. The canonical form has the domain as a lower-case A-label and
// leaves the local part as it is, whose case is its server's to judge.
func Mailbox(value string) Result { return mailbox("mailbox", value) }

func mailbox(kind, value string) Result {
	r, s, ok := begin(kind, value, fold)
	if !ok {
		return r
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		r.add(Block, "email-form", "an e-mail address has an @")
		return r
	}
	local, host := s[:at], s[at+1:]
	if len(local) > 64 || !localForm.MatchString(local) {
		r.add(Block, "email-form", "%s", localRule)
		return r
	}
	a, err := aLabel(host)
	switch {
	case err != nil:
		r.add(Block, "email-form", "the part after the @ is no domain name: %s", err)
		return r
	case !strings.Contains(a, ".") || strings.HasSuffix(host, ".") || isAddress(a):
		r.add(Block, "email-form", "the part after the @ is not a full domain name")
		return r
	case len(local)+1+len(a) > 254:
		r.add(Block, "email-form", "the address is longer than 254 characters")
		return r
	}
	r.Canonical = local + "@" + a
	return r
}

// NeedsSMTPUTF8 reports whether only a server with the extension SMTPUTF8
// (RFC 6531) can write to the address: its local part is not ASCII. A domain
// always has an A-label.
func NeedsSMTPUTF8(address string) bool {
	local := address[:max(0, strings.LastIndexByte(address, '@'))]
	return strings.ContainsFunc(local, func(r rune) bool { return r > 0x7f })
}

// isAddress reports whether a host is an IP address in any spelling that a
// browser accepts: dotted, short, decimal, octal, hexadecimal, IPv6.
func isAddress(host string) bool {
	bare := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(bare); err == nil {
		return true
	}
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if digits(last) {
		return true
	}
	hex, ok := strings.CutPrefix(strings.ToLower(last), "0x")
	return ok && strings.Trim(hex, "0123456789abcdef") == ""
}
