package application

import (
	"slices"
	"strconv"
	"time"

	"alta/domain/calendar"
	"alta/domain/policy"
)

const day = 24 * time.Hour

// Mark is a moment before a deadline at which somebody is told.
type Mark struct {
	Name string // "warn" for the platform; "7d", "3d", "1d" for the merchant
	At   time.Time
}

// Marks lists a deadline's marks in time's order.
func (d Deadline) Marks() []Mark {
	if d.Holder == Platform {
		return []Mark{{platformMark, d.Warn}}
	}
	out := make([]Mark, len(d.Reminds))
	for i, at := range d.Reminds {
		out[i] = Mark{strconv.Itoa(int((d.Due.Sub(at)+day/2)/day)) + "d", at}
	}
	return out
}

// deadline is that of a stage which the application enters now: business time
// for the platform, calendar days for the merchant. A site review that has to
// wait for the declaration of the site is the merchant's.
func (s State) deadline(r Rules, p policy.Policy, stage Stage, at time.Time) (*Deadline, error) {
	switch stage {
	case Qualification:
		return s.platform(r, p, stage, at, p.Terms.Qualification)
	case SecondApproval:
		return s.platform(r, p, stage, at, p.Terms.SecondApproval)
	case ICP:
		return s.platform(r, p, stage, at, p.Terms.ICP)
	case Website:
		if s.Declaration.URL == "" {
			return s.merchants(r, p, stage, at, p.Terms.CorrectionDays)
		}
		return s.platform(r, p, stage, at, p.Terms.Website)
	case Contract, Countersignature, Activation:
		return s.platform(r, p, stage, at, p.Terms.Countersignature)
	case Correction:
		return s.merchants(r, p, stage, at, p.Terms.CorrectionDays)
	case Signature:
		return s.merchants(r, p, stage, at, p.Terms.OfferDays)
	default:
		return nil, nil
	}
}

// platform is a deadline of so many business days from now.
func (s State) platform(r Rules, p policy.Policy, stage Stage, at time.Time, term policy.Term) (*Deadline, error) {
	due, err := r.Calendar.Add(at, calendar.Days(term.BusinessDays))
	if err != nil {
		return nil, err
	}
	return s.platformUntil(r, p, stage, at, due)
}

func (s State) platformUntil(r Rules, p policy.Policy, stage Stage, at time.Time, due calendar.Moment) (*Deadline, error) {
	whole, err := r.Calendar.Between(at, due.At)
	if err != nil {
		return nil, err
	}
	warn, err := r.Calendar.Add(at, calendar.Span{Time: whole.Time / 100 * time.Duration(p.Terms.WarnPercent)})
	if err != nil {
		return nil, err
	}
	return &Deadline{
		ID: s.deadlineID(stage), Stage: stage, Holder: Platform, Started: at, Warn: stamp(warn.At), Due: stamp(due.At),
		Policy: p.Version, Calendar: r.Calendar.Version, Provisional: due.Provisional,
	}, nil
}

// periodEnd is the end of a period of the merchant's in calendar days: by
// default 24:00 of its last day, and where that is a day off, of the next
// business day (Civil Code arts. 201 and 203).
func periodEnd(r Rules, t policy.Terms, from time.Time, days int) (calendar.Moment, error) {
	if t.Ends() == policy.SameInstant {
		return calendar.Moment{At: r.Calendar.AddCalendarDays(from, days), Version: r.Calendar.Version}, nil
	}
	return r.Calendar.EndOfDays(from, days, t.RollsOver())
}

// merchants is the merchant's deadline of so many calendar days from now.
func (s State) merchants(r Rules, p policy.Policy, stage Stage, at time.Time, days int) (*Deadline, error) {
	due, err := periodEnd(r, p.Terms, at, days)
	if err != nil {
		return nil, err
	}
	return s.merchantsUntil(r, p, stage, at, due), nil
}

// merchantsUntil is the merchant's deadline, with its reminders. A reminder that
// would go out at night waits for the morning.
func (s State) merchantsUntil(r Rules, p policy.Policy, stage Stage, at time.Time, due calendar.Moment) *Deadline {
	d := &Deadline{
		ID: s.deadlineID(stage), Stage: stage, Holder: Merchant, Started: at, Warn: stamp(due.At), Due: stamp(due.At),
		Policy: p.Version, Calendar: r.Calendar.Version, Provisional: due.Provisional,
	}
	opens, closes := p.Terms.NoticeHours()
	days := slices.Sorted(slices.Values(p.Terms.CorrectionReminders))
	for _, n := range slices.Backward(days) {
		remind := stamp(r.Calendar.Daytime(r.Calendar.AddCalendarDays(due.At, -n), opens, closes, due.At))
		if remind.After(at) && remind.Before(due.At) {
			d.Reminds = append(d.Reminds, remind)
		}
	}
	if len(d.Reminds) > 0 {
		d.Warn = d.Reminds[0]
	}
	return d
}

// deadlineID is unique within the stream: the stage, and the revision of the
// event that starts the deadline.
func (s State) deadlineID(stage Stage) string {
	return string(stage) + "-" + strconv.FormatInt(s.Events, 10)
}

// stamp is how events write a moment.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// paused is the business time that the platform had left when it gave the ball
// away.
func (s State) paused(r Rules, at time.Time) (time.Duration, error) {
	if s.Deadline == nil || s.Deadline.Holder != Platform || !at.Before(s.Deadline.Due) {
		return 0, nil
	}
	left, err := r.Calendar.Between(at, s.Deadline.Due)
	return left.Time, err
}

// leastDays is the least that a reviewer has after a correction, in business
// days: a correction handed in a minute before the old deadline is still read.
const leastDays = 1

// resumed is the deadline after a correction: at the stage that it was returned
// from the platform has the rest of its time, but at least a business day; at
// any other stage that stage's whole term.
func (s State) resumed(r Rules, p policy.Policy, next Stage, at time.Time) (*Deadline, error) {
	if next != s.From || next.Holder() != Platform || next == Website && s.Declaration.URL == "" {
		return s.deadline(r, p, next, at)
	}
	due, err := r.Calendar.Add(at, calendar.Span{Time: s.Paused})
	if err != nil {
		return nil, err
	}
	least, err := r.Calendar.Add(at, calendar.Days(leastDays))
	if err != nil {
		return nil, err
	}
	if due.At.Before(least.At) {
		due = least
	}
	return s.platformUntil(r, p, next, at, due)
}
