package transit

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"alta/eventstore"
	"alta/vault"
)

// service is a key service in the test: the transit interface over AES-GCM with
// numbered key versions.
type service struct {
	latest, oldest atomic.Int32 // key versions
	down           atomic.Bool
	hangs          atomic.Bool
	calls          atomic.Int32
}

func (s *service) aead(version int) cipher.AEAD {
	block, _ := aes.NewCipher(bytes.Repeat([]byte{byte(version)}, 32))
	gcm, _ := cipher.NewGCM(block)
	return gcm
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	fail := func(status int, text string) {
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string][]string{"errors": {text}})
	}
	if s.hangs.Load() {
		_, _ = io.Copy(io.Discard, r.Body) // a server hears that the caller is gone once it has read everything
		<-r.Context().Done()
		return
	}
	var in struct {
		Plaintext, Ciphertext string
		Bound                 []byte `json:"associated_data"`
	}
	switch {
	case s.down.Load():
		fail(503, "Vault is sealed")
		return
	case r.Header.Get("X-Vault-Token") != "s.token":
		fail(403, "permission denied")
		return
	case json.NewDecoder(r.Body).Decode(&in) != nil:
		fail(400, "failed to parse JSON input")
		return
	}
	out := map[string]any{}
	switch r.URL.Path {
	case "/v1/transit/encrypt/alta":
		plain, err := base64.StdEncoding.DecodeString(in.Plaintext)
		if err != nil {
			fail(400, "failed to base64-decode plaintext")
			return
		}
		v := int(s.latest.Load())
		sealed := s.aead(v).Seal(make([]byte, 12), make([]byte, 12), plain, in.Bound)
		out["ciphertext"] = fmt.Sprintf("vault:v%d:%s", v, base64.StdEncoding.EncodeToString(sealed))
	case "/v1/transit/decrypt/alta":
		parts := strings.SplitN(in.Ciphertext, ":", 3)
		if len(parts) != 3 {
			fail(400, "invalid ciphertext: no prefix")
			return
		}
		v, _ := strconv.Atoi(strings.TrimPrefix(parts[1], "v"))
		if v < int(s.oldest.Load()) {
			fail(400, "ciphertext or signature version is disallowed by policy (too old)")
			return
		}
		sealed, _ := base64.StdEncoding.DecodeString(parts[2])
		plain, err := s.aead(v).Open(nil, sealed[:12], sealed[12:], in.Bound)
		if err != nil {
			fail(400, "cipher: message authentication failed")
			return
		}
		out["plaintext"] = base64.StdEncoding.EncodeToString(plain)
	default:
		fail(404, "no handler for route")
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"data": out})
}

func start(t *testing.T) (*service, *KMS) {
	t.Helper()
	s := &service{}
	s.latest.Store(1)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("s.token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := New(Config{Address: server.URL, Key: "alta", TokenFile: token, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return s, k
}

func TestAWrappedKeyOpensOnlyForWhatItWasWrappedFor(t *testing.T) {
	_, k := start(t)
	ctx := context.Background()
	key := bytes.Repeat([]byte{7}, 32)
	w, err := k.Wrap(ctx, key, []byte("subject a"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Unwrap(ctx, w, []byte("subject a")); err != nil || !bytes.Equal(got, key) {
		t.Errorf("got %x, %v", got, err)
	}
	if _, err := k.Unwrap(ctx, w, []byte("subject b")); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("another subject: %v", err)
	}
	if _, err := k.Unwrap(ctx, []byte("rubbish"), nil); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("rubbish: %v", err)
	}
}

func TestARotatedServiceKeyStillOpensUntilItIsRetired(t *testing.T) {
	s, k := start(t)
	ctx := context.Background()
	w, err := k.Wrap(ctx, make([]byte, 32), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.latest.Store(2)
	if _, err := k.Unwrap(ctx, w, nil); err != nil {
		t.Errorf("an old version: %v", err)
	}
	s.oldest.Store(2)
	if _, err := k.Unwrap(ctx, w, nil); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("a retired version: %v", err)
	}
}

func TestAKeyServiceThatIsDownSlowOrForbiddenIsUnavailable(t *testing.T) {
	s, k := start(t)
	ctx := context.Background()
	s.down.Store(true)
	if _, err := k.Wrap(ctx, make([]byte, 32), nil); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("down: %v", err)
	}
	s.down.Store(false)
	s.hangs.Store(true)
	k.cfg.Timeout = 200 * time.Millisecond
	if _, err := k.Wrap(ctx, make([]byte, 32), nil); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("slow: %v", err)
	}
	s.hangs.Store(false)
	k.cfg.Timeout = time.Minute
	if err := os.WriteFile(k.cfg.TokenFile, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Wrap(ctx, make([]byte, 32), nil); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("forbidden: %v", err)
	}
}

func TestTheVaultWorksOnAKeyServiceAndOutlivesItForFiveMinutes(t *testing.T) {
	s, k := start(t)
	ctx := context.Background()
	now := time.Unix(1_800_000_000, 0)
	v, err := vault.Open(vault.Config{Dir: t.TempDir(), KMS: k, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := v.Seal(ctx, "merchant-1", eventstore.ID{1}, "name", "王芳")
	if err != nil {
		t.Fatal(err)
	}
	s.down.Store(true)
	now = now.Add(5*time.Minute - time.Second)
	if clear, err := v.Open(ctx, "merchant-1", eventstore.ID{1}, "name", sealed); err != nil || clear != "王芳" {
		t.Errorf("within five minutes: %q, %v", clear, err)
	}
	now = now.Add(2 * time.Second)
	if _, err := v.Open(ctx, "merchant-1", eventstore.ID{1}, "name", sealed); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("after five minutes: %v", err)
	}
	if _, err := v.Seal(ctx, "merchant-2", eventstore.ID{1}, "name", "x"); !errors.Is(err, vault.ErrUnavailable) {
		t.Errorf("a new subject: %v", err)
	}
	s.down.Store(false)
	if _, err := v.Open(ctx, "merchant-1", eventstore.ID{1}, "name", sealed); err != nil {
		t.Errorf("after recovery: %v", err)
	}
}

func FuzzReply(f *testing.F) {
	f.Add(200, []byte(`{"data":{"ciphertext":"vault:v1:aa"}}`))
	f.Add(400, []byte(`{"errors":["cipher: message authentication failed"]}`))
	f.Fuzz(func(t *testing.T, status int, text []byte) {
		if _, err := readReply(status, text); err != nil && !errors.Is(err, vault.ErrDamaged) && !errors.Is(err, vault.ErrUnavailable) {
			t.Errorf("an untyped error: %v", err)
		}
	})
}
