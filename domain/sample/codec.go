package sample

import (
	"encoding/json"
	"fmt"
	"slices"

	"alta/domain/strictjson"
)

// Category is the first part of the names of sample streams; the second is the
// sample's id.
const Category = "sample"

// Name is the name under which an event is stored. Names are permanent and written
// by hand.
func Name(e Event) string {
	switch e.(type) {
	case Drawn:
		return "sample.drawn.v1"
	case Judged:
		return "sample.judged.v1"
	case Dropped:
		return "sample.dropped.v1"
	}
	return ""
}

var readers = map[string]func([]byte) (Event, error){
	"sample.drawn.v1":   read[Drawn],
	"sample.judged.v1":  read[Judged],
	"sample.dropped.v1": read[Dropped],
}

// Names lists every stored name that Decode reads, in order.
func Names() []string {
	out := make([]string, 0, len(readers))
	for n := range readers {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Encode writes an event's stored name and data. Nothing in it is personal, so
// nothing is sealed.
func Encode(e Event) (name string, data []byte, err error) {
	if name = Name(e); name == "" {
		return "", nil, fmt.Errorf("sample: no stored name for %T", e)
	}
	data, err = json.Marshal(e)
	return name, data, err
}

// Decode reads what Encode wrote. An unknown name is an error, and so is an
// unknown field: nothing that was stored is lost in silence.
func Decode(name string, data []byte) (Event, error) {
	read, ok := readers[name]
	if !ok {
		return nil, fmt.Errorf("sample: there is no event of the name %q", name)
	}
	e, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("sample: %s: %w", name, err)
	}
	return e, nil
}

func read[E Event](data []byte) (Event, error) {
	var e E
	err := strictjson.Unmarshal(data, &e)
	return e, err
}
