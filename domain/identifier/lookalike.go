package identifier

import (
	"strings"
	"unicode"
)

// registrableText reports whether every label of a name in its Unicode form is
// one that IDNA2008 allows (RFC 5892): letters, marks, digits and hyphens, and a
// few joiners in their context. UTS #46 lets signs such as 、 and ♥ through,
// which no registry accepts.
func registrableText(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		runes := []rune(label)
		for i, r := range runes {
			if !labelRune(runes, i, r) {
				return false
			}
		}
	}
	return true
}

func labelRune(label []rune, i int, r rune) bool {
	switch r {
	case '-', 0x200C, 0x200D: // joiners were checked with the profile
		return true
	case 0x00B7: // only between two l, as in Catalan
		return i > 0 && i+1 < len(label) && label[i-1] == 'l' && label[i+1] == 'l'
	case 0x0375:
		return i+1 < len(label) && unicode.Is(unicode.Greek, label[i+1])
	case 0x05F3, 0x05F4:
		return i > 0 && unicode.Is(unicode.Hebrew, label[i-1])
	case 0x30FB:
		for _, other := range label {
			if unicode.In(other, unicode.Han, unicode.Hiragana, unicode.Katakana) {
				return true
			}
		}
		return false
	}
	return unicode.In(r, unicode.Ll, unicode.Lo, unicode.Lm, unicode.Mn, unicode.Mc, unicode.Nd)
}

// beside are the scripts that one label lawfully mixes: Chinese, Japanese and
// Korean names, each with Latin letters (UTS #39, highly restrictive).
var beside = [][]*unicode.RangeTable{
	{unicode.Latin, unicode.Han, unicode.Bopomofo},
	{unicode.Latin, unicode.Han, unicode.Hiragana, unicode.Katakana},
	{unicode.Latin, unicode.Han, unicode.Hangul},
}

// latinLike are the small letters of other scripts that are drawn as Latin ones
// (UTS #39).
const latinLike = "аеорсухіјѕһԁԛԝӏѵк" + "αονρικτυχγ" + "օոսցհ"

// latinRare are Latin letters that are drawn as common ones.
const latinRare = "ɑıɡȷɩɪᴏʏᴠᴡᴢꜱ"

// hintLookalikes hints at a name that may be taken for another: a label of mixed
// scripts, or letters that look like common Latin ones.
func hintLookalikes(r *Result, a string) {
	u, err := profile.ToUnicode(a)
	if err != nil {
		return
	}
	mixed, alike := false, false
	for label := range strings.SplitSeq(u, ".") {
		mixed = mixed || mixedScripts(label)
		alike = alike || label != "" && foreignLookalike(label)
	}
	switch {
	case mixed:
		r.add(Hint, "domain-mixed-scripts", "a label mixes letters of several scripts, as names do that imitate another")
	case alike:
		r.add(Hint, "domain-lookalike", "the letters of a label look like common Latin ones and are others")
	}
}

func mixedScripts(label string) bool {
	within := func(tables ...*unicode.RangeTable) bool {
		for _, r := range label {
			if !unicode.In(r, unicode.Common, unicode.Inherited) && !unicode.In(r, tables...) {
				return false
			}
		}
		return true
	}
	for _, tables := range beside {
		if within(tables...) {
			return false
		}
	}
	for _, table := range unicode.Scripts {
		if within(table) {
			return false
		}
	}
	return true
}

func foreignLookalike(label string) bool {
	if strings.ContainsAny(label, latinRare) {
		return true
	}
	found := false
	for _, r := range label {
		switch {
		case strings.ContainsRune(latinLike, r):
			found = true
		case unicode.IsLetter(r):
			return false
		}
	}
	return found
}
