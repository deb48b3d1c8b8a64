package identifier

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ICPKind is which register an ICP number belongs to.
type ICPKind string

// The kinds.
const (
	ICPFiling  ICPKind = "filing"  // 京ICP备12345678号-1, of the operator and each of its services
	ICPLicence ICPKind = "licence" // 京ICP证030173号, 粤B2-20090059: commercial services
	ICPPolice  ICPKind = "police"  // 京公网安备11010502030143号
)

// ICP is an ICP or police number taken apart.
type ICP struct {
	Kind     ICPKind
	Province string // the letter: 京; empty where the number carries none
	Word     string // between province and number: ICP备, ICP证, B2, 公网安备 …
	Number   string // digits
	Index    int    // the service's number under its subject, 0 where there is none
	// Suffix tells the service: empty for a website, A for an app, X for a
	// mini-program, K for a quick app.
	Suffix string
}

// IsApp reports whether the filing is of an app, a mini-program or a quick app,
// and so is no website's.
func (n ICP) IsApp() bool { return n.Suffix != "" }

// Subject is the number of the operator, without the service's. Footers in
// Guangdong show it alone, so it is what is compared.
func (n ICP) Subject() string {
	if n.Kind == ICPLicence && !strings.HasPrefix(n.Word, "ICP") {
		return n.Province + n.Word + "-" + n.Number
	}
	return n.Province + n.Word + n.Number + "号"
}

// String is the canonical form.
func (n ICP) String() string {
	if n.Index == 0 {
		return n.Subject()
	}
	return n.Subject() + "-" + strconv.Itoa(n.Index) + n.Suffix
}

// provinceLetters are the abbreviations in ICP and police numbers, each with
// the first two digits of its region (GB/T 2260). The value is negative for the
// second letter of a province that files under another one (川 for 蜀): licences
// and police filings use both.
var provinceLetters = map[string]int{
	"京": 11, "津": 12, "冀": 13, "晋": 14, "蒙": 15,
	"辽": 21, "吉": 22, "黑": 23,
	"沪": 31, "苏": 32, "浙": 33, "皖": 34, "闽": 35, "赣": 36, "鲁": 37,
	"豫": 41, "鄂": 42, "湘": 43, "粤": 44, "桂": 45, "琼": 46,
	"渝": 50, "蜀": 51, "黔": 52, "滇": 53, "藏": 54,
	"陕": 61, "陇": 62, "青": 63, "宁": 64, "新": 65,
	"川": -51, "贵": -52, "云": -53, "秦": -61, "甘": -62,
}

const (
	classPattern   = `((?:A[12]\.|B[12]\.)*(?:A[12]|B[12]))`
	filingPattern  = `(\p{Han})ICP备(20\d{8}|\d{8})\b号?(?:-(\d{1,4})([AXK])?\b)?号?`
	licencePattern = `(\p{Han})ICP证(20\d{8}|\d{6,8})\b号?(?:-(\d{1,4})\b)?号?`
	valuePattern   = `(\p{Han}?)(?:ICP[证备])?` + classPattern + `-(\d{8})\b号?(?:-(\d{1,4})\b)?号?`
	policePattern  = `(\p{Han}?)(公网安备|公安网备|公安备)(\d{11,14})\b号?`
)

var (
	filingForm  = regexp.MustCompile(`^` + filingPattern + `$`)
	licenceForm = regexp.MustCompile(`^` + licencePattern + `$`)
	valueForm   = regexp.MustCompile(`^` + strings.Replace(valuePattern, `-(\d{8})`, `-?(\d{8})`, 1) + `$`)
	policeForm  = regexp.MustCompile(`^` + policePattern + `$`)
)

// simplified writes the words and the province letters as the register does.
var simplified = strings.NewReplacer("備", "备", "號", "号", "証", "证", "證", "证", "網", "网", "_", "-",
	"晉", "晋", "遼", "辽", "滬", "沪", "蘇", "苏", "閩", "闽", "贛", "赣", "魯", "鲁", "粵", "粤", "瓊", "琼",
	"貴", "贵", "雲", "云", "陝", "陕", "隴", "陇", "寧", "宁")

// icpText brings footers' spellings together: width, dashes, spaces, the
// traditional characters.
func icpText(s string) string { return icpSigns(textMark(noBlank(Normalise(s)))) }

var (
	// bracketed is a province's letter in brackets: (京)ICP证.
	bracketed = regexp.MustCompile(`[(\[【〔](\p{Han})[)\]】〕](ICP|[AB][12]|公)`)
	// wordy are the words between ICP and the number that say nothing more:
	// ICP备案第…, ICP证字第…, ICP经营许可证…
	wordyICP    = regexp.MustCompile(`ICP(?:经营)?(?:许可)?(备|证)(?:案|书)?字?(?:号|编号)?[:第]?(\d|[AB][12])`)
	wordyPolice = regexp.MustCompile(`(公网安备|公安网备|公安备)案?字?(?:号|编号)?[:第]?(\d)`)
	signs       = strings.NewReplacer("号-号", "号", "-号", "号")
)

func icpSigns(s string) string {
	s = signs.Replace(simplified.Replace(hyphens(s)))
	s = bracketed.ReplaceAllString(s, "$1$2")
	s = wordyICP.ReplaceAllString(s, "ICP$1$2")
	return wordyPolice.ReplaceAllString(s, "$1$2")
}

// ParseICP reads a number leniently: spaces anywhere, any dash, a dash or the
// index before 号, 号 left out, a label around it. It reports false where the
// form is wrong, and also where the province letter is on no list.
func ParseICP(value string) (ICP, bool) {
	n, ok := readICP(icpText(value))
	if !ok {
		n, ok = labelledICP(value)
	}
	return n, ok && n.listed()
}

// listed reports whether the province's letter is on the list, or none is there.
func (n ICP) listed() bool {
	return n.Province == "" || provinceLetters[n.Province] != 0 || n.Province == "合"
}

// labelledICP reads the one number in a text that has only words around it, as
// people paste it: ICP备案号：粤ICP备2021012345号-1. A police number beside it is
// passed over.
func labelledICP(value string) (ICP, bool) {
	text := icpSigns(noBlank(Normalise(value)))
	var own, police []ICP
	for _, n := range FindICP(text) {
		if n.Kind == ICPPolice {
			police = append(police, n)
		} else {
			own = append(own, n)
		}
	}
	if len(own) == 0 {
		own = police
	}
	if len(own) != 1 || strings.ContainsFunc(anyICP.ReplaceAllString(text, ""), unicode.IsDigit) {
		return ICP{}, false
	}
	return own[0], true
}

func readICP(s string) (ICP, bool) {
	if m := filingForm.FindStringSubmatch(s); m != nil {
		return icp(ICPFiling, m[1], "ICP备", m[2], m[3], m[4])
	}
	if m := licenceForm.FindStringSubmatch(s); m != nil {
		return icp(ICPLicence, m[1], "ICP证", m[2], m[3], "")
	}
	// Licences for the whole country start with 合字 or with the class itself.
	if m := valueForm.FindStringSubmatch(strings.Replace(s, "合字", "合", 1)); m != nil {
		return icp(ICPLicence, m[1], m[2], m[3], m[4], "")
	}
	if m := policeForm.FindStringSubmatch(s); m != nil {
		return icp(ICPPolice, m[1], m[2], m[3], "", "")
	}
	return ICP{}, false
}

func icp(kind ICPKind, province, word, number, index, suffix string) (ICP, bool) {
	n := ICP{Kind: kind, Province: province, Word: word, Number: number, Suffix: suffix}
	if province == "合" {
		n.Province, n.Word = "合", "字"+word
	}
	if index != "" {
		n.Index, _ = strconv.Atoi(index)
		if n.Index == 0 {
			return ICP{}, false // services are counted from one
		}
	}
	return n, true
}

var (
	anyICP = regexp.MustCompile(filingPattern + `|` + licencePattern + `|` + policePattern + `|` + valuePattern)
	// innerSpace is white space next to a Chinese character or a dash. In running
	// text only that can be dropped: 号-1 All rights reserved is no app's filing.
	innerSpace = regexp.MustCompile(`(\p{Han}|-)\s+|\s+(\p{Han}|-)`)
)

// FindICP lists the numbers in a page's text, in order, without repetition.
func FindICP(text string) []ICP {
	var found []ICP
	seen := map[ICP]bool{}
	text = innerSpace.ReplaceAllString(hyphens(Normalise(text)), "$1$2")
	for _, m := range anyICP.FindAllString(icpSigns(text), -1) {
		n, ok := readICP(m)
		if !ok || !n.listed() {
			// The first character may belong to the words before: 许可证B2-20090059.
			_, size := utf8.DecodeRuneInString(m)
			n, ok = readICP(m[size:])
		}
		if ok && n.listed() && !seen[n] {
			seen[n] = true
			found = append(found, n)
		}
	}
	return found
}

// ICPNumber checks the number that a merchant gives for its website. Wrong form
// blocks, and so does the filing of an app, which is no website's (R09). A
// police number is read but warned about: it is filed after the ICP number and
// does not replace it. With another number, such as the one in the site's
// footer, a different subject is a warning.
func ICPNumber(value, other string, at time.Time) Result {
	r, _, ok := begin("icp", value, icpText)
	if !ok {
		return r
	}
	n, ok := readICP(icpText(value))
	if !ok {
		n, ok = labelledICP(value)
	}
	if !ok {
		if websites := slices.DeleteFunc(FindICP(value), func(n ICP) bool { return n.Kind == ICPPolice }); len(websites) > 1 {
			r.add(Block, "icp-several", "there are %d numbers; give the one of this site", len(websites))
			return r
		}
		r.add(Block, "icp-form", "a filing is 京ICP备12345678号-1 (8 digits, or 20 and 8 digits), a licence 京ICP证030173号 or 粤B2-20090059")
		return r
	}
	region := provinceLetters[n.Province]
	if n.Province != "" && region == 0 && n.Province != "合" {
		r.add(Block, "icp-province", "%s is no province's letter", n.Province)
		return r
	}
	r.Canonical = n.String()
	switch n.Kind {
	case ICPFiling:
		checkFiling(&r, n, region, at)
	case ICPPolice:
		r.add(Warn, "icp-police", "this is a police filing, which does not replace the ICP number")
		if region = max(region, -region); region != 0 && n.Number[:2] != strconv.Itoa(region) {
			r.add(Warn, "icp-police-region", "the number's first two digits are not those of %s", n.Province)
		}
	}
	compareSubject(&r, n, other)
	return r
}

func checkFiling(r *Result, n ICP, region int, at time.Time) {
	if region < 0 {
		r.add(Warn, "icp-province", "filings of that province start with another letter than %s", n.Province)
	}
	if year, err := strconv.Atoi(n.Number[:4]); err == nil && len(n.Number) == 10 && year > at.In(beijing).Year() {
		r.add(Warn, "icp-year", "the number names a year that lies in the future")
	}
	switch n.Suffix {
	case "A":
		r.add(Block, "icp-app-filing", "a number that ends in A is an app's filing and no website's (R09)")
	case "X":
		r.add(Block, "icp-app-filing", "a number that ends in X is a mini-program's filing and no website's (R09)")
	case "K":
		r.add(Block, "icp-app-filing", "a number that ends in K is a quick app's filing and no website's (R09)")
	}
}

func compareSubject(r *Result, n ICP, other string) {
	if icpText(other) == "" {
		return
	}
	switch o, ok := ParseICP(other); {
	case !ok:
		r.add(Hint, "icp-other-form", "the number to compare with cannot be read")
	case o.Subject() != n.Subject():
		r.add(Warn, "icp-subject", "the subject's number is %s here and %s there", n.Subject(), o.Subject())
	}
}
