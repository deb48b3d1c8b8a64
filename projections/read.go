package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"alta/domain/application"
	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

// A Reader answers the documents as they are stored. It tells "being rebuilt"
// (ErrRebuilding) from "not there" (ErrNotFound), so that nobody takes an empty
// Redis for an empty business.
type Reader struct {
	Store *Store
	Index func(kind, value string) string // the runner's blind index
	Now   func() time.Time
}

// Stored is a document's JSON and the revision it reached.
type Stored struct {
	JSON     []byte
	Revision int64
}

// Application reads the staff's document.
func (r Reader) Application(ctx context.Context, id string) (Stored, error) {
	return r.document(ctx, id, "application")
}

// Status reads the merchant's document.
func (r Reader) Status(ctx context.Context, id string) (Stored, error) {
	return r.document(ctx, id, "status")
}

func (r Reader) document(ctx context.Context, id, field string) (d Stored, err error) {
	err = r.reading(ctx, func(g generation) error {
		v, err := r.Store.rdb.HMGet(ctx, g.document(id), field, "revision").Result()
		if err != nil {
			return fmt.Errorf("projections: %w", err)
		}
		doc, ok := v[0].(string)
		rev, _ := v[1].(string)
		if !ok {
			return ErrNotFound
		}
		n, err := strconv.ParseInt(rev, 10, 64)
		if err != nil {
			return fmt.Errorf("projections: revision of %s: %w", id, err)
		}
		d = Stored{[]byte(doc), n}
		return nil
	})
	return d, err
}

// rereads bounds how often an answer is read again because the generation it was
// read from was retired meanwhile.
const rereads = 3

// reading answers from one finished generation: one that was there before and
// after everything was read. It tells a document that is not there from a
// generation that is not, and keeps an emptied Redis from passing for an empty
// business.
func (r Reader) reading(ctx context.Context, read func(g generation) error) error {
	for range rereads {
		g, err := r.Store.live(ctx)
		if err != nil {
			return err
		}
		if err = read(g); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		there, gone := r.Store.rdb.Exists(ctx, g.checkpoint()).Result()
		switch {
		case gone != nil:
			return fmt.Errorf("projections: %w", gone)
		case there > 0:
			return err
		}
	}
	return ErrRebuilding
}

// HistoryPage is a part of an application's history, oldest first.
type HistoryPage struct {
	Entries  []json.RawMessage `json:"entries"`
	Revision int64             `json:"revision"` // the last there is
	Next     int64             `json:"next,omitempty"`
}

// History reads at most limit entries from a revision on.
func (r Reader) History(ctx context.Context, id string, from int64, limit int) (page HistoryPage, err error) {
	err = r.reading(ctx, func(g generation) error {
		page, err = r.history(ctx, g, id, from, limit)
		return err
	})
	return page, err
}

func (r Reader) history(ctx context.Context, g generation, id string, from int64, limit int) (HistoryPage, error) {
	rev, err := r.Store.rdb.HGet(ctx, g.document(id), "revision").Int64()
	if errors.Is(err, redis.Nil) {
		return HistoryPage{}, ErrNotFound
	}
	if err != nil {
		return HistoryPage{}, fmt.Errorf("projections: %w", err)
	}
	page := HistoryPage{Entries: []json.RawMessage{}, Revision: rev}
	var fields []string
	for n := from; n <= rev && len(fields) < limit; n++ {
		fields = append(fields, strconv.FormatInt(n, 10))
	}
	if len(fields) == 0 {
		return page, nil
	}
	values, err := r.Store.rdb.HMGet(ctx, g.history(id), fields...).Result()
	if err != nil {
		return HistoryPage{}, fmt.Errorf("projections: %w", err)
	}
	for i, v := range values {
		s, ok := v.(string)
		if !ok {
			return HistoryPage{}, fmt.Errorf("projections: history of %s has no revision %s", id, fields[i])
		}
		page.Entries = append(page.Entries, json.RawMessage(s))
	}
	if last := from + int64(len(fields)); last <= rev {
		page.Next = last
	}
	return page, nil
}

// Wait answers when readers can see a position, or when the context ends.
func (r Reader) Wait(ctx context.Context, p eventstore.Position) error {
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		at, err := r.Store.Position(ctx)
		if err != nil {
			return err
		}
		if at.Compare(p) >= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Render makes every document of an application from its folded one: what an
// auditor sees of a moment in the past.
func Render(a *Application, e Entry) Moment {
	m := Moment{Entry: e, Application: a, Status: StatusOf(a)}
	if QueueOf(a.Stage) != "" {
		m.Row = RowOf(a)
	}
	return m
}

// Moment is one event and every document as it stood right after it.
type Moment struct {
	Entry       Entry        `json:"entry"`
	Application *Application `json:"application"`
	Status      *Status      `json:"status"`
	Row         *Row         `json:"row,omitempty"`
}

// StageOf is the stage in a stored row.
func StageOf(row []byte) (application.Stage, error) {
	var r struct {
		Stage application.Stage `json:"stage"`
	}
	err := json.Unmarshal(row, &r)
	return r.Stage, err
}
