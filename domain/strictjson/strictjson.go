// Package strictjson reads JSON that must be exactly what its shape says: nothing
// that was stored, and no misspelt rule, is lost in silence.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"sync"
)

// ErrMore says that something follows the value.
var ErrMore = errors.New("something follows the end of the value")

// Unmarshal reads data, which must be one JSON value and nothing else, into to. A
// field that to does not have is an error; the errors are those of encoding/json,
// and ErrMore.
func Unmarshal(data []byte, to any) error {
	r := readers.Get().(*reader)
	end, err := r.read(data, to)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(data[end:])) > 0 {
		return ErrMore
	}
	if end == len(data) && end <= kept {
		readers.Put(r)
	}
	return nil
}

// kept bounds what a reader may have read that is used again, in bytes: its buffer
// has become about as large.
const kept = 16 << 10

// readers are used again, because making a decoder and its buffer costs about as
// much as reading an event. A reader is only fit for that when it has read
// everything and failed at nothing.
var readers = sync.Pool{New: func() any {
	r := &reader{}
	r.decoder = json.NewDecoder(&r.from)
	r.decoder.DisallowUnknownFields()
	return r
}}

type reader struct {
	from    bytes.Reader
	decoder *json.Decoder
}

// read answers where the value ended.
func (r *reader) read(data []byte, to any) (end int, err error) {
	begin := r.decoder.InputOffset()
	r.from.Reset(data)
	err = r.decoder.Decode(to)
	r.from.Reset(nil)
	return int(r.decoder.InputOffset() - begin), err
}
