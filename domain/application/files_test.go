package application

import (
	"reflect"
	"strings"
	"testing"
)

// What an event brings and Files does not know would be swept away.
func TestEveryEventThatBringsAFileIsKnownToDoSo(t *testing.T) {
	brings := 0
	for _, e := range samples() {
		holds := holdsDocument(reflect.TypeOf(e))
		if holds != (len(Files(e)) > 0) {
			t.Errorf("%T: holds a document: %v, files %v", e, holds, Files(e))
		}
		if !holds {
			continue
		}
		brings++
		if name := Name(e); !strings.HasPrefix(name, FileEvents) {
			t.Errorf("%s brings a file and does not begin with %s", name, FileEvents)
		}
	}
	if brings < 2 {
		t.Errorf("only %d events bring files", brings)
	}
}

func holdsDocument(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsDocument(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[Document]() {
			return true
		}
		for i := range t.NumField() {
			if holdsDocument(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
