// Package statistics counts what happens to applications, day by day: what came
// in and what was done, how deep the queues are, how long the platform and the
// merchants had the ball, which deadlines were met, which reasons were given,
// how often the first round was enough, who had how much to do, and how often a
// blind second look at a decision came to the same. With the sums goes the list of
// second looks that are still waited for: their ids, most urgent first.
//
// It is a projection of its own, with a subscription, keys and a position of its
// own in Redis. Nothing of an application is stored: only sums. What one event
// adds to them follows from the event and from what happened to its application
// before (Case, a pure fold), which is read from the log again where memory has
// forgotten it. So Redis holds a few numbers a day whatever the number of
// applications, and memory a bounded number of cases.
//
// What must stay true:
//
//   - A sum is an integer: what an order of adding cannot change, a rebuild that
//     adds in another order gives again.
//   - Sums and position are written in one transaction, as absolute values, and
//     refused when somebody else moved the position meanwhile.
//   - A day is one of the calendar's zone, by the moment that the event names; so
//     the figures reach back over all history, however late it was recorded.
//   - A stream that cannot be read is set aside: of its events those before the one
//     that cannot be read are counted, and the others once all of them can be. Which
//     streams those are changes in the same transaction as the sums.
//   - No person's data is counted: agents by organisation, reviewers by account.
package statistics

import "errors"

// Version is the shape of the sums. A program with another one builds its own
// beside these.
const Version = "3"

// errFenced: another runner moved the position; this one starts over from what
// Redis says.
var errFenced = errors.New("statistics: another runner has written")

// errLost: the sums are not there (any more), or are of another log or calendar.
var errLost = errors.New("statistics: the sums are gone")

// errTorn: part of a transaction failed; the sums must be built anew.
var errTorn = errors.New("statistics: a transaction was torn")
