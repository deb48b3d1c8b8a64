package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"alta/decider"
	"alta/domain/account"
	"alta/eventstore"
)

// claims of an access token. No name, no address: tokens end up in logs of
// proxies and in bug reports.
type claims struct {
	jwt.RegisteredClaims
	Role         account.Role `json:"role"`
	Organisation string       `json:"org,omitempty"`
	Session      string       `json:"sid"`
}

const tokenType = "at+jwt" // RFC 9068 §2.1

// leeway is the clock difference between nodes that is put up with.
const leeway = 5 * time.Second

func (s *Service) accessToken(st account.State, session string, now time.Time) (string, error) {
	k := s.keys.newest()
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: s.issuer, Audience: jwt.ClaimStrings{s.audience}, Subject: st.ID, ID: decider.NewID().String(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(AccessLifetime)),
		},
		Role: st.Role, Organisation: st.Organisation, Session: session,
	})
	t.Header["typ"], t.Header["kid"] = tokenType, k.ID
	return t.SignedString(k.private)
}

// parseAccess checks everything about a token that the token itself shows
// (RFC 8725): one algorithm, our type, issuer, audience, key, and time. It fails with
// ErrToken, and with ErrKeysAway.
func (s *Service) parseAccess(token string, now time.Time) (claims, error) {
	var c claims
	if len(token) > 4096 {
		return c, ErrToken
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(s.issuer), jwt.WithAudience(s.audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }),
	)
	var away error
	_, err := parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		if _, extended := t.Header["crit"]; extended {
			return nil, ErrToken // RFC 7515 section 4.1.11: no extension is understood here
		}
		kid, _ := t.Header["kid"].(string)
		var k key
		var ok bool
		ok, away = s.keys.either(func() (found bool) { k, found = s.keys.find(kid); return found })
		if !ok || t.Header["typ"] != tokenType {
			return nil, ErrToken
		}
		return k.private.Public(), nil
	})
	switch {
	case away != nil:
		return c, away
	case err != nil || c.Subject == "" || c.Session == "":
		return c, ErrToken
	}
	return c, nil
}

// Opaque tokens name the account they belong to, so that finding it needs no
// index, and end in 256 bits that only the key file can make:
//
//	refresh: account 16 | session 16 | generation 4 | mac 32
//	link:    account 16 | link 16 | mac 32
type opaque struct {
	account, subject eventstore.ID
	generation       uint32
}

func (o opaque) mac(k key, purpose string) []byte {
	m := hmac.New(sha256.New, k.Secret)
	m.Write([]byte("alta/auth/v1/" + purpose + "\x00"))
	m.Write(o.account[:])
	m.Write(o.subject[:])
	m.Write(binary.BigEndian.AppendUint32(nil, o.generation))
	return m.Sum(nil)
}

const (
	purposeRefresh = "refresh"
	purposeLink    = "link"
)

func (o opaque) token(k key, purpose string) string {
	b := append(append([]byte(nil), o.account[:]...), o.subject[:]...)
	if purpose == purposeRefresh {
		b = binary.BigEndian.AppendUint32(b, o.generation)
	}
	return base64.RawURLEncoding.EncodeToString(append(b, o.mac(k, purpose)...))
}

// parseOpaque reads a token of ours, whichever key made it; genuine is false for any
// other text. It fails with ErrKeysAway.
func (s *Service) parseOpaque(token, purpose string) (o opaque, genuine bool, err error) {
	size := 16 + 16 + 32
	if purpose == purposeRefresh {
		size += 4
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != size {
		return o, false, nil // no token of ours has another form
	}
	copy(o.account[:], b)
	copy(o.subject[:], b[16:])
	if purpose == purposeRefresh {
		o.generation = binary.BigEndian.Uint32(b[32:])
	}
	genuine, err = s.keys.either(func() bool {
		return slices.ContainsFunc(s.keys.list(), func(k key) bool { return hmac.Equal(o.mac(k, purpose), b[size-32:]) })
	})
	return o, genuine, err
}

// newOpaque names a token by the text of its ids.
func newOpaque(accountID, subject string, generation int) (opaque, error) {
	a, err := decider.ParseID(accountID)
	if err != nil {
		return opaque{}, err
	}
	b, err := decider.ParseID(subject)
	return opaque{a, b, uint32(generation)}, err
}

// hashToken is what the stream holds of a token. The token has 256 random bits,
// so one round without salt is enough.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

var lower32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// apiKeyMark begins every API key, so that scanners find leaked ones.
const apiKeyMark = "alta_"

// formatAPIKey writes alta_<key and account>_<secret>; the first eight
// characters after the mark come from the key's random id and are its prefix.
func formatAPIKey(id, owner eventstore.ID, secret []byte) (token, prefix string) {
	name := lower32.EncodeToString(append(append([]byte(nil), id[:]...), owner[:]...))
	return apiKeyMark + name + "_" + lower32.EncodeToString(secret), apiKeyMark + name[:8]
}

func parseAPIKey(token string) (id, owner eventstore.ID, secret []byte, ok bool) {
	name, text, found := strings.Cut(strings.TrimPrefix(token, apiKeyMark), "_")
	b, err := lower32.DecodeString(name)
	secret, err2 := lower32.DecodeString(text)
	if !found || err != nil || err2 != nil || len(b) != 32 || len(secret) != 32 {
		return id, owner, nil, false
	}
	copy(id[:], b)
	copy(owner[:], b[16:])
	return id, owner, secret, true
}
