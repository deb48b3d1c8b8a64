package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"alta/domain/account"
	"alta/domain/application"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// What is no text. It is refused before anything else looks at it: a decoder that
// puts U+FFFD in the place of what it cannot read would store another name than
// the one that was sent, and answer that all is well.
const (
	illFormed       = "ill-formed-text"
	nulCharacter    = "nul-character"
	duplicateMember = "duplicate-member"
)

var textDetails = map[string]string{
	illFormed:       "is not well-formed Unicode; send UTF-8 without lone surrogates",
	nulCharacter:    "holds the character U+0000, which no text needs",
	duplicateMember: "is there twice; only one value can be meant",
}

func textProblem(status int, code, pointer string) *Problem {
	return problem(status, code, "The request cannot be read as it was sent.").at(pointer, code, textDetails[code])
}

// unreadable is the code of what is wrong with a text that is no text; "" for none.
func unreadable(s string) string {
	switch {
	case !utf8.ValidString(s):
		return illFormed
	case strings.ContainsRune(s, 0):
		return nulCharacter
	}
	return ""
}

// checkAddress refuses an address whose path or query is no text, whatever the
// operation makes of it.
func checkAddress(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		u := c.Request().URL
		if code := unreadable(u.Path); code != "" {
			return textProblem(http.StatusBadRequest, code, "path")
		}
		for _, pair := range strings.FieldsFunc(u.RawQuery, func(r rune) bool { return r == '&' }) {
			name, value, _ := strings.Cut(pair, "=")
			key, _ := url.QueryUnescape(name) // what cannot be unescaped is checkParams' to refuse
			if code := unreadable(key); code != "" {
				return textProblem(http.StatusBadRequest, code, "query")
			}
			if text, _ := url.QueryUnescape(value); unreadable(text) != "" {
				return textProblem(http.StatusBadRequest, unreadable(text), "query "+key)
			}
		}
		return next(c)
	}
}

// checkMedia refuses a body that is not JSON in UTF-8 (RFC 8259 section 8.1).
func checkMedia(h http.Header) error {
	media, params, err := mime.ParseMediaType(h.Get(echo.HeaderContentType))
	charset := strings.ToLower(params["charset"])
	if err != nil || media != echo.MIMEApplicationJSON || charset != "" && charset != "utf-8" && charset != "utf8" {
		return problem(http.StatusUnsupportedMediaType, "media-type", "The body must be application/json in UTF-8.")
	}
	if coding := strings.ToLower(h.Get(echo.HeaderContentEncoding)); coding != "" && coding != "identity" {
		return problem(http.StatusUnsupportedMediaType, "content-coding", "The body must be sent without a content coding.")
	}
	return nil
}

var loneSurrogate = regexp.MustCompile(`\\u[dD][89a-fA-F]`)

// checkJSON refuses a body that is no JSON text: bytes or escapes that are no
// Unicode, U+0000, two members of one name, at whatever depth. It names the place.
func checkJSON(b []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(b))
	for {
		t, err := d.ReadToken()
		var broken *jsontext.SyntacticError
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case !errors.As(err, &broken):
			return problem(http.StatusBadRequest, "malformed-json", "The body is not JSON.")
		case errors.Is(err, jsontext.ErrDuplicateName):
			return textProblem(http.StatusBadRequest, duplicateMember, wellFormed(broken.JSONPointer))
		case !utf8.Valid(b) || loneSurrogate.MatchString(err.Error()):
			return textProblem(http.StatusBadRequest, illFormed, wellFormed(broken.JSONPointer))
		default:
			return problem(http.StatusBadRequest, "malformed-json", "The body is not JSON.")
		}
		if t.Kind() == '"' && strings.ContainsRune(t.String(), 0) {
			return textProblem(http.StatusUnprocessableEntity, nulCharacter, wellFormed(d.StackPointer()))
		}
	}
}

// wellFormed makes a pointer one that an answer can hold.
func wellFormed(p jsontext.Pointer) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(p), "\uFFFD"), "\x00", "")
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// located makes a refusal of the domain point into this request. The domain names
// the field of a command or an item; where that stands in the request, a member of
// the body or a part of the path, is known here only.
func (c *call) located(err error) error {
	var (
		p        *Problem
		refusal  *application.Refusal
		personal *account.Refusal
	)
	switch {
	case errors.As(err, &p):
		return err
	case errors.As(err, &refusal):
		q := *problemOf(err)
		q.Errors = slices.Clone(q.Errors)
		var fields []string
		if refusal.Item != "" || refusal.Field != "" {
			fields = append(fields, refusal.Field)
		}
		for _, x := range refusal.Problems {
			fields = append(fields, x.Field)
		}
		for i := range q.Errors {
			q.Errors[i].Pointer = c.pointer(fields[i], q.Errors[i].Item)
		}
		return &q
	case errors.As(err, &personal) && personal.Field != "":
		q := *problemOf(err)
		q.Errors = slices.Clone(q.Errors)
		for i := range q.Errors {
			q.Errors[i].Pointer = c.pointer(personal.Field, "")
		}
		return &q
	}
	return err
}

// pointer is where a field of a command, or an item, stands in the request: a JSON
// pointer into the body, "path name" for a part of the address, or "" where it
// stands nowhere.
func (c *call) pointer(field, item string) string {
	var body map[string]json.RawMessage
	_ = json.Unmarshal(c.body, &body) // a body that is no object has no members
	if item == "" {
		item = strings.TrimPrefix(field, "values.")
	}
	if item != "" {
		var values map[string]any
		if json.Unmarshal(body["values"], &values) == nil {
			if _, ok := values[item]; ok {
				return "/values/" + escapePointer.Replace(item)
			}
		}
		var items []string
		if json.Unmarshal(body["items"], &items) == nil {
			if i := slices.Index(items, item); i >= 0 {
				return "/items/" + strconv.Itoa(i)
			}
		}
	}
	// The domain names a field of a value that the command holds by both names.
	if i := strings.LastIndexByte(field, '.'); i >= 0 {
		field = field[i+1:]
	}
	if field != "" && c.op.hasMember(field) {
		return "/" + escapePointer.Replace(field)
	}
	for _, name := range []string{"target", "to"} {
		var value string
		if item != "" && json.Unmarshal(body[name], &value) == nil && value == item {
			return "/" + name
		}
	}
	for _, p := range c.op.params {
		if p.in == "path" && (p.name == field || item != "" && c.Param(p.name) == item) {
			return "path " + p.name
		}
	}
	return ""
}

// hasMember reports whether the operation's body can have a member of that name.
func (o *Operation) hasMember(name string) bool {
	var has func(s *jsonschema.Schema, depth int) bool
	has = func(s *jsonschema.Schema, depth int) bool {
		if s == nil || depth == 0 {
			return false
		}
		if _, ok := s.Properties[name]; ok {
			return true
		}
		return has(s.Ref, depth-1) || slices.ContainsFunc(slices.Concat(s.AllOf, s.AnyOf, s.OneOf), func(s *jsonschema.Schema) bool { return has(s, depth-1) })
	}
	return has(o.body, 8)
}

// bodyRead is where a request keeps its body for checkPointers.
const bodyRead = "alta-body"

// checkPointers tells Check of a problem that points at a place which the request's
// body does not have. The last part may be missing: it can be what is required.
func (s *Server) checkPointers(op *Operation, c echo.Context, p *Problem) {
	b, _ := c.Get(bodyRead).([]byte)
	for _, e := range p.Errors {
		if !strings.HasPrefix(e.Pointer, "/") || b == nil {
			continue
		}
		var v any
		_ = json.Unmarshal(b, &v) // readBody wrote it
		parts := strings.Split(e.Pointer, "/")
		for _, part := range parts[1 : len(parts)-1] {
			m, _ := v.(map[string]any)
			v = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
		}
		if v == nil {
			s.Check(fmt.Errorf("%s answers %s with the pointer %s, which the body does not have", op.ID, p.Code, e.Pointer))
		}
	}
}
