package application

import (
	"maps"
	"slices"
	"strings"

	"alta/domain/personal"
)

// A trace is no personal value and still leads to somebody. The digest of a paper
// tells whoever holds the paper that it was handed in; the name, the numbers and
// the address of a company are those of a person where it is a sole trader, and a
// draft does not tell yet whether it is. Rules read traces and pages show them
// unmasked. So in the domain a trace is a string, and as stored it is sealed under
// the merchant's key like a sentence and goes with that key. Events from before
// (earlier versions of their names) hold it in clear.

// traces hands every trace of an event, with the name of its field, to change, and
// answers the event with what came back. The event that was given stays as it was.
func traces(e Event, change func(field, s string) (string, error)) (Event, error) {
	var err error
	on := func(field string, s *string) {
		if err == nil && *s != "" {
			*s, err = change(field, *s)
		}
	}
	file := func(d *Document) {
		on("document.sha256", &d.SHA256)
		on("document.phash", &d.PHash)
	}
	switch e := e.(type) {
	case DetailsFilled:
		if e.Fields = maps.Clone(e.Fields); e.Fields != nil {
			for _, k := range slices.Sorted(maps.Keys(e.Fields)) {
				if k.OfCompany() {
					s := e.Fields[k]
					on("fields."+string(k), &s)
					e.Fields[k] = s
				}
			}
		}
		return e, err
	case ItemCorrected:
		if e.Field != nil && e.Item.OfCompany() {
			s := *e.Field
			on("field", &s)
			e.Field = &s
		}
		return e, err
	case DocumentUploaded:
		file(&e.Document)
		return e, err
	case DocumentRedacted:
		file(&e.Document)
		return e, err
	default: // nothing leads to anybody; a test looks for what was forgotten
		return e, nil
	}
}

// traceless is the event with every trace sealed.
func traceless(e Event, seal func(field, clear string) (string, error)) (Event, error) {
	return traces(e, sealString(seal))
}

// traced is the event with every trace in clear; where it was erased, a digest is
// empty and a field reads as an erased one.
func traced(e Event, open func(field, ciphertext string) (string, bool, error)) (Event, error) {
	return traces(e, func(field, s string) (string, error) { return openString(open, erasedTrace(field))(field, s) })
}

// erasedTrace is what stands in the place of a trace that was erased.
func erasedTrace(field string) string {
	if strings.HasPrefix(field, "document.") {
		return ""
	}
	return personal.Erased().Masked()
}
