package mail

import (
	"strings"
	"testing"

	"alta/domain/lang"
)

// Whatever direction a name runs in or asks for, our words stay in their places.
func TestAPersonsTextDoesNotTurnTheLetterAround(t *testing.T) {
	for given, want := range map[string]string{
		"李娜":                              "李娜",
		"\u202eanne\u202c":                "anne",
		"\u2066\u2069\u200f\u061cOK":      "OK",
		"محمد":                            "\u2068محمد\u2069",
		"\u202eدانا \u2069 x":             "\u2068دانا  x\u2069",
		"shop.cn/\u202egnp.exe":           "shop.cn/gnp.exe",
		"a note\nof two lines \u2067here": "a note\nof two lines here",
	} {
		if got := isolated(given); got != want {
			t.Errorf("%q becomes %q, want %q", given, got, want)
		}
		if got := greetingName.in(lang.English, params{"name": given}); got != "Hello "+want+"," {
			t.Errorf("greets %q", got)
		}
	}
	x := letter{Lang: lang.English, Groups: []group{{Label: "address", Value: isolated("\u202eabc"), Reasons: []why{{Note: isolated("\u202exyz")}}}}}
	if s := x.text() + string(x.html()); strings.ContainsRune(s, '\u202e') {
		t.Error("the letter holds a direction control")
	}
}
