package application

import (
	"maps"
	"slices"
	"strings"

	"alta/domain/personal"
)

// An identifying value is no personal value and still names somebody. The digest of a
// paper tells whoever holds the paper that it was handed in. The name, the numbers and
// the address of a company are those of a person where the company is a sole trader,
// and a draft does not tell yet whether it is. Rules read these values and pages show
// them unmasked. So in the domain they are strings. In the log they are sealed under
// the merchant's key, and destroyed with that key. Earlier versions of the events hold
// them in clear.

// mapIdentifying hands every identifying value of an event, with the name of its field, to change, and
// answers the event with what came back. The event that was given stays as it was.
func mapIdentifying(e Event, change func(field, s string) (string, error)) (Event, error) {
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
	default: // it names nobody; a test looks for what was forgotten
		return e, nil
	}
}

// sealIdentifying is the event with every identifying value sealed.
func sealIdentifying(e Event, seal func(field, clear string) (string, error)) (Event, error) {
	return mapIdentifying(e, sealString(seal))
}

// openIdentifying is the event with every identifying value in clear. Of an erased one
// a digest is empty, and a field reads as an erased field.
func openIdentifying(e Event, open func(field, ciphertext string) (string, bool, error)) (Event, error) {
	return mapIdentifying(e, func(field, s string) (string, error) { return openString(open, erasedIdentifying(field))(field, s) })
}

// erasedIdentifying is what stands in the place of an erased value.
func erasedIdentifying(field string) string {
	if strings.HasPrefix(field, "document.") {
		return ""
	}
	return personal.Erased().Masked()
}
