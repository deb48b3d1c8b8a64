package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"
)

// Codes makes and checks the one-time codes that confirm a signature. A code is
// a keyed hash of what is signed and of the time, cut to six digits as in
// RFC 4226 §5.3, so that nothing has to be kept to check it; the number of tries
// is bounded by the caller, and a contract can be signed only once.
type Codes struct{ key []byte }

// NewCodes wants at least 32 random bytes.
func NewCodes(key []byte) *Codes { return &Codes{key} }

const codeStep = 5 * time.Minute // a code is good for one to two steps

// Make answers the code for a subject (an application) and what is signed, and
// when it runs out.
func (c *Codes) Make(subject, digest string, at time.Time) (code string, expires time.Time) {
	step := at.Unix() / int64(codeStep/time.Second)
	return c.code(subject, digest, step), time.Unix((step+2)*int64(codeStep/time.Second), 0).UTC()
}

// Good reports whether the code was made for this and has not run out.
func (c *Codes) Good(subject, digest, code string, at time.Time) bool {
	step := at.Unix() / int64(codeStep/time.Second)
	now := subtle.ConstantTimeCompare([]byte(code), []byte(c.code(subject, digest, step)))
	before := subtle.ConstantTimeCompare([]byte(code), []byte(c.code(subject, digest, step-1)))
	return now|before == 1
}

func (c *Codes) code(subject, digest string, step int64) string {
	m := hmac.New(sha256.New, c.key)
	fmt.Fprintf(m, "alta signing code\x00%s\x00%s\x00%d", subject, digest, step)
	sum := m.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}
