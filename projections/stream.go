package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"alta/domain/application"
	"alta/domain/duplicate"
	"alta/domain/item"
	"alta/eventstore"
)

// decode reads an event. Keys that cannot be had just now are no reason to set its
// stream aside: such an error is not an *eventstore.SetAsideError.
func (r *Runner) decode(ctx context.Context, rec *eventstore.Record) (application.Event, error) {
	e, err := r.Decode(ctx, rec)
	if err == nil || errors.As(err, new(*eventstore.SetAsideError)) {
		return e, err
	}
	if _, err := application.Decode(rec.Type, rec.Data, nil); err != nil {
		return nil, eventstore.Unreadable(rec, err)
	}
	return nil, fmt.Errorf("projections: %s at revision %d of %s: %w", rec.Type, rec.Revision, rec.Stream, err)
}

// fold adds an event to what its application became in this batch. What it answers
// an *eventstore.SetAsideError for may be half folded: see settle.
func (r *Runner) fold(ctx context.Context, c *change, rec *eventstore.Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = eventstore.Panicked(rec, p)
		}
	}()
	last := eventstore.NoStream
	if c.app != nil {
		last = eventstore.Revision(c.app.Revision)
	}
	if rec.Revision <= last {
		return nil
	}
	if err := eventstore.Follows(rec, last); err != nil {
		return err
	}
	e, err := r.decode(ctx, rec)
	if err != nil {
		return err
	}
	switch e.(type) {
	case application.Shredded:
		return r.refold(ctx, c, rec, application.Erase)
	case application.RestrictionLifted: // by what it can be found is known to no index any more
		return r.refold(ctx, c, rec, nil)
	default:
		r.add(c, rec, e)
	}
	return nil
}

func (r *Runner) add(c *change, rec *eventstore.Record, e application.Event) {
	switch e.(type) {
	case application.Restricted:
		c.unlist = true
	case application.RestrictionLifted:
		c.unlist = false
	default: // whoever could find it still can
	}
	r.index(c, e)
	if c.app == nil {
		c.app = newSummary(c.id)
	}
	c.app.Fold(int64(rec.Revision), e)
	c.events++
}

// refold folds a stream anew up to a record. Either its subject was erased, and
// even masked values must go: it does not wait for the key to be destroyed, which
// the same event sets in motion, so that a later rebuild gives the same documents.
// Or a restriction was lifted, and the application is found again by everything
// that it could be found by before.
func (r *Runner) refold(ctx context.Context, c *change, last *eventstore.Record, erase func(application.Event) application.Event) error {
	c.app, c.unlist, c.lookups = nil, false, nil
	next := eventstore.NoStream
	for rec, err := range r.Log.ReadStream(ctx, last.Stream, 0, int(last.Revision)+1) {
		if err == nil {
			err = eventstore.Follows(rec, next)
		}
		if err != nil {
			return err
		}
		next = rec.Revision
		e, err := r.decode(ctx, rec)
		if err != nil {
			return err
		}
		if erase != nil {
			e = erase(e)
		}
		r.add(c, rec, e)
	}
	if erase != nil {
		c.unlist, c.lookups = true, nil
	}
	return nil
}

// stream folds what an application became up to a revision and a position, or up to
// where its stream has to be set aside: the change says so then.
func (r *Runner) stream(ctx context.Context, id string, through int64, until eventstore.Position) (*change, error) {
	c := newChange(id, nil)
	for next := eventstore.Revision(0); ; {
		n := 0
		for rec, err := range r.Log.ReadStream(ctx, category+id, next, streamPage) {
			if err != nil {
				return nil, err
			}
			if rec.Position.Compare(until) > 0 || int64(rec.Revision) > through {
				return c, nil
			}
			if !r.glance(c, rec) {
				err := r.fold(ctx, c, rec)
				var reason *eventstore.SetAsideError
				if errors.As(err, &reason) {
					before, err := r.stream(ctx, id, int64(rec.Revision)-1, until)
					if err == nil && before.aside == nil {
						before.aside = asideOf(rec, reason)
					}
					return before, err
				}
				if err != nil {
					return nil, err
				}
			}
			next, n = rec.Revision+1, n+1
		}
		if n < streamPage {
			return c, nil
		}
	}
}

// Opens reports whether lists need a sealed field of an event in clear: a name that
// they show masked, and what an application can be found by. Everything else may
// stay sealed, and read empty, for a Runner.
func Opens(field string) bool {
	switch field {
	case "personal." + string(item.IdentityName), "personal", "field":
		return true // the last two are a correction's, of whatever item
	case "document.sha256", "document.phash":
		return true
	}
	if strings.HasPrefix(field, "fields.") {
		return true // of a company: a list shows its name, and its numbers are looked for
	}
	k, personal := strings.CutPrefix(field, "personal.")
	return personal && slices.Contains(duplicate.Compared, item.Key(k))
}

// searched are the items that can be looked for by their exact value.
var searched = []item.Key{item.IdentityName, item.IdentityNumber, item.CompanyLicence, item.SiteDomain}

// compared are those by whose value duplicates are found, besides what is searched.
var compared = slices.DeleteFunc(slices.Clone(duplicate.Compared), func(k item.Key) bool { return slices.Contains(searched, k) })

// index notes under which exact values an application can be found, and which
// others share its numbers and papers (package duplicate). A value that was
// replaced stays findable: people search by what a paper in their hand says,
// and the row shows what holds now.
func (r *Runner) index(c *change, e application.Event) {
	add := func(kind, value string) {
		if value != "" {
			c.lookups = append(c.lookups, kind+"="+r.Index(kind, exactForm(kind, value)))
		}
	}
	keyed := duplicate.Keyed(r.Index)
	compare := func(keys ...string) {
		for _, k := range keys {
			if k != "" && !slices.Contains(c.lookups, k) {
				c.lookups = append(c.lookups, k)
			}
		}
	}
	switch e := e.(type) {
	case application.Opened:
		add("merchant_number", e.MerchantNumber)
	case application.DetailsFilled:
		for _, k := range searched {
			add(string(k), e.Fields[k])
			add(string(k), e.Personal[k].Clear())
		}
		for _, k := range compared {
			compare(keyed.ValueKey(k, e.Fields[k]))
			compare(keyed.ValueKey(k, e.Personal[k].Clear()))
		}
	case application.ItemCorrected:
		if slices.Contains(searched, e.Item) {
			if e.Field != nil {
				add(string(e.Item), *e.Field)
			}
			if e.Personal != nil {
				add(string(e.Item), e.Personal.Clear())
			}
		}
		if slices.Contains(compared, e.Item) {
			if e.Field != nil {
				compare(keyed.ValueKey(e.Item, *e.Field))
			}
			if e.Personal != nil {
				compare(keyed.ValueKey(e.Item, e.Personal.Clear()))
			}
		}
	case application.DocumentUploaded:
		compare(keyed.FileKey(e.Document.SHA256))
		if !e.Document.Blank && duplicate.Pictured(e.Slot) {
			compare(keyed.PictureKeys(e.Document.PHash)...)
		}
	default: // nothing to be found by
	}
}

// newChange begins what a batch does to an application; h is what is known of it.
func newChange(id string, h *kept) *change {
	c := &change{id: id, last: -1}
	if h != nil {
		c.app, c.before, c.stored = h.app, h.row, h.stored
	}
	return c
}

// kept is an application as it is folded so far, and its row as Redis has it.
type kept struct {
	app    *Summary
	row    *Row
	stored bool                      // a hidden application has a row too, of which only the revision is kept
	hidden *eventstore.SetAsideError // why its stream cannot be read as far as Redis has seen it
}
