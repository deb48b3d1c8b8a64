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
func glance(data []byte) (h Header, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte(`{"by":{"id":`))
	if !ok {
		return h, false
	}
	if h.By.ID, rest, ok = plain(rest); !ok {
		return h, false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`,"role":`)); !ok {
		return h, false
	}
	role, rest, ok := plain(rest)
	if !ok {
		return h, false
	}
	h.By.Role = Role(role)
	if after, more := bytes.CutPrefix(rest, []byte(`,"organisation":`)); more {
		if h.By.Organisation, rest, ok = plain(after); !ok {
			return h, false
		}
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(`},"at":`)); !ok {
		return h, false
	}
	at, _, ok := plain(rest)
	if !ok {
		return h, false
	}
	var err error
	h.At, err = time.Parse(time.RFC3339Nano, at)
	return h, err == nil
}

// plain reads a JSON string that needs no unescaping.
func plain(data []byte) (s string, rest []byte, ok bool) {
	if len(data) == 0 || data[0] != '"' {
		return "", nil, false
	}
	for i, c := range data[1:] {
		switch {
		case c == '"':
			return string(data[1 : 1+i]), data[2+i:], true
		case c == '\\' || c < ' ' || c >= 0x80:
			return "", nil, false
		}
	}
	return "", nil, false
}
