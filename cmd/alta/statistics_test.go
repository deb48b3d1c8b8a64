package main

import (
	"testing"
	"time"

	"alta/projections/statistics"
	"alta/simulate/drive"
)

// What a lead reads over HTTP is what happened, soon after it did; a reviewer
// reads her own part and nothing else.
func TestStatisticsTellLeadsEverythingAndReviewersTheirOwnLoad(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	w.merchant(t, d, drive.Wish{Seed: 12, First: 0, To: drive.Submitted, Via: drive.Self})
	w.merchant(t, d, drive.Wish{Seed: 12, First: 1, To: drive.Submitted, Via: drive.Agent})
	lead, reviewer := w.as(t, "lead"), w.as(t, "reviewer")
	var all statistics.Report
	sum := func(s []int64) (n int64) {
		for _, x := range s {
			n += x
		}
		return n
	}
	for end := time.Now().Add(time.Minute); all.Flow == nil || sum(all.Flow.Submitted) < 2; {
		if time.Now().After(end) {
			t.Fatalf("two applications were handed in, and after a minute the statistics say %+v", all.Flow)
		}
		all = statistics.Report{}
		if _, err := lead.Get(t.Context(), "/v1/statistics", &all); err != nil {
			t.Fatal(err)
		}
	}
	if len(all.Days) != 28 || all.Queues[0].Depth[27] != 2 || len(all.Agents) != 1 || all.Zone != "Asia/Shanghai" {
		t.Errorf("%d days, %+v, %+v", len(all.Days), all.Queues, all.Agents)
	}
	var own statistics.Report
	if _, err := reviewer.Get(t.Context(), "/v1/statistics?from=2026-01-01&to=2026-01-31", &own); err != nil {
		t.Fatal(err)
	}
	if own.Own == nil || len(own.Own.Decided) != 31 || own.Flow != nil || own.Queues != nil || own.Reviewers != nil || own.Agents != nil {
		t.Errorf("a reviewer reads %+v", own)
	}
	for query, pointer := range map[string]string{
		"from=2026-02-30": "query from", "to=tomorrow": "query to", "from=2024-01-01&to=2026-01-01": "query from", "from=2026-01-02&to=2026-01-01": "query from",
	} {
		a := w.send(t, lead, request{method: "GET", path: "/v1/statistics?" + query})
		if a.status != 422 || len(a.Errors) != 1 || a.Errors[0].Pointer != pointer {
			t.Errorf("%s is answered %d %+v", query, a.status, a.Errors)
		}
	}
}
