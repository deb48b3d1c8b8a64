package auth

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"alta/domain/account"
	"alta/domain/identifier"
)

// common.txt holds the stems that leaked passwords are built from: words, names,
// keyboard walks and pinyin that keep appearing in the yearly public rankings of
// leaked passwords (SplashData 2011–2019, NordPass 2020–2024, NCSC 2019), written
// down by hand, one a line. Since ten characters are the least, hardly any of the
// ranked passwords is long enough as it is; what has to be refused is what people
// make of them to satisfy a length: Password2024!, qwertyuiop123, P@ssw0rd1234.
// So the list is matched after such changes are undone (stem).
//
//go:embed common.txt
var commonText string

var commonStems = sync.OnceValue(func() map[string]bool {
	stems := map[string]bool{}
	for word := range strings.Lines(commonText) {
		if word = strings.TrimSpace(word); word != "" && word[0] != '#' {
			stems[word] = true
		}
	}
	return stems
})

// CheckPassword refuses what is too short for the role, is made of what everyone
// tries first, or contains the person's own name or address. There are no rules
// about kinds of characters: they make passwords worse (NIST SP 800-63B §3.1.1.2).
func CheckPassword(password string, role account.Role, own ...string) error {
	p := normalPassword(password)
	n := utf8.RuneCountInString(p)
	switch {
	case !utf8.ValidString(password) || utf8.RuneCountInString(password) > maxPassword:
		return ErrPasswordLong
	case n < role.MinPassword():
		return ErrPasswordShort
	case common(p):
		return ErrPasswordCommon
	}
	for _, form := range []string{identifier.NameSearch(p), unleet.Replace(identifier.NameSearch(p))} {
		if ownWords(form, own) {
			return ErrPasswordPersonal
		}
	}
	return nil
}

// ownWords reports whether little is left of a password without what is the
// person's own, however often that stands in it. A long passphrase may well hold a
// name.
func ownWords(password string, own []string) bool {
	var parts []string
	for _, text := range own {
		local, _, _ := strings.Cut(text, "@")
		for _, part := range append(strings.FieldsFunc(local, notLetter), local, text) {
			part = identifier.NameSearch(part)
			n := utf8.RuneCountInString(part)
			// Short parts occur by chance, but two Chinese characters are a name.
			if n >= 4 || n >= 2 && strings.IndexFunc(part, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) < 0 {
				parts = append(parts, part)
			}
		}
	}
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	rest := password
	for _, part := range parts {
		rest = strings.ReplaceAll(rest, part, " ")
	}
	return rest != password && utf8.RuneCountInString(strings.ReplaceAll(rest, " ", "")) < 8
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) }

// common reports whether a password is one of the first guesses.
func common(p string) bool {
	lower := strings.ToLower(p)
	if distinct(lower) < 5 || walk(lower) || repeated(lower) {
		return true
	}
	// Undo what is done to words to make them longer or "stronger".
	core := strings.TrimFunc(lower, notLetter)
	for _, text := range []string{lower, core, unleet.Replace(lower), unleet.Replace(core), letters(lower), letters(unleet.Replace(core))} {
		if made(text, 3) {
			return true
		}
	}
	return false
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if notLetter(r) {
			return -1
		}
		return r
	}, s)
}

var unleet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// made reports whether s is at most n stems in a row.
func made(s string, n int) bool {
	if s == "" || n == 0 {
		return false
	}
	stems := commonStems()
	if stems[s] {
		return true
	}
	for i := 3; i <= len(s)-3; i++ {
		if stems[s[:i]] && made(s[i:], n-1) {
			return true
		}
	}
	return false
}

func distinct(s string) int {
	set := map[rune]bool{}
	for _, r := range s {
		set[r] = true
	}
	return len(set)
}

// repeated reports whether s is one short unit over and over: abc123abc123.
func repeated(s string) bool {
	for unit := 1; unit <= len(s)/2; unit++ {
		if strings.Repeat(s[:unit], len(s)/unit+1)[:len(s)] == s {
			return true
		}
	}
	return false
}

// walk reports whether s runs along the keyboard, the alphabet or the digits,
// in either direction, for at least three quarters of its length.
func walk(s string) bool {
	const rows = "1234567890-= qwertyuiop[] asdfghjkl;' zxcvbnm,./ abcdefghijklmnopqrstuvwxyz 0123456789 " +
		"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p; qazwsxedcrfvtgbyhnujmikolp"
	steps := 0
	for i := range len(s) - 1 {
		pair, back := s[i:i+2], string([]byte{s[i+1], s[i]})
		if strings.Contains(rows, pair) || strings.Contains(rows, back) || s[i] == s[i+1] {
			steps++
		}
	}
	return steps*4 >= (len(s)-1)*3
}
