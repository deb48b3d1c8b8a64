package application

import "time"

// This file holds the shapes that events were stored in before, frozen, with
// what brings each up to today's. A shape here is never edited: logs hold it.

// claimedV1 is a claim from before leases were renewed by what their length is:
// it knew only when the lease would end.
type claimedV1 struct {
	By    Actor     `json:"by"`
	At    time.Time `json:"at"`
	Stage Stage     `json:"stage"`
	Until time.Time `json:"until"`
}

// up takes the lease's length from its two ends.
func (c claimedV1) up() Event {
	return Claimed{Header: Header{By: c.By, At: c.At}, Stage: c.Stage, Until: c.Until, Lease: c.Until.Sub(c.At)}
}
