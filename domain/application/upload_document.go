package application

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"alta/domain/item"
)

// UploadDocument puts a file, which is complete and readable in the vault, into
// a slot.
type UploadDocument struct {
	Quota    FileQuota
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
	if err := c.Quota.holds(s, c.Slot, c.Document); err != nil {
		return nil, err
	}
	return []Event{DocumentUploaded{Header: s.head(c.By, c.At), Slot: c.Slot, Document: c.Document}}, nil
}

// FileQuota bounds what one application may have the platform keep: every version
// of a file is kept as long as the application. A number that is 0 bounds nothing.
type FileQuota struct {
	Bytes    int64 // of all files that were uploaded
	Versions int   // of one slot
}

func (q FileQuota) holds(s State, slot item.Key, d Document) error {
	switch {
	case q.Versions > 0 && s.Item(slot).Uploads >= q.Versions:
		return ErrVersions.on(slot).with("most", itoa(q.Versions))
	case q.Bytes > 0 && s.Bytes+d.Size > q.Bytes:
		return ErrBytes.on(slot).with("most", strconv.FormatInt(q.Bytes, 10))
	}
	return nil
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
