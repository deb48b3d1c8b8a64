package esdb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"alta/eventstore"
)

// all is the whole log as a stream that has metadata.
const all = "$all"

// Grant lets an account of the server, and its admins, read $all, which is what
// following a log needs. Whoever is connected must be an admin. What the metadata of
// $all say besides stays, and who may read already may go on. It answers the metadata
// that are in force then, and writes nothing where they say so already.
func (l *Log) Grant(ctx context.Context, account string) (metadata string, err error) {
	if account == "" {
		return "", fmt.Errorf("%w: grant: nobody is named", eventstore.ErrInvalid)
	}
	expected, raw, err := l.metadata(ctx, all)
	if err != nil {
		return "", err
	}
	var of map[string]json.RawMessage
	if raw != nil {
		if err := json.Unmarshal(raw, &of); err != nil {
			return "", fmt.Errorf("the metadata of $all are not understood: %w", err)
		}
	}
	if of == nil {
		of = map[string]json.RawMessage{}
	}
	var acl map[string]json.RawMessage
	if raw, ok := of["$acl"]; ok {
		if err := json.Unmarshal(raw, &acl); err != nil {
			return "", fmt.Errorf("the metadata of $all are not understood: %w", err)
		}
	}
	readers, err := roles(acl["$r"])
	if err != nil {
		return "", err
	}
	before := len(readers)
	for _, who := range []string{"$admins", account} {
		if !slices.Contains(readers, who) {
			readers = append(readers, who)
		}
	}
	if acl == nil {
		acl = map[string]json.RawMessage{}
	}
	if acl["$r"], err = json.Marshal(readers); err != nil {
		return "", err
	}
	if of["$acl"], err = json.Marshal(acl); err != nil {
		return "", err
	}
	b, err := json.Marshal(of)
	if err != nil || len(readers) == before {
		return string(b), err
	}
	return string(b), l.setMetadata(ctx, all, expected, b)
}

// roles reads one role or a list of them.
func roles(raw json.RawMessage) (out []string, err error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, nil
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("the metadata of $all are not understood: %w", err)
	}
	return out, nil
}
