package mail

import (
	"context"
	netmail "net/mail"
	"os"
	"path/filepath"
	"time"

	"alta/eventstore"
)

// Seal encrypts the content of a file for a subject of the vault, so that who
// copies the spool reads nothing and who erases the subject erases its mails.
type Seal func(ctx context.Context, subject string, id eventstore.ID, content []byte) ([]byte, error)

// Spool keeps every mail as a file instead of sending it: <time>-<notice>.eml,
// or .eml.sealed. The name follows from what caused the mail, so that a second
// delivery writes the same file again.
type Spool struct {
	dir  string
	from *netmail.Address
	seal Seal
	now  func() time.Time
}

// NewSpool makes the directory, readable by its owner alone. With a nil seal the
// files are in clear, which is meant for development.
func NewSpool(dir, from string, seal Seal, now func() time.Time) (*Spool, error) {
	a, err := ParseFrom(from)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &Spool{dir, a, seal, now}, nil
}

const (
	clearSuffix  = ".eml"
	sealedSuffix = ".eml.sealed"
)

// Send implements Sender. The file is complete and durable, or not there.
func (s *Spool) Send(ctx context.Context, m Message) error {
	content, err := m.compose(s.from, s.now())
	if err != nil {
		return err
	}
	name := m.At.UTC().Format("20060102T150405") + "-" + m.Notice.String() + clearSuffix
	if s.seal != nil {
		name = m.At.UTC().Format("20060102T150405") + "-" + m.Notice.String() + sealedSuffix
		if content, err = s.seal(ctx, m.Owner, m.Notice, content); err != nil {
			return &SendError{Outcome: Unreachable, Phase: "seal", Err: err}
		}
	}
	if err := s.write(name, content); err != nil {
		return &SendError{Outcome: Unreachable, Phase: "file", Err: err}
	}
	return nil
}

func (s *Spool) write(name string, content []byte) (err error) {
	f, err := os.CreateTemp(s.dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(s.dir, name))
}
