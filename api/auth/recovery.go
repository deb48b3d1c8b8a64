package auth

import (
	"context"
	"crypto/rand"
	"strings"

	"alta/decider"
	"alta/domain/account"
)

// recoveryBytes make a recovery code: 80 random bits, sixteen characters. That is
// too much to guess from a keyed hash, so the hash needs no cost of its own.
const recoveryBytes = 10

// newRecoveryCodes makes a set of codes, as people read them, and their hashes.
func (s *Service) newRecoveryCodes(accountID string) (codes, hashes []string) {
	for range account.RecoveryCodes {
		raw := make([]byte, recoveryBytes)
		_, _ = rand.Read(raw) // never fails: the runtime ends the process instead
		text := lower32.EncodeToString(raw)
		codes = append(codes, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
		hashes = append(hashes, s.recoveryHash(accountID, text))
	}
	return codes, hashes
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
	if err := s.limited(ctx, attempt{"recovery:" + p.Account, limitCode}); err != nil {
		return nil, err
	}
	codes, hashes := s.newRecoveryCodes(p.Account)
	c := account.IssueRecoveryCodes{Set: decider.NewID().String(), Hashes: hashes, At: s.now()}
	if _, err := s.Transact(ctx, p.Account, p.Command("renew recovery codes"), nil, c.Decide); err != nil {
		return nil, err
	}
	return codes, nil
}
