package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"

	"alta/eventstore"
)

// Purposes of the keys that HKDF derives from one data key, and the domains of
// the additional data. A ciphertext made for one purpose never opens under
// another. The texts are part of the stored format.
const (
	purposeField = "alta/vault/v1/field"
	purposeBlob  = "alta/vault/v1/blob"
	purposeChunk = "alta/vault/v1/chunk"
	purposeMeta  = "alta/vault/v1/manifest"
	purposeWrap  = "alta/vault/v1/wrap"
	purposeIndex = "alta/vault/v1/index"
)

// sealedV1 is the first byte of every ciphertext: nonce (12), AES-256-GCM
// ciphertext and tag (16) follow.
const sealedV1 = 1

// Seal encrypts one personal value for the log. The ciphertext opens only for
// the same subject, event and field, so that a sealed value cannot be moved to
// another place. The subject's key is made when it has none; ErrErased when it
// was destroyed, ErrUnavailable when it cannot be had now.
//
// Sealing the same value twice gives two ciphertexts: equality is asked of
// Index, never of ciphertexts.
func (v *Vault) Seal(ctx context.Context, subject string, event eventstore.ID, field, clear string) (string, error) {
	if err := named(subject, field); err != nil {
		return "", err
	}
	key, err := v.subjectKey(ctx, subject, true)
	if err != nil {
		return "", err
	}
	sealed := seal(key.fields, []byte(clear), bind(purposeField, subject, string(event[:]), field))
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// Open decrypts what Seal wrote. It never makes a key: ErrErased when the key
// was destroyed, ErrNoKey when there was none, ErrDamaged when the ciphertext
// is not the one that Seal made for this subject, event and field.
func (v *Vault) Open(ctx context.Context, subject string, event eventstore.ID, field, ciphertext string) (string, error) {
	if err := named(subject, field); err != nil {
		return "", err
	}
	key, err := v.subjectKey(ctx, subject, false)
	if err != nil {
		return "", err
	}
	sealed, err := base64.StdEncoding.DecodeString(ciphertext)
	if err != nil {
		return "", fmt.Errorf("%w: field %s", ErrDamaged, field)
	}
	clear, err := unseal(key.fields, sealed, bind(purposeField, subject, string(event[:]), field))
	if err != nil {
		return "", fmt.Errorf("%w: field %s", ErrDamaged, field)
	}
	return string(clear), nil
}

// Index is the blind index of a value: an HMAC under a key of this installation
// that lets equal values of one kind be found without storing them. The caller
// normalises the value first (spaces, case, width). The empty value has no index.
func (v *Vault) Index(kind, value string) string {
	if value == "" {
		return ""
	}
	mac := v.macs.Get().(hash.Hash)
	mac.Write(bind(purposeIndex, kind, value))
	sum := base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	mac.Reset()
	v.macs.Put(mac)
	return sum
}

func named(names ...string) error {
	for _, n := range names {
		if n == "" || len(n) > MaxSubject {
			return fmt.Errorf("%w: subject and field have 1 to %d bytes", ErrInvalid, MaxSubject)
		}
	}
	return nil
}

// bind joins parts so that no two different lists give the same bytes: each is
// preceded by its length.
func bind(parts ...string) []byte {
	n := 0
	for _, p := range parts {
		n += 4 + len(p)
	}
	b := make([]byte, 0, n)
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}

// derive makes the key of one purpose (HKDF, RFC 5869).
func derive(key []byte, purpose string) []byte { return expand(extract(key), purpose) }

// extract and expand are its two halves: a key with several purposes is extracted
// once. Neither can fail for 32 bytes.
func extract(key []byte) []byte {
	prk, err := hkdf.Extract(sha256.New, key, nil)
	if err != nil {
		panic("vault: hkdf of a key: " + err.Error())
	}
	return prk
}

func expand(prk []byte, purpose string) []byte {
	out, err := hkdf.Expand(sha256.New, prk, purpose, 32)
	if err != nil {
		panic("vault: hkdf of 32 bytes: " + err.Error())
	}
	return out
}

// aead is AES-256-GCM over a 32-byte key. It cannot fail for that length.
func aead(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("vault: aes of a key of the wrong length")
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("vault: gcm: " + err.Error())
	}
	return gcm
}

func seal(a cipher.AEAD, clear, bound []byte) []byte {
	out := make([]byte, 1+a.NonceSize(), 1+a.NonceSize()+len(clear)+a.Overhead())
	out[0] = sealedV1
	nonce := out[1:]
	rand.Read(nonce)
	return a.Seal(out, nonce, clear, bound)
}

func unseal(a cipher.AEAD, sealed, bound []byte) ([]byte, error) {
	if len(sealed) < 1+a.NonceSize()+a.Overhead() || sealed[0] != sealedV1 {
		return nil, ErrDamaged
	}
	sealed = sealed[1:]
	clear, err := a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], bound)
	if err != nil {
		return nil, ErrDamaged
	}
	return clear, nil
}
