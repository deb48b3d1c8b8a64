package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"alta/domain/calendar"
	"alta/projections"
	"alta/projections/statistics"
)

// counter keeps the statistics up to date, in the part that keeps the lists.
type counter = statistics.Runner

func (p *program) newCounter() *counter {
	return &counter{
		Store: statistics.NewStore(p.redis), Log: p.log, Calendar: func() calendar.Calendar { return p.rules().Calendar }, Now: p.now, Logger: p.logger,
	}
}

// statistics reads them.
func (p *program) statistics() statistics.Reader {
	return statistics.Reader{Store: p.counter.Store, Calendar: p.counter.Calendar}
}

// recount counts everything anew from the log, beside what is shown, and
// switches.
func (p *program) recount(ctx context.Context, out io.Writer) error {
	r, begun := p.newCounter(), time.Now()
	if err := r.Rebuild(ctx); err != nil {
		return fmt.Errorf("statistics: %w", err)
	}
	_, err := fmt.Fprintf(out, "counted the statistics anew in %s and switched\n", time.Since(begun).Round(time.Millisecond))
	return err
}

// statistics are the figures of the part that counts.
func (f figures) statistics(s sink) {
	st := f.p.counter.Stats()
	for _, state := range projections.States() {
		s.gauge("alta_statistics_state", "1 for what the counting of statistics is doing.", truth(st.State == state), "state", state)
	}
	s.gauge("alta_statistics_healthy", "1 while the statistics follow the log.", truth(f.p.health.well("statistics")))
	if st.Events > 0 {
		s.gauge("alta_statistics_delay_seconds", "From when the newest counted event was stored until it was counted; not there before one was.", st.Lag.Seconds())
	}
	s.counter("alta_statistics_events_total", "Events read and counted since the start.", float64(st.Events))
	s.counter("alta_statistics_writes_total", "Transactions since the start.", float64(st.Writes))
	s.counter("alta_statistics_restarts_total", "Times the counting was fenced or interrupted.", float64(st.Restarts))
	if st.BuildTook > 0 {
		s.gauge("alta_statistics_rebuild_seconds", "How long the last finished recount took.", st.BuildTook.Seconds())
	}
}
