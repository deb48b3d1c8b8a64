package application

import (
	"regexp"
	"slices"
	"time"

	"alta/domain/item"
)

// UploadDocument puts a file, which is complete and readable in the vault, into
// a slot.
type UploadDocument struct {
	Slot     item.Key
	Document Document
	By       Actor
	At       time.Time
}

// Decide answers DocumentUploaded.
func (c UploadDocument) Decide(s State) ([]Event, error) {
	if err := first(s.live(), s.helper(c.By), s.supplied(c.Slot, item.Document), c.Document.valid()); err != nil {
		return nil, err
	}
	if s.Item(c.Slot).Document.ID == c.Document.ID {
		return nil, nil
	}
	if err := s.writable(c.Slot); err != nil {
		return nil, err
	}
	return []Event{DocumentUploaded{Header: s.head(c.By, c.At), Slot: c.Slot, Document: c.Document}}, nil
}

// maxDocument bounds a file, in bytes.
const maxDocument = 10 << 20

var (
	digest     = regexp.MustCompile(`^[0-9a-f]{64}$`)
	mediaTypes = []string{"image/jpeg", "image/png", "application/pdf"}
)

// valid: the description is one that the intake of documents can have made.
func (d Document) valid() error {
	switch {
	case required("document.id", d.ID, maxValue) != nil:
		return ErrDocument.in("document.id")
	case !slices.Contains(mediaTypes, d.Type):
		return ErrDocument.in("document.type")
	case !digest.MatchString(d.SHA256):
		return ErrDocument.in("document.sha256")
	case d.Size <= 0 || d.Size > maxDocument:
		return ErrDocument.in("document.size")
	case d.Pages < 1:
		return ErrDocument.in("document.pages")
	case d.Width < 0 || d.Height < 0:
		return ErrDocument.in("document.width")
	}
	return nil
}
