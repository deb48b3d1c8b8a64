package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"alta/durable"
)

// Keys is the set of keys that tokens are signed and derived with. The newest
// one makes tokens; all of them are good for checking, so that a rotation logs
// nobody out. The set is a file of mode 0600 that all API nodes share.
type Keys struct {
	path string

	mu   sync.RWMutex
	all  []key       // oldest first, never empty
	file os.FileInfo // of the file when it was read
}

type key struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Seed    []byte    `json:"seed"`   // of the Ed25519 key of access tokens
	Secret  []byte    `json:"secret"` // HMAC key of refresh tokens, links and log-in flows
	private ed25519.PrivateKey
}

type keyFile struct {
	Keys []key `json:"keys"`
}

// maxKeys bounds the set: rotated monthly it reaches a year back, and the longest
// session lasts 30 days.
const maxKeys = 13

// ErrKeyFile: the key file is damaged, or others than its owner can read it.
var ErrKeyFile = errors.New("auth: the key file cannot be used")

// OpenKeys reads the key set, and makes it with one key when there is no file. Of
// several nodes that start on one empty directory one makes it; the others read
// it.
func OpenKeys(path string, now time.Time) (*Keys, error) {
	k := &Keys{path: path}
	err := k.Reload()
	if errors.Is(err, fs.ErrNotExist) {
		err = k.create(now)
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

func (k *Keys) create(now time.Time) error {
	b, err := json.Marshal(keyFile{[]key{newKey(now)}})
	if err != nil {
		return fmt.Errorf("auth: key file: %w", err)
	}
	if err := durable.Create(k.path, b); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("auth: key file: %w", err)
	}
	return k.Reload()
}

func newKey(now time.Time) key {
	raw := make([]byte, 8+ed25519.SeedSize+32)
	_, _ = rand.Read(raw) // never fails: the runtime ends the process instead
	one := key{
		ID: base64.RawURLEncoding.EncodeToString(raw[:8]), Created: now.UTC(),
		Seed: raw[8 : 8+ed25519.SeedSize], Secret: raw[8+ed25519.SeedSize:],
	}
	one.private = ed25519.NewKeyFromSeed(one.Seed)
	return one
}

// Reload reads the file again, after another process rotated the keys.
func (k *Keys) Reload() error {
	info, err := os.Stat(k.path)
	if err != nil {
		return fmt.Errorf("auth: key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%w: %s has mode %04o, want 0600", ErrKeyFile, k.path, info.Mode().Perm())
	}
	b, err := os.ReadFile(k.path)
	if err != nil {
		return fmt.Errorf("auth: key file: %w", err)
	}
	var f keyFile
	if json.Unmarshal(b, &f) != nil || len(f.Keys) == 0 { // the decoder's text could quote a key
		return fmt.Errorf("%w: %s is damaged", ErrKeyFile, k.path)
	}
	for i := range f.Keys {
		one := &f.Keys[i]
		if one.ID == "" || len(one.Seed) != ed25519.SeedSize || len(one.Secret) != 32 {
			return fmt.Errorf("%w: %s is damaged at key %d", ErrKeyFile, k.path, i)
		}
		one.private = ed25519.NewKeyFromSeed(one.Seed)
	}
	slices.SortStableFunc(f.Keys, func(a, b key) int { return a.Created.Compare(b.Created) })
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all, k.file = f.Keys, info
	return nil
}

// Rotate adds a key, from now on the one that makes tokens, and forgets the
// oldest beyond thirteen. The file is replaced as a whole or not at all, under a
// lock, so that what another node added meanwhile stays.
func (k *Keys) Rotate(now time.Time) error {
	return k.rotate(func([]key) bool { return true }, now)
}

func (k *Keys) rotate(due func([]key) bool, now time.Time) error {
	unlock, err := durable.Lock(k.path + ".lock")
	if err != nil {
		return fmt.Errorf("auth: key file: %w", err)
	}
	defer unlock()
	if err := k.Reload(); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !due(k.all) {
		return nil
	}
	one := newKey(now)
	if newest := k.all[len(k.all)-1].Created; !one.Created.After(newest) {
		one.Created = newest.Add(1) // a clock that went back must not bury the new key
	}
	all := append(slices.Clone(k.all), one)
	if len(all) > maxKeys {
		all = all[len(all)-maxKeys:]
	}
	b, err := json.Marshal(keyFile{all})
	if err != nil {
		return fmt.Errorf("auth: key file: %w", err)
	}
	if err := durable.Replace(k.path, b, 0o600); err != nil {
		return fmt.Errorf("auth: key file: %w", err)
	}
	k.all = all
	return nil
}

// Maintain reads the file again and adds a key when the newest is older than 30
// days. Every node may call it now and then: the file is locked, and a node finds a
// key that it does not know by itself.
func (k *Keys) Maintain(now time.Time) error {
	return k.rotate(func(all []key) bool { return now.Sub(all[len(all)-1].Created) >= 30*24*time.Hour }, now)
}

// ErrKeysAway: the key file cannot be read now, so it is not known whether a key that
// another node may have made is there. It is 503: no session is over for that.
var ErrKeysAway = errors.New("auth: the keys of the sessions cannot be read now")

// missing reads the file again because a token asks for a key that is not there:
// another node may have rotated. Anybody can send such tokens, so the file is read
// only where it is not the one that was read before. It reports whether it was read,
// and fails with ErrKeysAway.
func (k *Keys) missing() (bool, error) {
	k.mu.RLock()
	read := k.file
	k.mu.RUnlock()
	info, err := os.Stat(k.path)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrKeysAway, err)
	}
	if read != nil && os.SameFile(info, read) && info.ModTime().Equal(read.ModTime()) {
		return false, nil
	}
	if err := k.Reload(); err != nil {
		return false, fmt.Errorf("%w: %w", ErrKeysAway, err)
	}
	return true, nil
}

// either reports whether something is so with the keys that are known or, where it is
// not, with those that the file has by now. It fails with ErrKeysAway.
func (k *Keys) either(is func() bool) (bool, error) {
	if is() {
		return true, nil
	}
	read, err := k.missing()
	return read && is(), err
}

// recorded answers a key that an event of the log names. Another node may have made
// it after this one read the file, so a missing one is looked for there; nobody
// from outside chooses the id, so that is not limited. It fails with ErrKeysAway.
func (k *Keys) recorded(id string) (one key, found bool, err error) {
	if one, found = k.find(id); found {
		return one, true, nil
	}
	if err := k.Reload(); err != nil {
		return one, false, fmt.Errorf("%w: %w", ErrKeysAway, err)
	}
	one, found = k.find(id)
	return one, found, nil
}

// newest is the key that makes tokens.
func (k *Keys) newest() key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.all[len(k.all)-1]
}

// find answers the key with that id.
func (k *Keys) find(id string) (key, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	i := slices.IndexFunc(k.all, func(one key) bool { return one.ID == id })
	if i < 0 {
		return key{}, false
	}
	return k.all[i], true
}

// list answers all keys, the newest first.
func (k *Keys) list() []key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	all := slices.Clone(k.all)
	slices.Reverse(all)
	return all
}

// JWKS is the public half of the set (RFC 7517), for other services that check
// access tokens by themselves.
func (k *Keys) JWKS() []byte {
	type jwk struct {
		Type  string `json:"kty"`
		Curve string `json:"crv"`
		ID    string `json:"kid"`
		Use   string `json:"use"`
		Alg   string `json:"alg"`
		X     string `json:"x"`
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	for _, one := range k.list() {
		public := one.private.Public().(ed25519.PublicKey)
		set.Keys = append(set.Keys, jwk{"OKP", "Ed25519", one.ID, "sig", "EdDSA", base64.RawURLEncoding.EncodeToString(public)})
	}
	b, _ := json.Marshal(set) // strings always marshal
	return b
}
