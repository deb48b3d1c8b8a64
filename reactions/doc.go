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
//   - A stream that cannot be read is set aside, loudly, and all others go on. The
//     position that is kept stays before it, so nothing of it is skipped: it is
//     tried again every minute and at every start. Whatever else fails is tried
//     again, more and more slowly, for as long as it takes.
//   - What happens at a moment is decided by the decider; a timer only says when
//     to look.
package reactions

import (
	"alta/domain/application"
	"alta/eventstore"
)

// Readable answers an *eventstore.SetAsideError where no key would help to read an
// application's event. It tells such an event from keys that cannot be had just
// now, which are no reason to set its stream aside.
func Readable(r *eventstore.Record) error {
	if _, err := application.Decode(r.Type, r.Data, nil); err != nil {
		return eventstore.Unreadable(r, err)
	}
	return nil
}
