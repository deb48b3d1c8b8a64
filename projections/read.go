package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"alta/domain/application"
	"alta/eventstore"
)

// A Reader answers lists and searches from Redis. While they are being built it
// says so (ErrRebuilding), so that nobody takes an empty Redis for an empty
// business.
type Reader struct {
	Store *Store
	Index func(kind, value string) string // the runner's blind index
	Now   func() time.Time
	// Unreadable, if set, reports whether an application's stream cannot be read, for a
	// reason that Redis knows nothing of. Its row says then that it is set aside.
	Unreadable func(id string) bool
}

// rereads bounds how often an answer is read because the generation it was read
// from was retired meanwhile, or since this process last saw which one is used.
const rereads = 4

// reading answers from one finished generation: one that readers use after
// everything was read. It keeps an emptied Redis from passing for an empty business.
func (r Reader) reading(ctx context.Context, read func(g generation) error) error {
	g, err := r.Store.known(ctx)
	if err != nil {
		return away(ctx, err)
	}
	for range rereads {
		gap := read(g)
		if gap != nil && !errors.Is(gap, errGap) {
			r.Store.remember("") // it may have been retired
			return away(ctx, gap)
		}
		there, live, err := r.Store.found(ctx, g)
		switch {
		case err != nil:
			return away(ctx, err)
		case there && live == g && gap != nil:
			return fmt.Errorf("%w: %w", ErrRebuilding, gap) // the runner finds it too
		case there && live == g:
			return nil
		case live == "":
			return ErrRebuilding
		}
		g = live
	}
	return ErrRebuilding
}

// away marks what is Redis' fault, and not the caller's.
func away(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, ErrRebuilding) || errors.Is(err, ErrCursor) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrAway, err)
}

// Wait answers when readers can see a position, or when the context ends. It asks
// again after a quarter of the time that it has waited, between 2 and 50 ms, so that
// nobody waits much longer than need be and a long wait costs Redis little.
func (r Reader) Wait(ctx context.Context, p eventstore.Position) error {
	for begun := time.Now(); ; {
		at, err := r.Store.Position(ctx)
		if err != nil {
			return away(ctx, err)
		}
		if at.Compare(p) >= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(max(time.Since(begun)/4, 2*time.Millisecond), 50*time.Millisecond)):
		}
	}
}

// marked is a stored row that says that its stream is set aside. One that nobody may
// find stays as it is.
func marked(stored string) (string, error) {
	var row Row
	if err := json.Unmarshal([]byte(stored), &row); err != nil {
		return "", fmt.Errorf("projections: stored row: %w", err)
	}
	if row.ID == "" {
		return stored, nil
	}
	row.SetAside = true
	b, err := json.Marshal(row)
	return string(b), err
}

// Row answers an application's row, also one that stands in no list because its
// processing is restricted, which has no ID; nil where there is none.
func (r Reader) Row(ctx context.Context, id string) (row *Row, err error) {
	err = r.reading(ctx, func(g generation) error {
		rows, err := r.Store.rows(ctx, g, []string{id})
		if err != nil || rows[0] == "" {
			row = nil
			return err
		}
		row = &Row{}
		return json.Unmarshal([]byte(rows[0]), row)
	})
	return row, err
}

// Render makes every document of an application from its folded one: what an
// auditor sees of a moment in the past.
func Render(a *Application, e Entry) Moment {
	m := Moment{Entry: e, Application: a, Status: StatusOf(a)}
	if QueueOf(a.Stage) != "" {
		m.Row = RowOf(&a.Summary)
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
