package documents

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// spooled is a file that arrived, on the disk under a key that only this process
// has, in a file without a name. So a slow sender takes neither memory nor a
// worker, and nothing lies on the disk in clear or stays there after a crash.
type spooled struct {
	file   *os.File
	key    [32]byte
	iv     [aes.BlockSize]byte
	size   int64
	sum    [sha256.Size]byte
	counts func(int64) error // bytes of all uploads
}

// spool reads a file to its end, up to the limit.
func (in *Intake) spool(r io.Reader) (*spooled, error) {
	f, err := os.CreateTemp(in.cfg.SpoolDir, "upload-*")
	if err != nil {
		return nil, full(err)
	}
	s := &spooled{file: f}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.counts = func(n int64) error {
		if in.arrived.Add(n) > in.cfg.Spooled && n > 0 {
			return ErrBusy
		}
		return nil
	}
	if err := s.fill(r, in.cfg.Limits.Bytes); err != nil {
		s.discard()
		return nil, err
	}
	return s, nil
}

func (s *spooled) fill(r io.Reader, limit int64) error {
	rand.Read(s.key[:])
	rand.Read(s.iv[:])
	stream, err := s.stream()
	if err != nil {
		return err
	}
	hash := sha256.New()
	out := cipher.StreamWriter{S: stream, W: s.file}
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			s.size += int64(n)
			if s.size > limit {
				s.size -= int64(n) // was not counted
				return reject(TooLarge, "more than %d bytes", limit)
			}
			if err := s.counts(int64(n)); err != nil {
				return err
			}
			hash.Write(buf[:n])
			if _, err := out.Write(buf[:n]); err != nil {
				return full(err)
			}
		}
		if errors.Is(err, io.EOF) {
			copy(s.sum[:], hash.Sum(nil))
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *spooled) stream() (cipher.Stream, error) {
	block, err := aes.NewCipher(s.key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewCTR(block, s.iv[:]), nil
}

// load reads it back.
func (s *spooled) load() ([]byte, error) {
	stream, err := s.stream()
	if err != nil {
		return nil, err
	}
	b := make([]byte, s.size)
	if _, err := s.file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read an upload back: %w", err)
	}
	stream.XORKeyStream(b, b)
	if sha256.Sum256(b) != s.sum {
		return nil, errors.New("documents: an upload changed on the disk")
	}
	return b, nil
}

func (s *spooled) discard() {
	s.counts(-s.size)
	s.file.Close()
}

// full makes a full disk what it is to the sender: try again later.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}
