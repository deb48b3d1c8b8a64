package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"alta/domain/account"
)

// ErrStepUpPerson: only a person can prove to be present, so an API key cannot.
var ErrStepUpPerson = &account.Refusal{Kind: account.Forbidden, Code: "person-required", Detail: "this needs a person who is logged in; an API key cannot do it"}

// Refusals about API keys.
var (
	ErrKeyRequired = &account.Refusal{Kind: account.Forbidden, Code: "key-required", Detail: "this is about an API key: send one as the bearer token"}
	ErrScope       = &account.Refusal{Kind: account.Forbidden, Code: "scope", Detail: "the API key was not issued for this"}
)

// StepUpError says that an act needs a fresh proof of presence. It is 403 with
// the code step-up-required.
type StepUpError struct{ Purpose account.StepUp }

func (e *StepUpError) Error() string {
	return "auth: a proof of presence is needed for " + string(e.Purpose)
}

// StepUpRequest is what a person offers as proof of presence.
type StepUpRequest struct {
	Purpose      account.StepUp
	Password     string
	Code         string // one-time code
	RecoveryCode string // in its place
	Caller
}

// Proof is a proof of presence. It is good for one session and one purpose.
type Proof struct {
	Token   string
	Purpose account.StepUp
	Expires time.Time
}

// StepUp checks password and one-time code again and answers a proof of presence
// for a class of acts. Errors are those of Login, account.ErrStepUpOther where the
// person has to prove it at the identity provider, and ErrStepUpPerson.
// They are all 403, since the session itself goes on.
func (s *Service) StepUp(ctx context.Context, p Principal, r StepUpRequest) (Proof, error) {
	proof, err := s.stepUp(ctx, p, r)
	s.note(ctx, "step-up", r.Caller, p.Account, err)
	return proof, forbidden(err)
}

func (s *Service) stepUp(ctx context.Context, p Principal, r StepUpRequest) (Proof, error) {
	if p.Session == "" {
		return Proof{}, ErrStepUpPerson
	}
	st, _, err := s.accounts.Load(ctx, p.Account)
	if err != nil {
		return Proof{}, err
	}
	device, err := s.ownDevice(st, r.Device)
	if err != nil {
		return Proof{}, err
	}
	if err := s.counted(ctx, "step-up", p, device, limitCode); err != nil {
		return Proof{}, err
	}
	good, err := s.hasher.Verify(ctx, r.Password, st.Password.Clear())
	if err != nil {
		return Proof{}, err
	}
	if !good {
		return Proof{}, ErrPasswordWrong
	}
	c := account.ProvePresence{Session: p.Session, Purpose: r.Purpose, Method: account.ByPassword, Verified: st.Password, At: s.now()}
	_, err = s.Transact(ctx, p.Account, p.Command("step up"), nil, func(st account.State) ([]account.Event, error) {
		c := c
		if c.Step, c.Recovery, err = s.second(st, r.Code, r.RecoveryCode, c.At); err != nil {
			return nil, err
		}
		return c.Decide(st)
	})
	if err != nil {
		return Proof{}, err
	}
	return s.proof(p, r.Purpose, c.At.Add(account.StepUpLifetime)), nil
}

// forbidden makes a refusal of what was offered as proof one that says nothing
// about the session: a client must not take it for a token that ran out.
func forbidden(err error) error {
	var r *account.Refusal
	if !errors.As(err, &r) || r.Kind != account.Unauthenticated || errors.Is(err, account.ErrSessionOver) {
		return err
	}
	c := *r
	c.Kind = account.Forbidden
	return &c
}

// second checks a one-time code, or answers the keyed hash of a recovery code,
// where the account has codes.
func (s *Service) second(st account.State, code, recovery string, at time.Time) (step int64, hash string, err error) {
	switch {
	case st.TOTP.IsZero():
		return 0, "", nil
	case recovery != "":
		return 0, s.recoveryHash(st.ID, recovery), nil
	case code != "":
		step, ok := checkCode(st.TOTP.Clear(), code, at)
		if !ok {
			return 0, "", ErrCode
		}
		return step, "", nil
	}
	return 0, "", nil
}

// proof makes the token: when it expires, and a MAC over that with the account,
// the session and the purpose, so that it needs no place to be kept.
func (s *Service) proof(p Principal, purpose account.StepUp, expires time.Time) Proof {
	expires = expires.Truncate(time.Second)
	b := binary.BigEndian.AppendUint64(nil, uint64(expires.Unix()))
	b = append(b, proofMAC(s.keys.newest(), p, purpose, b)...)
	return Proof{Token: base64.RawURLEncoding.EncodeToString(b), Purpose: purpose, Expires: expires}
}

func proofMAC(k key, p Principal, purpose account.StepUp, expires []byte) []byte {
	m := hmac.New(sha256.New, k.Secret)
	for _, part := range []string{"alta/auth/v1/step-up", p.Account, p.Session, string(purpose)} {
		m.Write([]byte(part))
		m.Write([]byte{0})
	}
	m.Write(expires)
	return m.Sum(nil)
}

// CheckProof is what code asks before an act that needs a person to be present.
// It answers nil for a proof that StepUp made for this session and purpose at most
// account.StepUpLifetime ago, *StepUpError for everything else, ErrKeysAway where that
// cannot be found out, and ErrStepUpPerson to an API key.
func (s *Service) CheckProof(p Principal, purpose account.StepUp, token string) error {
	if p.Session == "" {
		return ErrStepUpPerson
	}
	missing := &StepUpError{purpose}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 8+sha256.Size {
		return missing
	}
	now := s.now()
	genuine, err := s.keys.either(func() bool {
		return slices.ContainsFunc(s.keys.list(), func(k key) bool { return hmac.Equal(proofMAC(k, p, purpose, b[:8]), b[8:]) })
	})
	if err != nil {
		return err
	}
	if !genuine {
		return missing
	}
	if left := time.Unix(int64(binary.BigEndian.Uint64(b)), 0).Sub(now); left <= 0 || left > account.StepUpLifetime {
		return missing
	}
	return nil
}
