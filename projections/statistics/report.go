package statistics

import (
	"alta/domain/reason"
	"alta/projections"
)

// Report is what the statistics say of some days. Series have a number for each
// of Days. What only leads see is nil for somebody who asks for the own load.
type Report struct {
	From     string   `json:"from"` // first day, in Zone
	To       string   `json:"to"`   // last day
	Zone     string   `json:"zone"`
	Calendar string   `json:"calendar"` // by whose version business time was measured
	Position string   `json:"position"` // in the log, up to which everything is counted
	Days     []string `json:"days"`

	Flow       *Flow          `json:"flow,omitempty"`
	Queues     []QueueSeries  `json:"queues,omitempty"`
	Turns      []TurnSeries   `json:"turns,omitempty"`
	FirstRound *FirstRound    `json:"first_round,omitempty"`
	Reasons    []ReasonSeries `json:"reasons,omitempty"`
	Samples    *Samples       `json:"samples,omitempty"`
	Agents     []Agent        `json:"agents,omitempty"`
	Reviewers  []Reviewer     `json:"reviewers,omitempty"`
	Own        *Load          `json:"own,omitempty"`
}

// Flow counts the steps that applications took.
type Flow struct {
	Opened      []int64 `json:"opened"`
	Submitted   []int64 `json:"submitted"` // for the first time
	Resubmitted []int64 `json:"resubmitted"`
	Returned    []int64 `json:"returned"`
	Activated   []int64 `json:"activated"`
	Declined    []int64 `json:"declined"`
	Withdrawn   []int64 `json:"withdrawn"`
	Expired     []int64 `json:"expired"`
}

// QueueSeries is one queue: how many wait at the end of a day, how many came and
// went, how many were decided, and of how many the platform's deadline was met or
// missed.
type QueueSeries struct {
	Queue  projections.Queue `json:"queue"`
	Depth  []int64           `json:"depth"`
	In     []int64           `json:"in"`
	Out    []int64           `json:"out"`
	Done   []int64           `json:"done"`
	Met    []int64           `json:"met"`
	Missed []int64           `json:"missed"`
}

// TurnSeries is how long those turns took that ended on a day.
type TurnSeries struct {
	Turn            Turn    `json:"turn"`
	Ended           []int64 `json:"ended"`
	BusinessSeconds []int64 `json:"business_seconds"`
	PlainSeconds    []int64 `json:"plain_seconds"`
	// Classes are all turns of the time by how long they took: in business time
	// for the platform, by the clock for the others.
	Classes []Class `json:"classes"`
	// Median and Ninetieth are estimated from the classes, in the same time; nil
	// where no turn ended, or where they lie in the last class.
	Median    *int64 `json:"median_seconds,omitempty"`
	Ninetieth *int64 `json:"ninetieth_seconds,omitempty"`
}

// Class counts turns that took up to so long, and longer than the class before.
type Class struct {
	UpTo  int64 `json:"up_to_seconds,omitempty"` // 0 for the last one, which has no end
	Turns int64 `json:"turns"`
}

// FirstRound counts applications by how their first round ended.
type FirstRound struct {
	Accepted    []int64 `json:"accepted"`
	NotAccepted []int64 `json:"not_accepted"`
}

// ReasonSeries counts how often merchants were told a reason.
type ReasonSeries struct {
	Code reason.Code `json:"code"`
	Told []int64     `json:"told"`
}

// Samples counts decisions that were drawn for a blind second look, on the day of
// the decision, and what came of it, on the day of the second verdict.
type Samples struct {
	Drawn  []int64 `json:"drawn"`
	Judged []int64 `json:"judged"`
	Agreed []int64 `json:"agreed"` // the outcome is the same
	// Where both people returned it: the reasons' codes that both named, and those
	// that either named.
	Shared []int64 `json:"reasons_shared"`
	Named  []int64 `json:"reasons_named"`
}

// Agent is what the applications of one organisation went through.
type Agent struct {
	Organisation     string        `json:"organisation"`
	Opened           int64         `json:"opened"`
	Submitted        int64         `json:"submitted"`
	AcceptedFirst    int64         `json:"accepted_first"`
	NotAcceptedFirst int64         `json:"not_accepted_first"`
	Reasons          []ReasonTotal `json:"reasons"`
}

// ReasonTotal counts one reason, never zero times.
type ReasonTotal struct {
	Code reason.Code `json:"code"`
	Told int64       `json:"told"`
}

// Reviewer is what one person did.
type Reviewer struct {
	Account     string `json:"account"`
	Claimed     int64  `json:"claimed"`
	Decided     int64  `json:"decided"`
	Returned    int64  `json:"returned"`
	Reasons     int64  `json:"reasons"`
	HeldSeconds int64  `json:"held_seconds"`
	// Of this person's decisions: how many were looked at a second time, and how far
	// the second verdict agreed; see Samples.
	Sampled int64 `json:"sampled"`
	Agreed  int64 `json:"agreed"`
	Shared  int64 `json:"reasons_shared"`
	Named   int64 `json:"reasons_named"`
}

// Load is what the person who asks did, day by day.
type Load struct {
	Claimed     []int64 `json:"claimed"`
	Decided     []int64 `json:"decided"`
	Returned    []int64 `json:"returned"`
	Reasons     []int64 `json:"reasons"`
	HeldSeconds []int64 `json:"held_seconds"`
	Sampled     []int64 `json:"sampled"` // these as of Reviewer
	Agreed      []int64 `json:"agreed"`
	Shared      []int64 `json:"reasons_shared"`
	Named       []int64 `json:"reasons_named"`
}

// quantile estimates how long the q-th part of all turns took at the most, as if
// the turns of a class lay evenly in it.
func quantile(classes []Class, q float64) *int64 {
	total := int64(0)
	for _, c := range classes {
		total += c.Turns
	}
	want, before, lower := q*float64(total), 0.0, int64(0)
	for _, c := range classes {
		n := float64(c.Turns)
		if n > 0 && before+n >= want && c.UpTo > 0 {
			at := lower + int64(float64(c.UpTo-lower)*(want-before)/n)
			return &at
		}
		before, lower = before+n, c.UpTo
	}
	return nil
}
