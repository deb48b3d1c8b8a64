package auth_test

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/lang"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/vault"
)

const (
	email    = "ann@example.com"
	password = "seven otters juggle turnips"
)

var here = auth.Caller{IP: "192.0.2.1", UserAgent: "test"}

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// counted counts the reads of a log.
type counted struct {
	*embedded.Log
	reads atomic.Int64
}

func (c *counted) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	c.reads.Add(1)
	return c.Log.ReadStream(ctx, stream, from, limit)
}

// world is one installation: a log, a vault, a key file, a clock.
type world struct {
	t     testing.TB
	log   *counted
	vault *vault.Vault
	keys  *auth.Keys
	clock *clock
}

func newWorld(t testing.TB) *world {
	t.Helper()
	dir := t.TempDir()
	log, err := embedded.Open(filepath.Join(dir, "log"), embedded.Options{
		UnsafeNoSync: true, Fatal: func(err error) { t.Error(err) },
		Reserve: embedded.NoReserve,
		Leaf:    func(dst []byte, r *eventstore.Record) []byte { return append(append(dst, r.ID[:]...), r.Data...) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	v, err := vault.Open(vault.Config{Dir: filepath.Join(dir, "vault")})
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{t: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	keys, err := auth.OpenKeys(filepath.Join(dir, "auth-keys.json"), c.now())
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, &counted{Log: log}, v, keys, c}
}

// cheap is a password hash that costs nothing, for tests that are not about it.
var cheap = auth.Argon2{MemoryKiB: 64, Time: 1, AtOnce: 8}

// node starts one API node of the installation.
func (w *world) node(change ...func(*auth.Config)) *auth.Service {
	w.t.Helper()
	cfg := auth.Config{
		Log: w.log, Vault: w.vault, Erased: vault.ErrErased, Keys: w.keys, Now: w.clock.now, Hasher: auth.NewHasher(cheap),
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := auth.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(s.Close)
	return s
}

func command(operation string) decider.Command {
	return decider.Command{ID: decider.NewID(), Actor: "test", Role: "admin", Operation: operation}
}

func person(r account.Role) auth.NewAccount {
	return auth.NewAccount{Role: r, Language: lang.English, Email: email, Name: "Ann Example"}
}

// join makes an account that can log in.
func (w *world) join(s *auth.Service, n auth.NewAccount) string {
	w.t.Helper()
	inv, err := s.Open(w.t.Context(), command("open"), n)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := s.Activate(w.t.Context(), inv.Token, password, here); err != nil {
		w.t.Fatal(err)
	}
	return inv.Account
}

func (w *world) login(s *auth.Service) auth.Session {
	w.t.Helper()
	got, err := s.Login(w.t.Context(), auth.LoginRequest{Email: email, Password: password, Caller: here})
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func (w *world) principal(s *auth.Service, token string) auth.Principal {
	w.t.Helper()
	p, err := s.Authenticate(w.t.Context(), token)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) code(secret string) string {
	w.t.Helper()
	code, err := totp.GenerateCode(secret, w.clock.now())
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

func (w *world) want(err, target error) {
	w.t.Helper()
	if !errors.Is(err, target) {
		w.t.Fatalf("got %v, want %v", err, target)
	}
}

// types answers the stored names of a stream's events.
func (w *world) types(stream string) []string {
	w.t.Helper()
	var names []string
	for r, err := range w.log.ReadStream(w.t.Context(), stream, 0, 1000) {
		if err != nil {
			w.t.Fatal(err)
		}
		names = append(names, r.Type)
	}
	return names
}

// feed passes a subscription on, tells when a message was handled, and can be
// cut.
type feed struct {
	log     *embedded.Log
	handled chan string // stored name, or "caught up"
	cut     chan struct{}
	refuse  atomic.Bool
}

func newFeed(log *embedded.Log) *feed {
	return &feed{log: log, handled: make(chan string, 1000), cut: make(chan struct{}, 1)}
}

func (f *feed) Head(ctx context.Context) (eventstore.Position, error) {
	if f.refuse.Load() {
		return eventstore.Start, errCut
	}
	return f.log.Head(ctx)
}

var errCut = errors.New("the connection was cut")

func (f *feed) Subscribe(ctx context.Context, after eventstore.Position, filter eventstore.Filter) iter.Seq2[eventstore.Message, error] {
	return func(yield func(eventstore.Message, error) bool) {
		if f.refuse.Load() {
			yield(eventstore.Message{}, errCut)
			f.handled <- "refused"
			return
		}
		inner, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-f.cut:
				cancel()
			case <-inner.Done():
			}
		}()
		for m, err := range f.log.Subscribe(inner, after, filter) {
			if err != nil {
				yield(m, err)
				f.handled <- "cut"
				return
			}
			if !yield(m, nil) {
				return
			}
			if m.CaughtUp {
				f.handled <- "caught up"
			} else {
				f.handled <- m.Record.Type
			}
		}
	}
}

// until waits for a message to have been handled.
func (f *feed) until(t testing.TB, what string) {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case got := <-f.handled:
			if got == what {
				return
			}
		case <-limit:
			t.Fatalf("%q never came", what)
		}
	}
}

// follow lets a node follow the log until the test ends.
func (w *world) follow(s *auth.Service) *feed {
	w.t.Helper()
	f := newFeed(w.log.Log)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		s.Follow(ctx, f)
		close(done)
	}()
	w.t.Cleanup(func() { cancel(); <-done })
	f.until(w.t, "caught up")
	return f
}

// openKeys are the keys of a file, as another node opens them.
func (w *world) openKeys(path string) *auth.Keys {
	w.t.Helper()
	k, err := auth.OpenKeys(path, w.clock.now())
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}
