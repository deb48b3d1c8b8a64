package application

import (
	"bytes"
	"encoding/json"
	"time"
)

// HeaderOf reads who did it and when from a stored event of any version, and
// nothing else of it: a reader that folds millions of events need not decode
// those of which it wants no more. What follows the header is not checked.
//
// Encode writes the header first, so it is found at the beginning; from an event
// that something else wrote it is decoded as JSON.
func HeaderOf(data []byte) (Header, error) {
	if h, ok := glance(data); ok {
		return h, nil
	}
	var h Header
	err := json.Unmarshal(data, &h)
	return h, err
}

// glance reads the header as Encode writes it: {"by":{"id":"…","role":"…"},"at":"…"
// Where anything else stands nothing more is read, and nothing is no time.
func glance(data []byte) (h Header, ok bool) {
	rest := data
	skip := func(word string) (there bool) {
		rest, there = bytes.CutPrefix(rest, []byte(word))
		return there
	}
	text := func() (s string) {
		s, rest = plain(rest)
		return s
	}
	skip(`{"by":{"id":`)
	h.By.ID = text()
	skip(`,"role":`)
	h.By.Role = Role(text())
	if skip(`,"organisation":`) {
		h.By.Organisation = text()
	}
	skip(`},"at":`)
	var err error
	h.At, err = time.Parse(time.RFC3339Nano, text())
	return h, err == nil
}

// plain reads a JSON string that needs no unescaping; it answers no rest where
// there is none.
func plain(data []byte) (s string, rest []byte) {
	if len(data) == 0 || data[0] != '"' {
		return "", nil
	}
	for i, c := range data[1:] {
		switch {
		case c == '"':
			return string(data[1 : 1+i]), data[2+i:]
		case c == '\\' || c < ' ' || c >= 0x80:
			return "", nil
		}
	}
	return "", nil
}
