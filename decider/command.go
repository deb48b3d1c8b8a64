package decider

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1" // UUIDv5 is defined over SHA-1 (RFC 9562 §5.5); nothing here relies on its strength
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"alta/eventstore"
)

// Command is the envelope of one request: who asks, and how the events that
// follow from it are traced back. It becomes the metadata of those events, in
// clear, so it holds references and never a personal datum.
type Command struct {
	// ID names the request for ever: a request repeated with the same ID is
	// answered with the first one's result. At the HTTP edge it is the
	// Idempotency-Key; a reaction derives it from what it reacts to.
	ID eventstore.ID
	// Actor is the account that asks, or the name of the part of the system
	// that acts by itself, such as "deadline".
	Actor string
	// Role is what the actor acted as.
	Role string
	// Operation is what was asked for, such as "PUT /v1/applications/{id}/claim".
	// The same ID with another operation is refused with ErrCommandReused.
	Operation string
	// Correlation ties together everything that one cause set in motion; empty
	// means that this command is the first cause.
	Correlation string
	// Causation is the event that this command reacts to; zero for a person's.
	Causation eventstore.ID
	// Request identifies what was asked for: a keyed hash of the whole request,
	// which only the edge can make. The same ID with another Request is refused
	// with ErrCommandReused. Empty where the caller gave no key of its own.
	Request string
	// Policy and Reasons are the versions of the policy and of the registry of
	// reasons that the decision was made under; empty where neither matters.
	Policy  string
	Reasons string
}

// stored is the metadata's JSON. The fields stand in the order of their names
// and nothing is escaped that need not be, so equal envelopes have equal bytes.
//
// EventStoreDB knows two names of its own: its pages follow them, and its
// projection $by_correlation_id links every event to the stream $bc-<correlation>.
// They repeat ours and are not read back; events from before have them not.
type stored struct {
	// ServerCausation is the event that caused this one, or where a person did,
	// the command: the server wants a cause everywhere.
	ServerCausation   string `json:"$causationId"`
	ServerCorrelation string `json:"$correlationId"`

	Actor       string `json:"actor"`
	Causation   string `json:"causation,omitempty"`
	Command     string `json:"command"`
	Correlation string `json:"correlation"`
	Operation   string `json:"operation,omitempty"`
	Policy      string `json:"policy,omitempty"`
	Reasons     string `json:"reasons,omitempty"`
	Request     string `json:"request,omitempty"`
	Role        string `json:"role"`
}

// Meta writes the envelope as the canonical JSON that an event's metadata holds.
func (c Command) Meta() ([]byte, error) {
	s := stored{
		Actor: c.Actor, Command: c.ID.String(), Correlation: c.Correlation, Operation: c.Operation,
		Policy: c.Policy, Reasons: c.Reasons, Request: c.Request, Role: c.Role,
	}
	if c.Causation != (eventstore.ID{}) {
		s.Causation = c.Causation.String()
	}
	if s.Correlation == "" {
		s.Correlation = s.Command
	}
	s.ServerCorrelation = s.Correlation
	if s.ServerCausation = s.Causation; s.ServerCausation == "" {
		s.ServerCausation = s.Command
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return nil, fmt.Errorf("decider: metadata of command %s: %w", c.ID, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ReadMeta reads back the envelope of a stored event. Events that came from
// elsewhere may have no metadata: that is the zero Command.
func ReadMeta(meta []byte) (Command, error) {
	if len(meta) == 0 {
		return Command{}, nil
	}
	var s stored
	if err := json.Unmarshal(meta, &s); err != nil {
		return Command{}, fmt.Errorf("decider: metadata: %w", err)
	}
	c := Command{
		Actor: s.Actor, Role: s.Role, Operation: s.Operation, Correlation: s.Correlation,
		Policy: s.Policy, Reasons: s.Reasons, Request: s.Request,
	}
	var err error
	if s.Command != "" {
		if c.ID, err = ParseID(s.Command); err != nil {
			return Command{}, fmt.Errorf("decider: metadata: command: %w", err)
		}
	}
	if s.Causation != "" {
		if c.Causation, err = ParseID(s.Causation); err != nil {
			return Command{}, fmt.Errorf("decider: metadata: causation: %w", err)
		}
	}
	return c, nil
}

// sending is what the ids of the command's events are derived from: its own id, and
// the whole request where that is known. So the log never takes another request under
// the same id for a repetition.
func (c Command) sending() eventstore.ID {
	if c.Request == "" {
		return c.ID
	}
	return DeriveID(c.ID, c.Request)
}

// EventID is the id of the index-th event that a command appends to a stream:
// a UUIDv5 of (command, stream, index). The same command repeated proposes the
// same ids, which is how the log recognises an append that it already holds;
// the stream is part of it so that a command that concerns two streams does not
// use one id for two events.
func EventID(command eventstore.ID, stream string, index int) eventstore.ID {
	return DeriveID(command, stream+"/"+strconv.Itoa(index))
}

// DeriveID makes the UUIDv5 of a name within a namespace. Whatever must come
// out the same when it is done again takes its id from what caused it.
func DeriveID(namespace eventstore.ID, name string) eventstore.ID {
	h := sha1.New()
	h.Write(namespace[:])
	h.Write([]byte(name))
	var id eventstore.ID
	copy(id[:], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}

// NewID makes a random UUIDv4, for a request that came without an id.
func NewID() eventstore.ID {
	var id eventstore.ID
	_, _ = rand.Read(id[:]) // never fails: the runtime ends the process instead
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseID reads a UUID in the canonical 8-4-4-4-12 form, in either case. The
// nil UUID is refused: it would make unrelated requests look like one.
func ParseID(s string) (eventstore.ID, error) {
	var id eventstore.ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, fmt.Errorf("%w: want the form 8-4-4-4-12", ErrID)
	}
	if _, err := hex.Decode(id[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:])); err != nil {
		return eventstore.ID{}, fmt.Errorf("%w: want hexadecimal digits", ErrID)
	}
	if id == (eventstore.ID{}) {
		return id, fmt.Errorf("%w: the nil UUID names nothing", ErrID)
	}
	return id, nil
}
