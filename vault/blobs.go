package vault

import (
	"cmp"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
)

// ChunkSize is how many bytes of a document one sealed chunk holds.
const ChunkSize = 256 << 10

// Blob is what is known of a stored document.
type Blob struct {
	ID     string // 32 hexadecimal digits, chosen at random
	SHA256 string // of the content in clear, in hexadecimal
	Size   int64  // bytes in clear
}

// Blobs keeps documents as sealed chunks.
//
// A blob has a random key of its own. Its content is cut into chunks of
// ChunkSize; each is sealed under that key with subject, blob, index and "last"
// bound, so that chunks cannot be exchanged, reordered or cut off, and stored
// under the SHA-256 of its ciphertext: a flipped bit is found without any key
// (Scrub) and before any key (Get). The manifest lists the chunks and holds the
// blob's key, wrapped under the subject's. It is written last: a blob is there
// when its manifest is, and chunks without one are what a crash left (Sweep).
type Blobs struct {
	vault   *Vault
	objects Objects
	clock   func() time.Time
}

// blobFence is the mark of a destroyed blob; subject is the subject's name in
// the stores.
func blobFence(subject, id string) string {
	if subject == "" {
		return "blob-"
	}
	return "blob-" + subject + "-" + id
}

// Objects of a blob lie together, under the subject's name in the stores:
// blobs/<3 digits>/<subject>/<id>/<chunk's address>, and …/manifest. Its letters
// sort after the digits of the addresses.
func subjectPrefix(subject string) string    { return "blobs/" + subject[:3] + "/" + subject + "/" }
func blobPrefix(subject, id string) string   { return subjectPrefix(subject) + id + "/" }
func manifestName(subject, id string) string { return blobPrefix(subject, id) + manifestLeaf }
func chunkName(subject, id, a string) string { return blobPrefix(subject, id) + a }

const manifestLeaf = "manifest"

// Put seals what r holds, up to limit bytes (over it: ErrTooLarge). When it
// returns, the blob is durable and complete; after an error or a crash there is
// no blob.
func (b *Blobs) Put(ctx context.Context, subject string, r io.Reader, limit int64) (Blob, error) {
	if err := named(subject); err != nil {
		return Blob{}, err
	}
	owner, err := b.vault.subjectKey(ctx, subject, true)
	if err != nil {
		return Blob{}, err
	}
	var id [16]byte
	rand.Read(id[:])
	key := make([]byte, 32)
	rand.Read(key)
	w := blobWriter{
		blobs: b, subject: subject, id: hex.EncodeToString(id[:]),
		chunks: aead(derive(key, purposeChunk)),
	}
	blob, err := w.copy(ctx, r, limit)
	if err == nil {
		m := manifest{ID: w.id, Chunks: w.addresses, Size: blob.Size, SHA256: blob.SHA256}
		err = b.objects.Put(ctx, manifestName(nameOf(subject), w.id), m.encode(owner.blobs(), key, subject))
	}
	if err == nil {
		// A shred that ran since the key was had may have missed this manifest.
		err = b.fenced(ctx, subject, w.id)
	}
	if err != nil {
		// What stays when this fails too, the sweep removes.
		undo := context.WithoutCancel(ctx)
		b.objects.Delete(undo, manifestName(nameOf(subject), w.id))
		for _, a := range w.addresses {
			b.objects.Delete(undo, chunkName(nameOf(subject), w.id, a))
		}
		return Blob{}, err
	}
	return blob, nil
}

// fenced answers ErrErased when the subject or the blob was destroyed.
func (b *Blobs) fenced(ctx context.Context, subject, id string) error {
	name := nameOf(subject)
	for _, mark := range []string{fenceOf(name), blobFence(name, id)} {
		gone, err := b.vault.fences.Has(ctx, mark)
		if err != nil {
			return fmt.Errorf("ask the fences: %w", err)
		}
		if gone {
			return ErrErased
		}
	}
	return nil
}

type blobWriter struct {
	blobs     *Blobs
	subject   string
	id        string
	chunks    cipher.AEAD
	addresses []string
}

// copy seals chunk after chunk. One chunk is read ahead, because the last one
// must be sealed as the last; an empty document is one empty chunk.
func (w *blobWriter) copy(ctx context.Context, r io.Reader, limit int64) (Blob, error) {
	sum := sha256.New()
	r = io.TeeReader(r, sum)
	var size int64
	this, next := make([]byte, ChunkSize), make([]byte, ChunkSize)
	n, err := readChunk(r, this)
	for {
		if err != nil {
			return Blob{}, err
		}
		if size += int64(n); size > limit {
			return Blob{}, ErrTooLarge
		}
		more := 0
		if n == ChunkSize {
			if more, err = readChunk(r, next); err != nil {
				return Blob{}, err
			}
		}
		if err := w.put(ctx, this[:n], more == 0); err != nil {
			return Blob{}, err
		}
		if more == 0 {
			return Blob{ID: w.id, SHA256: hex.EncodeToString(sum.Sum(nil)), Size: size}, nil
		}
		this, next, n = next, this, more
	}
}

func readChunk(r io.Reader, into []byte) (int, error) {
	n, err := io.ReadFull(r, into)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && n > 0 {
		err = nil
	}
	return n, err
}

func (w *blobWriter) put(ctx context.Context, clear []byte, last bool) error {
	sealed := seal(w.chunks, clear, bindChunk(w.subject, w.id, len(w.addresses), last))
	sum := sha256.Sum256(sealed)
	address := hex.EncodeToString(sum[:])
	w.addresses = append(w.addresses, address)
	return w.blobs.objects.Put(ctx, chunkName(nameOf(w.subject), w.id, address), sealed)
}

func bindChunk(subject, id string, index int, last bool) []byte {
	return bind(purposeChunk, subject, id, fmt.Sprint(index), fmt.Sprint(last))
}

// Get opens a document. Every chunk is verified before a byte of it is served;
// a damaged one ends the reading with ErrDamaged, which names the object to
// restore. ErrErased when the subject or the blob was destroyed.
func (b *Blobs) Get(ctx context.Context, subject, id string) (io.ReadCloser, error) {
	m, chunks, err := b.open(ctx, subject, id)
	if err != nil {
		return nil, err
	}
	return &blobReader{ctx: ctx, blobs: b, subject: subject, m: m, chunks: chunks}, nil
}

// Stat says what is known of a document without reading its chunks.
func (b *Blobs) Stat(ctx context.Context, subject, id string) (Blob, error) {
	m, _, err := b.open(ctx, subject, id)
	if err != nil {
		return Blob{}, err
	}
	return Blob{ID: m.ID, SHA256: m.SHA256, Size: m.Size}, nil
}

func (b *Blobs) open(ctx context.Context, subject, id string) (manifest, cipher.AEAD, error) {
	if err := named(subject, id); err != nil {
		return manifest{}, nil, err
	}
	if err := b.fenced(ctx, subject, id); err != nil {
		return manifest{}, nil, err
	}
	owner, err := b.vault.subjectKey(ctx, subject, false)
	if err != nil {
		return manifest{}, nil, err
	}
	name := manifestName(nameOf(subject), id)
	raw, err := b.objects.Get(ctx, name)
	if errors.Is(err, ErrNotFound) {
		err = cmp.Or(b.fenced(ctx, subject, id), err)
	}
	if err != nil {
		return manifest{}, nil, fmt.Errorf("blob %s: %w", id, err)
	}
	m, key, err := decodeManifest(raw, owner.blobs(), subject)
	if err != nil || m.ID != id {
		return manifest{}, nil, b.damaged(ctx, subject, id, name)
	}
	return m, aead(derive(key, purposeChunk)), nil
}

// damaged is why an object of a blob does not open. What is being destroyed reads
// as damaged too; its fence, which came before, tells one from the other.
func (b *Blobs) damaged(ctx context.Context, subject, id, object string) error {
	if err := b.fenced(ctx, subject, id); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s; restore it from a backup", ErrDamaged, object)
}

type blobReader struct {
	ctx     context.Context
	blobs   *Blobs
	subject string
	m       manifest
	chunks  cipher.AEAD
	next    int
	rest    []byte
	err     error
}

func (r *blobReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		if r.next == len(r.m.Chunks) {
			return 0, io.EOF
		}
		r.rest, r.err = r.load()
		r.next++
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *blobReader) load() ([]byte, error) {
	name := chunkName(nameOf(r.subject), r.m.ID, r.m.Chunks[r.next])
	sealed, err := r.blobs.objects.Get(r.ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	var clear []byte
	if err == nil {
		clear, err = unseal(r.chunks, sealed, bindChunk(r.subject, r.m.ID, r.next, r.next == len(r.m.Chunks)-1))
	}
	if err != nil {
		return nil, r.blobs.damaged(r.ctx, r.subject, r.m.ID, name)
	}
	return clear, nil
}

func (r *blobReader) Close() error {
	r.rest, r.err = nil, errors.New("vault: the blob was closed")
	return nil
}

// Destroy erases one document for good while its subject stays: its key goes
// with the manifest, and a fence keeps a restored backup from bringing it back.
// It may be repeated; after an error it must be.
func (b *Blobs) Destroy(ctx context.Context, subject, id string) error {
	if err := named(subject, id); err != nil {
		return err
	}
	name := nameOf(subject)
	mark := blobFence(name, id)
	if !fenceForm.MatchString(mark) {
		return fmt.Errorf("%w: not a blob's id", ErrInvalid)
	}
	if err := b.vault.fences.Add(ctx, mark); err != nil {
		return fmt.Errorf("write the fence: %w", err)
	}
	return b.delete(ctx, name, id)
}

// delete removes one blob of a subject given by its name in the stores. The
// manifest goes first: with it goes the key.
func (b *Blobs) delete(ctx context.Context, subject, id string) error {
	if err := b.objects.Delete(ctx, manifestName(subject, id)); err != nil {
		return err
	}
	return b.deleteUnder(ctx, blobPrefix(subject, id))
}

// deleteAll removes every blob of a subject, whose key is destroyed already.
func (b *Blobs) deleteAll(ctx context.Context, subject string) error {
	if len(subject) < 3 {
		return fmt.Errorf("%w: subject's name", ErrInvalid)
	}
	return b.deleteUnder(ctx, subjectPrefix(subject))
}

func (b *Blobs) deleteUnder(ctx context.Context, prefix string) error {
	var names []string
	err := b.objects.List(ctx, prefix, func(o Object) error {
		names = append(names, o.Name)
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := b.objects.Delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
