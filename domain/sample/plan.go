package sample

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"
)

// Plan says how many decisions are looked at a second time, and how soon.
type Plan struct {
	Version      string
	Effective    string // the first day, YYYY-MM-DD, of decisions that it is for
	Percent      int    // of the decisions
	BusinessDays int    // until a verdict is due
}

// plans are the versions, oldest first. They stand beside the policy and not in
// it: a policy binds an application from its submission, and how the house looks
// after its own diligence is nothing that a merchant submits under. A version that
// was in force is never edited; a new one is added. What was decided before the
// first one is left alone, so that a long history is not looked at all at once.
var plans = []Plan{
	{Version: "2026-11", Effective: "2026-11-01", Percent: 5, BusinessDays: 5},
}

// PlanAt is the plan for decisions of that moment, in the platform's zone; before
// the first plan nothing is drawn.
func PlanAt(at time.Time, zone *time.Location) Plan {
	day, found := at.In(zone).Format(time.DateOnly), Plan{}
	for _, p := range plans {
		if p.Effective <= day {
			found = p
		}
	}
	return found
}

// Lot is what a decision drew. It follows from the application and the revision
// of the decision, and only whoever holds the installation's key can work it out.
type Lot [sha256.Size]byte

// LotOf is the lot of the decision at a revision; keyed is a keyed hash of a value
// of some kind.
func LotOf(keyed func(kind, value string) string, application string, revision int64) Lot {
	return sha256.Sum256([]byte(keyed("sample", application+"/"+strconv.FormatInt(revision, 10))))
}

// Under reports whether the lot is among so many of a hundred. Whatever is under a
// percentage is under every higher one.
func (l Lot) Under(percent int) bool {
	return binary.BigEndian.Uint64(l[16:24])%100 < uint64(max(0, percent))
}

// ID is the id of the sample, should the decision be drawn: a UUID of version 8.
func (l Lot) ID() string {
	var b [16]byte
	copy(b[:], l[:16])
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
