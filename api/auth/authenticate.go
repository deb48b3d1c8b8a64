package auth

import (
	"context"
	"crypto/subtle"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/domain/lang"
	"alta/eventstore"
)

// Principal is who is behind a request.
type Principal struct {
	Account      string
	Role         account.Role
	Organisation string
	Language     lang.Lang
	Session      string          // empty for an API key
	APIKey       string          // the key's id; empty for a session
	Scopes       []account.Scope // of the API key; a session is not limited by scopes
	// MustEnrol: nothing is allowed but setting up the second factor.
	MustEnrol bool
	// Request is the one that the caller may send again. The zero Request is a new
	// one each time.
	Request Request
}

// Request is one write about one's own account: done once, however often it is
// sent, and answered with the same secrets.
type Request struct {
	Command decider.Command
	// Key is what the caller named the request; empty where it gave no name. Secrets
	// are derived from it, so it is stored nowhere.
	Key string
}

// May reports whether a scope is granted: API keys have the scopes they were
// issued with, sessions all of them.
func (p Principal) May(scope account.Scope) bool {
	return p.APIKey == "" && p.Session != "" || slices.Contains(p.Scopes, scope)
}

// Command begins the envelope of what the principal does: the request's, or one
// with a new id.
func (p Principal) Command(operation string) decider.Command {
	if p.Request.Command.ID != (eventstore.ID{}) {
		return p.Request.Command
	}
	return decider.Command{ID: decider.NewID(), Actor: p.Account, Role: string(p.Role), Operation: operation}
}

// Bearer answers the token of an Authorization header (RFC 6750 §2.1), empty
// when there is none.
func Bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Authenticate answers who an access token or an API key stands for, or
// ErrToken. What was verified within the last minute is answered from memory.
func (s *Service) Authenticate(ctx context.Context, token string) (Principal, error) {
	if strings.HasPrefix(token, apiKeyMark) {
		return s.authenticateKey(ctx, token)
	}
	now := s.now()
	c, err := s.parseAccess(token, now)
	if err != nil {
		return Principal{}, err
	}
	name := "session " + c.Session
	if p, ok := s.seen.get(c.Subject, name, now); ok {
		return s.agrees(p, c)
	}
	ticket := s.seen.begin()
	st, _, err := s.accounts.Load(ctx, c.Subject)
	if err != nil {
		return Principal{}, err
	}
	x, ok := st.Session(c.Session)
	if !ok || st.Status != account.StatusActive || !now.Before(x.Expires) {
		return Principal{}, ErrToken
	}
	p := Principal{
		Account: st.ID, Role: st.Role, Organisation: st.Organisation, Language: st.Language,
		Session: x.ID, MustEnrol: s.mustEnrol(st, x),
	}
	s.seen.put(ticket, p, name, earlier(x.Expires, now.Add(trustFor)))
	return s.agrees(p, c)
}

// agrees refuses a token that speaks of another role or organisation than the
// account has now.
func (s *Service) agrees(p Principal, c claims) (Principal, error) {
	if p.Account != c.Subject || p.Role != c.Role || p.Organisation != c.Organisation {
		return Principal{}, ErrToken
	}
	return p, nil
}

func (s *Service) authenticateKey(ctx context.Context, token string) (Principal, error) {
	if len(token) > 256 {
		return Principal{}, ErrToken
	}
	id, owner, _, ok := parseAPIKey(token)
	if !ok {
		return Principal{}, ErrToken
	}
	now := s.now()
	hash := hashToken(token)
	name := "key " + hash
	if p, ok := s.seen.get(owner.String(), name, now); ok {
		return p, nil
	}
	ticket := s.seen.begin()
	st, _, err := s.accounts.Load(ctx, owner.String())
	if err != nil {
		return Principal{}, err
	}
	k, ok := st.Key(id.String())
	if !ok || st.Status != account.StatusActive || !now.Before(k.Expires) ||
		subtle.ConstantTimeCompare([]byte(k.Hash), []byte(hash)) != 1 {
		return Principal{}, ErrToken
	}
	p := Principal{
		Account: st.ID, Role: st.Role, Organisation: st.Organisation, Language: st.Language,
		APIKey: k.ID, Scopes: slices.Clone(k.Scopes),
	}
	use := account.UseAPIKey{Key: k.ID, At: now}
	if events, _ := use.Decide(st); len(events) > 0 {
		if _, err := s.accounts.Transact(ctx, st.ID, p.Command("use API key"), nil, use.Decide); err != nil {
			s.log.WarnContext(ctx, "the use of an API key was not recorded", "account", st.ID, "key", k.ID, "error", err)
		}
	}
	s.seen.put(ticket, p, name, earlier(k.Expires, now.Add(trustFor)))
	return p, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// trustFor is how long a verification is believed without a look at the log,
// also where the subscription is silent without having failed.
const trustFor = time.Minute

// maxVerified bounds the memory of verifications.
const maxVerified = 100_000

// verified remembers who was let in lately. It is believed only while the
// account events are being followed.
type verified struct {
	mu       sync.Mutex
	followed bool
	changes  uint64 // counts what was dropped
	accounts map[string]map[string]remembered
	size     int
}

type remembered struct {
	principal Principal
	until     time.Time
}

func (v *verified) init() { v.accounts = map[string]map[string]remembered{} }

func (v *verified) get(accountID, name string, now time.Time) (Principal, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, ok := v.accounts[accountID][name]
	return r.principal, ok && v.followed && now.Before(r.until)
}

// begin notes the moment before a look at the log.
func (v *verified) begin() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.changes
}

// put remembers what the look found, unless something changed since it began:
// the change may have been dropped before there was anything to drop.
func (v *verified) put(ticket uint64, p Principal, name string, until time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.followed || v.changes != ticket {
		return
	}
	if v.size >= maxVerified {
		clear(v.accounts)
		v.size = 0
	}
	of := v.accounts[p.Account]
	if of == nil {
		of = map[string]remembered{}
		v.accounts[p.Account] = of
	}
	if _, ok := of[name]; !ok {
		v.size++
	}
	of[name] = remembered{p, until}
}

// drop forgets an account.
func (v *verified) drop(accountID string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.changes++
	v.size -= len(v.accounts[accountID])
	delete(v.accounts, accountID)
}

func (v *verified) follow(on bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.followed = on
	v.changes++
	if !on {
		clear(v.accounts)
		v.size = 0
	}
}

// Feed follows the log live and without end, and says when it has caught up.
// Both engines do.
type Feed interface {
	Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error]
	Head(ctx context.Context) (eventstore.Position, error)
}

// Follow keeps what Authenticate remembers true: it follows the account events
// of all nodes from the log's end on, since nothing is remembered from before, and
// returns when ctx ends. After a failure it begins again where it was; until then,
// and until the log's end is known, nothing is answered from memory.
func (s *Service) Follow(ctx context.Context, feed Feed) {
	defer s.seen.follow(false)
	filter := eventstore.Filter{Name: "sessions", Streams: []string{account.Category + "-"}}
	from, ok := s.end(ctx, feed)
	for ok && ctx.Err() == nil {
		for m, err := range feed.Subscribe(ctx, from, filter) {
			if err != nil {
				if ctx.Err() == nil {
					s.log.WarnContext(ctx, "account events cannot be followed now", "error", err)
				}
				break
			}
			if m.CaughtUp {
				s.seen.follow(true)
			}
			if r := m.Record; r != nil {
				from = r.Position
				if id, ok := strings.CutPrefix(r.Stream, account.Category+"-"); ok && !routine(r.Type) {
					s.seen.drop(id)
				}
			}
		}
		s.seen.follow(false)
		select {
		case <-ctx.Done():
		case <-time.After(refollow):
		}
	}
}

// end waits until the log's end is known; false where ctx ended first.
func (s *Service) end(ctx context.Context, feed Feed) (eventstore.Position, bool) {
	for quiet := false; ; quiet = true {
		head, err := feed.Head(ctx)
		if err == nil {
			return head, true
		}
		if !quiet && ctx.Err() == nil {
			s.log.WarnContext(ctx, "account events cannot be followed yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return eventstore.Start, false
		case <-time.After(refollow):
		}
	}
}

const refollow = 500 * time.Millisecond

// routine reports whether events of that name change nothing about who is let in.
func routine(name string) bool {
	return name == account.StoredName(account.SessionRotated{}) || name == account.StoredName(account.APIKeyUsed{})
}
