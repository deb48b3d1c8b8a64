package auth_test

import (
	"errors"
	"testing"

	"alta/api/auth"
	"alta/domain/account"
)

// FuzzTokens shows that no text crashes what reads tokens, and that none but the
// real one lets anybody in.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{"", "alta_", "alta_a_b", "a.b.c", "AAAA", "eyJhbGciOiJub25lIn0.e30."} {
		f.Add(seed)
	}
	var s *auth.Service
	f.Fuzz(func(t *testing.T, text string) {
		if s == nil {
			w := newWorld(t)
			t.Cleanup(func() { s = nil })
			s = w.node()
		}
		if _, err := s.Authenticate(t.Context(), text); !errors.Is(err, auth.ErrToken) {
			t.Errorf("access token or key: %v", err)
		}
		if _, err := s.Refresh(t.Context(), text, auth.Caller{IP: text}); !errors.Is(err, auth.ErrRefresh) {
			t.Errorf("refresh token: %v", err)
		}
		if err := s.Activate(t.Context(), text, password, auth.Caller{IP: text}); !errors.Is(err, account.ErrLinkOver) {
			t.Errorf("link: %v", err)
		}
		if _, err := s.FinishOIDC(t.Context(), text, text, text, auth.Caller{IP: text}); !errors.Is(err, auth.ErrOIDC) {
			t.Errorf("flow: %v", err)
		}
		if ok, _ := auth.NewHasher(cheap).Verify(t.Context(), "x", text); ok {
			t.Errorf("stored hash %q", text)
		}
		_ = auth.CheckPassword(text, account.Lead, text)
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	w := newWorld(b)
	s := w.node()
	w.join(s, person(account.Merchant))
	w.follow(s)
	in := w.login(s)
	for b.Loop() {
		if _, err := s.Authenticate(b.Context(), in.AccessToken); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPasswordHash(b *testing.B) {
	h := auth.NewHasher(auth.Argon2{})
	for b.Loop() {
		if _, err := h.Hash(b.Context(), password); err != nil {
			b.Fatal(err)
		}
	}
}
