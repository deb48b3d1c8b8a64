package identifier

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// pairs reads a table of two runes each.
func pairs(s string) map[rune]rune {
	r := []rune(s)
	m := make(map[rune]rune, len(r)/2)
	for i := 0; i+1 < len(r); i += 2 {
		m[r[i]] = r[i+1]
	}
	return m
}

var (
	radicals     = pairs(radicalPairs)
	privateUse   = pairs(privatePairs)
	hanVariants  = pairs(variantPairs)
	nameOpeners  = set("([{〔【［｛〈《「『〖﹝")
	nameClosers  = set(")]}〕】］｝〉》」』〗﹞")
	middleDots   = set("·•・‧∙⋅●⸱⸳ꞏᐧ᛫ㆍ▪▫◦∘˙⁃■◆⸰ˑ᠂")
	apostrophes  = set("'’‘‛ʻʼʽʾʿˈʹ′‵`´｀ꞌ՚＇")
	quotes       = set("\"“”„‟«»″〃")
	looseSigns   = set("·'-.,_/\"")
	betweenHan   = set("·.。、,_-ー丶")
	ideographNil = set("○◯")
)

func set(s string) map[rune]bool {
	m := map[rune]bool{}
	for _, r := range s {
		m[r] = true
	}
	return m
}

// blank reports whether a rune leaves an empty place although it is no white
// space: nobody sees the difference to a space.
func blank(r rune) bool { return r == '\u2800' || r == '\u3164' || r == '\uffa0' || r == '\U0001d159' }

// ignorable reports whether a rune shows nothing: format characters, variation
// selectors, fillers, control characters, and what rich text leaves behind.
func ignorable(r rune) bool {
	return (r < 0x20 || r > 0x7e) && (unicode.In(r, unicode.Cf, unicode.Cc, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) || r == '\ufffc')
}

// nameForm is the form in which names are equal: see CompareNames.
func nameForm(s string) string {
	// Upper case and NFKC can each undo a little of the other, and a dropped
	// character brings others together; two rounds are enough for real names.
	for range 8 {
		next := foldOnce(s)
		if next == s {
			break
		}
		s = next
	}
	return s
}

func foldOnce(s string) string {
	s = strings.Map(func(r rune) rune {
		if to, ok := privateUse[r]; ok {
			r = to
		}
		switch {
		case unicode.IsSpace(r), blank(r), ignorable(r):
			return -1
		case middleDots[r]: // before NFKC, which makes a Hangul vowel of one and an accent of another
			return '·'
		case apostrophes[r]:
			return '\''
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = norm.NFKC.String(strings.ToUpper(norm.NFKC.String(s)))
	var b strings.Builder
	for _, r := range s {
		if to, ok := radicals[r]; ok {
			r = to
		}
		switch {
		case nameOpeners[r]:
			r = '('
		case nameClosers[r]:
			r = ')'
		case middleDots[r]:
			r = '·'
		case apostrophes[r]:
			r = '\''
		case quotes[r]:
			r = '"'
		case unicode.Is(unicode.Pd, r), r == '\u2212', r == '\u2500':
			r = '-'
		case ideographNil[r]:
			r = '〇'
		case r == 'ß', r == 'ẞ':
			b.WriteString("SS")
			continue
		}
		b.WriteRune(r)
	}
	return separators([]rune(b.String()))
}

// separators makes one middle dot of whatever stands between two Chinese
// characters for the one that the keyboard lacks. Elsewhere a full stop is an
// abbreviation and a dash a hyphen, so there they stay.
func separators(runes []rune) string {
	out := make([]rune, 0, len(runes))
	for i := 0; i < len(runes); i++ {
		end := i
		for end < len(runes) && betweenHan[runes[end]] {
			end++
		}
		if end == i {
			out = append(out, runes[i])
			continue
		}
		run := runes[i:end]
		switch {
		case i > 0 && end < len(runes) && unicode.Is(unicode.Han, runes[i-1]) && unicode.Is(unicode.Han, runes[end]):
			if sign := !slices.ContainsFunc(run, func(r rune) bool { return r != '丶' }); sign && len(run) > 1 {
				out = append(out, run...)
			} else {
				out = append(out, '·')
			}
		default:
			out = append(out, run...)
		}
		i = end - 1
	}
	return strings.Trim(string(out), "·")
}

// Likeness is why two different names are probably those of one.
type Likeness string

// The likenesses. A person judges by them; they are permanent.
const (
	LikeSigns    Likeness = "signs"    // a separator, hyphen, apostrophe or full stop is there in one only
	LikeAccents  Likeness = "accents"  // José and JOSE, Müller and MUELLER
	LikeVariants Likeness = "variants" // traditional and simplified characters
	LikeOrder    Likeness = "order"    // family name first or last, words written together
)

const (
	looseMarks = 1 << iota
	looseAccents
	looseVariants
)

var likenesses = []Likeness{LikeSigns, LikeAccents, LikeVariants}

// likeness answers why two forms of names are probably those of one; nil where
// they are not.
func likeness(a, b, formA, formB string) []Likeness {
	for _, how := range []int{looseMarks, looseAccents, looseVariants, 3, 5, 6, 7} { // one reason before several
		if meet(loose(formA, how), loose(formB, how)) {
			var why []Likeness
			for i, l := range likenesses {
				if how&(1<<i) != 0 {
					why = append(why, l)
				}
			}
			return why
		}
	}
	if reordered(nameWords(a), nameWords(b)) {
		return []Likeness{LikeOrder}
	}
	return nil
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return x != "" && slices.Contains(b, x) })
}

// loose answers the forms of a folded name without what the flags name. Accents
// have several: passports write ü as u, ue, yu or v (ICAO Doc 9303-3 §6).
func loose(form string, how int) []string {
	if how&looseMarks != 0 {
		form = drop(form, looseSigns)
	}
	if how&looseVariants != 0 {
		form = strings.Map(func(r rune) rune {
			if to, ok := hanVariants[r]; ok {
				return to
			}
			return r
		}, form)
	}
	if how&looseAccents == 0 {
		return []string{form}
	}
	out := []string{unaccented(form)}
	if strings.ContainsAny(form, "ÄÖÜÅØÑ") {
		for _, r := range transcriptions {
			out = append(out, unaccented(r.Replace(form)))
		}
	}
	return out
}

var transcriptions = []*strings.Replacer{
	strings.NewReplacer("Ä", "AE", "Ö", "OE", "Ü", "UE", "Å", "AA", "Ø", "OE"),
	strings.NewReplacer("Ü", "YU"),
	strings.NewReplacer("Ü", "V"),
	strings.NewReplacer("Ü", "UXX", "Ñ", "NXX"),
}

func drop(s string, signs map[rune]bool) string {
	return strings.Map(func(r rune) rune {
		if signs[r] {
			return -1
		}
		return r
	}, s)
}

var plainLatin = strings.NewReplacer("Æ", "AE", "Œ", "OE", "Ø", "O", "Đ", "D", "Ð", "D", "Ł", "L", "Þ", "TH", "Ħ", "H", "Ŋ", "N", "Ŧ", "T", "Ɨ", "I", "Ə", "A")

// unaccented drops accents from Latin letters; in other scripts a mark can be a
// letter of its own.
func unaccented(s string) string {
	var b strings.Builder
	latin := false
	for _, r := range norm.NFD.String(s) {
		if unicode.Is(unicode.Mn, r) {
			if latin {
				continue
			}
		} else {
			latin = unicode.Is(unicode.Latin, r)
		}
		b.WriteRune(r)
	}
	return plainLatin.Replace(norm.NFC.String(b.String()))
}

// mostWords bounds the words whose order is looked at.
const mostWords = 12

// nameWords are the words of a name in a script that has them, folded loosely.
// There are none where a Chinese character stands: its order is the name.
func nameWords(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || blank(r) || r == ',' || r == '，' || r == '-' || middleDots[r]
	}) {
		f := loose(nameForm(w), looseMarks|looseAccents)[0]
		if strings.ContainsFunc(f, func(r rune) bool {
			return !unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Arabic, unicode.Greek)
		}) {
			return nil
		}
		if f != "" {
			out = append(out, f)
		}
	}
	if len(out) > mostWords {
		return nil
	}
	return out
}

// reordered reports whether two lists of words are one name: the same words in
// another order, or one after the other with another beginning.
func reordered(a, b []string) bool {
	if len(a) < 2 && len(b) < 2 {
		return false
	}
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	if slices.Equal(x, y) {
		return true
	}
	turned := func(words []string) []string {
		var out []string
		for i := range words {
			out = append(out, strings.Join(words[i:], "")+strings.Join(words[:i], ""))
		}
		return out
	}
	return meet(turned(a), turned(b))
}

// NameSearch is the form in which names are indexed and looked for: whatever
// CompareNames calls equal or alike but for the order of words has one form, in
// lower case. It is empty where nothing can be looked for.
func NameSearch(s string) string {
	return strings.ToLower(loose(nameForm(s), looseMarks|looseAccents|looseVariants)[0])
}

// Marks counts the characters of a text that a reader cannot see or cannot know.
type Marks struct {
	Invisible  int // format characters, variation selectors, fillers, blanks that are no spaces
	PrivateUse int // characters that mean something in one font only
}

// Marked looks for such characters in a text. Ordinary white space is none.
func Marked(s string) (m Marks) {
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Co, r):
			m.PrivateUse++
		case unicode.IsSpace(r):
		case blank(r), ignorable(r):
			m.Invisible++
		}
	}
	return m
}
