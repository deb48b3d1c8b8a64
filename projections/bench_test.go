package projections

import (
	"context"
	"flag"
	"strconv"
	"strings"
	"testing"
	"time"
)

var benchLives = flag.Uint64("bench.lives", 3000, "open applications of the benchmarks")

func benchWorld(b *testing.B) *world {
	w := newWorld(b, redisServer(b))
	w.fill(0, *benchLives, "")
	return w
}

// BenchmarkRebuild is a rebuild of everything, from the embedded log into a real
// Redis on this machine.
func BenchmarkRebuild(b *testing.B) {
	w := benchWorld(b)
	r := w.runner()
	for b.Loop() {
		if err := r.Rebuild(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	s := r.Stats()
	b.ReportMetric(float64(s.Head.Commit)/s.BuildTook.Seconds(), "events/s")
	b.ReportMetric(float64(s.Built)/s.BuildTook.Seconds(), "applications/s")
	info, err := w.rdb.Info(context.Background(), "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	var used float64
	for l := range lineSet(info) {
		if n, ok := field(l, "used_memory:"); ok {
			used = n
		}
	}
	b.ReportMetric(used/float64(s.Built), "redis-bytes/application")
}

// BenchmarkQueuePage is one page of fifty with its totals.
func BenchmarkQueuePage(b *testing.B) {
	w := benchWorld(b)
	if err := w.runner().Rebuild(context.Background()); err != nil {
		b.Fatal(err)
	}
	for name, f := range map[string]Filter{
		"due": {}, "priority": {Sort: "priority"}, "kind": {Kind: "individual"}, "kind+language+due": {Kind: "enterprise", Language: "es", DueBefore: moment.Add(48 * time.Hour)},
		"unclaimed": {Assignee: "none"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.reader().Queue(context.Background(), QueueQualification, "", f, "", 50); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("search", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.reader().Search(context.Background(), "商贸", 50); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// field reads "name:number" of Redis' INFO.
func field(line, name string) (float64, bool) {
	rest, ok := strings.CutPrefix(line, name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
	return n, err == nil
}
