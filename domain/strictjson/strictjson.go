// Package strictjson reads JSON that must be exactly what its shape says: nothing
// that was stored, and no misspelt rule, is lost in silence.
//
// It stands on encoding/json/v2 as its authors publish it for Go releases that do
// not have it yet: it reads an event in half the time, and refuses two members of
// one name and invalid UTF-8 (RFC 8259 sections 4 and 8.1), which the older
// package lets pass.
package strictjson

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	v1 "github.com/go-json-experiment/json/v1"
)

// Error says what does not fit and where.
type Error struct {
	Field string // the way there, such as years[0].off, counted from 0; empty for the whole
	Why   string
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Why
	}
	return e.Field + ": " + e.Why
}

// strict refuses members that the shape does not have. Names are matched with
// their case, and lengths of time are stored in nanoseconds.
var strict = json.JoinOptions(json.RejectUnknownMembers(true), v1.FormatDurationAsNano(true))

// Unmarshal reads data, which must be one JSON value and nothing else, into to. A
// member that to does not have, or one that is there twice, is an error. Errors
// are of type *Error.
func Unmarshal(data []byte, to any) error {
	err := json.Unmarshal(data, to, strict)
	if err == nil {
		return nil
	}
	var shape *json.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntax):
		return &Error{field(syntax.JSONPointer), syntax.Err.Error()}
	case !errors.As(err, &shape):
		return &Error{"", err.Error()}
	case errors.Is(shape.Err, json.ErrUnknownName):
		return &Error{field(shape.JSONPointer), "there is no such field"}
	case shape.Err != nil:
		return &Error{field(shape.JSONPointer), shape.Err.Error()}
	}
	return &Error{field(shape.JSONPointer), "cannot be " + kind(shape.JSONKind)}
}

// field writes a pointer as a path: years[0].off.
func field(p jsontext.Pointer) string {
	var b strings.Builder
	for name := range p.Tokens() {
		if _, err := strconv.Atoi(name); err == nil {
			b.WriteString("[" + name + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return b.String()
}

func kind(k jsontext.Kind) string {
	switch k {
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "an array"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "true or false"
	case jsontext.KindNull:
		return "null"
	}
	return "a " + k.String()
}
