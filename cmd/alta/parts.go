package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"

	"alta/api"
	"alta/vault"
	"alta/vault/s3"
	"alta/vault/transit"
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

// openKMS reads https://host:8200/<mount>/<key>?token-file=<path>: a key service
// with the interface of Vault's transit engine. Empty: the key file of the vault.
func openKMS(address string) (vault.KMS, error) {
	if address == "" {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, errUsage("--kms: want https://host:port/mount/key?token-file=path")
	}
	mount, key := path.Split(strings.Trim(u.Path, "/"))
	kms, err := transit.New(transit.Config{
		Address: u.Scheme + "://" + u.Host, Mount: strings.Trim(mount, "/"), Key: key,
		TokenFile: u.Query().Get("token-file"), Namespace: u.Query().Get("namespace"),
	})
	if err != nil {
		return nil, errUsage("--kms: %s", err)
	}
	return kms, nil
}

// openBlobs reads s3://access:secret@host:port/bucket/prefix?region=…&tls=off and
// puts documents, wrapped keys and fences there, so that several processes share
// them. Empty: the local stores of the vault.
func openBlobs(ctx context.Context, address string, cfg *vault.Config) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.User == nil || u.Path == "" {
		return errUsage("--blobs: want s3://access:secret@host/bucket/prefix")
	}
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	secret, _ := u.User.Password()
	if prefix != "" {
		prefix += "/"
	}
	store, err := s3.Open(ctx, s3.Config{
		Endpoint: u.Host, Secure: u.Query().Get("tls") != "off", Region: u.Query().Get("region"),
		Bucket: bucket, Prefix: prefix, AccessKey: u.User.Username(), SecretKey: secret,
	})
	if err != nil {
		return fmt.Errorf("--blobs: %w", err)
	}
	cfg.Objects, cfg.Keys, cfg.Fences = s3.Objects{Store: store}, s3.Keys{Store: store}, s3.Fences{Store: store}
	return nil
}

func (p *program) openEventStoreDB(context.Context) error { return errUsage("--eventstore: not yet") }

func (p *program) startWire(func(string, func(context.Context) error)) error { return nil }

func (p *program) startReactions(func(string, func(context.Context) error)) (api.Notifier, error) {
	return nil, nil
}

func (p *program) withDevelopment(h http.Handler) http.Handler { return h }
