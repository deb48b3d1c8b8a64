package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"

	"alta/api"
	"alta/vault"
)

// ownSecret reads the 32 random bytes of a file that only we can read, made at
// the first start.
func ownSecret(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		b = make([]byte, 32)
		_, _ = rand.Read(b) // never fails: the runtime ends the process instead
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return nil, err
		}
		_, err = f.Write(b)
		return b, errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil && len(b) != 32 {
		err = fmt.Errorf("%s: want 32 bytes, found %d", path, len(b))
	}
	return b, err
}

func openKMS(url string) (vault.KMS, error) {
	if url == "" {
		return nil, nil
	}
	return nil, errUsage("--kms: not yet")
}

func openBlobs(url string) (vault.Objects, error) {
	if url == "" {
		return nil, nil
	}
	return nil, errUsage("--blobs: not yet")
}

func (p *program) openEventStoreDB(context.Context) error { return errUsage("--eventstore: not yet") }

func (p *program) startWire(func(string, func(context.Context) error)) error { return nil }

func (p *program) startReactions(func(string, func(context.Context) error)) (api.Notifier, error) {
	return nil, nil
}

func (p *program) withDevelopment(h http.Handler) http.Handler { return h }
