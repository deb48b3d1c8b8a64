package statistics

import (
	"maps"
	"strconv"
	"time"

	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/reason"
	"alta/projections"
)

// Case is what has to be known of an application to say what its next event
// adds. The zero Case has no event yet.
type Case struct {
	place    projections.Place
	turn     time.Time // when the present turn began
	claimed  time.Time // when the present claim began
	deadline *application.Deadline
	judged   bool // the deadline was counted
	first    bool // how the first round ended was counted
	raised   map[string]reason.Code
}

// teller gathers what one event adds.
type teller struct {
	zone *time.Location
	at   time.Time
	out  []addition
}

func (t *teller) day(at time.Time) string { return at.In(t.zone).Format(time.DateOnly) }

func (t *teller) add(cell string, n int64) { t.on(t.at, cell, n) }

func (t *teller) on(at time.Time, cell string, n int64) {
	t.out = append(t.out, addition{day: t.day(at), kind: everybody, cell: cell, n: n})
}

func (t *teller) member(k kind, who, cell string, n int64) {
	if who != "" {
		t.out = append(t.out, addition{day: t.day(t.at), kind: k, member: who, cell: cell, n: n})
	}
}

// Then is the case after an event, and what the event adds to the sums. It
// changes nothing that c refers to.
func (c Case) Then(e application.Event, cal calendar.Calendar) (Case, []addition) {
	h := e.Head()
	t := &teller{zone: cal.Zone(), at: h.At}
	before := c.place
	c.place = before.Then(e)
	c.moves(t, before)
	c.turns(t, before, cal)
	c.promises(t, e, before.Stage)
	c.claims(t, e, before)
	c.reasons(t, e)
	c.decisions(t, e, before)
	return c, t.out
}

// moves counts what enters and leaves the queues.
func (c *Case) moves(t *teller, before projections.Place) {
	from, to := before.Queue(), c.place.Queue()
	if from == to {
		return
	}
	if from != "" {
		t.add(cellOut+string(from), 1)
	}
	if to != "" {
		t.add(cellIn+string(to), 1)
	}
}

// turns measures how long whose turn it was.
func (c *Case) turns(t *teller, before projections.Place, cal calendar.Calendar) {
	was, is := turnOf(before), turnOf(c.place)
	if was == is {
		return
	}
	if was != "" && !c.place.Restricted {
		plain := max(0, t.at.Sub(c.turn))
		business := plain
		if e, err := cal.Between(c.turn, t.at); err == nil { // it fails for no moment of a real clock
			business = max(0, e.Time)
		}
		took := plain
		if was == PlatformTurn {
			took = business
		}
		t.add(cellTurns+string(was), 1)
		t.add(cellPlain+string(was), int64(plain/time.Second))
		t.add(cellBusiness+string(was), int64(business/time.Second))
		t.add(cellBin+string(was)+" "+strconv.Itoa(was.class(took)), 1)
	}
	c.turn = t.at
}

// promises judges the platform's deadlines: met on the day on which the work was
// done in time, missed on the day on which it was due.
func (c *Case) promises(t *teller, e application.Event, from application.Stage) {
	_, next, moves := application.Enters(from, e)
	switch e := e.(type) {
	case application.DeadlineBreached:
		if d := c.deadline; d != nil && d.ID == e.Deadline {
			c.judge(t, false)
		}
		return
	case application.DeadlineExtended:
		next = &e.Deadline
	case application.SiteDeclared:
		if e.Deadline == nil {
			return
		}
		next = e.Deadline
	case application.RestrictionLifted: // nobody could keep the old one
		if e.Deadline != nil {
			c.deadline, c.judged = e.Deadline, false
		}
		return
	default:
		if !moves {
			return
		}
		if _, gone := e.(application.Withdrawn); !gone { // otherwise nobody waits for it any more
			c.judge(t, true)
		}
	}
	if c.deadline != nil && t.at.After(c.deadline.Due) {
		c.judge(t, false)
	}
	c.deadline, c.judged = next, false
}

// judge counts the deadline once.
func (c *Case) judge(t *teller, done bool) {
	d := c.deadline
	if d == nil || d.Holder != application.Platform || c.judged || c.place.Restricted {
		return
	}
	queue := string(projections.QueueOf(d.Stage))
	switch {
	case t.at.After(d.Due) || !done:
		t.on(d.Due, cellMissed+queue, 1)
	default:
		t.add(cellMet+queue, 1)
	}
	c.judged = true
}

// claims counts what reviewers take and for how long they hold it.
func (c *Case) claims(t *teller, e application.Event, before projections.Place) {
	taken, held := false, t.at.Sub(c.claimed)
	switch e := e.(type) {
	case application.Claimed, application.Reassigned:
		taken = true
	case application.Released:
		held = e.Held // a lease may have ended long before that was noticed
	default:
	}
	if before.Claimant != "" && (taken || c.place.Claimant != before.Claimant) {
		t.member(reviewers, before.Claimant, cellHeld, int64(max(0, held)/time.Second))
	}
	if taken {
		c.claimed = t.at
		t.member(reviewers, c.place.Claimant, cellClaimed, 1)
		t.member(reviewers, c.place.Claimant, cellRank, 1)
	}
}

// reasons counts what merchants were told, when they were told.
func (c *Case) reasons(t *teller, e application.Event) {
	switch e := e.(type) {
	case application.ReasonRaised:
		c.raised = maps.Clone(c.raised)
		if c.raised == nil {
			c.raised = map[string]reason.Code{}
		}
		c.raised[e.Reason] = e.Code
	case application.ReasonWithdrawn:
		c.raised = maps.Clone(c.raised)
		delete(c.raised, e.Reason)
	case application.Returned:
		c.raised = maps.Clone(c.raised)
		for _, id := range e.Reasons {
			if code, ok := c.raised[id]; ok {
				t.add(cellReason+string(code), 1)
				t.member(agents, c.place.Agent, cellReason+string(code), 1)
				t.member(agents, c.place.Agent, cellRank, 1)
				t.member(reviewers, e.By.ID, cellReasons, 1)
				delete(c.raised, id)
			}
		}
	case application.Reopened: // what was open is judged anew
		c.raised = nil
	default:
	}
}

// decisions counts what was decided, by whom, and how the first round ended.
func (c *Case) decisions(t *teller, e application.Event, before projections.Place) {
	agent := c.place.Agent
	switch e := e.(type) {
	case application.Opened:
		t.add(cellOpened, 1)
		t.member(agents, agent, cellOpened, 1)
		t.member(agents, agent, cellRank, 1)
	case application.Submitted:
		t.add(cellSubmitted, 1)
		t.member(agents, agent, cellSubmitted, 1)
		t.member(agents, agent, cellRank, 1)
	case application.Resubmitted:
		t.add(cellResubmitted, 1)
	case application.Returned:
		t.add(cellReturned, 1)
		t.member(reviewers, e.By.ID, cellReturned, 1)
		c.decided(t, e.By, before)
		if e.From == application.Qualification || e.From == application.SecondApproval {
			c.round(t, cellRejected)
		}
	case application.QualificationApproved:
		c.decided(t, e.By, before)
		c.round(t, cellAccepted)
	case application.QualificationConfirmed:
		c.decided(t, e.By, before)
		c.round(t, cellAccepted)
	case application.ICPVerified:
		if e.Next != before.Stage {
			c.decided(t, e.By, before)
		}
	case application.QualificationProposed, application.QualificationRefused, application.SiteApproved, application.ContractOffered,
		application.ContractCountersigned:
		c.decided(t, e.Head().By, before)
	case application.Activated:
		t.add(cellActivated, 1)
		c.decided(t, e.By, before)
	case application.DeclineConfirmed:
		t.add(cellDeclined, 1)
		c.decided(t, e.By, before)
		c.round(t, cellRejected)
	case application.Withdrawn:
		t.add(cellWithdrawn, 1)
	case application.Expired:
		t.add(cellExpired, 1)
	default:
	}
}

func (c *Case) decided(t *teller, by application.Actor, before projections.Place) {
	if q := before.Queue(); q != "" {
		t.add(cellDone+string(q), 1)
	}
	if by.Staff() {
		t.member(reviewers, by.ID, cellDecided, 1)
		t.member(reviewers, by.ID, cellRank, 1)
	}
}

// round counts how the first round ended, once.
func (c *Case) round(t *teller, outcome string) {
	if c.first {
		return
	}
	c.first = true
	t.add(outcome, 1)
	t.member(agents, c.place.Agent, outcome, 1)
	t.member(agents, c.place.Agent, cellRank, 1)
}
