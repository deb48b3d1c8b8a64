package projections

import (
	"context"
	"flag"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"alta/projections/redistest"
)

var benchLives = flag.Uint64("bench.lives", 3000, "open applications of the benchmarks")

func benchWorld(b *testing.B) *world {
	w := newWorld(b, redistest.Server(b))
	w.fill(0, *benchLives, "")
	return w
}

// BenchmarkRebuild is a rebuild of everything, from the embedded log into a real
// Redis on this machine.
func BenchmarkRebuild(b *testing.B) {
	w := benchWorld(b)
	r := w.runner()
	before, served := processorTime(b), w.serverTime(b)
	for b.Loop() {
		if err := r.Rebuild(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	s := r.Stats()
	events := float64(w.head().Commit) * float64(b.N)
	b.ReportMetric((processorTime(b)-before)/events*1e6, "µs-cpu/event")
	b.ReportMetric((w.serverTime(b)-served)/events*1e6, "µs-redis/event")
	b.ReportMetric(float64(w.head().Commit)/s.BuildTook.Seconds(), "events/s")
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

// processorTime is what this process has used of its processors, in seconds: on
// a machine that does other things too it says more than the clock.
func processorTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(u.Utime) + seconds(u.Stime)
}

// serverTime is what the Redis server has used, in seconds.
func (w *world) serverTime(b *testing.B) (used float64) {
	info, err := w.rdb.Info(context.Background(), "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	for l := range lineSet(info) {
		for _, part := range []string{"used_cpu_user:", "used_cpu_sys:"} {
			if n, ok := field(l, part); ok {
				used += n
			}
		}
	}
	return used
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
			if _, err := w.reader().Search(context.Background(), "商贸", "", 50); err != nil {
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
