package auth

import (
	"context"
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
	if err := s.counted(ctx, "key", p, "", limitCode); err != nil {
		return "", account.APIKey{}, err
	}
	owner, err := decider.ParseID(p.Account)
	if err != nil {
		return "", account.APIKey{}, err
	}
	secret, err := s.secret(p, "api-key", 32)
	if err != nil {
		return "", account.APIKey{}, err
	}
	cmd := p.Command("issue API key")
	id := decider.DeriveID(cmd.ID, "API key")
	token, prefix := formatAPIKey(id, owner, secret)
	c := account.IssueAPIKey{
		Key: id.String(), Prefix: prefix, Label: r.Label, Hash: hashToken(token), Scopes: r.Scopes,
		Expires: r.Expires.UTC().Truncate(time.Second), By: p.Account, At: s.now(),
	}
	res, err := s.Transact(ctx, p.Account, cmd, nil, c.Decide)
	if err != nil {
		return "", account.APIKey{}, err
	}
	var issued account.State // the key as it was issued, whatever became of it since
	for _, e := range res.Events {
		issued = account.Evolve(issued, e)
	}
	k, ok := issued.Key(c.Key)
	if !ok {
		k, _ = res.State.Key(c.Key)
	}
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
