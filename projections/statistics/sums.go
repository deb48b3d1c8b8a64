package statistics

import (
	"strings"
	"time"

	"alta/domain/application"
	"alta/eventstore"
	"alta/projections"
)

// kind is whom a sum is about.
type kind string

const (
	everybody kind = "all"       // few cells, the same every day
	agents    kind = "agents"    // cells of organisations
	reviewers kind = "reviewers" // cells of staff accounts
)

// The cells of everybody, some for each queue, holder or reason.
const (
	cellOpened      = "opened"
	cellSubmitted   = "submitted"
	cellResubmitted = "resubmitted"
	cellReturned    = "returned"
	cellActivated   = "activated"
	cellDeclined    = "declined"
	cellWithdrawn   = "withdrawn"
	cellExpired     = "expired"
	cellAccepted    = "accepted first"     // qualified in the first round
	cellRejected    = "not accepted first" // returned or declined in it
	cellIn          = "in "                // entered a queue
	cellOut         = "out "               // left a queue
	cellDone        = "done "              // decided in a queue
	cellMet         = "met "               // platform's deadlines of a queue
	cellMissed      = "missed "
	cellTurns       = "turns "    // of a holder, ended
	cellBusiness    = "business " // seconds of business time in them
	cellPlain       = "plain "    // seconds in them
	cellBin         = "bin "      // turns by how long they were
	cellReason      = "reason "   // told to merchants, by code
	cellDrawn       = "samples drawn"
)

// The cells of a member: an agent's organisation or a reviewer.
const (
	cellClaimed = "claimed"
	cellDecided = "decided"
	cellHeld    = "held" // seconds
	cellReasons = "reasons"
	cellRank    = "rank" // by which the busiest are found
)

// The cells of everybody, and of the reviewer whose decisions were looked at a
// second time.
const (
	cellSampled = "samples judged"
	cellAgreed  = "samples agreed"
	cellShared  = "samples shared" // codes that both returns name
	cellNamed   = "samples named"  // codes that either of them names
)

// addition is a number that an event adds to a cell of a day.
type addition struct {
	day    string // 2026-11-23
	kind   kind
	member string // empty for everybody
	cell   string
	n      int64
	// sample is the place of a sample that begins to wait for a verdict, or with n
	// below 0 of one that no longer does; nothing else is added then.
	sample string
}

// hash is one Redis hash of sums.
type hash struct {
	kind   kind
	bucket string // 2026, 2026-11 or 2026-11-23
}

// sums gathers additions. Each counts for its day, its month and its year, so
// that a long time is read from few of them.
type sums struct {
	cells   map[hash]map[string]int64
	waiting map[string]bool                // places of samples: whether they wait now
	aside   map[string]eventstore.Revision // streams: from where on they are set aside, or takenIn
	size    int
}

// takenIn says of a stream that it is set aside no more.
const takenIn = eventstore.NoStream

func newSums() *sums {
	return &sums{cells: map[hash]map[string]int64{}, waiting: map[string]bool{}, aside: map[string]eventstore.Revision{}}
}

// setAside notes from where on a stream is set aside, or that it no longer is.
func (s *sums) setAside(stream string, from eventstore.Revision) {
	s.aside[stream] = from
	s.size++
}

func (s *sums) add(all []addition) {
	for _, a := range all {
		if a.sample != "" {
			s.waiting[a.sample] = a.n > 0
			s.size++
			continue
		}
		field := a.cell
		if a.member != "" {
			field = a.member + separator + a.cell
		}
		for _, bucket := range []string{a.day[:4], a.day[:7], a.day} {
			h := hash{a.kind, bucket}
			fields := s.cells[h]
			if fields == nil {
				fields = map[string]int64{}
				s.cells[h] = fields
			}
			if _, have := fields[field]; !have {
				s.size++
			}
			fields[field] += a.n
		}
	}
}

// merge adds other sums.
func (s *sums) merge(other *sums) {
	for h, cells := range other.cells {
		fields := s.cells[h]
		if fields == nil {
			fields = map[string]int64{}
			s.cells[h] = fields
		}
		for field, n := range cells {
			if _, have := fields[field]; !have {
				s.size++
			}
			fields[field] += n
		}
	}
	for place, waits := range other.waiting {
		s.waiting[place] = waits
		s.size++
	}
	for stream, from := range other.aside {
		s.setAside(stream, from)
	}
}

// separator stands between a member and its cell; it is in no id.
const separator = "|"

func split(field string) (member, cell string) {
	i := strings.LastIndex(field, separator)
	return field[:max(i, 0)], field[i+1:]
}

// Turn is whose turn an application's time is counted for. Filling in the form
// for the first time is nobody's delay and stands for itself.
type Turn string

// The turns.
const (
	PlatformTurn Turn = "platform"
	MerchantTurn Turn = "merchant"
	DraftTurn    Turn = "draft"
)

// Turns lists them.
func Turns() []Turn { return []Turn{PlatformTurn, MerchantTurn, DraftTurn} }

func turnOf(p projections.Place) Turn {
	switch h := p.Holder(); {
	case p.Restricted, h == application.Nobody:
		return ""
	case h == application.Platform:
		return PlatformTurn
	case p.Stage == application.Draft:
		return DraftTurn
	}
	return MerchantTurn
}

// Queues lists the queues that are counted: those in which every application
// stands at most once.
func Queues() []projections.Queue {
	return []projections.Queue{
		projections.QueueQualification, projections.QueueSecondApproval, projections.QueueICP, projections.QueueWebsite,
		projections.QueueContract, projections.QueueCorrection,
	}
}

// Bounds are the upper ends of the classes by which turns are counted: of
// business time for the platform, of time by the clock for merchants. A last
// class holds what took longer.
func (t Turn) Bounds() []time.Duration {
	const h = time.Hour
	if t == PlatformTurn { // a business day has nine hours
		return []time.Duration{h / 2, h, 2 * h, 4 * h, 9 * h, 18 * h, 27 * h, 45 * h, 90 * h, 180 * h}
	}
	return []time.Duration{h, 4 * h, 12 * h, 24 * h, 48 * h, 96 * h, 168 * h, 360 * h, 720 * h, 1440 * h}
}

// class is the class of a turn that took so long.
func (t Turn) class(took time.Duration) int {
	for i, b := range t.Bounds() {
		if took <= b {
			return i
		}
	}
	return len(t.Bounds())
}
