package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"alta/decider"
	"alta/documents"
	"alta/domain/access"
	"alta/domain/application"
	"alta/domain/item"
	"alta/eventstore"
	"alta/projections"
	"alta/vault"
)

// uploadDocument takes a file in, makes it durable, and only then records it.
// What the rules would refuse anyway is refused before the file is read.
func (s *Server) uploadDocument(c *call) error {
	slot := item.Key(c.Param("slot"))
	cmd := application.UploadDocument{Quota: s.Quotas.files(), Slot: slot, By: c.actor(), At: c.now()}
	// A description that can only be refused for the state's sake: whoever may not
	// write to the slot learns it before sending 10 MB.
	cmd.Document = placeholder
	ctx, begun := c.Request().Context(), s.Now()
	limit := s.Intake.Limits().Bytes
	if done, err := c.uploadedBefore(limit); done || err != nil {
		return err
	}
	if _, err := cmd.Decide(c.state); err != nil {
		drain(c.Request().Body)
		return err
	}
	if c.Request().ContentLength > limit {
		return &documents.Rejection{Code: documents.TooLarge, Detail: "the file is larger than " + strconv.FormatInt(limit/1_000_000, 10) + " MB"}
	}
	accepted, err := s.Intake.Accept(ctx, c.who.Account, http.MaxBytesReader(c.Response(), c.Request().Body, limit+1))
	if err != nil {
		return err
	}
	c.identify(accepted.SHA256)
	if done, err := c.answered(); done || err != nil {
		return err
	}
	stored, err := s.store(ctx, c.id, accepted, begun)
	if err != nil {
		return err
	}
	cmd.Document = describe(accepted, stored, decider.DeriveID(c.key, "document").String())
	r, err := c.transact(cmd)
	if unrecorded(r, err) {
		s.discard(ctx, c.id, stored)
	}
	if err != nil {
		return err
	}
	return c.uploaded(slot, r)
}

// uploadedBefore answers an upload that an earlier sending of the same request
// has recorded: the file is compared, and neither decoded nor stored.
func (c *call) uploadedBefore(limit int64) (bool, error) {
	if c.given == "" {
		return false, nil
	}
	ctx := c.Request().Context()
	if _, found, err := c.server.Applications.Repeated(ctx, c.id, c.command()); err != nil || !found {
		return false, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, http.MaxBytesReader(c.Response(), c.Request().Body, limit+1)); err != nil {
		return false, bodyRefusal(err)
	}
	c.identify(hex.EncodeToString(sum.Sum(nil)))
	r, found, err := c.server.Applications.Repeated(ctx, c.id, c.command())
	if err != nil || !found {
		return false, err
	}
	c.replayed(true)
	if err := c.wroteTo(r); err != nil {
		return false, err
	}
	return true, c.uploaded(item.Key(c.Param("slot")), r)
}

// uploaded answers what became of an upload.
func (c *call) uploaded(slot item.Key, r decider.Result[application.State, application.Event]) error {
	for _, e := range r.Events {
		if up, ok := e.(application.DocumentUploaded); ok {
			return c.JSON(http.StatusCreated, projections.DocumentOf(up.Document))
		}
	}
	return c.JSON(http.StatusCreated, projections.DocumentOf(r.State.Item(slot).Document))
}

// store makes a file durable before an event speaks of it. A process that was put
// to sleep on the way gives up: by now the file may count as left over.
func (s *Server) store(ctx context.Context, subject string, a *documents.Accepted, begun time.Time) (documents.Stored, error) {
	stored, err := documents.Store(ctx, s.Blobs, subject, a)
	if err == nil && s.Now().Sub(begun) > vault.SafeAge/2 {
		s.discard(ctx, subject, stored)
		return documents.Stored{}, context.DeadlineExceeded
	}
	return stored, err
}

// placeholder is a well-formed description of no file.
var placeholder = application.Document{
	ID: "placeholder", Type: string(documents.PNG), SHA256: strings.Repeat("0", 64), Size: 1, Pages: 1,
}

// unrecorded reports whether it is certain that a command's own events are not in the
// log, so that no event speaks of what was stored for them. Of anything else, such as an
// append whose outcome is unknown or an answer that could not be made after it, nothing is
// certain: the file stays, and the sweep, which asks the log, removes it if it may.
func unrecorded(r decider.Result[application.State, application.Event], err error) bool {
	if r.Appended {
		return false
	}
	if err == nil || errors.As(err, new(*application.Refusal)) || errors.As(err, new(*decider.StaleError)) ||
		errors.As(err, new(*Problem)) || errors.As(err, new(*eventstore.SetAsideError)) {
		return true
	}
	if errors.Is(err, eventstore.ErrUnknownOutcome) {
		return false
	}
	return slices.ContainsFunc([]error{
		decider.ErrCommandReused, decider.ErrContended, eventstore.ErrReadOnly, eventstore.ErrUnavailable, eventstore.ErrInvalid, eventstore.ErrTooLarge,
	}, func(certain error) bool { return errors.Is(err, certain) })
}

// discard destroys files that no event speaks of. What fails here is swept later.
func (s *Server) discard(ctx context.Context, subject string, stored documents.Stored) {
	if err := documents.Discard(context.WithoutCancel(ctx), s.Blobs, subject, stored); err != nil {
		s.Logger.Warn("a refused upload was left for the sweep", "application", subject, "error", err)
	}
}

func describe(a *documents.Accepted, stored documents.Stored, id string) application.Document {
	d := application.Document{
		ID: id, Type: string(a.Type), SHA256: a.SHA256, Size: a.Size, Pages: len(a.Pages),
		PHash: a.PHash().String(), Blobs: stored.IDs(),
	}
	if len(a.Pages) > 0 {
		p := a.Pages[0]
		d.Width, d.Height, d.Blur = p.Width, p.Height, p.Facts.Sharpness
	}
	for _, h := range a.Hints {
		switch h {
		case documents.Grey:
			d.Greyscale = true
		case documents.Blank:
			d.Blank = true
		case documents.Restricted:
			d.Restricted = true
		}
	}
	return d
}

// find looks a document up by its id, in every slot.
func find(st application.State, id string) (application.Document, item.Key, bool) {
	for _, i := range st.Items {
		if i.Document.ID == id {
			return i.Document, i.Key, true
		}
		if i.Former != nil && i.Former.Document.ID == id {
			return i.Former.Document, i.Key, true
		}
	}
	return application.Document{}, "", false
}

// documentImage delivers one page, watermarked with who looks. The look is
// recorded first; without the record no byte goes out.
func (s *Server) documentImage(c *call) error {
	if c.state.Shredded {
		return errErased()
	}
	d, slot, ok := find(c.state, c.Param("document"))
	if !ok {
		return errNotFound()
	}
	why := c.QueryParam("why")
	if err := s.mayUnmask(c, why); err != nil {
		return err
	}
	if why == "" {
		why = string(c.state.Stage)
	}
	return s.image(c, d, slot, why)
}

// image delivers a page of a document of the call's application.
func (s *Server) image(c *call, d application.Document, slot item.Key, why string) error {
	page, err := strconv.Atoi(c.QueryParam("page"))
	if err != nil {
		page = 1
	}
	size := c.QueryParam("size")
	at := 1 + 2*(page-1)
	if size == "thumbnail" {
		at++
	}
	if page > d.Pages || at >= len(d.Blobs) {
		return errNotFound()
	}
	ctx := c.Request().Context()
	look := access.Looked{What: access.Image, Items: []item.Key{slot}, Document: d.ID, Page: page, Size: size, Why: why}
	if err := s.look(c, look); err != nil {
		return err
	}
	r, err := s.Blobs.Get(ctx, c.id, d.Blobs[at])
	if err != nil {
		return err
	}
	defer r.Close()
	view, err := io.ReadAll(io.LimitReader(r, 32<<20))
	if err != nil {
		return err
	}
	marked, err := documents.Watermark(view, documents.Mark{Lines: []string{string(c.who.Role) + " " + c.who.Account}, At: c.now()})
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	return c.Blob(http.StatusOK, http.DetectContentType(marked), marked)
}

// redactDocument covers a part of the picture for good: a new document takes its
// place, and the key of the former one is destroyed.
func (s *Server) redactDocument(c *call) error {
	var in struct {
		Page                int
		X, Y, Width, Height float64
		Why                 string
	}
	if err := c.read(&in); err != nil {
		return err
	}
	slot := item.Key(c.Param("slot"))
	former := c.state.Item(slot).Document
	if former.ID == "" || len(former.Blobs) < 3 {
		return errNotFound()
	}
	cmd := application.RedactDocument{Slot: slot, Former: former.ID, Document: placeholder, Why: in.Why, By: c.actor(), At: c.now()}
	if _, err := cmd.Decide(c.state); err != nil {
		return err
	}
	page := max(in.Page, 1)
	if page > former.Pages {
		return errNotFound()
	}
	ctx, begun := c.Request().Context(), s.Now()
	view, err := s.blob(ctx, c.id, former.Blobs[1+2*(page-1)])
	if err != nil {
		return err
	}
	original, err := s.blob(ctx, c.id, former.Blobs[0])
	if err != nil {
		return err
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(view))
	if err != nil {
		return err
	}
	w, h := float64(size.Width), float64(size.Height)
	rect := image.Rect(int(in.X*w), int(in.Y*h), int(min(in.X+in.Width, 1)*w), int(min(in.Y+in.Height, 1)*h))
	accepted, err := s.Intake.Redact(ctx, c.who.Account, original, []documents.Region{{Page: page - 1, Rect: rect}})
	if err != nil {
		return err
	}
	stored, err := s.store(ctx, c.id, accepted, begun)
	if err != nil {
		return err
	}
	cmd.Document = describe(accepted, stored, decider.DeriveID(c.key, "document").String())
	r, err := c.transact(cmd)
	if unrecorded(r, err) {
		s.discard(ctx, c.id, stored)
	}
	if err != nil {
		return err
	}
	if !r.Appended {
		return c.NoContent(http.StatusNoContent)
	}
	// Only after the record: a crash before this leaves a file that the sweep
	// finds superseded, never an event about a file that is gone.
	for _, id := range former.Blobs {
		if err := s.Blobs.Destroy(context.WithoutCancel(ctx), c.id, id); err != nil {
			s.Logger.Error("a redacted original could not be destroyed", "application", c.id, "blob", id, "error", err)
		}
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) blob(ctx context.Context, subject, id string) ([]byte, error) {
	r, err := s.Blobs.Get(ctx, subject, id)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, 64<<20))
	return b, errors.Join(err, r.Close())
}
