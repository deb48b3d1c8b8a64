package nodetest

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"
)

// mark stands before names that begin with $, which the engine keeps for nobody.
const mark = "\x01"

// Types and streams of the server itself.
const (
	typeMetadata = "$metadata"
	typeDeleted  = "$streamDeleted"
	ofStream     = "$$" // the stream of another one's metadata begins so
)

func inName(name string) string {
	if strings.HasPrefix(name, "$") {
		return mark + name
	}
	return name
}

func outName(name string) string { return strings.TrimPrefix(name, mark) }

// store is one log: the engine, and what the server knows of its streams. All but
// the engine is guarded by the cluster's mutex.
type store struct {
	engine    *embedded.Log
	dir       string
	salt      uint64 // makes this log's positions differ from those of others
	streams   map[string]*traits
	scavenged map[uint64]bool // engine's numbers of events that are gone
}

// traits are what metadata and a tombstone say of a stream.
type traits struct {
	meta     map[string]json.RawMessage
	before   eventstore.Revision // $tb: older events are hidden
	maxCount int64               // 0 for none
	maxAge   time.Duration       // 0 for none
	gone     bool                // tombstoned
}

// deleted is the $tb of a soft-deleted stream.
const deleted = math.MaxInt64

func openStore(dir string) (*store, error) {
	s := &store{dir: dir, streams: map[string]*traits{}, scavenged: map[uint64]bool{}}
	if err := s.readSalt(); err != nil {
		return nil, err
	}
	var err error
	s.engine, err = embedded.Open(s.log(), embedded.Options{Leaf: evidence.Leaf, UnsafeNoSync: true, Reserve: embedded.NoReserve})
	if err != nil {
		return nil, err
	}
	for r, err := range s.engine.ReadAll(context.Background(), eventstore.Start, embedded.All) {
		if err != nil {
			return nil, errors.Join(err, s.engine.Close())
		}
		s.learn(r)
	}
	return s, nil
}

func (s *store) log() string { return filepath.Join(s.dir, "log") }

// readSalt reads or makes the number that tells this log's positions from those of
// others. A copy of the log keeps it.
func (s *store) readSalt() error {
	file := filepath.Join(s.dir, "salt")
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b = make([]byte, 8)
		_, _ = rand.Read(b) // never fails: it ends the process instead
		err = errors.Join(os.MkdirAll(s.dir, 0o700), os.WriteFile(file, b, 0o600))
	case err == nil && len(b) != 8:
		err = fmt.Errorf("nodetest: %s holds %d bytes, not 8", file, len(b))
	}
	if err != nil {
		return err
	}
	s.salt = binary.BigEndian.Uint64(b)
	return nil
}

// copyTo writes a copy of the log as it is now.
func (s *store) copyTo(ctx context.Context, dir string) error {
	b, err := os.ReadFile(filepath.Join(s.dir, "salt"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "salt"), b, 0o600); err != nil {
		return err
	}
	return s.engine.Backup(ctx, filepath.Join(dir, "log"))
}

// traits answers what is known of a stream, to be changed.
func (s *store) traits(stream string) *traits {
	t := s.streams[stream]
	if t == nil {
		t = &traits{meta: map[string]json.RawMessage{}}
		s.streams[stream] = t
	}
	return t
}

// learn takes in an event of the server itself.
func (s *store) learn(r *eventstore.Record) {
	switch stream, typ := outName(r.Stream), outName(r.Type); {
	case typ == typeDeleted:
		s.traits(stream).gone = true
	case typ == typeMetadata && strings.HasPrefix(stream, ofStream):
		s.traits(strings.TrimPrefix(stream, ofStream)).set(r.Data)
	}
}

// set replaces the metadata. What is no JSON object says nothing.
func (t *traits) set(data []byte) {
	t.meta = map[string]json.RawMessage{}
	_ = json.Unmarshal(data, &t.meta)
	number := func(name string) (n int64) {
		_ = json.Unmarshal(t.meta[name], &n)
		return n
	}
	t.before = eventstore.Revision(number("$tb"))
	t.maxCount = number("$maxCount")
	t.maxAge = time.Duration(number("$maxAge")) * time.Second
}

// with is the metadata with another $tb.
func (t *traits) with(before eventstore.Revision) []byte {
	m := maps.Clone(t.meta)
	m["$tb"] = json.RawMessage(fmt.Sprint(int64(before)))
	b, _ := json.Marshal(m) // raw values that were read
	return b
}

// hides answers which events of a stream are not shown, given its last revision.
func (t *traits) hides(last eventstore.Revision, now time.Time) func(*eventstore.Record) bool {
	if t == nil {
		return func(*eventstore.Record) bool { return false }
	}
	first, oldest := t.before, time.Time{}
	if t.maxCount > 0 {
		first = max(first, last+1-eventstore.Revision(t.maxCount))
	}
	if t.maxAge > 0 {
		oldest = now.Add(-t.maxAge)
	}
	return func(r *eventstore.Record) bool { return r.Revision < first || r.Created.Before(oldest) }
}

// last is the revision of the stream's newest event, NoStream for none.
func (s *store) last(ctx context.Context, stream string) (eventstore.Revision, error) {
	for r, err := range s.engine.ReadStreamBackward(ctx, inName(stream), math.MaxInt64, 1) {
		if errors.Is(err, eventstore.ErrStreamNotFound) {
			return eventstore.NoStream, nil
		}
		if err != nil {
			return 0, err
		}
		return r.Revision, nil
	}
	return eventstore.NoStream, nil
}

// granted is true once an access list of $all was written.
func (s *store) granted() bool {
	t := s.streams["$all"]
	return t != nil && t.meta["$acl"] != nil
}
