package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// scans measures how fast everything is read in order, after a restart and again.
func scans(ctx context.Context, s sizes, dir string, r *report) (err error) {
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
	fresh, again := make([]series, len(open)), make([]series, len(open))
	for round := range s.rounds {
		for i := range open {
			at := (i + round) % len(open)
			if err := open[at].restart(ctx); err != nil {
				return fmt.Errorf("%s: %w", all[at].name, err)
			}
			for _, to := range []*series{&fresh[at], &again[at]} {
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
		r.say("scans: every event was read, by %d subjects", len(open))
		return nil
	}
	rows := [][]string{{"", "after a restart", "again", "engine ÷, after a restart", "engine ÷, again"}}
	for i, m := range all {
		row := []string{m.name}
		for _, t := range []series{fresh[i], again[i]} {
			lo, hi := bounds(t)
			row = append(row, fmt.Sprintf("%s (%s–%s)", rate(t.median()), rate(lo), rate(hi)))
		}
		row = append(row, fresh[0].over(fresh[i]).spread("%.2f"), again[0].over(again[i]).spread("%.2f"))
		rows = append(rows, row)
		if m.name == insertName {
			ratio := again[0].over(again[i])
			r.goal("engine ÷ PostgreSQL, scan ≥ 1", ratio.median() >= 1, "%s", ratio.spread("%.2f"))
		}
	}
	table(fmt.Sprintf("events a second read in order, of %d; the file system's cache is warm", s.scan), rows)
	return nil
}
