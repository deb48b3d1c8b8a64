package projections

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"alta/domain/application"
	"alta/domain/personal"
	"alta/eventstore"
)

// Entry is one event as people read it: personal values masked, everything else
// as it was stored.
type Entry struct {
	Revision int64             `json:"revision"`
	ID       string            `json:"id"`
	Position string            `json:"position,omitempty"`
	Type     string            `json:"type"` // "reason_raised": the stored name without category and version
	At       time.Time         `json:"at"`
	By       application.Actor `json:"by"`
	Command  string            `json:"command,omitempty"`
	Data     json.RawMessage   `json:"data"`
}

// EntryOf shows an event. Its personal values must be clear or erased.
func EntryOf(r *eventstore.Record, e application.Event) (Entry, error) {
	data, err := application.Show(e, personal.Mask)
	if err != nil {
		return Entry{}, fmt.Errorf("projections: show %s at revision %d: %w", r.Type, r.Revision, err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return Entry{}, fmt.Errorf("projections: show %s at revision %d: %w", r.Type, r.Revision, err)
	}
	delete(fields, "by")
	delete(fields, "at")
	for k, raw := range fields {
		if !bytes.Contains(raw, []byte(`"sealed":`)) && !bytes.Contains(raw, []byte(`"erased":`)) {
			continue // most fields hold nothing personal and stay as they were written
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return Entry{}, fmt.Errorf("projections: show %s at revision %d: %w", r.Type, r.Revision, err)
		}
		if fields[k], err = json.Marshal(flatten(v)); err != nil {
			return Entry{}, fmt.Errorf("projections: show %s at revision %d: %w", r.Type, r.Revision, err)
		}
	}
	shown, err := json.Marshal(fields)
	if err != nil {
		return Entry{}, fmt.Errorf("projections: show %s at revision %d: %w", r.Type, r.Revision, err)
	}
	h := e.Head()
	var meta struct {
		Command string `json:"command"`
	}
	if len(r.Meta) > 0 {
		if err := json.Unmarshal(r.Meta, &meta); err != nil {
			return Entry{}, fmt.Errorf("projections: metadata of %s at revision %d: %w", r.Type, r.Revision, err)
		}
	}
	return Entry{
		Revision: int64(r.Revision), ID: r.ID.String(), Position: r.Position.String(), Type: ShortName(r.Type),
		At: h.At, By: h.By, Command: meta.Command, Data: shown,
	}, nil
}

// ShortName is a stored name as people read it: "application.reason-raised.v1"
// is "reason_raised".
func ShortName(stored string) string {
	name := strings.TrimPrefix(stored, "application.")
	if dot := strings.LastIndex(name, ".v"); dot > 0 {
		name = name[:dot]
	}
	return strings.ReplaceAll(name, "-", "_")
}

// flatten replaces the stored form of a personal value, {"sealed": …}, which
// here holds the masked text, by that text.
func flatten(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			if s, ok := v["sealed"].(string); ok {
				return s
			}
			if gone, ok := v["erased"].(bool); ok && gone {
				return personal.Erased().Masked()
			}
		}
		for k, x := range v {
			v[k] = flatten(x)
		}
	case []any:
		for i, x := range v {
			v[i] = flatten(x)
		}
	}
	return v
}
