package esdb

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// ofAll is the stream with the metadata of $all.
const ofAll = "$$$all"

// Grant lets an account of the server, and its admins, read $all, which is what
// following a log needs. Whoever is connected must be an admin. What the metadata of
// $all say besides stays, and who may read already may go on. It answers the metadata
// that are in force then, and writes nothing where they say so already.
func (l *Log) Grant(ctx context.Context, account string) (metadata string, err error) {
	if account == "" {
		return "", fmt.Errorf("%w: grant: nobody is named", eventstore.ErrInvalid)
	}
	expected, all, err := l.metadataOfAll(ctx)
	if err != nil {
		return "", err
	}
	var acl map[string]json.RawMessage
	if raw, ok := all["$acl"]; ok {
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
	if all["$acl"], err = json.Marshal(acl); err != nil {
		return "", err
	}
	b, err := json.Marshal(all)
	if err != nil || len(readers) == before {
		return string(b), err
	}
	event := esdb.EventData{ContentType: esdb.ContentTypeJson, EventType: "$metadata", Data: b}
	_, _ = rand.Read(event.EventID[:]) // never fails: the runtime ends the process instead
	event.EventID[6], event.EventID[8] = event.EventID[6]&0x0f|0x40, event.EventID[8]&0x3f|0x80
	_, err = insist(ctx, l, ofAll, func(ctx context.Context, c *esdb.Client) (*esdb.WriteResult, error) {
		return c.AppendToStream(ctx, ofAll, esdb.AppendToStreamOptions{ExpectedRevision: expectation(expected), RequiresLeader: true}, event)
	})
	if conflicting(err) {
		err = &eventstore.ConflictError{Stream: ofAll, Expected: expected, Actual: eventstore.NoStream}
	}
	return string(b), err
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

// metadataOfAll reads the newest metadata of $all, and their revision.
func (l *Log) metadataOfAll(ctx context.Context) (eventstore.Revision, map[string]json.RawMessage, error) {
	revision, all := eventstore.NoStream, map[string]json.RawMessage{}
	_, err := insist(ctx, l, ofAll, func(ctx context.Context, c *esdb.Client) (struct{}, error) {
		s, err := c.ReadStream(ctx, ofAll, esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}, RequiresLeader: true}, 1)
		if err != nil {
			return struct{}{}, err
		}
		defer s.Close()
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return struct{}{}, nil
		}
		if err != nil {
			return struct{}{}, err
		}
		revision = eventstore.Revision(e.Event.EventNumber)
		clear(all)
		return struct{}{}, json.Unmarshal(e.Event.Data, &all)
	})
	if errors.Is(err, eventstore.ErrStreamNotFound) {
		err = nil
	}
	if err != nil {
		return revision, nil, fmt.Errorf("the metadata of $all: %w", err)
	}
	return revision, all, nil
}
