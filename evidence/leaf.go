// Package evidence proves what the event log held and in which order: to the
// start of the program, which must notice when its newest events are gone, and
// to an auditor, who must notice an edit, a deletion, an insertion, a new order
// or a fork by somebody with full access to the disk.
//
// Every event has a leaf in a Merkle tree as RFC 6962 defines it (SHA-256; leaf
// hash H(0x00 ‖ leaf), node hash H(0x01 ‖ left ‖ right)); the engine stores the
// tree's hashes in the same synced batch as the event. The tree's size and root
// are signed as a checkpoint in the format of the Go checksum database and of
// transparency logs (C2SP tlog-checkpoint over signed notes with Ed25519), every
// ten seconds or 256 events, into files beside the store, never in it: a store
// cannot testify against itself. Between checkpoints a small unsigned mark
// follows every sync, so that a crash leaves no acknowledged event uncovered.
//
// # The leaf
//
// A leaf is the event's canonical envelope: what the application wrote, and where
// in its stream, without the store's position and clock. An embedded log and its
// copy on EventStoreDB therefore have the same root. A verifier in another
// language needs this much; all integers are big-endian:
//
//	"alta.leaf.v1\n"          13 bytes of ASCII
//	stream    4-byte length, then that many bytes of UTF-8
//	revision  8 bytes, the event's number in its stream, from 0
//	id        16 bytes, the UUID in network order
//	type      4-byte length, bytes
//	metadata  4-byte length, bytes exactly as stored
//	data      4-byte length, bytes exactly as stored (personal values sealed)
//
// Each part carries its length, so two different events never have the same
// envelope. The index of the leaf is the event's place in the log, from 0, where
// events of the store's own streams ($…) do not count.
package evidence

import (
	"encoding/binary"
	"errors"
	"fmt"

	"alta/eventstore"

	"golang.org/x/mod/sumdb/tlog"
)

const leafMagic = "alta.leaf.v1\n"

// Leaf appends the canonical envelope of r to dst. It looks at neither Position
// nor Created.
func Leaf(dst []byte, r *eventstore.Record) []byte {
	dst = append(dst, leafMagic...)
	dst = appendPart(dst, r.Stream)
	dst = binary.BigEndian.AppendUint64(dst, uint64(r.Revision))
	dst = append(dst, r.ID[:]...)
	dst = appendPart(dst, r.Type)
	dst = appendPart(dst, r.Meta)
	return appendPart(dst, r.Data)
}

func appendPart[B string | []byte](dst []byte, part B) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(part))), part...)
}

// LeafHash is the hash with which r enters the tree.
func LeafHash(r *eventstore.Record) tlog.Hash {
	return tlog.RecordHash(Leaf(nil, r))
}

// ErrLeaf: bytes that are no canonical envelope.
var ErrLeaf = errors.New("evidence: not an event's canonical envelope")

// ParseLeaf reads an envelope back. It accepts exactly what Leaf writes.
func ParseLeaf(b []byte) (*eventstore.Record, error) {
	p := parser{rest: b}
	if string(p.take(len(leafMagic))) != leafMagic {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrLeaf, leafMagic)
	}
	r := new(eventstore.Record)
	r.Stream = string(p.part())
	r.Revision = eventstore.Revision(p.number(8))
	copy(r.ID[:], p.take(len(r.ID)))
	r.Type = string(p.part())
	r.Meta = p.part()
	r.Data = p.part()
	if p.short || len(p.rest) != 0 {
		return nil, fmt.Errorf("%w: its lengths do not add up", ErrLeaf)
	}
	return r, nil
}

// parser takes an envelope apart and remembers when it was too short.
type parser struct {
	rest  []byte
	short bool
}

func (p *parser) take(n int) []byte {
	if n < 0 || n > len(p.rest) {
		p.short, p.rest = true, nil
		return nil
	}
	taken := p.rest[:n:n]
	p.rest = p.rest[n:]
	return taken
}

func (p *parser) number(size int) (n uint64) {
	for _, b := range p.take(size) {
		n = n<<8 | uint64(b)
	}
	return n
}

func (p *parser) part() []byte { return p.take(int(p.number(4))) }
