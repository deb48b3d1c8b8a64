package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"alta/scripts/measure"
)

// appends measures durable appends a second of every subject at each number of
// writers, and checks that what was acknowledged is there.
func appends(ctx context.Context, s sizes, dir string, r *measure.Report) (err error) {
	all := makers(r)
	open, err := openAll(ctx, all, filepath.Join(dir, "appends"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll(open)) }()

	rates := make(map[string]map[int]measure.Series)
	acknowledged := make([]int, len(open))
	next := make([]int, len(open)) // a writer's number is never used again
	for round := range s.rounds {
		for i := range open {
			at := (i + round) % len(open)
			name := all[at].name
			if rates[name] == nil {
				rates[name] = make(map[int]measure.Series)
			}
			for _, writers := range s.writers {
				n, took, err := load(ctx, open[at], next[at], writers, s.span)
				if err != nil {
					return fmt.Errorf("%s, %d writers: %w", name, writers, err)
				}
				next[at] += writers
				acknowledged[at] += n
				rates[name][writers] = append(rates[name][writers], perSecond(n, took))
			}
		}
	}
	for i, subject := range open {
		n, err := subject.scan(ctx)
		if err != nil || n != acknowledged[i] {
			return fmt.Errorf("%s: %d events were acknowledged, %d are there: %w", all[i].name, acknowledged[i], n, errors.Join(err))
		}
	}
	if s.short {
		r.Say("appends: everything that was acknowledged is there, in %d subjects", len(open))
		return nil
	}

	rows := [][]string{{""}}
	for _, w := range s.writers {
		rows[0] = append(rows[0], fmt.Sprintf("%d writers", w))
	}
	for _, m := range all {
		row := []string{m.name}
		for _, w := range s.writers {
			t := rates[m.name][w]
			lo, hi := bounds(t)
			row = append(row, fmt.Sprintf("%s (%s–%s)", rate(t.Median()), rate(lo), rate(hi)))
		}
		rows = append(rows, row)
	}
	measure.Table(fmt.Sprintf("durable appends a second, 600 bytes, median (smallest–largest) of %d rounds of %v", s.rounds, s.span), rows)

	rows = [][]string{append([]string{"engine ÷"}, rows[0][1:]...)}
	for _, m := range all[1:] {
		row := []string{m.name}
		for _, w := range s.writers {
			row = append(row, rates[engineName][w].Over(rates[m.name][w]).Spread("%.2f"))
		}
		rows = append(rows, row)
	}
	measure.Table("ratios within a round, median (smallest–largest)", rows)
	for _, g := range []struct {
		name    string
		writers int
		want    float64
	}{{insertName, 128, 4}, {groupName, 128, 1.2}, {insertName, 1, 0.9}, {groupName, 1, 0.9}} {
		if ratio := rates[engineName][g.writers].Over(rates[g.name][g.writers]); len(ratio) > 0 {
			r.Goal(fmt.Sprintf("engine ÷ %s at %d ≥ %.1f", g.name, g.writers, g.want), ratio.Median() >= g.want, "%s", ratio.Spread("%.2f"))
		}
	}
	return nil
}

func bounds(s measure.Series) (lo, hi float64) {
	lo, hi = s[0], s[0]
	for _, v := range s {
		lo, hi = min(lo, v), max(hi, v)
	}
	return lo, hi
}

// load lets writers append one event after the other for some time.
func load(ctx context.Context, s subject, first, writers int, span time.Duration) (n int, took time.Duration, err error) {
	var total atomic.Int64
	errs := make([]error, writers)
	begun := time.Now()
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			for i := 0; time.Since(begun) < span && ctx.Err() == nil; i++ {
				if errs[w] = s.append(ctx, first+w, i); errs[w] != nil {
					return
				}
				total.Add(1)
			}
		})
	}
	wait.Wait()
	return int(total.Load()), time.Since(begun), errors.Join(append(errs, ctx.Err())...)
}
