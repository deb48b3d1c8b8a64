package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"alta/decider"
	"alta/domain/access"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/sample"
	"alta/eventstore"
	"alta/projections"
	"alta/reactions"
	"alta/reactions/mail"
	"alta/vault"
)

// applicationCategory is the first part of the names of application streams;
// the second is the application's id, which is also the vault's subject.
const applicationCategory = "application"

// sealing joins the application's codec, which knows which values are personal,
// and the vault, which seals them under the key of their subject.
type sealing struct{ vault *vault.Vault }

func (s sealing) encode(ctx context.Context, stream string, id eventstore.ID, e application.Event) (eventstore.Proposed, error) {
	subject := strings.TrimPrefix(stream, applicationCategory+"-")
	name, data, err := application.Encode(e, func(field, clear string) (string, error) {
		return s.vault.Seal(ctx, subject, id, field, clear)
	})
	return eventstore.Proposed{Type: name, Data: data}, err
}

// decode opens what encode sealed. A value whose key was destroyed reads as
// erased; a key that cannot be had now is an error, never "erased".
func (s sealing) decode(ctx context.Context, r *eventstore.Record) (application.Event, error) {
	return s.decodeSome(ctx, r, func(string) bool { return true })
}

// decodeForLists opens only what lists need; the rest reads empty.
func (s sealing) decodeForLists(ctx context.Context, r *eventstore.Record) (application.Event, error) {
	return s.decodeSome(ctx, r, projections.Opens)
}

func (s sealing) decodeSome(ctx context.Context, r *eventstore.Record, opens func(field string) bool) (application.Event, error) {
	if err := ourMeta(r); err != nil {
		return nil, err
	}
	subject := strings.TrimPrefix(r.Stream, applicationCategory+"-")
	e, err := application.Decode(r.Type, r.Data, func(field, ciphertext string) (string, bool, error) {
		if !opens(field) {
			return "", false, nil
		}
		clear, err := s.vault.Open(ctx, subject, r.ID, field, ciphertext)
		if errors.Is(err, vault.ErrErased) {
			return "", true, nil
		}
		return clear, false, err
	})
	if err != nil {
		if unreadable := reactions.Readable(r); unreadable != nil {
			return nil, unreadable
		}
	}
	return e, err
}

// ourMeta answers an *eventstore.SetAsideError where an event's metadata are not
// those that a program of ours writes.
func ourMeta(r *eventstore.Record) error {
	if _, err := decider.ReadMeta(r.Meta); err != nil {
		return eventstore.Unreadable(r, err)
	}
	return nil
}

// readable answers an *eventstore.SetAsideError for an event that this program
// cannot read, whatever keys it has. Streams of other people are not ours to judge.
func readable(r *eventstore.Record) error {
	category, _, _ := strings.Cut(r.Stream, "-")
	if !ourStream(r.Stream) {
		return nil
	}
	if err := ourMeta(r); err != nil {
		return err
	}
	var err error
	switch category {
	case applicationCategory:
		return reactions.Readable(r)
	case account.Category:
		_, err = account.Decode(r.Type, r.Data, nil)
	case account.LoginCategory:
		_, err = account.DecodeLogin(r.Type, r.Data)
	case access.Category:
		_, err = access.Decode(r.Type, r.Data)
	case sample.Category:
		_, err = sample.Decode(r.Type, r.Data)
	case reactions.Category:
		err = reactions.ReadablePosition(r)
	default:
		err = mail.Readable(r)
	}
	if err != nil {
		return eventstore.Unreadable(r, err)
	}
	return nil
}

// ourStream reports whether this program reads a stream of that name back.
func ourStream(name string) bool {
	return strings.HasPrefix(name, applicationCategory+"-") || slices.ContainsFunc(watched, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// watched are the beginnings of the names of the streams, besides applications, that
// this program reads back. The roster is not among them: a process that does not
// understand it reads the log instead.
var watched = append([]string{
	account.Category + "-", account.LoginCategory + "-", access.Category + "-", sample.Category + "-", reactions.Category + "-",
}, mail.Streams...)

func (s sealing) applications(log decider.Log) *decider.Decider[application.State, application.Event] {
	return &decider.Decider[application.State, application.Event]{
		Log: log, Category: applicationCategory, Evolve: application.Evolve, Encode: s.encode, Decode: s.decode,
	}
}

func accesses(log decider.Log) *decider.Decider[access.State, access.Event] {
	return plain(log, access.Category, access.Evolve, access.Encode, access.Decode)
}

func samples(log decider.Log) *decider.Decider[sample.State, sample.Event] {
	return plain(log, sample.Category, sample.Evolve, sample.Encode, sample.Decode)
}

// plain is the decider of streams in which nothing is personal.
func plain[S, E any](log decider.Log, category string, evolve func(S, E) S, encode func(E) (string, []byte, error), decode func(string, []byte) (E, error)) *decider.Decider[S, E] {
	return &decider.Decider[S, E]{
		Log: log, Category: category, Evolve: evolve,
		Encode: func(_ context.Context, _ string, _ eventstore.ID, e E) (eventstore.Proposed, error) {
			name, data, err := encode(e)
			return eventstore.Proposed{Type: name, Data: data}, err
		},
		Decode: func(_ context.Context, r *eventstore.Record) (E, error) {
			e, err := decode(r.Type, r.Data)
			if err != nil {
				err = eventstore.Unreadable(r, err)
			}
			return e, err
		},
	}
}
