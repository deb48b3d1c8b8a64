// Package personal has the type of a value that belongs to a person: a name, a
// number, an address, a password.
//
// The rules need such values in clear, and nothing else does. Text therefore
// carries the clear value and hides it from everything that prints, logs or
// marshals by accident: every such way out shows asterisks. Two doors lead out
// on purpose: Clear, for rules and for the vault that seals; and the sealed
// form, which is what an event's stored bytes hold.
//
// The law behind it: PIPL (2021) arts. 28–29 (sensitive personal information),
// 51 (encryption and de-identification).
package personal

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// Text is one personal value, in one of three conditions: clear, sealed (only
// its ciphertext is known), or erased (its key was destroyed; the value is gone
// for good). The zero Text is the clear empty string.
//
// Text is comparable: two clear Texts are equal when their values are.
type Text struct {
	clear  string
	sealed string // base64 of the vault's ciphertext
	erased bool
}

// New makes a clear Text.
func New(clear string) Text { return Text{clear: clear} }

// Sealed makes a Text of which only the ciphertext is known.
func Sealed(ciphertext string) Text { return Text{sealed: ciphertext} }

// Erased makes a Text whose value cannot be had back.
func Erased() Text { return Text{erased: true} }

// Clear is the value itself, empty unless the Text is clear. It is meant for
// rules and for the vault; never pass it to a log, an error or a document.
func (t Text) Clear() string { return t.clear }

// Ciphertext is the sealed form, empty unless the Text is sealed.
func (t Text) Ciphertext() string { return t.sealed }

// IsErased reports whether the value is gone for good.
func (t Text) IsErased() bool { return t.erased }

// IsZero reports whether there is no value at all: neither clear, nor sealed,
// nor erased.
func (t Text) IsZero() bool { return t == Text{} }

// Masked shows enough for a person to recognise the value and too little to
// use it: numbers keep their last four characters, e-mail addresses their first
// character and domain, anything else its first character.
func (t Text) Masked() string {
	switch {
	case t.erased:
		return "erased"
	case t.sealed != "":
		return "****"
	}
	return Mask(t.clear)
}

// Mask masks a clear string as Text.Masked does.
func Mask(s string) string {
	if s == "" {
		return ""
	}
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		r, _ := utf8.DecodeRuneInString(s)
		return string(r) + "***" + s[at:]
	}
	runes := []rune(s)
	if digits := strings.IndexFunc(s, func(r rune) bool { return r >= '0' && r <= '9' }); digits >= 0 && len(runes) >= 8 && ascii(s) {
		return strings.Repeat("*", len(runes)-4) + string(runes[len(runes)-4:])
	}
	return string(runes[0]) + strings.Repeat("*", min(len(runes)-1, 8))
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// String masks, so that %v and %s cannot leak.
func (t Text) String() string { return t.Masked() }

// GoString masks, so that %#v cannot leak.
func (t Text) GoString() string { return "personal.Text(" + t.Masked() + ")" }

// LogValue masks in structured logs.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.Masked()) }

type stored struct {
	Sealed string `json:"sealed,omitempty"`
	Erased bool   `json:"erased,omitempty"`
}

// ErrClear is what marshalling a clear, non-empty Text answers: whoever stores
// an event must seal it first, and a forgotten seal must fail, not leak.
var ErrClear = errors.New("personal: a clear value must be sealed before it is marshalled")

// MarshalJSON writes the sealed form {"sealed":"…"} or {"erased":true}; an
// empty value is null, and a clear one is refused with ErrClear.
func (t Text) MarshalJSON() ([]byte, error) {
	switch {
	case t.erased:
		return json.Marshal(stored{Erased: true})
	case t.sealed != "":
		return json.Marshal(stored{Sealed: t.sealed})
	case t.clear != "":
		return nil, ErrClear
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Text) UnmarshalJSON(b []byte) error {
	// Nearly every stored value has this form; base64 needs no unescaping.
	if sealed, ok := bytes.CutPrefix(b, []byte(`{"sealed":"`)); ok {
		if sealed, ok = bytes.CutSuffix(sealed, []byte(`"}`)); ok && !bytes.ContainsAny(sealed, `"\\`) {
			*t = Sealed(string(sealed))
			return nil
		}
	}
	var s *stored
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	switch {
	case s == nil:
		*t = Text{}
	case s.Erased:
		*t = Erased()
	default:
		*t = Sealed(s.Sealed)
	}
	return nil
}
