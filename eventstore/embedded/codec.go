package embedded

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"alta/eventstore"
)

// Kinds of keys; each key begins with one.
const (
	keyEvent  = 'e'
	keyHashes = 'h'
	keyIndex  = 's'
	keyName   = 'n'
	keyMark   = 'm'
)

func eventKey(pos uint64) []byte { return numberKey(keyEvent, pos) }

func hashesKey(index int64) []byte { return numberKey(keyHashes, uint64(index)) }

func indexKey(sid uint64, rev eventstore.Revision) []byte {
	return binary.BigEndian.AppendUint64(numberKey(keyIndex, sid), uint64(rev))
}

func nameKey(stream string) []byte { return append([]byte{keyName}, stream...) }

func markKey(stream string) []byte { return append([]byte{keyMark}, stream...) }

func numberKey(kind byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, 17), kind), n)
}

// upper is the exclusive end of all keys of a kind.
func upper(kind byte) []byte { return []byte{kind + 1} }

// number reads the last eight bytes of a key or a value.
func number(b []byte) (uint64, error) {
	if len(b) < 8 {
		return 0, fmt.Errorf("%w: a number of %d bytes", eventstore.ErrCorrupt, len(b))
	}
	return binary.BigEndian.Uint64(b[len(b)-8:]), nil
}

// position is the public form of an event's number.
func position(pos uint64) eventstore.Position {
	return eventstore.Position{Commit: pos, Prepare: pos}
}

// A record is stored as
//
//	version 1 · revision:8 · created:8 (100 ns ticks since 1970) · id:16 ·
//	stream · type · meta (each with its length as a uvarint) · data (the rest)
//
// Revision and clock lie at fixed places because the writer fills them in when
// it has decided; everything else is encoded by the caller beforehand.
const (
	recordVersion = 1
	atRevision    = 1
	atCreated     = 9
	atID          = 17
	recordHead    = 33
)

// tick is the resolution of Record.Created, EventStoreDB's.
const tick = 100 * time.Nanosecond

// encodeRecord encodes an event of which revision and clock are not known yet.
func encodeRecord(stream string, p eventstore.Proposed) []byte {
	n := recordHead + 3*binary.MaxVarintLen32 + len(stream) + len(p.Type) + len(p.Meta) + len(p.Data)
	b := make([]byte, recordHead, n)
	b[0] = recordVersion
	copy(b[atID:], p.ID[:])
	b = append(binary.AppendUvarint(b, uint64(len(stream))), stream...)
	b = append(binary.AppendUvarint(b, uint64(len(p.Type))), p.Type...)
	b = append(binary.AppendUvarint(b, uint64(len(p.Meta))), p.Meta...)
	return append(b, p.Data...)
}

// stamp fills in what the writer decides.
func stamp(b []byte, rev eventstore.Revision, created int64) {
	binary.BigEndian.PutUint64(b[atRevision:], uint64(rev))
	binary.BigEndian.PutUint64(b[atCreated:], uint64(created))
}

// rawRecord is a stored record taken apart without copying.
type rawRecord struct {
	id                       eventstore.ID
	revision                 eventstore.Revision
	created                  int64
	stream, typ, meta, datum []byte
}

// splitRecord takes a stored record apart; the parts alias b.
func splitRecord(b []byte) (rawRecord, error) {
	if len(b) < recordHead || b[0] != recordVersion {
		return rawRecord{}, fmt.Errorf("%w: a record of %d bytes has no known version", eventstore.ErrCorrupt, len(b))
	}
	r := rawRecord{
		revision: eventstore.Revision(binary.BigEndian.Uint64(b[atRevision:])),
		created:  int64(binary.BigEndian.Uint64(b[atCreated:])),
	}
	copy(r.id[:], b[atID:])
	rest := b[recordHead:]
	for _, part := range []*[]byte{&r.stream, &r.typ, &r.meta} {
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > math.MaxInt32 || int(n) > len(rest)-used {
			return rawRecord{}, fmt.Errorf("%w: a record ends early", eventstore.ErrCorrupt)
		}
		*part, rest = rest[used:used+int(n)], rest[used+int(n):]
	}
	r.datum = rest
	return r, nil
}

// decodeRecord builds the public form of the record at pos; it keeps b.
func decodeRecord(pos uint64, b []byte) (*eventstore.Record, error) {
	raw, err := splitRecord(b)
	if err != nil {
		return nil, err
	}
	return raw.record(pos, b, nil), nil
}

// record is the public form of a record that lies in b, the same bytes as those
// it was split from or a copy of them.
func (r rawRecord) record(pos uint64, b []byte, known names) *eventstore.Record {
	meta := len(b) - len(r.datum) - len(r.meta)
	return &eventstore.Record{
		Proposed: eventstore.Proposed{
			ID: r.id, Type: known.text(r.typ),
			Meta: clip(b[meta : meta+len(r.meta)]), Data: clip(b[len(b)-len(r.datum):]),
		},
		Stream:   known.text(r.stream),
		Revision: r.revision,
		Position: position(pos),
		Created:  fromTicks(r.created),
	}
}

// names are those that were met on one page, each allocated once; nil remembers
// none.
type names map[string]string

func (n names) text(b []byte) string {
	if s, ok := n[string(b)]; ok {
		return s
	}
	s := string(b)
	if n != nil && len(n) < pageEvents {
		n[s] = s
	}
	return s
}

// clip keeps an append by a consumer from writing over the neighbouring part.
func clip(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b[:len(b):len(b)]
}

func toTicks(t time.Time) int64 {
	return t.Unix()*int64(time.Second/tick) + int64(t.Nanosecond())/int64(tick)
}

func fromTicks(n int64) time.Time {
	per := int64(time.Second / tick)
	sec, rest := n/per, n%per
	if rest < 0 {
		sec, rest = sec-1, rest+per
	}
	return time.Unix(sec, rest*int64(tick)).UTC()
}

// streamMark says what of a stream was deleted: everything before keep, or,
// with gone, the name itself for ever.
type streamMark struct {
	gone bool
	keep eventstore.Revision
}

func (m streamMark) encode() []byte {
	b := []byte{0}
	if m.gone {
		b[0] = 1
	}
	return binary.BigEndian.AppendUint64(b, uint64(m.keep))
}

func decodeMark(b []byte) (streamMark, error) {
	if len(b) != 9 || b[0] > 1 {
		return streamMark{}, fmt.Errorf("%w: a stream mark of %d bytes", eventstore.ErrCorrupt, len(b))
	}
	keep, err := number(b)
	return streamMark{gone: b[0] == 1, keep: eventstore.Revision(keep)}, err
}

// hides is true when every event up to last was soft-deleted.
func (m streamMark) hides(last eventstore.Revision) bool { return m.keep > 0 && last < m.keep }
