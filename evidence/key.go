package evidence

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"alta/durable"
)

// Key signs a log's checkpoints and verifies them. Its name is the log's origin:
// one log, one key.
type Key struct {
	Signer   note.Signer
	Verifier note.Verifier
	Public   string // the verifier's key as text, to be handed to auditors
}

// LoadKey reads the signing key (Ed25519) from a file, or makes a new one, with a
// new origin, where there is no file. The file is readable by its owner only and
// refused when it is not; the public half is written beside it with ".pub".
func LoadKey(file string) (*Key, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return newKey(file)
	}
	if err != nil {
		return nil, fmt.Errorf("evidence: the signing key: %w", err)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("evidence: the signing key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("evidence: the signing key %s can be read by others (mode %v); chmod 600 it, or make a new one if it may have leaked", file, info.Mode().Perm())
	}
	secret, public, ok := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if !ok {
		return nil, fmt.Errorf("evidence: the signing key %s does not have two lines", file)
	}
	return makeKey(secret, strings.TrimSpace(public))
}

// PublicKey reads the public half of a key, with which checkpoints can be
// verified and not signed.
func PublicKey(file string) (*Key, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("evidence: the public key: %w", err)
	}
	public := strings.TrimSpace(string(text))
	v, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("evidence: the public key %s: %w", file, err)
	}
	return &Key{Verifier: v, Public: public}, nil
}

func newKey(file string) (*Key, error) {
	var tag [8]byte
	_, _ = rand.Read(tag[:]) // never fails: it ends the process instead
	secret, public, err := note.GenerateKey(rand.Reader, "alta-log-"+hex.EncodeToString(tag[:]))
	if err != nil {
		return nil, fmt.Errorf("evidence: make a signing key: %w", err)
	}
	err = durable.Create(file, []byte(secret+"\n"+public+"\n"))
	if errors.Is(err, fs.ErrExist) {
		return LoadKey(file) // another node made one in the same moment
	}
	if err != nil {
		return nil, fmt.Errorf("evidence: write the signing key: %w", err)
	}
	if err := durable.Replace(file+".pub", []byte(public+"\n"), 0o644); err != nil {
		return nil, fmt.Errorf("evidence: write the public key: %w", err)
	}
	return makeKey(secret, public)
}

func makeKey(secret, public string) (*Key, error) {
	s, err := note.NewSigner(secret)
	if err != nil {
		return nil, fmt.Errorf("evidence: the signing key: %w", err)
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("evidence: the public key: %w", err)
	}
	if s.Name() != v.Name() || s.KeyHash() != v.KeyHash() {
		return nil, errors.New("evidence: the signing key and the public key beside it are not a pair")
	}
	return &Key{Signer: s, Verifier: v, Public: public}, nil
}
