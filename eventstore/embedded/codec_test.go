package embedded

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"alta/eventstore"

	"golang.org/x/mod/sumdb/tlog"
)

func FuzzARecordIsReadBackAsWritten(f *testing.F) {
	f.Add("s-1", "t.v1", []byte(`{}`), []byte(`{"a":1}`), int64(0), int64(0))
	f.Add("", "", []byte(nil), []byte(nil), int64(math.MaxInt64), int64(-1))
	f.Fuzz(func(t *testing.T, stream, typ string, meta, data []byte, rev, created int64) {
		created %= math.MaxInt64 / 1000
		p := eventstore.Proposed{ID: eventstore.ID{1, 2, 3}, Type: typ, Meta: meta, Data: data}
		b := encodeRecord(stream, p)
		stamp(b, eventstore.Revision(rev), created)
		r, err := decodeRecord(7, b)
		if err != nil {
			t.Fatal(err)
		}
		if r.ID != p.ID || r.Type != typ || r.Stream != stream || !bytes.Equal(r.Meta, meta) || !bytes.Equal(r.Data, data) ||
			r.Revision != eventstore.Revision(rev) || toTicks(r.Created) != created || r.Position != position(7) {
			t.Fatalf("%+v", r)
		}
	})
}

func FuzzADamagedRecordIsAnErrorAndNoPanic(f *testing.F) {
	f.Add(encodeRecord("s", eventstore.Proposed{Type: "t", Data: []byte("d")}))
	f.Add(bytes.Repeat([]byte{0xff}, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := decodeRecord(1, b); err != nil && !errors.Is(err, eventstore.ErrCorrupt) {
			t.Fatal(err)
		}
	})
}

func TestTheClockKeepsItsTicksBeforeAndAfter1970(t *testing.T) {
	for _, want := range []time.Time{
		time.Unix(0, 0).UTC(), time.Unix(-1, 999_999_900).UTC(), time.Unix(-5, 100).UTC(),
		time.Date(2026, 11, 23, 1, 2, 3, 456_789_100, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got := fromTicks(toTicks(want)); !got.Equal(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestTheFrontierAgreesWithRFC6962(t *testing.T) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, n := range indexes {
			out[i] = stored[n]
		}
		return out, nil
	})
	var f frontier
	for n := range int64(300) {
		want, err := tlog.TreeHash(n, reader)
		if err != nil || f.root() != (tlog.Tree{N: n, Hash: want}) {
			t.Fatalf("size %d: got %v, want %v, %v", n, f.root(), want, err)
		}
		loaded, err := loadFrontier(n, reader)
		if err != nil || loaded.root() != f.root() {
			t.Fatalf("size %d, loaded: %v %v", n, loaded.root(), err)
		}
		b := f.add(nil, tlog.RecordHash([]byte{byte(n), byte(n >> 8)}))
		for ; len(b) > 0; b = b[tlog.HashSize:] {
			stored = append(stored, tlog.Hash(b[:tlog.HashSize]))
		}
		if int64(len(stored)) != tlog.StoredHashCount(n+1) {
			t.Fatalf("size %d: %d hashes are stored", n+1, len(stored))
		}
	}
}

func TestTheHeadCacheIsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	c := newHeadCache(100)
	c.put("used", head{last: 7})
	for i := range 10_000 {
		c.put(string(rune(i+200)), head{})
		if h, ok := c.get("used"); !ok || h.last != 7 {
			t.Fatalf("lost after %d", i)
		}
		if c.len() > 100 {
			t.Fatalf("%d heads", c.len())
		}
	}
}
