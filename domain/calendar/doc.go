// Package calendar reckons in business time: the hours in which the platform's
// people work, Monday to Friday from 09:00 to 18:00 in Beijing unless the data
// say otherwise, less public holidays and with the working weekends by which
// China makes up for them.
//
// # Business time
//
// A business day is open from its opening instant, included, to its closing
// instant, excluded. Business time passes only while it is open, so a business
// day of the default calendar is worth nine hours. All clock times are wall
// clock in the calendar's zone.
//
//   - [Calendar.Add] starts counting at the moment given if that is open, and at
//     the next opening otherwise. What is submitted after closing, or on a day
//     off, counts from the next business day's opening.
//   - Adding n days lands on the same clock time n business days later:
//     2026-09-30 10:00 and one day is 2026-10-08 10:00.
//   - Adding hours uses up open time. Hours that end exactly with a day end at
//     that day's closing instant, not at the next opening: a deadline of "nine
//     hours" set at opening is due at 18:00 the same day. Closing instants are
//     the only moments that are not open in which an addition can end; it never
//     ends in a closed hour.
//   - A closing instant is not open, so counting from it starts at the next
//     opening. To move a deadline that ends at closing by whole days and keep it
//     at closing, add them as open time: Span{Time: c.Length(Days(n))}.
//   - [Calendar.Between] measures the open time between two moments. Measuring
//     what was added gives back what was added, always.
//
// # Years are data
//
// Which days are off is decided anew for every year: the State Council's general
// office publishes the table for the next year, usually in November. A
// [Calendar] is therefore a versioned document. It carries "official through",
// the last day that rests on a published table. Beyond it, and before its first
// year, it still answers, from the statutory days alone or, in a document without
// them, from plain weekdays, and says so: such an answer is Provisional. Ask
// [Calendar.Coverage] for how long the official data last; fewer than 60 days
// are a warning.
//
// The built-in document has 2026 (official; 248 business days). Any other year
// from 1900 to 2100 has the thirteen statutory days of the State Council's Order
// 795 of 2024 and no working weekends. A statutory day on a Saturday or Sunday is
// made up on the next working day (art. 6), so 2027 has 261 − 13 = 248 business
// days whatever its table will move. Which days those are is assumed, and the
// answer is provisional. Outside these years the calendar refuses with
// [ErrBeyond]. [Calendar.Import] adds a new table and makes a new version; a table
// may reach into the December before and the January after.
//
// # Periods in days
//
// A period in calendar days ends at 24:00 of its last day, and where that is a
// day off, of the next business day (Civil Code arts. 201 and 203); see
// [Calendar.EndOfDays].
//
// # Deadlines already computed
//
// A deadline is a promise, so importing a table moves none by itself: every
// [Moment] keeps the calendar version that it was computed with. An operator who
// imports a table may recompute the open deadlines, and then this rule holds for
// each, in [Calendar.Recompute]:
//
//  1. A deadline that is due, or whose clock is stopped, stays as it is.
//  2. Any other is computed anew from its own start and span.
//  3. If the new moment is not later than now, the old one stays: an import
//     never makes anyone late.
//  4. Otherwise the new moment replaces the old one and carries the new version;
//     whatever moved is listed for the operator.
//
// # Cost
//
// Every year has prefix counts of its business days; years without a table share
// the law's counts, or the fourteen shapes a year can have. Adding and measuring cost O(1) for each
// year touched, never for each day or minute. Calendars are immutable values and
// safe for concurrent use. Nothing here reads a clock.
//
// Sources: Regulation on Public Holidays for National Annual Festivals and
// Memorial Days (State Council Order 795, 2024); General Office notice on the
// arrangement of holidays in 2026; Civil Code arts. 200 to 204; the lunar
// festivals and Qingming of 1900 to 2100 by two independent programs; RFC 3339
// for moments.
package calendar
