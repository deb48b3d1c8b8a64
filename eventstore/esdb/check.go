package esdb

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"alta/eventstore"
)

// What the server would answer with an unknown error, a bare EOF or nothing at
// all is refused here, in the same words and with the same limits as by the
// embedded engine, which shares no code with this package.

func checkAppend(stream string, expected eventstore.Revision, events []eventstore.Proposed) error {
	if err := checkTarget(stream, expected); err != nil {
		return err
	}
	if len(events) == 0 {
		return fmt.Errorf("%w: events: there is none to append", eventstore.ErrInvalid)
	}
	if len(events) > eventstore.MaxEvents {
		return fmt.Errorf("%w: %d events, at most %d are allowed", eventstore.ErrTooLarge, len(events), eventstore.MaxEvents)
	}
	size := 0
	for i, e := range events {
		switch {
		case e.ID == eventstore.ID{}:
			return fmt.Errorf("%w: events[%d].id is not set", eventstore.ErrInvalid, i)
		case e.Type == "" || !utf8.ValidString(e.Type):
			return fmt.Errorf("%w: events[%d].type is empty or not UTF-8", eventstore.ErrInvalid, i)
		case strings.HasPrefix(e.Type, "$"):
			return fmt.Errorf("%w: events[%d].type: types that begin with $ belong to the store", eventstore.ErrInvalid, i)
		}
		size += e.Size()
	}
	if size > eventstore.MaxAppendBytes {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", eventstore.ErrTooLarge, size, eventstore.MaxAppendBytes)
	}
	return nil
}

// checkTarget checks what a write is for.
func checkTarget(stream string, expected eventstore.Revision) error {
	if err := checkStream(stream); err != nil {
		return err
	}
	if expected < eventstore.NoStream {
		return fmt.Errorf("%w: expected: %d is no exact revision", eventstore.ErrInvalid, expected)
	}
	return nil
}

func checkStream(stream string) error {
	switch {
	case stream == "":
		return fmt.Errorf("%w: stream: the name is empty", eventstore.ErrInvalid)
	case len(stream) > eventstore.MaxStreamName:
		return fmt.Errorf("%w: stream: the name is over %d bytes", eventstore.ErrInvalid, eventstore.MaxStreamName)
	case strings.HasPrefix(stream, "$"):
		return fmt.Errorf("%w: stream: names that begin with $ belong to the store", eventstore.ErrInvalid)
	case !utf8.ValidString(stream) || strings.ContainsRune(stream, 0):
		return fmt.Errorf("%w: stream: the name is not valid UTF-8 text", eventstore.ErrInvalid)
	}
	return nil
}
