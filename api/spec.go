package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// Contract is openapi.yaml as it is served.
//
//go:embed openapi.yaml
var Contract []byte

// Spec is the contract made executable: for each operation the schemas of its
// parameters, bodies and answers (JSON Schema 2020-12, as OpenAPI 3.1 has it).
type Spec struct {
	operations map[string]*Operation // by operationId
}

// Operation is one operation of the contract.
type Operation struct {
	ID     string
	Method string
	Path   string // with {braces}
	Public bool   // no token needed
	// IfMatch: the operation is a decision and wants the revision looked at.
	IfMatch bool
	Key     bool               // it takes an Idempotency-Key
	After   bool               // it takes a position to reach
	Aged    bool               // its answer says where it is not up to date
	body    *jsonschema.Schema // JSON body; nil for none
	must    bool               // the body must be there
	params  []param
	answers map[string]answer // by status, or "default"
}

type param struct {
	name, in string
	required bool
	kind     string // the schema's type
	schema   *jsonschema.Schema
}

type answer struct {
	media map[string]*jsonschema.Schema // nil schema: any bytes
}

const resource = "mem:///openapi.json"

// LoadSpec compiles the contract. An error means that openapi.yaml is broken.
func LoadSpec() (*Spec, error) {
	var raw any
	if err := yaml.Unmarshal(Contract, &raw); err != nil {
		return nil, fmt.Errorf("api: openapi.yaml: %w", err)
	}
	j, err := json.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("api: openapi.yaml: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(j))
	if err != nil {
		return nil, fmt.Errorf("api: openapi.yaml: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(resource, doc); err != nil {
		return nil, fmt.Errorf("api: openapi.yaml: %w", err)
	}
	l := &loader{compiler: c, doc: doc.(map[string]any)}
	spec := &Spec{operations: map[string]*Operation{}}
	for path, item := range l.at("#/paths").(map[string]any) {
		for method := range item.(map[string]any) {
			if !slices.Contains([]string{"get", "put", "post", "delete", "patch"}, method) {
				continue
			}
			o, err := l.operation(path, method)
			if err != nil {
				return nil, fmt.Errorf("api: openapi.yaml: %s %s: %w", method, path, err)
			}
			if spec.operations[o.ID] != nil {
				return nil, fmt.Errorf("api: openapi.yaml: operation %s is there twice", o.ID)
			}
			spec.operations[o.ID] = o
		}
	}
	return spec, nil
}

// Operations lists every operation by its id.
func (s *Spec) Operations() []*Operation {
	return slices.SortedFunc(maps.Values(s.operations), func(a, b *Operation) int { return strings.Compare(a.ID, b.ID) })
}

// Operation finds an operation.
func (s *Spec) Operation(id string) (*Operation, bool) {
	o, ok := s.operations[id]
	return o, ok
}

type loader struct {
	compiler *jsonschema.Compiler
	doc      map[string]any
}

// at follows a JSON pointer, and $refs on the way.
func (l *loader) at(pointer string) any {
	v, _ := l.resolve(pointer)
	return v
}

// resolve answers what a pointer leads to and the pointer without references.
func (l *loader) resolve(pointer string) (any, string) {
	var v any = l.doc
	at := "#"
	for _, part := range strings.Split(strings.TrimPrefix(pointer, "#/"), "/") {
		key := strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil || n >= len(x) {
				return nil, at
			}
			v = x[n]
		}
		at += "/" + part
		if m, ok := v.(map[string]any); ok {
			if ref, ok := m["$ref"].(string); ok {
				v, at = l.resolve(ref)
			}
		}
	}
	return v, at
}

func (l *loader) schema(pointer string) (*jsonschema.Schema, error) {
	return l.compiler.Compile(resource + strings.ReplaceAll(pointer, " ", "%20"))
}

func (l *loader) operation(path, method string) (*Operation, error) {
	item := "#/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(path)
	base := item + "/" + method
	def := l.at(base).(map[string]any)
	o := &Operation{ID: fmt.Sprint(def["operationId"]), Method: strings.ToUpper(method), Path: path, answers: map[string]answer{}}
	if sec, ok := def["security"].([]any); ok && len(sec) == 0 {
		o.Public = true
	}
	for _, list := range []string{item + "/parameters", base + "/parameters"} {
		params, _ := l.at(list).([]any)
		for i := range params {
			v, at := l.resolve(list + "/" + strconv.Itoa(i))
			if err := l.param(o, v.(map[string]any), at); err != nil {
				return nil, err
			}
		}
	}
	if body, at := l.resolve(base + "/requestBody"); body != nil {
		m := body.(map[string]any)
		o.must, _ = m["required"].(bool)
		if content, _ := m["content"].(map[string]any); content["application/json"] != nil {
			s, err := l.schema(l.fragment(at + "/content/application~1json/schema"))
			if err != nil {
				return nil, err
			}
			o.body = s
		}
	}
	responses, _ := l.at(base + "/responses").(map[string]any)
	for status := range responses {
		v, at := l.resolve(base + "/responses/" + status)
		headers, _ := v.(map[string]any)["headers"].(map[string]any)
		o.Aged = o.Aged || headers["Alta-Behind"] != nil
		a := answer{media: map[string]*jsonschema.Schema{}}
		content, _ := v.(map[string]any)["content"].(map[string]any)
		for media := range content {
			a.media[media] = nil
			if strings.Contains(media, "json") {
				s, err := l.schema(l.fragment(at + "/content/" + strings.ReplaceAll(media, "/", "~1") + "/schema"))
				if err != nil {
					return nil, err
				}
				a.media[media] = s
			}
		}
		o.answers[status] = a
	}
	return o, nil
}

// fragment percent-encodes the braces of a path, which a URL cannot hold.
func (l *loader) fragment(pointer string) string {
	return strings.NewReplacer("{", "%7B", "}", "%7D", "+", "%2B").Replace(pointer)
}

func (l *loader) param(o *Operation, def map[string]any, at string) error {
	p := param{name: fmt.Sprint(def["name"]), in: fmt.Sprint(def["in"])}
	p.required, _ = def["required"].(bool)
	s, err := l.schema(l.fragment(at + "/schema"))
	if err != nil {
		return err
	}
	p.schema = s
	if full, ok := l.at(at + "/schema").(map[string]any); ok {
		p.kind, _ = full["type"].(string)
	}
	if p.in == "header" && p.name == "If-Match" && p.required {
		o.IfMatch = true
		p.required = false // its absence is 428, not a malformed request
	}
	o.Key = o.Key || p.in == "header" && p.name == "Idempotency-Key"
	o.After = o.After || p.in == "query" && p.name == "after"
	o.params = append(o.params, p)
	return nil
}

// value turns a parameter's text into what its schema speaks of.
func (p param) value(text string) any {
	switch p.kind {
	case "integer", "number":
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	case "boolean":
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	}
	return text
}

// answers204 reports whether a success has no body.
func (o *Operation) answers204() bool {
	return len(o.answers["204"].media) == 0 && o.answers["204"].media != nil
}

// CheckAnswer validates an answer against the contract; nil means that it keeps
// it. It serves the tests and the development mode.
func (o *Operation) CheckAnswer(status int, media string, body []byte) error {
	a, ok := o.answers[strconv.Itoa(status)]
	if !ok {
		if a, ok = o.answers["default"]; !ok || status < 400 {
			return fmt.Errorf("%s answers %d, which the contract does not know", o.ID, status)
		}
	}
	media, _, _ = strings.Cut(media, ";")
	if len(a.media) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("%s answers %d with a body, the contract has none", o.ID, status)
		}
		return nil
	}
	schema, ok := a.media[media]
	if !ok {
		return fmt.Errorf("%s answers %d as %q, which the contract does not know", o.ID, status, media)
	}
	if schema == nil {
		return nil
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s answers %d with broken JSON: %w", o.ID, status, err)
	}
	if err := schema.Validate(v); err != nil {
		return fmt.Errorf("%s answers %d: %w", o.ID, status, err)
	}
	return nil
}
