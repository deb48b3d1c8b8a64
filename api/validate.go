package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// maxJSON bounds a JSON body, in bytes.
const maxJSON = 256 << 10

// checkParams validates path, query and header parameters against the contract.
// A query parameter that the contract does not know is refused: a misspelt
// filter must not read as "everything".
func (o *Operation) checkParams(c echo.Context) error {
	known := map[string]bool{}
	var bad *Problem
	note := func(p param, code, detail string) {
		if bad == nil {
			bad = problem(http.StatusUnprocessableEntity, "invalid-parameter", "A parameter is not as the contract wants it.")
		}
		bad.at(p.in+" "+p.name, code, detail)
	}
	for _, p := range o.params {
		var text string
		present := true
		switch p.in {
		case "path":
			text = c.Param(p.name)
		case "query":
			known[p.name] = true
			text, present = c.QueryParam(p.name), c.QueryParams().Has(p.name)
			if len(c.QueryParams()[p.name]) > 1 {
				note(p, "repeated", "must be given once")
				continue
			}
		case "header":
			text = c.Request().Header.Get(p.name)
			present = text != ""
			if code := unreadable(text); code != "" {
				note(p, code, textDetails[code])
				continue
			}
		}
		if !present {
			if p.required {
				note(p, "required", "must be given")
			}
			continue
		}
		if err := p.schema.Validate(p.value(text)); err != nil {
			if p.in == "path" {
				return errNotFound() // an id of another form names nothing
			}
			note(p, "invalid", first(err).Detail)
		}
	}
	if o.After {
		if _, err := parseCursor(c.QueryParam("after")); err != nil && c.QueryParam("after") != "" {
			note(param{name: "after", in: "query"}, "invalid", "must be a position that a write answered")
		}
	}
	if _, err := url.ParseQuery(c.Request().URL.RawQuery); err != nil {
		note(param{in: "query"}, "malformed", "cannot be read")
	}
	for name := range c.QueryParams() {
		if !known[name] {
			note(param{name: name, in: "query"}, "unknown", "there is no such parameter")
		}
	}
	if bad != nil {
		return bad
	}
	return nil
}

// readBody reads, bounds and validates the JSON body; nil where there is none and
// none is needed. What it answers is the validated value written anew, in one form.
func (o *Operation) readBody(c echo.Context) ([]byte, error) {
	r := c.Request()
	if o.body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxJSON))
	if err != nil {
		return nil, bodyRefusal(err)
	}
	if len(bytes.TrimSpace(b)) == 0 {
		if o.must {
			return nil, problem(http.StatusBadRequest, "body-missing", "This request needs a JSON body.")
		}
		return nil, nil
	}
	if err := checkMedia(r.Header); err != nil {
		return nil, err
	}
	if err := checkJSON(b); err != nil {
		return nil, err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil, problem(http.StatusBadRequest, "malformed-json", "The body is not JSON.")
	}
	if err := o.body.Validate(v); err != nil {
		p := problem(http.StatusUnprocessableEntity, "invalid-body", "The body is not as the contract wants it.")
		p.Errors = collect(err)
		return nil, p
	}
	return json.Marshal(v)
}

// bodyRefusal is the refusal of a body that is too large, too slow or cut off.
func bodyRefusal(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), errors.As(err, new(*Problem)):
		return err
	}
	return problem(http.StatusBadRequest, "body-unreadable", "The request's body ended early.")
}

// collect turns a schema's complaint into single errors with pointers.
func collect(err error) []FieldError {
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return []FieldError{{Code: "invalid", Detail: "is not as the contract wants it"}}
	}
	var out []FieldError
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) > 0 {
			for _, c := range e.Causes {
				walk(c)
			}
			return
		}
		out = append(out, fieldErrors(e)...)
	}
	walk(v)
	return out
}

func first(err error) FieldError { return collect(err)[0] }

var english = message.NewPrinter(language.English)

// fieldErrors names the field and never repeats its value, which may be
// personal.
func fieldErrors(e *jsonschema.ValidationError) []FieldError {
	at := ""
	for _, p := range e.InstanceLocation {
		at += "/" + escapePointer.Replace(p)
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		var out []FieldError
		for _, p := range k.Properties {
			out = append(out, FieldError{Pointer: at + "/" + escapePointer.Replace(p), Code: "unknown-field", Detail: "there is no such field"})
		}
		return out
	case *kind.Required:
		var out []FieldError
		for _, p := range k.Missing {
			out = append(out, FieldError{Pointer: at + "/" + escapePointer.Replace(p), Code: "required", Detail: "must be given"})
		}
		return out
	case *kind.Type:
		return []FieldError{{Pointer: at, Code: "wrong-type", Detail: "must be " + strings.Join(k.Want, " or ")}}
	case *kind.Enum:
		return []FieldError{{Pointer: at, Code: "not-allowed", Detail: "must be one of the values that the contract lists"}}
	case *kind.Const:
		return []FieldError{{Pointer: at, Code: "not-allowed", Detail: "is not the value that the contract wants"}}
	case *kind.Pattern:
		return []FieldError{{Pointer: at, Code: "pattern", Detail: "must match " + k.Want}}
	case *kind.Format:
		return []FieldError{{Pointer: at, Code: "format", Detail: "must be a " + k.Want}}
	case *kind.MaxLength, *kind.MinLength, *kind.Maximum, *kind.Minimum, *kind.MaxItems, *kind.MinItems, *kind.MinProperties, *kind.UniqueItems, *kind.ExclusiveMinimum:
		return []FieldError{{Pointer: at, Code: "out-of-bounds", Detail: e.ErrorKind.LocalizedString(english)}}
	}
	return []FieldError{{Pointer: at, Code: "invalid", Detail: "is not as the contract wants it"}}
}
