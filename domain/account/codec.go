package account

import (
	"encoding/json"
	"errors"
	"fmt"

	"alta/domain/personal"
)

// ErrUnknownEvent: the stored name is none that this program knows.
var ErrUnknownEvent = errors.New("account: unknown event")

// Encode writes an event as it is stored: its name and its JSON. Every clear
// personal value is handed to seal with the name of its field; without seal it
// is refused with personal.ErrClear.
func Encode(e Event, seal func(field, clear string) (ciphertext string, err error)) (name string, data []byte, err error) {
	if name = StoredName(e); name == "" {
		return "", nil, fmt.Errorf("%w: %T", ErrUnknownEvent, e)
	}
	e, err = eachText(e, func(field string, t personal.Text) (personal.Text, error) {
		if t.Clear() == "" || seal == nil {
			return t, nil
		}
		c, err := seal(field, t.Clear())
		if err != nil {
			return t, fmt.Errorf("account: seal %s of %s: %w", field, name, err)
		}
		return personal.Sealed(c), nil
	})
	if err != nil {
		return "", nil, err
	}
	if data, err = json.Marshal(e); err != nil {
		return "", nil, fmt.Errorf("account: %s: %w", name, err)
	}
	return name, data, nil
}

// Decode reads a stored event. With open it unseals every personal value, or
// finds it erased, and the history goes on; without, they stay sealed, for
// readers that have no business with them.
func Decode(name string, data []byte, open func(field, ciphertext string) (clear string, erased bool, err error)) (Event, error) {
	read, ok := readers[name]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownEvent, name)
	}
	e, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("account: %s: %w", name, err)
	}
	return eachText(e, func(field string, t personal.Text) (personal.Text, error) {
		if t.Ciphertext() == "" || open == nil {
			return t, nil
		}
		clear, erased, err := open(field, t.Ciphertext())
		switch {
		case err != nil:
			return t, fmt.Errorf("account: open %s of %s: %w", field, name, err)
		case erased:
			return personal.Erased(), nil
		}
		return personal.New(clear), nil
	})
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
	case PresenceProved:
		return "account.presence_proved.v1"
	case RecoveryCodesIssued:
		return "account.recovery_codes_issued.v1"
	case RecoveryCodeUsed:
		return "account.recovery_code_used.v1"
	case DeviceTrusted:
		return "account.device_trusted.v1"
	case DeviceForgotten:
		return "account.device_forgotten.v1"
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
	case ViewSaved:
		return "account.view_saved.v1"
	case ViewRemoved:
		return "account.view_removed.v1"
	}
	return ""
}

// readers has one way to read per stored name.
var readers = map[string]func([]byte) (Event, error){
	"account.opened.v1":                reader[Opened],
	"account.link_issued.v1":           reader[LinkIssued],
	"account.activated.v1":             reader[Activated],
	"account.password_changed.v1":      reader[PasswordChanged],
	"account.role_changed.v1":          reader[RoleChanged],
	"account.suspended.v1":             reader[Suspended],
	"account.restored.v1":              reader[Restored],
	"account.closed.v1":                reader[Closed],
	"account.totp_offered.v1":          reader[TOTPOffered],
	"account.totp_enrolled.v1":         reader[TOTPEnrolled],
	"account.totp_disabled.v1":         reader[TOTPDisabled],
	"account.oidc_linked.v1":           reader[OIDCLinked],
	"account.session_started.v1":       reader[SessionStarted],
	"account.session_rotated.v1":       reader[SessionRotated],
	"account.session_revoked.v1":       reader[SessionRevoked],
	"account.presence_proved.v1":       reader[PresenceProved],
	"account.recovery_codes_issued.v1": reader[RecoveryCodesIssued],
	"account.recovery_code_used.v1":    reader[RecoveryCodeUsed],
	"account.device_trusted.v1":        reader[DeviceTrusted],
	"account.device_forgotten.v1":      reader[DeviceForgotten],
	"account.api_key_issued.v1":        reader[APIKeyIssued],
	"account.api_key_used.v1":          reader[APIKeyUsed],
	"account.api_key_revoked.v1":       reader[APIKeyRevoked],
	"account.went_away.v1":             reader[WentAway],
	"account.came_back.v1":             reader[CameBack],
	"account.skills_stated.v1":         reader[SkillsStated],
	"account.language_chosen.v1":       reader[LanguageChosen],
	"account.view_saved.v1":            reader[ViewSaved],
	"account.view_removed.v1":          reader[ViewRemoved],
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
	case DeviceTrusted:
		e.Agent, errs[0] = f("agent", e.Agent)
		return e, errs[0]
	default: // nothing personal in it
		return e, nil
	}
}

// EncodeLogin writes an event of a log-in name. It holds no personal value: the
// stream's name is a keyed hash.
func EncodeLogin(e LoginEvent) (name string, data []byte, err error) {
	switch e.(type) {
	case LoginReserved:
		name = "login.reserved.v1"
	case LoginReleased:
		name = "login.released.v1"
	default:
		return "", nil, fmt.Errorf("%w: %T", ErrUnknownEvent, e)
	}
	data, err = json.Marshal(e)
	return name, data, err
}

// DecodeLogin reads an event of a log-in name.
func DecodeLogin(name string, data []byte) (LoginEvent, error) {
	var err error
	switch name {
	case "login.reserved.v1":
		var e LoginReserved
		err = json.Unmarshal(data, &e)
		return e, err
	case "login.released.v1":
		var e LoginReleased
		err = json.Unmarshal(data, &e)
		return e, err
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknownEvent, name)
}
