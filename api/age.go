package api

import (
	"strconv"
	"time"
)

// Source is where an answer comes from that may be behind the record.
type Source string

// The sources. What is made from the record itself when it is asked for has none.
const (
	FromLists   Source = "lists"   // the projection of rows, queues and search
	FromReports Source = "reports" // the statistics, and the samples that wait
)

// AgedFrom is from when on an answer says that it is not up to date. A projection that
// keeps up is behind by a fraction of a second, and its age is measured every second.
const AgedFrom = 5 * time.Second

// aged says in two headers that what is about to be answered is not up to date: as of
// when it is, and for how many seconds that has been so. Nothing is said of an answer
// that is fresh, and "unknown" of one that was not compared with the record yet.
func (c *call) aged(from Source) {
	if from == "" || c.server.Age == nil {
		return
	}
	asOf, behind, known := c.server.Age(from)
	h := c.Response().Header()
	switch {
	case !known:
		h.Set("Alta-Behind", "unknown")
	case behind > AgedFrom:
		h.Set("Alta-Behind", strconv.FormatInt(int64(behind/time.Second), 10))
		h.Set("Alta-As-Of", asOf.UTC().Truncate(time.Second).Format(time.RFC3339))
	}
}
