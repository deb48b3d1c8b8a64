// Package transit wraps data keys with a key service that speaks the HTTP
// interface of HashiCorp Vault's transit engine (OpenBao's too): the
// key-encryption key never leaves the service.
//
// The key must be of an AEAD type (aes256-gcm96, the default), because the name
// of what is wrapped is bound as associated data.
package transit

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"alta/vault"
)

// Config says where the key service is.
type Config struct {
	Address   string // such as https://vault.example:8200
	Mount     string // "transit" by default
	Key       string // the key's name
	TokenFile string // read at each call, so that an agent can renew it
	Namespace string // may be empty
	// Timeout bounds one call, 5 s by default.
	Timeout time.Duration
	// Client is http.DefaultClient when nil; set it for a private certificate
	// authority.
	Client *http.Client
}

// KMS is a vault.KMS.
type KMS struct{ cfg Config }

var _ vault.KMS = (*KMS)(nil)

// New checks the configuration; it calls nobody.
func New(cfg Config) (*KMS, error) {
	u, err := url.Parse(cfg.Address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: the key service's address must be an http(s) URL", vault.ErrInvalid)
	}
	if cfg.Key == "" || cfg.TokenFile == "" {
		return nil, fmt.Errorf("%w: the key service needs a key name and a token file", vault.ErrInvalid)
	}
	if cfg.Mount == "" {
		cfg.Mount = "transit"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Client == nil {
		cfg.Client = http.DefaultClient
	}
	return &KMS{cfg: cfg}, nil
}

type payload struct {
	Plaintext  []byte `json:"plaintext,omitempty"`
	Ciphertext string `json:"ciphertext,omitempty"`
	Bound      []byte `json:"associated_data,omitempty"`
}

// Wrap encrypts under the latest version of the key; the answer names it, as in
// vault:v3:….
func (k *KMS) Wrap(ctx context.Context, key, bound []byte) ([]byte, error) {
	out, err := k.call(ctx, "encrypt", payload{Plaintext: key, Bound: bound})
	if err != nil {
		return nil, err
	}
	if out.Ciphertext == "" {
		return nil, fmt.Errorf("%w: the key service answered no ciphertext", vault.ErrUnavailable)
	}
	return []byte(out.Ciphertext), nil
}

// Unwrap decrypts with the version that the wrapped key names.
func (k *KMS) Unwrap(ctx context.Context, wrapped, bound []byte) ([]byte, error) {
	out, err := k.call(ctx, "decrypt", payload{Ciphertext: string(wrapped), Bound: bound})
	return out.Plaintext, err
}

func (k *KMS) call(ctx context.Context, verb string, in payload) (payload, error) {
	ctx, cancel := context.WithTimeout(ctx, k.cfg.Timeout)
	defer cancel()
	fail := func(err error) (payload, error) {
		return payload{}, fmt.Errorf("%w: %s: %w", vault.ErrUnavailable, verb, err)
	}
	token, err := os.ReadFile(k.cfg.TokenFile)
	if err != nil {
		return fail(err)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return fail(err)
	}
	at := strings.TrimSuffix(k.cfg.Address, "/") + "/v1/" + k.cfg.Mount + "/" + verb + "/" + url.PathEscape(k.cfg.Key)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return fail(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Vault-Token", string(bytes.TrimSpace(token)))
	req.Header.Set("X-Vault-Request", "true")
	if k.cfg.Namespace != "" {
		req.Header.Set("X-Vault-Namespace", k.cfg.Namespace)
	}
	res, err := k.cfg.Client.Do(req)
	if err != nil {
		return fail(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return fail(err)
	}
	return readReply(res.StatusCode, text)
}

type reply struct {
	Data struct {
		Plaintext  string `json:"plaintext"`
		Ciphertext string `json:"ciphertext"`
	} `json:"data"`
	Errors []string `json:"errors"`
}

// readReply tells a wrapped key that is not genuine from a service that cannot
// help now (sealed, forbidden, a version that is retired or not there yet).
func readReply(status int, text []byte) (payload, error) {
	var r reply
	err := json.Unmarshal(text, &r)
	if status != http.StatusOK {
		for _, e := range r.Errors {
			if status == http.StatusBadRequest && (strings.Contains(e, "authentication failed") || strings.Contains(e, "invalid ciphertext")) {
				return payload{}, fmt.Errorf("%w: the key service does not accept a wrapped key", vault.ErrDamaged)
			}
		}
		return payload{}, fmt.Errorf("%w: the key service answered status %d", vault.ErrUnavailable, status)
	}
	if err != nil {
		return payload{}, fmt.Errorf("%w: the key service answered no JSON", vault.ErrUnavailable)
	}
	plain, err := base64.StdEncoding.DecodeString(r.Data.Plaintext)
	if err != nil {
		return payload{}, errors.Join(vault.ErrUnavailable, err)
	}
	return payload{Plaintext: plain, Ciphertext: r.Data.Ciphertext}, nil
}
