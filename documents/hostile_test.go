package documents

import (
	"bytes"
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryHostileFileIsRefusedOrNeutralised(t *testing.T) {
	files := corpus()
	if len(files) < 200 {
		t.Fatalf("the corpus has %d files; at least 200 are asked for", len(files))
	}
	cfg := testConfig()
	if raceDetector { // which makes decoding twenty times slower: one file in six
		for i := range len(files) / 6 {
			files[i] = files[6*i]
		}
		files = files[:len(files)/6]
	} else {
		cfg.Limits = Limits{Memory: 768 << 20}
	}
	in := newIntake(t, cfg)
	defer in.Close()
	accept(t, in, onePage("", mediaBox, "")) // start the PDF renderer outside of the measured times
	peak := watchWorkers(t, in)
	slow := in.Limits().Time + 20*time.Second // a killed worker starts again
	refused, neutralised := 0, 0
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			start := time.Now()
			a, err := in.Accept(context.Background(), f.name, bytes.NewReader(f.file))
			if d := time.Since(start); d > slow {
				t.Errorf("took %v", d)
			}
			if len(f.codes) > 0 {
				if !slices.Contains(f.codes, codeOf(err)) {
					t.Fatalf("want one of %v, got %v", f.codes, err)
				}
				refused++
				return
			}
			if err != nil {
				t.Fatalf("want it neutralised, got %v", err)
			}
			neutralised++
			if f.hint != "" && !slices.Contains(a.Hints, f.hint) {
				t.Errorf("want hint %s, got %v", f.hint, a.Hints)
			}
			for _, p := range a.Pictures {
				for _, b := range [][]byte{p.View, p.Thumb} {
					if err := checkPicture(b, viewSide); err != nil {
						t.Errorf("shown: %v", err)
					}
					for _, bad := range []string{"<script", "<html", "<?php", "PK\x03\x04", "Exif", "GPS", "%PDF", "MZ\x00"} {
						if bytes.Contains(b, []byte(bad)) {
							t.Errorf("what is shown contains %q", bad)
						}
					}
				}
			}
		})
	}
	t.Logf("%d files: %d refused, %d neutralised; the worker's memory peaked at %d MiB of %d", len(files), refused, neutralised, peak()>>20, cfg.Limits.Memory>>20)
	if p := peak(); p > cfg.Limits.Memory {
		t.Errorf("the worker used %d bytes", p)
	}
}

// watchWorkers samples the memory of the intake's one worker process.
func watchWorkers(t *testing.T, in *Intake) (peak func() int64) {
	var most atomic.Int64
	done := make(chan struct{})
	finished := make(chan struct{})
	t.Cleanup(func() { close(done); <-finished })
	go func() {
		defer close(finished)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				n, _ := residentBytes(int(in.pid.Load())) // 0 once it has ended
				most.Store(max(most.Load(), n))
			}
		}
	}()
	return most.Load
}
