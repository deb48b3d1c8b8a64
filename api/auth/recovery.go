package auth

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"alta/decider"
	"alta/domain/account"
)

// recoveryBytes make a recovery code: 80 random bits, sixteen characters. That is
// too much to guess from a keyed hash, so the hash needs no cost of its own.
const recoveryBytes = 10

// newRecoveryCodes makes a set of codes, as people read them, and the command that
// issues it.
func (s *Service) newRecoveryCodes(p Principal, cmd decider.Command) ([]string, account.IssueRecoveryCodes, error) {
	c := account.IssueRecoveryCodes{Set: decider.DeriveID(cmd.ID, "recovery codes").String(), At: s.now()}
	raw, err := s.secret(p, "recovery-codes", account.RecoveryCodes*recoveryBytes)
	if err != nil {
		return nil, c, err
	}
	var codes []string
	for one := range slices.Chunk(raw, recoveryBytes) {
		text := lower32.EncodeToString(one)
		codes = append(codes, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
		c.Hashes = append(c.Hashes, s.recoveryHash(p.Account, text))
	}
	return codes, c, nil
}

// secret makes n secret bytes. For a request with a key they follow from it, from
// the account and from a key of the vault: sent again the request is answered the
// same, and nothing that is stored tells what the answer was.
func (s *Service) secret(p Principal, purpose string, n int) ([]byte, error) {
	if p.Request.Key == "" {
		b := make([]byte, n)
		_, _ = rand.Read(b) // never fails: the runtime ends the process instead
		return b, nil
	}
	b, err := hkdf.Key(sha256.New, []byte(s.vault.Index("secret", p.Account+"\x00"+p.Request.Key)), nil, "alta/auth/v1/"+purpose, n)
	if err != nil {
		return nil, fmt.Errorf("auth: make a secret: %w", err)
	}
	return b, nil
}

// recoveryHash is what the stream holds of a recovery code: a hash with a key that
// is in the vault, so that the stream alone does not tell whether a guess is right.
func (s *Service) recoveryHash(accountID, code string) string {
	code = strings.NewReplacer("-", "", " ", "", "0", "o", "1", "l", "8", "b").Replace(strings.ToLower(code))
	return s.vault.Index("recovery-code", accountID+"\x00"+code)
}

// RenewRecoveryCodes gives the caller new recovery codes. They are answered once,
// here; the set before stops working. Ask for a proof of presence first.
func (s *Service) RenewRecoveryCodes(ctx context.Context, p Principal) ([]string, error) {
	if err := s.counted(ctx, "recovery", p, "", limitCode); err != nil {
		return nil, err
	}
	cmd := p.Command("renew recovery codes")
	codes, c, err := s.newRecoveryCodes(p, cmd)
	if err != nil {
		return nil, err
	}
	if _, err := s.Transact(ctx, p.Account, cmd, nil, c.Decide); err != nil {
		return nil, err
	}
	return codes, nil
}
