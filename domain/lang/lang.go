// Package lang names the three languages in which Alta speaks to people, picks
// one from what a browser or a merchant asks for, and has the type of a text
// that exists in all three.
//
// Chinese is the language of the law and of most merchants; Spanish is the
// language in which the process was first written down; English is
// what everybody else gets, so an unknown language never ends in an empty page.
// Tags follow BCP 47 (RFC 5646).
package lang

import "strings"

// Lang is a language that every text exists in.
type Lang string

// The languages.
const (
	Chinese Lang = "zh-CN"
	Spanish Lang = "es"
	English Lang = "en"
)

// All lists the languages, in the order in which screens offer them.
func All() []Lang { return []Lang{Chinese, Spanish, English} }

// Match picks the language for one BCP 47 tag such as "zh-Hans-CN", "es-MX" or
// "EN". Whatever is not Chinese or Spanish reads English.
func Match(tag string) Lang {
	primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	primary, _, _ = strings.Cut(primary, "_")
	switch primary {
	case "zh":
		return Chinese
	case "es":
		return Spanish
	}
	return English
}

// Text is one text in every language.
type Text struct {
	Zh string `json:"zh-CN"`
	Es string `json:"es"`
	En string `json:"en"`
}

// In is the text in l; a language that is not one of the three reads as Match
// says.
func (t Text) In(l Lang) string {
	switch Match(string(l)) {
	case Chinese:
		return t.Zh
	case Spanish:
		return t.Es
	}
	return t.En
}

// Complete reports whether the text says something in every language.
func (t Text) Complete() bool {
	return strings.TrimSpace(t.Zh) != "" && strings.TrimSpace(t.Es) != "" && strings.TrimSpace(t.En) != ""
}
