package api

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"alta/eventstore"
)

// cursor is a place in the log as it is told to somebody who comes back with it. It
// carries a part of its event's id, by which a place of another log is recognised. Its
// text is the position and, after a dot, that part.
type cursor struct {
	eventstore.Position
	tag [8]byte // the beginning of the event's id
}

// cursorOf is the place of an event; of the zero Mark, the one before every event.
func cursorOf(m eventstore.Mark) cursor { return cursor{m.Position, [8]byte(m.ID[:8])} }

func cursorAt(r *eventstore.Record) cursor { return cursorOf(eventstore.MarkOf(r)) }

func (c cursor) String() string { return c.Position.String() + "." + hex.EncodeToString(c.tag[:]) }

// parseCursor reads what String wrote, or a bare position, which is of no log.
func parseCursor(s string) (c cursor, err error) {
	place, tag, tagged := strings.Cut(s, ".")
	if c.Position, err = eventstore.ParsePosition(place); err != nil || !tagged {
		return c, err
	}
	b, err := hex.DecodeString(tag)
	if err != nil || len(b) != len(c.tag) {
		return cursor{}, fmt.Errorf("cursor %q: want a position, a dot and %d hexadecimal digits", s, 2*len(c.tag))
	}
	c.tag = [8]byte(b)
	return c, nil
}

// ours reports whether the log holds the event of a cursor, at its position. The error
// is the log's: then nothing is known.
func (h *hub) ours(ctx context.Context, c cursor) (bool, error) {
	if c == (cursor{}) {
		return true, nil
	}
	r, err := h.log.ReadAt(ctx, c.Position)
	if errors.Is(err, eventstore.ErrNoPosition) {
		return false, nil
	}
	return err == nil && cursorAt(r) == c, err
}

// newest is the place of the log's newest event.
func (h *hub) newest(ctx context.Context) (cursor, error) {
	m, err := eventstore.Newest(ctx, h.log)
	return cursorOf(m), err
}
