package identifier

import (
	"errors"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Site is a web address taken apart. Names are A-labels in lower case.
type Site struct {
	Scheme      string // http or https; empty where the address had none
	Host        string // www.xn--9iq21t6wdw30c.cn
	Port        string // empty where the address had none
	Registrable string // xn--9iq21t6wdw30c.cn: what is filed, and what is registered
	Suffix      string // cn: the public suffix
	FreeHosting bool   // the site lives on a hosting or platform provider's name
}

// profile is UTS #46 without transitional processing, strict about characters
// (STD3) and lengths. Hyphens in the third and fourth place are lawful in names
// that exist, so they are not refused here; hyphens at either end of a label are,
// below.
var profile = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.StrictDomainName(true),
	idna.CheckHyphens(false),
	idna.CheckJoiners(true),
	idna.BidiRule(),
	idna.VerifyDNSLength(true),
)

// aLabel is a host name in its ASCII, lower-case form, without a final dot.
func aLabel(host string) (string, error) {
	a, err := profile.ToASCII(host)
	a = strings.TrimSuffix(a, ".")
	if err != nil || a == "" {
		return "", errors.New("a label is empty, too long, or has a character that names cannot have")
	}
	for label := range strings.SplitSeq(a, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return "", errors.New("a label is empty or starts or ends with a hyphen")
		}
	}
	return a, nil
}

// specialUse are the names that are nobody's to register: the IANA registry of
// special-use names, and the top-level names that ICANN keeps off the root for
// private networks.
var specialUse = []string{
	"alt", "arpa", "example", "example.com", "example.net", "example.org",
	"internal", "invalid", "local", "localhost", "onion", "test",
	"corp", "home", "intranet", "lan", "localdomain", "mail", "private",
}

// platforms are names under which others open shops and pages, beyond those of
// the Public Suffix List's private section.
var platforms = []string{
	"1688.com", "cnblogs.com", "csdn.net", "douyin.com", "faisco.cn", "jd.com", "jianshu.com",
	"lofter.com", "sxl.cn", "taobao.com", "tmall.com", "weebly.com", "weidian.com",
	"wixsite.com", "wordpress.com", "yangkeduo.com", "youzan.com",
}

// Domain checks a web address or host name. The canonical form is the
// registrable domain as an A-label, since that is what an ICP filing is for;
// [ParseSite] has the host as well. Everything that keeps the address from
// being a public site of its own name blocks; a free-hosting name is a hint.
func Domain(value string) Result {
	r, _, ok := begin("domain", value, fold)
	if !ok {
		return r
	}
	parseSite(&r, value)
	return r
}

// ParseSite takes a web address or host name apart, and reports false where
// [Domain] would block it.
func ParseSite(value string) (Site, bool) {
	r, _, ok := begin("domain", value, fold)
	if !ok {
		return Site{}, false
	}
	site := parseSite(&r, value)
	return site, !r.Blocked()
}

func parseSite(r *Result, value string) Site {
	site, host, ok := split(r, value)
	if !ok {
		return site
	}
	if isAddress(host) {
		r.add(Block, "domain-ip", "an IP address is no domain name")
		return site
	}
	a, err := aLabel(host)
	if err != nil {
		r.add(Block, "domain-form", "this is no domain name: %s", err)
		return site
	}
	// Once more after mapping: ① and the like become digits only now.
	if isAddress(a) {
		r.add(Block, "domain-ip", "an IP address is no domain name")
		return site
	}
	site.Host = a
	for _, name := range specialUse {
		if a == name || strings.HasSuffix(a, "."+name) {
			r.add(Block, "domain-special-use", "%s is reserved and cannot be registered", name)
			return site
		}
	}
	if !strings.Contains(a, ".") {
		r.add(Block, "domain-single-label", "a single label is no full domain name")
		return site
	}
	register(r, &site)
	return site
}

// register finds the registrable domain.
func register(r *Result, site *Site) {
	suffix, icann := publicsuffix.PublicSuffix(site.Host)
	site.Suffix = suffix
	registrable, err := publicsuffix.EffectiveTLDPlusOne(site.Host)
	if err != nil {
		r.add(Block, "domain-public-suffix", "%s is a public suffix: the name registered under it is missing", suffix)
		return
	}
	site.Registrable, r.Canonical = registrable, registrable
	if !icann && !strings.Contains(suffix, ".") {
		r.add(Warn, "domain-unknown-suffix", "%s is no known top-level domain", suffix)
	}
	site.FreeHosting = !icann && strings.Contains(suffix, ".")
	for _, name := range platforms {
		site.FreeHosting = site.FreeHosting || registrable == name
	}
	if site.FreeHosting {
		r.add(Hint, "domain-free-hosting", "the site lives under a hosting or platform name, which is no independent site")
	}
}

// split takes scheme, credentials, port and path off an address. Full-width
// signs, which Chinese keyboards type, are folded first; wider compatibility
// mapping waits until the host is cut out, because NFKC turns some characters
// into slashes and so could move the host's end.
func split(r *Result, value string) (site Site, host string, ok bool) {
	s := strings.TrimSpace(strings.Map(halfWidth, strings.Map(dropInvisible, strings.ToValidUTF8(value, "\uFFFD"))))
	hasScheme := false
	if scheme, rest, found := strings.Cut(s, "://"); found && !strings.ContainsAny(scheme, "./?#@") {
		if scheme = strings.ToLower(scheme); scheme != "http" && scheme != "https" {
			r.add(Block, "domain-scheme", "a site's address starts with http:// or https://")
			return site, "", false
		}
		site.Scheme, s, hasScheme = scheme, rest, true
	} else if rest, found := strings.CutPrefix(s, "//"); found {
		s, hasScheme = rest, true
	}
	if i := strings.IndexAny(s, `/\?#`); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		if !hasScheme {
			r.add(Block, "domain-form", "an e-mail address is no site")
			return site, "", false
		}
		r.add(Warn, "domain-userinfo", "the address carries a user name, which is dropped; test accounts have a field of their own")
		s = s[i+1:]
	}
	host = s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !isAddress(s) && !strings.HasSuffix(s, "]") {
		host, site.Port = s[:i], s[i+1:]
		if n, err := strconv.Atoi(site.Port); site.Port != "" && (!digits(site.Port) || err != nil || n < 1 || n > 65535) {
			r.add(Block, "domain-port", "a port is a number from 1 to 65535")
			return site, "", false
		}
	}
	switch {
	case host == "":
		r.add(Block, "domain-form", "the address has no host")
		return site, "", false
	case strings.ContainsFunc(host, unicode.IsSpace):
		r.add(Block, "domain-form", "the host has a space in it")
		return site, "", false
	}
	return site, host, true
}

// halfWidth folds the full-width forms of ASCII and the ideographic space.
func halfWidth(r rune) rune {
	switch {
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFEE0
	case r == 0x3000:
		return ' '
	}
	return r
}
