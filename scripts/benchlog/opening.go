package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"alta/eventstore"
	"alta/scripts/measure"
)

// opening times the start of a large log, which is compared with its signed
// checkpoint, and the start after a crash would have left the most to replay.
func opening(ctx context.Context, s sizes, dir string, r *measure.Report) error {
	dir = filepath.Join(dir, "opening")
	e, err := guarded(dir, true) // built without syncs; it is only opened
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := build(ctx, e, s.opening); err != nil {
		return errors.Join(err, e.close())
	}
	built := time.Since(begun)
	tree, err := e.Tree()
	if err := errors.Join(err, e.close()); err != nil {
		return err
	}
	var took measure.Series
	for range max(s.rounds, 3) {
		begun := time.Now()
		e, err := guarded(dir, false)
		if err != nil {
			return err
		}
		took = append(took, time.Since(begun).Seconds())
		now, err := e.Tree()
		if err == nil && now != tree {
			err = fmt.Errorf("the root of %d events is %v, it was %v of %d", now.N, now.Hash, tree.Hash, tree.N)
		}
		if err := errors.Join(err, e.close()); err != nil {
			return err
		}
	}
	if s.short {
		r.Say("opening: a log of %d events opens with the root that it had", s.opening)
		return nil
	}
	size := int64(0)
	if err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	}); err != nil {
		return err
	}
	measure.Table(fmt.Sprintf("opening a log of %d small events, %.1f GB, built in %.0f s", s.opening, float64(size)/1e9, built.Seconds()), [][]string{
		{"seconds, median (smallest–largest)"}, {took.Spread("%.2f")},
	})
	_, worst := bounds(took)
	r.Goal(fmt.Sprintf("opening a log of %d events ≤ 2 s", s.opening), worst <= 2, "%s s", took.Spread("%.2f"))
	return nil
}

// build appends small events in large batches from a few writers.
func build(ctx context.Context, a appender, n int) error {
	const writers, batch = 16, eventstore.MaxEvents
	errs := make([]error, writers)
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			share := n / writers
			if w < n%writers {
				share++
			}
			for at := 0; at < share && errs[w] == nil; {
				events := make([]eventstore.Proposed, min(batch, share-at))
				for i := range events {
					k := at + i
					events[i] = eventstore.Proposed{
						ID:   eventstore.ID{2, byte(w), 0, 0x40, byte(k >> 24), byte(k >> 16), byte(k >> 8), byte(k)},
						Type: "application.measured.v1", Data: []byte(`{"n":0}`),
					}
				}
				_, errs[w] = a.Append(ctx, fmt.Sprintf("application-%02d-%06d", w, at/batch), eventstore.NoStream, events...)
				at += len(events)
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}
