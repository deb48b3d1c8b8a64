// Package vault keeps what belongs to a person: the keys that open it, and the
// documents.
//
// The log never forgets, so erasing cannot mean deleting from the log. Every
// person (subject) has one data key; every personal field is sealed with it
// before the event is appended, every document is sealed under it. Destroying
// that one key (Shred) erases the person everywhere at once: in the log, its
// copies, its backups. What stays is ciphertext, whose hashes still verify.
//
// Four kinds of secret, each with its place:
//
//   - The key-encryption key (KEK) is behind the KMS port: a file with mode 0600
//     by default (FileKEK), or a key service (package transit). It is the only
//     secret that opens the others and belongs in another backup than the data.
//   - A subject's data key lies in a KeyStore, wrapped by the KEK. It is made
//     once, durable before the first ciphertext made with it is handed out, and
//     held in memory for at most five minutes.
//   - A document has a key of its own, wrapped under the subject's key, so that
//     one document can be destroyed while the person stays (Blobs.Destroy).
//   - The blind index has one key for the installation, so that "who has this ID
//     number" can be asked without storing ID numbers.
//
// A fence is the durable word that a key was destroyed. It is written before
// the key is deleted, it is looked at before any key is made or used, and it is
// applied again by Open: a backup that brings the key back does not bring the
// person back. Fences must outlive the data: a restore joins the fences of the
// backup with those of the present system (Fences, Impose), it never replaces them.
//
// Whether a person may be erased (the ten-year term, a legal hold) is decided
// by the caller: the vault only executes.
package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"alta/durable"
)

// Ways in which the vault refuses. Match them with errors.Is.
var (
	// ErrErased: the key was destroyed; the value is gone for good.
	ErrErased = errors.New("vault: the value was erased")
	// ErrNoKey: the subject never had a key here, or its key is lost without
	// having been erased. Nothing sealed for it can be opened.
	ErrNoKey = errors.New("vault: the subject has no key")
	// ErrUnavailable: a key cannot be had now: the key service is down, or does
	// not have the version that the key was wrapped with. Nothing was written.
	ErrUnavailable = errors.New("vault: the keys are unavailable")
	// ErrDamaged: stored bytes are not what the vault wrote, or belong to another
	// subject, event or field.
	ErrDamaged = errors.New("vault: damaged or misplaced ciphertext")
	// ErrNotFound: there is no such blob or object.
	ErrNotFound = errors.New("vault: not found")
	// ErrTooLarge: the content is over the caller's limit; nothing was kept.
	ErrTooLarge = errors.New("vault: the content is too large")
	// ErrInvalid: an empty or over-long subject, field or name.
	ErrInvalid = errors.New("vault: invalid argument")
)

// MaxSubject bounds a subject's name, and a field's, in bytes.
const MaxSubject = 256

// maxKeyLife is the longest time for which a data key stays in memory: with the
// key service gone, or a key destroyed by another node, this is how long a copy
// may still be used.
const maxKeyLife = 5 * time.Minute

// Config says where the vault keeps things. Only Dir is needed; each port that
// is left nil gets its local implementation under Dir.
type Config struct {
	// Dir is the root of the local stores: keys/, fences, objects/ and the KEK.
	Dir string
	// KEKFile is where the local KEK lies, by default kek.json in Dir.
	KEKFile string
	// FenceFile is where the local fences lie, by default fences in Dir.
	FenceFile string

	KMS     KMS
	Keys    KeyStore
	Fences  FenceList
	Objects Objects

	// KeyLife is how long a data key stays in memory, at most and by default
	// five minutes.
	KeyLife time.Duration
	// KeyCache bounds the number of data keys in memory, by default 10,000.
	KeyCache int
	// Clock is time.Now unless a test says otherwise.
	Clock func() time.Time
}

// Vault seals, opens and erases. It is safe for concurrent use, and several
// processes may share its stores.
type Vault struct {
	kms    KMS
	keys   KeyStore
	fences FenceList
	cache  *keyCache
	macs   sync.Pool // HMACs under the key of the blind index, used again
	blobs  *Blobs
}

// Open opens the vault and applies every fence: a key that a restored backup
// brought back is destroyed again before Open returns. It fails with
// ErrUnavailable where the KEK cannot be used.
func Open(cfg Config) (*Vault, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := cfg.fill(ctx); err != nil {
		return nil, err
	}
	v := &Vault{
		kms: cfg.KMS, keys: cfg.Keys, fences: cfg.Fences,
		cache: newKeyCache(cfg.KeyCache, cfg.KeyLife, cfg.Clock),
	}
	v.blobs = &Blobs{vault: v, objects: cfg.Objects, clock: cfg.Clock}
	if err := v.enforce(ctx); err != nil {
		return nil, fmt.Errorf("apply the fences: %w", err)
	}
	index, err := v.indexKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the blind index key: %w", err)
	}
	v.macs.New = func() any { return hmac.New(sha256.New, index) }
	return v, nil
}

// Blobs is the store of the sealed documents.
func (v *Vault) Blobs() *Blobs { return v.blobs }

func (cfg *Config) fill(ctx context.Context) error {
	if cfg.KeyLife <= 0 || cfg.KeyLife > maxKeyLife {
		cfg.KeyLife = maxKeyLife
	}
	if cfg.KeyCache <= 0 {
		cfg.KeyCache = 10_000
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.KMS != nil && cfg.Keys != nil && cfg.Fences != nil && cfg.Objects != nil {
		return nil
	}
	if cfg.Dir == "" {
		return fmt.Errorf("%w: the vault needs a directory for its local stores", ErrInvalid)
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return err
	}
	if err := durable.MakeDir(dir); err != nil {
		return err
	}
	cfg.Dir = dir
	if cfg.Keys == nil {
		if cfg.Keys, err = OpenLocalKeys(filepath.Join(cfg.Dir, "keys")); err != nil {
			return err
		}
	}
	if cfg.KMS == nil {
		if cfg.KMS, err = cfg.openKEK(ctx); err != nil {
			return err
		}
	}
	if cfg.Fences == nil {
		path := cfg.FenceFile
		if path == "" {
			path = filepath.Join(cfg.Dir, "fences")
		}
		if cfg.Fences, err = OpenLocalFences(path); err != nil {
			return err
		}
	}
	if cfg.Objects == nil {
		if cfg.Objects, err = OpenLocalObjects(filepath.Join(cfg.Dir, "objects")); err != nil {
			return err
		}
	}
	return nil
}

// openKEK opens the local KEK and makes it on the very first start. Where data
// keys exist already, a missing KEK was lost or not restored: a new one could
// open nothing.
func (cfg *Config) openKEK(ctx context.Context) (KMS, error) {
	path := cfg.KEKFile
	if path == "" {
		path = filepath.Join(cfg.Dir, "kek.json")
	}
	_, err := cfg.Keys.Get(ctx, indexName)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if err == nil {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s is missing and there are keys that it wraps; restore it", ErrUnavailable, path)
		}
	}
	return OpenFileKEK(path)
}
