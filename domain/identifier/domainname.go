package identifier

import (
	"errors"
	"regexp"
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
	if u, err := profile.ToUnicode(a); err != nil || !registrableText(u) {
		return "", errors.New("it has a sign that UTS #46 maps and no registry accepts (RFC 5892)")
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
	hintLookalikes(r, a)
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

// webScheme is a scheme that was written and is right; anyScheme is any with its
// colon, and typoScheme the beginnings that stand for http:// in a slip.
var (
	webScheme  = regexp.MustCompile(`^(?i:https?)://`)
	anyScheme  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+-]*:`)
	typoScheme = regexp.MustCompile(`^(?i:h{0,2}t{1,3}p{1,2}s{0,2}|hpp?ts?|htps?|hptts?)[.,;:]*(?:[/\\]|$)`)
	// several are the signs between two addresses in one field.
	several = regexp.MustCompile(`[、,;|\s]+`)
	// suffixAnd is a word between two addresses, behind a usual suffix; elsewhere
	// it may be part of a name.
	suffixAnd = regexp.MustCompile(`(\.(?i:cn|com|net|org|中国|公司|网络))(?:和|及|与|或)`)
	wwwForm   = regexp.MustCompile(`^(?i:www)\.[^./]+\.`)
)

// written is an address as it was typed, without invisible characters and with
// half-width signs. Wider compatibility mapping waits until the host is cut out,
// because NFKC turns some characters into slashes and so could move the host's
// end.
func written(value string) string {
	s := strings.Map(halfWidth, strings.Map(dropInvisible, strings.ToValidUTF8(value, "\uFFFD")))
	s = strings.Trim(strings.TrimSpace(s), "、,;<>\"“”'‘’ ")
	return siteLabel.ReplaceAllString(s, "$1")
}

// siteLabel is what people paste before an address: 官网：shop.cn. A host with a
// port has digits behind the colon.
var siteLabel = regexp.MustCompile(`^(?i:\p{Han}{1,8}|url|website|sitio(?: web)?|dominio|domain)\s*:\s*([^\s\d/])`)

// split takes scheme, credentials, port and path off an address.
func split(r *Result, value string) (site Site, host string, ok bool) {
	s := written(value)
	if n := countAddresses(s); n > 1 {
		r.add(Block, "domain-several", "there are %d addresses; give one", n)
		return site, "", false
	}
	hasScheme := false
	if scheme := webScheme.FindString(s); scheme != "" {
		site.Scheme, s, hasScheme = strings.ToLower(strings.TrimSuffix(scheme, "://")), s[len(scheme):], true
	} else if rest, found := strings.CutPrefix(s, "//"); found {
		s, hasScheme = rest, true
	}
	if mistyped(s, hasScheme) {
		r.add(Block, "domain-scheme", "the address is mistyped: a site's address starts with http:// or https://")
		return site, "", false
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

// mistyped reports whether what is left of an address begins with a slip of
// http://, or with a scheme that is no site's. A host with a port is neither.
func mistyped(s string, hasScheme bool) bool {
	if typoScheme.MatchString(s) {
		return true // http//shop.cn; http://http://shop.cn after its first scheme
	}
	if scheme, _, found := strings.Cut(s, "://"); found && !hasScheme && !strings.ContainsAny(scheme, "/?#@") {
		return true // htp://, ftp://, http.://
	}
	colon := anyScheme.FindString(s)
	if colon == "" || hasScheme {
		return false
	}
	port, _, _ := strings.Cut(s[len(colon):], "/")
	port = strings.TrimRight(port, `\?#`)
	if port == "" || digits(port) {
		return false
	}
	authority := s
	if i := strings.IndexAny(s, `/\?#`); i >= 0 {
		authority = s[:i]
	}
	// fe80::1 is an address, and user:password@host an account.
	return !isAddress(authority) && (!strings.Contains(authority, "@") || strings.EqualFold(colon, "mailto:"))
}

// countAddresses tells how many addresses a text holds. Before the path every
// sign between two names parts them; in a path and a query only blanks and 、 do,
// and what begins with http:// or www.
func countAddresses(s string) int {
	s = suffixAnd.ReplaceAllString(s, "$1、")
	scheme := webScheme.FindString(s)
	head := s[len(scheme):]
	path := strings.IndexAny(head, `/\?#`)
	if path < 0 {
		path = len(head)
	}
	n, from := 1, 0
	for _, sign := range append(several.FindAllStringIndex(head, -1), []int{len(head), len(head)}) {
		part := head[from:sign[0]]
		strong := from <= path || strings.ContainsAny(head[:from], "、") || unicode.IsSpace(rune(head[from-1]))
		if from > 0 && addressLike(part, strong) {
			n++
		} else if from == 0 && !addressLike(part, true) {
			n = 0
		}
		from = sign[1]
	}
	if path < len(head) && wwwForm.MatchString(head[path+1:]) {
		n++
	}
	return n
}

// addressLike reports whether a text begins like an address. A name alone counts
// only where the sign before it was a strong one.
func addressLike(s string, strong bool) bool {
	if webScheme.MatchString(s) || wwwForm.MatchString(s) {
		return true
	}
	if i := strings.IndexAny(s, `/\?#`); i >= 0 {
		s = s[:i]
	}
	return strong && strings.ContainsAny(strings.Trim(s, ".。"), ".。")
}

// SiteURL reads the address of a site's page. It answers the address with scheme
// and host in their canonical forms, and reports false where [Domain] would
// block it, where it has no scheme, and where it carries a user name.
func SiteURL(value string) (string, Site, bool) {
	r, _, ok := begin("domain", value, fold)
	if !ok {
		return "", Site{}, false
	}
	site := parseSite(&r, value)
	if r.Blocked() || site.Scheme == "" || r.Has("domain-userinfo") {
		return "", site, false
	}
	s := written(value)
	s = s[len(webScheme.FindString(s)):]
	rest := ""
	if i := strings.IndexAny(s, `/\?#`); i >= 0 {
		rest = s[i:]
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "", site, false
	}
	host := site.Host
	if site.Port != "" {
		host += ":" + site.Port
	}
	return site.Scheme + "://" + host + rest, site, true
}

// HasCredentials reports whether an address carries a user name or a password,
// however its scheme was written.
func HasCredentials(value string) bool {
	return credentials(written(value)) > 0 || MentionsCredentials(value)
}

// mentioned is an address with an account inside a text.
var mentioned = regexp.MustCompile(`://[^/\s@]+:[^/\s]*@`)

// MentionsCredentials reports whether a text has an address with a user name and
// a password in it.
func MentionsCredentials(text string) bool { return mentioned.MatchString(written(text)) }

// WithoutCredentials is an address without its user name and password, and a
// value without them as it is.
func WithoutCredentials(value string) string {
	s := written(value)
	switch end := credentials(s); {
	case end > 0:
		s = s[:len(schemeLike.FindString(s))] + s[end:]
	case !mentioned.MatchString(s):
		return value
	}
	return mentioned.ReplaceAllString(s, "://")
}

// schemeLike is what may stand for a scheme before an account, with its slashes.
var schemeLike = regexp.MustCompile(`^(?:(?:[A-Za-z][A-Za-z0-9+.-]*[:;]*)?[/\\]+)?`)

// credentials is where the account in an address ends: behind the @ before the
// path. An account without a scheme has a colon, which an e-mail address has not.
// Where a password has a slash, the address has no host before it, and the
// account ends at the last @.
func credentials(s string) int {
	scheme := len(schemeLike.FindString(s))
	rest := s[scheme:]
	if len(rest) > 7 && strings.EqualFold(rest[:7], "mailto:") {
		return 0
	}
	authority := rest
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		authority = rest[:i]
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 && (scheme > 0 || strings.Contains(authority[:i], ":")) {
		return scheme + i + 1
	}
	host, port, colon := strings.Cut(authority, ":")
	if i := strings.LastIndexByte(rest, '@'); i > 0 && colon && port != "" && (!digits(port) || !strings.Contains(host, ".")) {
		return scheme + i + 1
	}
	return 0
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
