package simulate

import "reflect"

// Vocabulary is every word that merchants are put together from, so that the
// test of the glyphs does not depend on which of them a seed happens to choose.
func Vocabulary() []string {
	var out []string
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			out = append(out, v.String())
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		}
	}
	for _, list := range []any{
		places, roads, estates, surnames, menFirst, menLast, womenFirst, womenLast,
		brandFirst, brandSecond, industries, ethnicities, banks, capitals,
	} {
		walk(reflect.ValueOf(list))
	}
	return out
}
