// Package reactions is what events set in motion: the machine check after a
// submission, deadlines that are warned of and breached, mails (package mail).
//
// A reaction is one ordered subscription (Follower) and a handler. Nothing else
// starts it: no command waits for a reaction, and none fails because of one.
//
// What must stay true:
//
//   - Delivery is at least once, effects are once. Every effect is an event (a
//     finding, a breach, a notice that a mail went out) whose id follows from
//     what caused it, so a second delivery finds it in place.
//   - The position lives in the log itself, in the stream reaction-<name>. Redis
//     may be lost at any time and nothing is done twice or left out.
//   - An event that cannot be decoded stops its reaction, loudly (Healthy), and
//     is never skipped. Whatever else fails is tried again, more and more
//     slowly, for as long as it takes.
//   - What happens at a moment is decided by the decider; a timer only says when
//     to look.
package reactions

import (
	"fmt"

	"alta/domain/application"
	"alta/eventstore"
)

// UndecodableError is an event that this program cannot read. The reaction that
// meets it stands still until a program that can read it is started.
type UndecodableError struct {
	Stream   string
	Revision eventstore.Revision
	Type     string
	Err      error
}

func (e *UndecodableError) Error() string {
	return fmt.Sprintf("reactions: %s at revision %d of %s cannot be decoded: %v", e.Type, e.Revision, e.Stream, e.Err)
}

func (e *UndecodableError) Unwrap() error { return e.Err }

// Undecodable wraps what a decoder said about a record.
func Undecodable(r *eventstore.Record, err error) error {
	return &UndecodableError{r.Stream, r.Revision, r.Type, err}
}

// Readable answers an UndecodableError where no key would help to read an
// application's event. It tells such an event from keys that cannot be had just
// now, which are no reason to stop.
func Readable(r *eventstore.Record) error {
	if _, err := application.Decode(r.Type, r.Data, nil); err != nil {
		return Undecodable(r, err)
	}
	return nil
}
