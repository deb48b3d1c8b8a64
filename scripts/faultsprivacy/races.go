package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"alta/decider"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"
	"alta/vault"
)

// together is how many subjects of one data directory are erased at once.
const together = 50

// races erases subjects while others write, copy, restore and rebuild, and then
// restores the oldest backup once more.
func races(ctx context.Context, r *run) (string, error) {
	subjects := r.times(10_000, 200)
	var total raced
	for n := range subjects / together {
		dir := filepath.Join(r.dir, fmt.Sprintf("race-%d", n))
		err := race(ctx, dir, rand.New(rand.NewPCG(r.seed, uint64(n))), n%2 == 1, &total)
		if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
			return "", fmt.Errorf("race %d: %w", n, err)
		}
	}
	return fmt.Sprintf("%d erasures raced: %d appends got through before theirs and %d were refused, %d opened and %d erased values met by rebuilds, %d restores over the running system; 0 resurrected keys, 0 of %d values and %d files open",
		subjects, total.appended.Load(), total.refused.Load(), total.opened.Load(), total.erased.Load(), total.restored.Load(), total.values, total.files), nil
}

// raced counts what happened.
type raced struct {
	appended, refused, opened, erased, restored atomic.Int64
	values, files                               int
}

// arena is one data directory in which subjects are erased.
type arena struct {
	dir, backup string
	a, b        *vault.Vault // two processes
	log, copied *embedded.Log
	subjects    []string
	total       *raced

	mu    sync.Mutex
	blobs map[string][]string // by subject
}

func race(ctx context.Context, dir string, rng *rand.Rand, oldFences bool, total *raced) (err error) {
	w := &arena{dir: filepath.Join(dir, "vault"), backup: filepath.Join(dir, "backup"), total: total, blobs: map[string][]string{}}
	open := func() (*vault.Vault, error) { return vault.Open(vault.Config{Dir: w.dir}) }
	if w.a, err = open(); err != nil {
		return err
	}
	if w.b, err = open(); err != nil {
		return err
	}
	for _, l := range []struct {
		name string
		into **embedded.Log
	}{{"log", &w.log}, {"copy", &w.copied}} {
		if *l.into, err = embedded.Open(filepath.Join(dir, l.name), embedded.Options{Leaf: evidence.Leaf, Reserve: embedded.NoReserve}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, (*l.into).Close()) }()
	}
	for range together {
		s := decider.NewID().String()
		w.subjects = append(w.subjects, s)
		if err := w.append(ctx, s, eventstore.NoStream); err != nil {
			return err
		}
	}
	if err := os.CopyFS(w.backup, os.DirFS(w.dir)); err != nil {
		return err
	}
	if err := w.all(ctx, rng); err != nil {
		return err
	}
	return w.check(ctx, open, oldFences)
}

// all has everybody at work at once.
func (w *arena) all(ctx context.Context, rng *rand.Rand) error {
	var wait sync.WaitGroup
	errs := make(chan error, 16)
	work := func(f func(*rand.Rand) error) {
		mine := rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64()))
		wait.Go(func() {
			if err := f(mine); err != nil {
				errs <- err
			}
		})
	}
	var erasing sync.WaitGroup
	for i, v := range []*vault.Vault{w.a, w.b} { // each subject is erased by one of two processes
		erasing.Add(1)
		work(func(mine *rand.Rand) error {
			defer erasing.Done()
			for n, s := range w.subjects {
				if n%2 == i {
					time.Sleep(time.Duration(mine.IntN(2000)) * time.Microsecond)
					if err := v.Shred(ctx, s); err != nil {
						return fmt.Errorf("erase: %w", err)
					}
				}
			}
			return nil
		})
	}
	done := make(chan struct{})
	go func() { erasing.Wait(); close(done) }()
	over := func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
	work(func(mine *rand.Rand) error { // appends, and uploads
		next := map[string]eventstore.Revision{}
		for !over() {
			s := w.subjects[mine.IntN(len(w.subjects))]
			err := w.append(ctx, s, next[s])
			switch {
			case errors.Is(err, vault.ErrErased):
				w.total.refused.Add(1)
			case err != nil:
				return fmt.Errorf("append: %w", err)
			default:
				next[s]++
				w.total.appended.Add(1)
			}
		}
		return nil
	})
	work(func(mine *rand.Rand) error { // a careless operator puts files back
		for !over() {
			time.Sleep(time.Duration(mine.IntN(10)) * time.Millisecond)
			if err := w.restore(); err != nil {
				return fmt.Errorf("restore: %w", err)
			}
			w.total.restored.Add(1)
		}
		return nil
	})
	work(func(*rand.Rand) error { // rebuilds, and a copy of the log
		for !over() {
			if err := w.rebuild(ctx, w.b, w.log); err != nil {
				return fmt.Errorf("rebuild: %w", err)
			}
		}
		return w.copyLog(ctx)
	})
	wait.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// append seals a value and a file for a subject and records them.
func (w *arena) append(ctx context.Context, subject string, after eventstore.Revision) error {
	id := decider.NewID()
	sealed, err := w.a.Seal(ctx, subject, id, "name", "欧阳娜娜")
	if err != nil {
		return err
	}
	blob, err := w.a.Blobs().Put(ctx, subject, strings.NewReader("a picture of 欧阳娜娜"), 1<<10)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.blobs[subject] = append(w.blobs[subject], blob.ID)
	w.mu.Unlock()
	_, err = w.log.Append(ctx, "application-"+subject, after, eventstore.Proposed{ID: id, Type: "fault.sealed.v1", Data: fmt.Appendf(nil, "%q", sealed), Meta: []byte("{}")})
	return err
}

// restore puts every key and file of the backup back where it is missing, whatever
// runs; the fences stay.
func (w *arena) restore() error {
	return filepath.WalkDir(w.backup, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(w.backup, path)
		if err != nil || e.IsDir() || !strings.HasPrefix(rel, "keys") && !strings.HasPrefix(rel, "objects") {
			return err
		}
		to := filepath.Join(w.dir, rel)
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for range 3 { // a folder may be taken away in between
			if err = os.MkdirAll(filepath.Dir(to), 0o700); err == nil {
				err = os.WriteFile(to, b, 0o600)
			}
			if !errors.Is(err, fs.ErrNotExist) {
				break
			}
		}
		return err
	})
}

// rebuild opens every value of a log, as a projection does.
func (w *arena) rebuild(ctx context.Context, v *vault.Vault, log *embedded.Log) error {
	for rec, err := range log.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return err
		}
		_, err = v.Open(ctx, strings.TrimPrefix(rec.Stream, "application-"), rec.ID, "name", string(bytes.Trim(rec.Data, `"`)))
		switch {
		case err == nil:
			w.total.opened.Add(1)
		case errors.Is(err, vault.ErrErased):
			w.total.erased.Add(1)
		case errors.Is(err, vault.ErrDamaged), errors.Is(err, vault.ErrNoKey):
			// The careless operator's file is half there, or was and is no more.
		default:
			return err
		}
	}
	return nil
}

func (w *arena) copyLog(ctx context.Context) error {
	for rec, err := range w.log.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return err
		}
		if _, err := w.copied.Append(ctx, rec.Stream, rec.Revision-1, rec.Proposed); err != nil {
			return err
		}
	}
	return nil
}

// check restores the backup once more, with the fences of then or of now, opens
// the vault as a start does, and tries everything.
func (w *arena) check(ctx context.Context, open func() (*vault.Vault, error), oldFences bool) error {
	present, err := w.a.Fences(ctx)
	if err != nil {
		return err
	}
	if err := w.restore(); err != nil {
		return err
	}
	if oldFences { // the whole directory came back, and the present fences are joined
		b, err := os.ReadFile(filepath.Join(w.backup, "fences"))
		if err == nil {
			err = os.WriteFile(filepath.Join(w.dir, "fences"), b, 0o600)
		}
		if err != nil {
			return err
		}
		before, err := vault.OpenLocalFences(filepath.Join(w.dir, "fences"))
		if err != nil {
			return err
		}
		for _, mark := range present { // as alta restore does, before anything opens
			if err := before.Add(ctx, mark); err != nil {
				return err
			}
		}
	}
	v, err := open()
	if err != nil {
		return err
	}
	keys := 0
	err = filepath.WalkDir(filepath.Join(w.dir, "keys"), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			keys++
		}
		return err
	})
	if err != nil || keys != 1 { // that of the blind index, which is nobody's
		return fmt.Errorf("%d keys are there again (%w)", keys-1, err)
	}
	for _, log := range []*embedded.Log{w.log, w.copied} {
		for rec, err := range log.ReadAll(ctx, eventstore.Start, -1) {
			if err != nil {
				return err
			}
			subject := strings.TrimPrefix(rec.Stream, "application-")
			if _, err := v.Open(ctx, subject, rec.ID, "name", string(bytes.Trim(rec.Data, `"`))); !errors.Is(err, vault.ErrErased) {
				return fmt.Errorf("a value of %s: %v", subject, err)
			}
			w.total.values++
		}
	}
	for _, s := range slices.Sorted(slices.Values(w.subjects)) {
		for _, id := range w.blobs[s] {
			if _, err := v.Blobs().Get(ctx, s, id); !errors.Is(err, vault.ErrErased) {
				return fmt.Errorf("a file of %s: %v", s, err)
			}
			w.total.files++
		}
		if _, err := v.Seal(ctx, s, decider.NewID(), "name", "new"); !errors.Is(err, vault.ErrErased) {
			return fmt.Errorf("a new key for %s: %v", s, err)
		}
	}
	return nil
}
