package auth

import (
	"context"
	"errors"
	"strings"

	"alta/domain/account"
	"alta/eventstore"
)

// codec joins the domain's events to the log's records and the vault: a value is
// sealed for its account, bound to its event and field.
type codec struct {
	vault  Vault
	erased error
}

func (c codec) encode(ctx context.Context, stream string, id eventstore.ID, e account.Event) (eventstore.Proposed, error) {
	name, data, err := account.Encode(e, func(field, clear string) (string, error) {
		return c.vault.Seal(ctx, subjectOf(stream), id, field, clear)
	})
	return eventstore.Proposed{ID: id, Type: name, Data: data}, err
}

func (c codec) decode(ctx context.Context, r *eventstore.Record) (account.Event, error) {
	e, err := account.Decode(r.Type, r.Data, func(field, ciphertext string) (string, bool, error) {
		clear, err := c.vault.Open(ctx, subjectOf(r.Stream), r.ID, field, ciphertext)
		if errors.Is(err, c.erased) {
			return "", true, nil
		}
		return clear, false, err
	})
	if err != nil {
		if _, unreadable := account.Decode(r.Type, r.Data, nil); unreadable != nil {
			return nil, eventstore.Unreadable(r, unreadable)
		}
	}
	return e, err
}

func subjectOf(stream string) string { return strings.TrimPrefix(stream, account.Category+"-") }

func encodeLogin(_ context.Context, _ string, id eventstore.ID, e account.LoginEvent) (eventstore.Proposed, error) {
	name, data, err := account.EncodeLogin(e)
	return eventstore.Proposed{ID: id, Type: name, Data: data}, err
}

func decodeLogin(_ context.Context, r *eventstore.Record) (account.LoginEvent, error) {
	e, err := account.DecodeLogin(r.Type, r.Data)
	if err != nil {
		return nil, eventstore.Unreadable(r, err)
	}
	return e, nil
}
