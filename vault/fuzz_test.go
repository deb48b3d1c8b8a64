package vault

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"testing"
)

func FuzzKeyRecord(f *testing.F) {
	f.Add(encodeRecord([]byte("file:v1:AAAA")))
	f.Add([]byte(recordHead + "00000000 "))
	f.Fuzz(func(t *testing.T, b []byte) {
		if w, err := decodeRecord(b); err == nil && !bytes.EqualFold(encodeRecord(w), b) {
			t.Errorf("%q reads as %q", b, w)
		}
	})
}

func FuzzWrappedKey(f *testing.F) {
	f.Add([]byte("file:v1:AAAA"))
	f.Add([]byte("file:v-1:"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := parseWrapped(b); err != nil && !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
	})
}

func FuzzKeyRing(f *testing.F) {
	f.Add([]byte(`{"current":1,"keys":{"1":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}`))
	f.Add([]byte(`{"current":0,"keys":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := parseRing(b); err == nil && len(r.Keys[r.Current]) != 32 {
			t.Error("no usable key")
		}
	})
}

func FuzzFences(f *testing.F) {
	f.Add(append(encodeMark("subject-aa"), encodeMark("blob-bb-cc")...))
	f.Add([]byte("subject-aa 0000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		marks, whole, err := parseMarks(b)
		if err != nil {
			return
		}
		var again []byte
		for _, m := range marks {
			again = append(again, encodeMark(m)...)
		}
		if !bytes.EqualFold(again, b[:whole]) {
			t.Errorf("%q reads as %q", b, marks)
		}
	})
}

func FuzzManifest(f *testing.F) {
	key := make([]byte, 32)
	owner := aead(derive(key, purposeBlob))
	m := manifest{ID: "aa", Chunks: []string{string(bytes.Repeat([]byte("ab"), 32))}, SHA256: "cd", Size: 7}
	f.Add(m.encode(owner, key, "merchant-1"))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, _, err := decodeManifest(b, owner, "merchant-1"); err == nil && !reflect.DeepEqual(got, m) {
			t.Error("a manifest that nobody wrote was accepted")
		}
	})
}

func FuzzOpen(f *testing.F) {
	v := open(f, Config{Dir: f.TempDir()})
	good := seal1(f, v, "merchant-1", "x")
	f.Add(good)
	f.Add("")
	f.Fuzz(func(t *testing.T, sealed string) {
		clear, err := v.Open(context.Background(), "merchant-1", event, "name", sealed)
		if err == nil && clear != "x" || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%q opened to %q, %v", sealed, clear, err)
		}
	})
}
