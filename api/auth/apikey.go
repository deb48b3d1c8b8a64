package auth

import (
	"context"
	"crypto/rand"
	"time"

	"alta/decider"
	"alta/domain/account"
)

// APIKeyRequest describes a key for a merchant's or an agent's own server.
type APIKeyRequest struct {
	Label   string
	Scopes  []account.Scope
	Expires time.Time // at most a year away
}

// IssueAPIKey makes a key for the caller's account. The key is answered once,
// here; the stream has its hash.
func (s *Service) IssueAPIKey(ctx context.Context, p Principal, r APIKeyRequest) (string, account.APIKey, error) {
	if err := s.limited(ctx, attempt{"key:" + p.Account, limitCode}); err != nil {
		return "", account.APIKey{}, err
	}
	owner, err := decider.ParseID(p.Account)
	if err != nil {
		return "", account.APIKey{}, err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: the runtime ends the process instead
	id := decider.NewID()
	token, prefix := formatAPIKey(id, owner, secret)
	c := account.IssueAPIKey{
		Key: id.String(), Prefix: prefix, Label: r.Label, Hash: hashToken(token), Scopes: r.Scopes,
		Expires: r.Expires.UTC().Truncate(time.Second), By: p.Account, At: s.now(),
	}
	res, err := s.Transact(ctx, p.Account, p.Command("issue API key"), nil, c.Decide)
	if err != nil {
		return "", account.APIKey{}, err
	}
	k, _ := res.State.Key(c.Key)
	return token, k, nil
}

// APIKeys lists the keys of an account that were not revoked, without anything
// that lets one in.
func (s *Service) APIKeys(ctx context.Context, p Principal) ([]account.APIKey, error) {
	st, _, err := s.accounts.Load(ctx, p.Account)
	if err != nil {
		return nil, err
	}
	keys := make([]account.APIKey, len(st.Keys))
	for i, k := range st.Keys {
		k.Hash = ""
		keys[i] = k
	}
	return keys, nil
}

// Key answers the API key that a request came with.
func (s *Service) Key(ctx context.Context, p Principal) (account.APIKey, error) {
	st, _, err := s.accounts.Load(ctx, p.Account)
	if err != nil {
		return account.APIKey{}, err
	}
	k, ok := st.Key(p.APIKey)
	if !ok {
		return account.APIKey{}, ErrToken
	}
	k.Hash = ""
	return k, nil
}

// RevokeAPIKey ends a key of the caller's account at once, on every node.
func (s *Service) RevokeAPIKey(ctx context.Context, p Principal, id string) error {
	c := account.RevokeAPIKey{Key: id, By: p.Account, At: s.now()}
	_, err := s.Transact(ctx, p.Account, p.Command("revoke API key"), nil, c.Decide)
	return err
}
