package projections

import (
	"container/list"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"sync"

	"alta/domain/application"
	"alta/eventstore"
)

// Details answers everything about one application: the document for staff, the
// status for its merchant, the history. Each is a fold of one stream, made when it
// is asked for, so it holds what was acknowledged a moment ago, needs no Redis,
// and no copy of it has to be erased. What is folded is kept for the next reader.
//
// It is safe for concurrent use. Fill the exported fields once.
type Details struct {
	Log interface {
		ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
	}
	Folder Folder
	// Decode reads a stored event; personal values come clear or erased.
	Decode func(ctx context.Context, r *eventstore.Record) (application.Event, error)

	mu     sync.Mutex
	byID   map[string]*list.Element
	recent *list.List // of *detail, the one read last in front
}

// detailsKept bounds how many folded applications are kept, some 30 KB each.
const detailsKept = 1024

// detail is one application as it was folded last.
type detail struct {
	id string

	mu                  sync.Mutex
	app                 *Application
	erased              bool // its subject was: even masked values are not shown
	application, status []byte
}

// Rendered is a document's JSON, the revision it reached, and the newest version
// that the merchant was told of.
type Rendered struct {
	JSON              []byte
	Revision, Version int64
}

// Application is the staff's document; ErrNotFound where there is no such
// application.
func (d *Details) Application(ctx context.Context, id string) (out Rendered, err error) {
	err = d.at(ctx, id, func(e *detail) error {
		if e.application == nil {
			if e.application, err = json.Marshal(e.app); err != nil {
				return err
			}
		}
		out = Rendered{e.application, e.app.Revision, e.app.told - 1}
		return nil
	})
	return out, err
}

// Status is the merchant's document; ErrNotFound where there is no such
// application.
func (d *Details) Status(ctx context.Context, id string) (out Rendered, err error) {
	err = d.at(ctx, id, func(e *detail) error {
		if e.status == nil {
			if e.status, err = json.Marshal(StatusOf(e.app)); err != nil {
				return err
			}
		}
		out = Rendered{e.status, e.app.Revision, e.app.told - 1}
		return nil
	})
	return out, err
}

// HistoryPage is a part of an application's history, oldest first.
type HistoryPage struct {
	Entries  []Entry `json:"entries"`
	Revision int64   `json:"revision"` // the last there is
	Next     int64   `json:"next,omitempty"`
}

// History answers at most limit entries from a revision on; ErrNotFound where
// there is no such application.
func (d *Details) History(ctx context.Context, id string, from int64, limit int) (HistoryPage, error) {
	page := HistoryPage{Entries: []Entry{}}
	erased := false
	err := d.at(ctx, id, func(e *detail) error {
		page.Revision, erased = e.app.Revision, e.erased
		return nil
	})
	if err != nil {
		return HistoryPage{}, err
	}
	if from > page.Revision {
		return page, nil
	}
	for rec, err := range eventstore.Whole(eventstore.Revision(from)-1, d.Log.ReadStream(ctx, category+id, eventstore.Revision(from), limit)) {
		if err != nil {
			return HistoryPage{}, err
		}
		if int64(rec.Revision) > page.Revision {
			break // written since: the erasure of its subject may be among them
		}
		entry, err := d.entry(ctx, rec, erased)
		if err != nil {
			return HistoryPage{}, err
		}
		page.Entries = append(page.Entries, entry)
	}
	if last := from + int64(len(page.Entries)); last <= page.Revision {
		page.Next = last
	}
	return page, nil
}

func (d *Details) entry(ctx context.Context, rec *eventstore.Record, erased bool) (Entry, error) {
	e, err := d.Decode(ctx, rec)
	if err != nil {
		return Entry{}, fmt.Errorf("projections: %s at revision %d of %s: %w", rec.Type, rec.Revision, rec.Stream, err)
	}
	if erased {
		e = application.Erase(e)
	}
	return EntryOf(rec, e)
}

// at brings an application up to date and hands it to use, alone.
func (d *Details) at(ctx context.Context, id string, use func(*detail) error) error {
	e := d.detail(id)
	e.mu.Lock()
	defer e.mu.Unlock()
	whole := false
	defer func() {
		if !whole { // an error or a panic left it half folded
			d.forget(id)
		}
	}()
	if err := d.advance(ctx, e); err != nil {
		return err
	}
	if err := use(e); err != nil {
		return err
	}
	whole = true
	return nil
}

// advance folds what was appended since the application was read last.
func (d *Details) advance(ctx context.Context, e *detail) error {
	for {
		next, n := eventstore.Revision(0), 0
		if e.app != nil {
			next = eventstore.Revision(e.app.Revision + 1)
		}
		for rec, err := range d.Log.ReadStream(ctx, category+e.id, next, streamPage) {
			if eventstore.Absent(err) {
				break
			}
			if err != nil {
				return err
			}
			again, err := d.fold(ctx, e, rec)
			if err != nil {
				return err
			}
			if n++; again {
				e.app, e.erased, n = nil, true, streamPage
				break
			}
		}
		switch {
		case n == streamPage:
		case e.app == nil:
			return ErrNotFound
		default:
			return nil
		}
	}
}

// fold folds one event, or says that its application was erased and everything has
// to be folded once more, from the beginning.
func (d *Details) fold(ctx context.Context, e *detail, rec *eventstore.Record) (again bool, err error) {
	last := eventstore.NoStream
	if e.app != nil {
		last = eventstore.Revision(e.app.Revision)
	}
	if err := eventstore.Follows(rec, last); err != nil {
		return false, err
	}
	event, err := d.Decode(ctx, rec)
	if err != nil {
		return false, fmt.Errorf("projections: %s at revision %d of %s: %w", rec.Type, rec.Revision, rec.Stream, err)
	}
	if _, gone := event.(application.Shredded); gone && !e.erased {
		return true, nil
	}
	if e.erased {
		event = application.Erase(event)
	}
	defer func() {
		if p := recover(); p != nil {
			err = eventstore.Panicked(rec, p)
		}
	}()
	e.app, e.application, e.status = d.Folder.Fold(e.app, e.id, int64(rec.Revision), event), nil, nil
	return false, nil
}

// detail finds what is kept of an application, or begins anew.
func (d *Details) detail(id string) *detail {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byID == nil {
		d.byID, d.recent = map[string]*list.Element{}, list.New()
	}
	if el, ok := d.byID[id]; ok {
		d.recent.MoveToFront(el)
		return el.Value.(*detail)
	}
	e := &detail{id: id}
	d.byID[id] = d.recent.PushFront(e)
	if d.recent.Len() > detailsKept {
		oldest := d.recent.Back()
		delete(d.byID, d.recent.Remove(oldest).(*detail).id)
	}
	return e
}

// forget drops what may be half folded.
func (d *Details) forget(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if el, ok := d.byID[id]; ok {
		d.recent.Remove(el)
		delete(d.byID, id)
	}
}
