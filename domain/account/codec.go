package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"alta/domain/personal"
	"alta/eventstore"
)

// Sealer seals and opens one personal value of a subject, bound to the event
// and the field that hold it. The subject is the account's id.
type Sealer interface {
	Seal(ctx context.Context, subject string, event eventstore.ID, field, clear string) (string, error)
	Open(ctx context.Context, subject string, event eventstore.ID, field, ciphertext string) (string, error)
}

// Codec writes account events for the log and reads them back. Personal values
// are sealed on the way in and opened on the way out.
type Codec struct {
	Sealer Sealer
	// Erased is the error with which the Sealer says that a key was destroyed:
	// the value then reads as personal.Erased, and the history goes on.
	Erased error
}

// ErrUnknownEvent: the stored name is none that this program knows.
var ErrUnknownEvent = errors.New("account: unknown event")

// Encode writes an event's stored name and its JSON with sealed values.
func (c Codec) Encode(ctx context.Context, stream string, id eventstore.ID, e Event) (eventstore.Proposed, error) {
	name := StoredName(e)
	if name == "" {
		return eventstore.Proposed{}, fmt.Errorf("%w: %T", ErrUnknownEvent, e)
	}
	subject := subjectOf(stream)
	sealed, err := eachText(e, func(field string, t personal.Text) (personal.Text, error) {
		if t.Clear() == "" {
			return t, nil
		}
		s, err := c.Sealer.Seal(ctx, subject, id, field, t.Clear())
		if err != nil {
			return t, fmt.Errorf("account: seal %s of %s: %w", field, name, err)
		}
		return personal.Sealed(s), nil
	})
	if err != nil {
		return eventstore.Proposed{}, err
	}
	data, err := json.Marshal(sealed)
	if err != nil {
		return eventstore.Proposed{}, fmt.Errorf("account: %s: %w", name, err)
	}
	return eventstore.Proposed{ID: id, Type: name, Data: data}, nil
}

// Decode reads a stored event and opens its personal values.
func (c Codec) Decode(ctx context.Context, r *eventstore.Record) (Event, error) {
	e, err := DecodeSealed(r)
	if err != nil {
		return nil, err
	}
	subject := subjectOf(r.Stream)
	return eachText(e, func(field string, t personal.Text) (personal.Text, error) {
		if t.Ciphertext() == "" {
			return t, nil
		}
		clear, err := c.Sealer.Open(ctx, subject, r.ID, field, t.Ciphertext())
		switch {
		case err == nil:
			return personal.New(clear), nil
		case c.Erased != nil && errors.Is(err, c.Erased):
			return personal.Erased(), nil
		}
		return t, fmt.Errorf("account: open %s of %s: %w", field, r.Type, err)
	})
}

// DecodeSealed reads a stored event and leaves its personal values sealed, for
// readers that have no business with them.
func DecodeSealed(r *eventstore.Record) (Event, error) {
	read, ok := readers[r.Type]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownEvent, r.Type)
	}
	e, err := read(r.Data)
	if err != nil {
		return nil, fmt.Errorf("account: %s: %w", r.Type, err)
	}
	return e, nil
}

// StoredName is the permanent name of an event's kind. Names are written by
// hand: renaming a Go type must not rename history.
func StoredName(e Event) string {
	switch e.(type) {
	case Opened:
		return "account.opened.v1"
	case LinkIssued:
		return "account.link_issued.v1"
	case Activated:
		return "account.activated.v1"
	case PasswordChanged:
		return "account.password_changed.v1"
	case RoleChanged:
		return "account.role_changed.v1"
	case Suspended:
		return "account.suspended.v1"
	case Restored:
		return "account.restored.v1"
	case Closed:
		return "account.closed.v1"
	case TOTPOffered:
		return "account.totp_offered.v1"
	case TOTPEnrolled:
		return "account.totp_enrolled.v1"
	case TOTPDisabled:
		return "account.totp_disabled.v1"
	case OIDCLinked:
		return "account.oidc_linked.v1"
	case SessionStarted:
		return "account.session_started.v1"
	case SessionRotated:
		return "account.session_rotated.v1"
	case SessionRevoked:
		return "account.session_revoked.v1"
	case APIKeyIssued:
		return "account.api_key_issued.v1"
	case APIKeyUsed:
		return "account.api_key_used.v1"
	case APIKeyRevoked:
		return "account.api_key_revoked.v1"
	case WentAway:
		return "account.went_away.v1"
	case CameBack:
		return "account.came_back.v1"
	case SkillsStated:
		return "account.skills_stated.v1"
	case LanguageChosen:
		return "account.language_chosen.v1"
	}
	return ""
}

// readers has one way to read per stored name.
var readers = map[string]func([]byte) (Event, error){
	"account.opened.v1":           reader[Opened],
	"account.link_issued.v1":      reader[LinkIssued],
	"account.activated.v1":        reader[Activated],
	"account.password_changed.v1": reader[PasswordChanged],
	"account.role_changed.v1":     reader[RoleChanged],
	"account.suspended.v1":        reader[Suspended],
	"account.restored.v1":         reader[Restored],
	"account.closed.v1":           reader[Closed],
	"account.totp_offered.v1":     reader[TOTPOffered],
	"account.totp_enrolled.v1":    reader[TOTPEnrolled],
	"account.totp_disabled.v1":    reader[TOTPDisabled],
	"account.oidc_linked.v1":      reader[OIDCLinked],
	"account.session_started.v1":  reader[SessionStarted],
	"account.session_rotated.v1":  reader[SessionRotated],
	"account.session_revoked.v1":  reader[SessionRevoked],
	"account.api_key_issued.v1":   reader[APIKeyIssued],
	"account.api_key_used.v1":     reader[APIKeyUsed],
	"account.api_key_revoked.v1":  reader[APIKeyRevoked],
	"account.went_away.v1":        reader[WentAway],
	"account.came_back.v1":        reader[CameBack],
	"account.skills_stated.v1":    reader[SkillsStated],
	"account.language_chosen.v1":  reader[LanguageChosen],
}

func reader[E Event](data []byte) (Event, error) {
	var e E
	err := json.Unmarshal(data, &e)
	return e, err
}

// eachText puts every personal value of an event through f. The field names are
// part of what a ciphertext is bound to: they are permanent.
func eachText(e Event, f func(field string, t personal.Text) (personal.Text, error)) (Event, error) {
	var errs [2]error
	switch e := e.(type) {
	case Opened:
		e.Email, errs[0] = f("email", e.Email)
		e.Name, errs[1] = f("name", e.Name)
		return e, errors.Join(errs[:]...)
	case Activated:
		e.Password, errs[0] = f("password", e.Password)
		return e, errs[0]
	case PasswordChanged:
		e.Password, errs[0] = f("password", e.Password)
		return e, errs[0]
	case TOTPOffered:
		e.Secret, errs[0] = f("secret", e.Secret)
		return e, errs[0]
	case OIDCLinked:
		e.Subject, errs[0] = f("subject", e.Subject)
		return e, errs[0]
	case SessionStarted:
		e.Address, errs[0] = f("address", e.Address)
		e.Agent, errs[1] = f("agent", e.Agent)
		return e, errors.Join(errs[:]...)
	}
	return e, nil
}

func subjectOf(stream string) string { return strings.TrimPrefix(stream, Category+"-") }

// EncodeLogin writes an event of a log-in name. It holds no personal value: the
// stream's name is a keyed hash.
func EncodeLogin(_ context.Context, _ string, id eventstore.ID, e LoginEvent) (eventstore.Proposed, error) {
	p := eventstore.Proposed{ID: id}
	switch e.(type) {
	case LoginReserved:
		p.Type = "login.reserved.v1"
	case LoginReleased:
		p.Type = "login.released.v1"
	default:
		return p, fmt.Errorf("%w: %T", ErrUnknownEvent, e)
	}
	var err error
	p.Data, err = json.Marshal(e)
	return p, err
}

// DecodeLogin reads an event of a log-in name.
func DecodeLogin(_ context.Context, r *eventstore.Record) (LoginEvent, error) {
	var err error
	switch r.Type {
	case "login.reserved.v1":
		var e LoginReserved
		err = json.Unmarshal(r.Data, &e)
		return e, err
	case "login.released.v1":
		var e LoginReleased
		err = json.Unmarshal(r.Data, &e)
		return e, err
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknownEvent, r.Type)
}
