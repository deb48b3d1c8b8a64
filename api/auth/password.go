package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Argon2 are the costs of a password hash (RFC 9106). Zero fields mean 64 MiB,
// three passes, one lane, two hashes at a time, 64 waiting.
type Argon2 struct {
	MemoryKiB uint32
	Time      uint32
	Lanes     uint8
	AtOnce    int // bounds memory: AtOnce × MemoryKiB
	Waiting   int // beyond these the answer is ErrBusy
}

// Hasher makes and checks password hashes, a bounded number at a time.
type Hasher struct {
	cost    Argon2
	slots   chan struct{}
	waiting atomic.Int64
	hashes  atomic.Int64 // done so far
	dummy   string       // checked where there is no real one
}

// NewHasher makes a hasher of that cost.
func NewHasher(a Argon2) *Hasher {
	if a.MemoryKiB == 0 {
		a.MemoryKiB = 64 << 10
	}
	if a.Time == 0 {
		a.Time = 3
	}
	if a.Lanes == 0 {
		a.Lanes = 1
	}
	if a.AtOnce <= 0 {
		a.AtOnce = 2
	}
	if a.Waiting <= 0 {
		a.Waiting = 64
	}
	h := &Hasher{cost: a, slots: make(chan struct{}, a.AtOnce)}
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt)
	h.dummy = a.phc(salt, make([]byte, hashLen))
	return h
}

const (
	saltLen = 16
	hashLen = 32
)

// phc writes the PHC string format.
func (a Argon2) phc(salt, hash []byte) string {
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.MemoryKiB, a.Time, a.Lanes, enc(salt), enc(hash))
}

// Hash makes the hash to store. ErrBusy when too many wait already.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails: the runtime ends the process instead
	sum, err := h.derive(ctx, h.cost, password, salt)
	if err != nil {
		return "", err
	}
	return h.cost.phc(salt, sum), nil
}

// Verify compares a password with a stored hash. The empty hash, of somebody who
// does not exist or has no password, takes the same work and is false.
func (h *Hasher) Verify(ctx context.Context, password, stored string) (bool, error) {
	real := stored != ""
	if !real {
		stored = h.dummy
	}
	var a Argon2
	var version int
	var rest string
	if n, err := fmt.Sscanf(stored, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s", &version, &a.MemoryKiB, &a.Time, &a.Lanes, &rest); n != 5 || err != nil {
		return false, fmt.Errorf("auth: a stored password hash is not in the PHC format")
	}
	// 22 characters are the 16 bytes of salt, 43 the 32 bytes of hash.
	if version != argon2.Version || len(rest) != 22+1+43 || a.MemoryKiB > 1<<20 || a.Time > 100 || a.Time == 0 || a.Lanes == 0 {
		return false, fmt.Errorf("auth: a stored password hash has costs out of bounds")
	}
	salt, err := base64.RawStdEncoding.DecodeString(rest[:22])
	if err != nil {
		return false, fmt.Errorf("auth: a stored password hash has no readable salt")
	}
	want, err := base64.RawStdEncoding.DecodeString(rest[23:])
	if err != nil {
		return false, fmt.Errorf("auth: a stored password hash is not readable")
	}
	sum, err := h.derive(ctx, a, password, salt)
	return subtle.ConstantTimeCompare(sum, want) == 1 && real, err
}

func (h *Hasher) derive(ctx context.Context, a Argon2, password string, salt []byte) ([]byte, error) {
	if h.waiting.Add(1) > int64(h.cost.Waiting+h.cost.AtOnce) {
		h.waiting.Add(-1)
		return nil, ErrBusy
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h.hashes.Add(1)
	return argon2.IDKey([]byte(normalPassword(password)), salt, a.Time, a.MemoryKiB, a.Lanes, hashLen), nil
}

const maxPassword = 256 // characters

// normalPassword makes one password of what different keyboards send for it
// (NIST SP 800-63B §3.1.1.2). Over-long input is cut for the work's sake: it was
// refused when the password was set, so it matches nothing.
func normalPassword(p string) string {
	if len(p) > maxPassword*utf8.UTFMax {
		p = p[:maxPassword*utf8.UTFMax]
	}
	return norm.NFKC.String(p)
}
