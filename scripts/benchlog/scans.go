package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"alta/scripts/measure"
)

// scans measures how fast everything is read in order, after a restart and again.
func scans(ctx context.Context, s sizes, dir string, r *measure.Report) (err error) {
	var all []maker
	for _, m := range makers(r) {
		if m.name != groupName { // the same table as the other one's
			all = append(all, m)
		}
	}
	open, err := openAll(ctx, all, filepath.Join(dir, "scans"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll(open)) }()
	for i, subject := range open {
		if err := subject.fill(ctx, s.scan); err != nil {
			return fmt.Errorf("%s: %w", all[i].name, err)
		}
	}
	fresh, again := make([]measure.Series, len(open)), make([]measure.Series, len(open))
	for round := range s.rounds {
		for i := range open {
			at := (i + round) % len(open)
			if err := open[at].restart(ctx); err != nil {
				return fmt.Errorf("%s: %w", all[at].name, err)
			}
			for _, to := range []*measure.Series{&fresh[at], &again[at]} {
				begun := time.Now()
				n, err := open[at].scan(ctx)
				if err != nil || n != s.scan {
					return fmt.Errorf("%s: %d of %d events were read: %w", all[at].name, n, s.scan, errors.Join(err))
				}
				*to = append(*to, perSecond(n, time.Since(begun)))
			}
		}
	}
	if s.short {
		r.Say("scans: every event was read, by %d subjects", len(open))
		return nil
	}
	rows := [][]string{{"", "after a restart", "again", "engine ÷, after a restart", "engine ÷, again"}}
	for i, m := range all {
		row := []string{m.name}
		for _, t := range []measure.Series{fresh[i], again[i]} {
			lo, hi := bounds(t)
			row = append(row, fmt.Sprintf("%s (%s–%s)", rate(t.Median()), rate(lo), rate(hi)))
		}
		row = append(row, fresh[0].Over(fresh[i]).Spread("%.2f"), again[0].Over(again[i]).Spread("%.2f"))
		rows = append(rows, row)
		if m.name == insertName {
			ratio := again[0].Over(again[i])
			r.Goal("engine ÷ PostgreSQL, scan ≥ 1", ratio.Median() >= 1, "%s", ratio.Spread("%.2f"))
		}
	}
	measure.Table(fmt.Sprintf("events a second read in order, of %d; the file system's cache is warm", s.scan), rows)
	return nil
}
