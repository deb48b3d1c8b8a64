// Package access records who looked at what: every unmasked number and every
// opened image of an application is a fact in the application's access stream,
// written before the value or the bytes go out.
//
// The law behind it: PIPL (2021) arts. 51 and 54 (who may process what, and that
// it can be audited); OWASP ASVS 5.0, 16.3.2 (log reads of sensitive data).
package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"alta/domain/application"
	"alta/domain/item"
)

// Category is the first part of the names of access streams; the second is the
// application's id.
const Category = "access"

// What was looked at.
const (
	Values  = "values"  // unmasked personal values
	Image   = "image"   // a page of a document
	History = "history" // a restricted application, opened by an auditor
	Copy    = "copy"    // all that the merchant supplied and was told, by the merchant itself
)

// Event is one fact in an access stream.
//
//sumtype:decl
type Event interface{ isEvent() }

// Looked: somebody saw something, or was about to.
type Looked struct {
	By       application.Actor `json:"by"`
	At       time.Time         `json:"at"`
	What     string            `json:"what"`
	Items    []item.Key        `json:"items,omitempty"`
	Document string            `json:"document,omitempty"`
	Page     int               `json:"page,omitempty"`
	Size     string            `json:"size,omitempty"` // "view" or "thumbnail"
	Why      string            `json:"why"`
	Address  string            `json:"address,omitempty"` // blind index of the network address
}

func (Looked) isEvent() {}

// Alarms is the id under which the alarms lie, of all persons together.
const Alarms = "alarms"

// What an alarm is about.
const (
	AllLooks     = "all"     // every look of a person
	OutsideLooks = "outside" // looks at what the person does not hold
)

// Alarmed: somebody opened more than Percent of what a person may open in an
// hour.
type Alarmed struct {
	By      application.Actor `json:"by"`
	At      time.Time         `json:"at"`
	Kind    string            `json:"kind"`
	Most    int               `json:"most"`
	Percent int               `json:"percent"`
}

func (Alarmed) isEvent() {}

// Raise writes an alarm down.
type Raise Alarmed

// Decide answers Alarmed.
func (c Raise) Decide(State) ([]Event, error) {
	c.At = c.At.UTC().Truncate(time.Millisecond)
	return []Event{Alarmed(c)}, nil
}

// State is all that recording needs: how many looks, or alarms, there were.
type State struct{ Looks int64 }

// Evolve folds one look.
func Evolve(s State, _ Event) State {
	s.Looks++
	return s
}

// ErrWhy: every look needs a reason.
var ErrWhy = errors.New("access: say why")

// Record writes one look down.
type Record Looked

// Decide answers Looked. It never finds that nothing is to be done: two looks
// are two facts.
func (c Record) Decide(State) ([]Event, error) {
	if c.Why == "" {
		return nil, ErrWhy
	}
	c.At = c.At.UTC().Truncate(time.Millisecond)
	return []Event{Looked(c)}, nil
}

const (
	lookedV1  = "access.looked.v1"
	alarmedV1 = "access.alarmed.v1"
)

// Encode writes an event's stored name and data.
func Encode(e Event) (name string, data []byte, err error) {
	switch e := e.(type) {
	case Looked:
		data, err = json.Marshal(e)
		return lookedV1, data, err
	case Alarmed:
		data, err = json.Marshal(e)
		return alarmedV1, data, err
	}
	return "", nil, fmt.Errorf("access: no stored name for %T", e)
}

// Decode reads what Encode wrote.
func Decode(name string, data []byte) (Event, error) {
	switch name {
	case lookedV1:
		return decode[Looked](name, data)
	case alarmedV1:
		return decode[Alarmed](name, data)
	}
	return nil, fmt.Errorf("access: unknown event %q", name)
}

func decode[E Event](name string, data []byte) (Event, error) {
	var e E
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("access: %s: %w", name, err)
	}
	return e, nil
}
