package auth

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"alta/domain/account"
	"alta/domain/personal"
)

// Codes follow RFC 6238: SHA-1, six digits, steps of 30 seconds, which is what
// every authenticator app speaks. One step early or late is accepted for clocks
// that differ; each step works once.
const codeStep = 30

// checkCode answers the step that a code belongs to.
func checkCode(secret, code string, at time.Time) (int64, bool) {
	code = strings.ReplaceAll(code, " ", "")
	now := at.Unix() / codeStep
	found := int64(0)
	for step := now - 1; step <= now+1; step++ {
		ok, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if ok && err == nil {
			found = step
		}
	}
	return found, found > 0
}

// TOTPSetup is what an authenticator app needs. It is shown once.
type TOTPSetup struct {
	Secret string // base32, for typing
	URI    string // otpauth://…
	QR     []byte // the URI as a PNG image
}

// BeginTOTP offers the caller a new one-time-code secret. It counts from the
// moment it is confirmed with ConfirmTOTP; codes that are set up work until then.
// Ask for a proof of presence first, unless Fresh says that there is no need.
func (s *Service) BeginTOTP(ctx context.Context, p Principal) (TOTPSetup, error) {
	if err := s.counted(ctx, "offer", p, "", limitCode); err != nil {
		return TOTPSetup{}, err
	}
	st, _, err := s.accounts.Load(ctx, p.Account)
	if err != nil {
		return TOTPSetup{}, err
	}
	if st.Status == "" {
		return TOTPSetup{}, account.ErrNoAccount
	}
	secret, err := s.secret(p, "one-time-codes", 20)
	if err != nil {
		return TOTPSetup{}, err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Alta", AccountName: st.Email.Clear(), Secret: secret})
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("auth: one-time-code secret: %w", err)
	}
	img, err := key.Image(240, 240)
	if err != nil {
		return TOTPSetup{}, fmt.Errorf("auth: QR code: %w", err)
	}
	var qr bytes.Buffer
	if err := png.Encode(&qr, img); err != nil {
		return TOTPSetup{}, fmt.Errorf("auth: QR code: %w", err)
	}
	c := account.OfferTOTP{Secret: personal.New(key.Secret()), Replace: true, At: s.now()}
	if _, err := s.Transact(ctx, p.Account, p.Command("offer one-time codes"), nil, c.Decide); err != nil {
		return TOTPSetup{}, err
	}
	return TOTPSetup{Secret: key.Secret(), URI: key.URL(), QR: qr.Bytes()}, nil
}

// ConfirmTOTP switches one-time codes on with a first code. The caller's session
// counts as having two factors from then on; their other sessions end.
// What it answers are the recovery codes, which are shown this once.
func (s *Service) ConfirmTOTP(ctx context.Context, p Principal, code string) ([]string, error) {
	if err := s.counted(ctx, "code", p, "", limitCode); err != nil {
		return nil, err
	}
	now := s.now()
	cmd := p.Command("confirm one-time codes")
	codes, set, err := s.newRecoveryCodes(p, cmd)
	if err != nil {
		return nil, err
	}
	_, err = s.Transact(ctx, p.Account, cmd, nil, func(st account.State) ([]account.Event, error) {
		c := account.EnrolTOTP{Session: p.Session, Set: set.Set, Hashes: set.Hashes, At: now}
		if !st.TOTPOffer.IsZero() {
			step, ok := checkCode(st.TOTPOffer.Clear(), code, now)
			if !ok {
				return nil, ErrCode
			}
			c.Step = step
		}
		return c.Decide(st)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// Fresh reports whether a session that must set up its second factor began so
// lately that its log-in is proof enough of the person's presence.
func (s *Service) Fresh(ctx context.Context, p Principal) (bool, error) {
	if !p.MustEnrol {
		return false, nil
	}
	st, _, err := s.accounts.Load(ctx, p.Account)
	if err != nil {
		return false, err
	}
	x, ok := st.Session(p.Session)
	return ok && st.TOTP.IsZero() && s.now().Sub(x.Started) < 2*account.StepUpLifetime, nil
}

// DisableTOTP takes one-time codes and recovery codes away: somebody else's for a
// lost telephone, or the caller's own, for which ask for a proof of presence first.
func (s *Service) DisableTOTP(ctx context.Context, by Principal, accountID string) error {
	c := account.DisableTOTP{By: by.Account, Except: by.Session, At: s.now()}
	_, err := s.Transact(ctx, accountID, by.Command("disable one-time codes"), nil, c.Decide)
	return err
}
