// Package s3 keeps the vault's wrapped keys, fences and sealed documents in an
// S3-compatible store, so that several machines can share them.
//
// Two things are asked of the store and tried out by Open, because a store
// without them would lose keys silently: a conditional write (If-None-Match: *,
// answered by 412 when the name is taken) and a read that sees the last write.
// Erasing removes every version of an object; a bucket with object lock cannot
// be used, since it could not forget.
package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"alta/vault"
)

// Config says where the store is.
type Config struct {
	Endpoint  string // host:port
	Secure    bool   // https
	Region    string
	Bucket    string // must exist
	Prefix    string // of every object's name, such as "alta/"; may be empty
	AccessKey string
	SecretKey string
	Transport http.RoundTripper // nil for the default
}

// Store is one bucket with the vault's three ports.
type Store struct {
	client *minio.Client
	bucket string
	prefix string
}

// Objects, Keys and Fences are the ports, each under a folder of its own.
type (
	Objects struct{ *Store }
	Keys    struct{ *Store }
	Fences  struct{ *Store }
)

var (
	_ vault.Objects   = Objects{}
	_ vault.KeyStore  = Keys{}
	_ vault.Rewrapper = Keys{}
	_ vault.FenceList = Fences{}
)

// Open connects and tries out what the vault relies on.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	client, err := minio.New(cfg.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure: cfg.Secure, Region: cfg.Region, Transport: cfg.Transport,
		MaxRetries: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", vault.ErrInvalid, err)
	}
	s := &Store{client: client, bucket: cfg.Bucket, prefix: cfg.Prefix}
	return s, s.tryOut(ctx)
}

// ErrNoConditions: the store overwrites a name that a conditional write should
// have found taken. Keys and fences would be lost on it, so it is not used.
var ErrNoConditions = fmt.Errorf("%w: the object store overwrites a taken name although the write asks it not to (If-None-Match: *); use a store with conditional writes", vault.ErrInvalid)

// tryOut makes sure that a second conditional write is refused. Each start tries
// its own name, so that nodes that start together do not meet.
func (s *Store) tryOut(ctx context.Context) error {
	probe := "probe-" + rand.Text()
	defer func() { _ = s.remove(context.WithoutCancel(ctx), probe) }() // what a broken store keeps is one byte
	if err := s.put(ctx, probe, []byte("1"), minio.PutObjectOptions{}); err != nil {
		return fmt.Errorf("write to the object store: %w", err)
	}
	if _, err := s.get(ctx, probe); err != nil {
		return fmt.Errorf("read back from the object store: %w", err)
	}
	switch err := s.put(ctx, probe, []byte("2"), absent()); {
	case err == nil:
		return ErrNoConditions
	case !taken(err):
		return fmt.Errorf("write to the object store with a condition: %w", err)
	}
	return nil
}

// Objects is the port for sealed documents.
func (s *Store) Objects() Objects { return Objects{s} }

// Keys is the port for wrapped keys.
func (s *Store) Keys() Keys { return Keys{s} }

// Fences is the port for fences.
func (s *Store) Fences() Fences { return Fences{s} }

// Put stores an object.
func (o Objects) Put(ctx context.Context, name string, data []byte) error {
	return o.put(ctx, "objects/"+name, data, minio.PutObjectOptions{})
}

// Get answers an object, or vault.ErrNotFound.
func (o Objects) Get(ctx context.Context, name string) ([]byte, error) {
	return o.get(ctx, "objects/"+name)
}

// Delete removes every version of an object.
func (o Objects) Delete(ctx context.Context, name string) error {
	return o.remove(ctx, "objects/"+name)
}

// List visits the objects under a prefix in the order of their names.
func (o Objects) List(ctx context.Context, prefix string, visit func(vault.Object) error) error {
	return o.list(ctx, "objects/"+prefix, func(i minio.ObjectInfo) error {
		return visit(vault.Object{Name: strings.TrimPrefix(i.Key, o.prefix+"objects/"), Size: i.Size, Modified: i.LastModified})
	})
}

func keyName(name string) string { return "keys/" + name[:min(3, len(name))] + "/" + name }

// Get answers a wrapped key, or vault.ErrNotFound.
func (k Keys) Get(ctx context.Context, name string) ([]byte, error) {
	return k.get(ctx, keyName(name))
}

// PutIfAbsent stores a wrapped key unless the name has one.
func (k Keys) PutIfAbsent(ctx context.Context, name string, value []byte) ([]byte, error) {
	err := k.put(ctx, keyName(name), value, absent())
	if taken(err) {
		return k.Get(ctx, name)
	}
	return value, err
}

// Delete removes every version of a wrapped key.
func (k Keys) Delete(ctx context.Context, name string) error {
	return k.remove(ctx, keyName(name))
}

// Each visits the names of all keys.
func (k Keys) Each(ctx context.Context, visit func(string) error) error {
	return k.list(ctx, "keys/", func(i minio.ObjectInfo) error {
		return visit(i.Key[strings.LastIndexByte(i.Key, '/')+1:])
	})
}

// Replace puts another wrapping in the place of old, if old is still there. The
// store compares ETags, so a key destroyed meanwhile does not come back.
func (k Keys) Replace(ctx context.Context, name string, old, value []byte) (bool, error) {
	held, etag, err := k.getTagged(ctx, keyName(name))
	if errors.Is(err, vault.ErrNotFound) || err == nil && !bytes.Equal(held, old) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var opts minio.PutObjectOptions
	opts.SetMatchETag(etag)
	err = k.put(ctx, keyName(name), value, opts)
	if taken(err) || errors.Is(err, vault.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Add adds a fence.
func (f Fences) Add(ctx context.Context, mark string) error {
	if mark == "" || strings.ContainsAny(mark, "/ \n") {
		return fmt.Errorf("%w: fence mark", vault.ErrInvalid)
	}
	return f.put(ctx, "fences/"+mark, []byte(mark), minio.PutObjectOptions{})
}

// Has reports whether the fence was ever added.
func (f Fences) Has(ctx context.Context, mark string) (bool, error) {
	_, err := f.get(ctx, "fences/"+mark)
	if errors.Is(err, vault.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Each visits every fence.
func (f Fences) Each(ctx context.Context, visit func(string) error) error {
	return f.list(ctx, "fences/", func(i minio.ObjectInfo) error {
		return visit(strings.TrimPrefix(i.Key, f.prefix+"fences/"))
	})
}

func absent() minio.PutObjectOptions {
	var o minio.PutObjectOptions
	o.SetMatchETagExcept("*")
	return o
}

// taken reports a conditional write that was refused. 409 is what some stores
// answer while the other write is still under way.
func taken(err error) bool {
	code := minio.ToErrorResponse(err).StatusCode
	return err != nil && (code == http.StatusPreconditionFailed || code == http.StatusConflict)
}

func (s *Store) put(ctx context.Context, name string, data []byte, opts minio.PutObjectOptions) error {
	opts.ContentType = "application/octet-stream"
	opts.DisableMultipart = true
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+name, bytes.NewReader(data), int64(len(data)), opts)
	return known(err)
}

func (s *Store) get(ctx context.Context, name string) ([]byte, error) {
	b, _, err := s.getTagged(ctx, name)
	return b, err
}

func (s *Store) getTagged(ctx context.Context, name string) ([]byte, string, error) {
	o, err := s.client.GetObject(ctx, s.bucket, s.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return nil, "", known(err)
	}
	defer o.Close()
	b, err := io.ReadAll(io.LimitReader(o, 1<<20))
	if err != nil {
		return nil, "", known(err)
	}
	info, err := o.Stat()
	return b, info.ETag, known(err)
}

// remove deletes the object and, where the bucket keeps versions, all of them.
func (s *Store) remove(ctx context.Context, name string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	full := s.prefix + name
	if err := s.client.RemoveObject(ctx, s.bucket, full, minio.RemoveObjectOptions{}); known(err) != nil && !errors.Is(known(err), vault.ErrNotFound) {
		return known(err)
	}
	for v := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: full, WithVersions: true, Recursive: true}) {
		if v.Err != nil {
			return known(v.Err)
		}
		if v.Key != full || v.VersionID == "" || v.VersionID == "null" {
			continue
		}
		if err := s.client.RemoveObject(ctx, s.bucket, full, minio.RemoveObjectOptions{VersionID: v.VersionID}); err != nil {
			return known(err)
		}
	}
	return nil
}

func (s *Store) list(ctx context.Context, prefix string, visit func(minio.ObjectInfo) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing when visit does
	for o := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}) {
		if o.Err != nil {
			return known(o.Err)
		}
		if err := visit(o); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// known gives the store's errors the vault's names.
func known(err error) error {
	if err == nil {
		return nil
	}
	switch r := minio.ToErrorResponse(err); {
	case r.Code == minio.NoSuchKey, r.Code == "NoSuchVersion":
		return vault.ErrNotFound
	case r.StatusCode == 0 || r.StatusCode >= 500, r.StatusCode == http.StatusUnauthorized, r.StatusCode == http.StatusForbidden, r.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("%w: %w", vault.ErrUnavailable, err)
	}
	return err
}
