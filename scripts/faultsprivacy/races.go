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
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"alta/decider"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"
	"alta/vault"

	"golang.org/x/sync/errgroup"
)

// together is how many subjects of one data directory are erased, half of them by
// each of two processes.
const together = 50

// races erases subjects while others write, copy, back up, restore and rebuild, and
// then restores the backups once more.
//
// They are about order and not about durability, which has its own faults: where the
// system has a file system in memory they run there, several directories side by
// side. What the disk's waits gave, moments between two steps of an erasure, the
// hesitant stores give.
func races(ctx context.Context, r *run) (string, error) {
	subjects := r.Times(10_000, 200)
	dir, err := os.MkdirTemp(inMemory(r.Dir), "alta-races-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	var total raced
	var done atomic.Int64
	arenas, ctx := errgroup.WithContext(ctx)
	arenas.SetLimit(2 * runtime.NumCPU())
	for n := range subjects / together {
		arenas.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			dir := filepath.Join(dir, fmt.Sprint(n))
			w := newArena(dir, &total)
			w.oldFences, w.careless = n%2 == 1, n%4 < 2
			err := w.race(ctx, rand.New(rand.NewPCG(r.Seed, uint64(n))))
			if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
				return fmt.Errorf("race %d: %w", n, err)
			}
			if now := done.Add(together); now%1000 == 0 {
				fmt.Fprintf(os.Stderr, "F29: %d of %d erasures raced\n", now, subjects)
			}
			return nil
		})
	}
	if err := arenas.Wait(); err != nil {
		return "", err
	}
	if total.met.Load() == 0 || total.back.Load() == 0 {
		return "", fmt.Errorf("%d appends and %d restored keys met an erasure: nothing raced", total.met.Load(), total.back.Load())
	}
	return fmt.Sprintf("%d erasures raced: %d appends got through before theirs, %d were refused, %d were under way in the middle of it; %d opened and %d erased values met by rebuilds; %d backups taken and %d restores made over the running system, which brought %d keys back; 0 resurrected keys, 0 of %d values and %d files open",
		subjects, total.appended.Load(), total.refused.Load(), total.met.Load(), total.opened.Load(), total.erased.Load(), total.backups.Load(), total.restored.Load(), total.back.Load(), total.values.Load(), total.files.Load()), nil
}

// inMemory is where Linux keeps files in memory, or else the given directory.
func inMemory(dir string) string {
	const shm = "/dev/shm"
	if f, err := os.CreateTemp(shm, "alta-"); err == nil {
		_ = errors.Join(f.Close(), os.Remove(f.Name()))
		return shm
	}
	return dir
}

// raced counts what happened.
type raced struct {
	appended, refused, met, opened, erased, backups, restored, back, values, files atomic.Int64
}

// How far the erasure of a subject has come.
const (
	living int32 = iota
	dying
	gone
)

// process is one of two that work on the same data directory.
type process struct {
	vault   *vault.Vault
	erasing atomic.Int32 // index of the subject
	streams string       // prefix of those that it appends to
	next    map[string]eventstore.Revision
}

// arena is one data directory in which subjects are erased.
type arena struct {
	dir         string
	careless    bool // an operator puts back what the backup has, while it is erased
	oldFences   bool // what is restored last brings the fences of then
	processes   [2]*process
	log, copied *embedded.Log
	subjects    []string
	fate        map[string]*atomic.Int32
	taken       string // the newest backup of those taken while subjects were erased
	copiedTo    eventstore.Position
	total       *raced

	mu    sync.Mutex
	blobs map[string][]string // by subject
}

func newArena(dir string, total *raced) *arena {
	return &arena{dir: dir, total: total, fate: map[string]*atomic.Int32{}, blobs: map[string][]string{}}
}

func (w *arena) vault() string { return filepath.Join(w.dir, "vault") }

// backup is one of before the erasures.
func (w *arena) backup() string { return filepath.Join(w.dir, "backup") }

// race does it all in one directory.
func (w *arena) race(ctx context.Context, rng *rand.Rand) (err error) {
	for i := range w.processes {
		p := &process{streams: fmt.Sprintf("process%d-", i), next: map[string]eventstore.Revision{}}
		if p.vault, err = w.open(); err != nil {
			return err
		}
		w.processes[i] = p
	}
	for _, l := range []struct {
		name string
		into **embedded.Log
	}{{"log", &w.log}, {"copy", &w.copied}} {
		options := embedded.Options{Leaf: evidence.Leaf, Reserve: embedded.NoReserve, CacheBytes: 1 << 20, MemTableBytes: 1 << 20}
		if *l.into, err = embedded.Open(filepath.Join(w.dir, l.name), options); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, (*l.into).Close()) }()
	}
	for n := range together {
		s := decider.NewID().String()
		w.subjects = append(w.subjects, s)
		w.fate[s] = new(atomic.Int32)
		for _, p := range w.processes {
			p.next[s] = eventstore.NoStream
			if n%3 == 0 {
				continue // the key of every third is made in the middle of it, or never
			}
			if err := w.append(ctx, p, s); err != nil {
				return err
			}
		}
	}
	stores, err := vault.OpenStores(w.vault())
	if err == nil {
		_, err = stores.Copy(ctx, w.backup())
	}
	if err != nil {
		return err
	}
	if err := w.all(ctx, rng); err != nil {
		return err
	}
	if err := w.copyLog(ctx); err != nil { // what came after the last copy
		return err
	}
	if !w.careless {
		if err := w.noKeys(); err != nil {
			return err
		}
	}
	for _, backup := range []string{w.taken, w.backup()} {
		if err := w.check(ctx, backup); err != nil {
			return err
		}
	}
	return nil
}

// all has everybody at work at once.
func (w *arena) all(ctx context.Context, rng *rand.Rand) error {
	var work, erasing errgroup.Group
	for i, p := range w.processes { // each subject is erased by one of the two
		erasing.Go(func() error {
			for n, s := range w.subjects {
				if n%2 != i {
					continue
				}
				p.erasing.Store(int32(n))
				for range 8 { // until others write for the subject
					hesitate()
				}
				w.fate[s].Store(dying)
				if err := p.vault.Shred(ctx, s); err != nil {
					return fmt.Errorf("erase: %w", err)
				}
				w.fate[s].Store(gone)
			}
			return nil
		})
	}
	var over atomic.Bool
	whileErased := func(what string, f func() error) {
		work.Go(func() error {
			for !over.Load() {
				if err := f(); err != nil {
					return fmt.Errorf("%s: %w", what, err)
				}
				hesitate()
			}
			return nil
		})
	}
	for _, p := range w.processes { // appends and uploads for who is being erased, there or here, or for anybody
		mine := rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64()))
		whileErased("append", func() error {
			n := mine.IntN(together)
			if mine.IntN(8) > 0 {
				n = int(w.processes[mine.IntN(2)].erasing.Load())
			}
			s := w.subjects[n]
			before := w.fate[s].Load()
			err := w.append(ctx, p, s)
			if before == living && w.fate[s].Load() != living {
				w.total.met.Add(1)
			}
			switch {
			case errors.Is(err, vault.ErrErased):
				w.total.refused.Add(1)
			case errors.Is(err, vault.ErrDamaged), errors.Is(err, vault.ErrNoKey):
				// The careless operator's file is half there.
			case err != nil:
				return err
			case before == gone:
				return fmt.Errorf("one for %s, which was erased, got through", s)
			default:
				w.total.appended.Add(1)
			}
			return nil
		})
	}
	if w.careless {
		whileErased("restore", func() error {
			w.total.restored.Add(1)
			return w.restore(w.backup())
		})
	}
	whileErased("rebuild", func() error { return w.rebuild(ctx) })
	whileErased("copy", func() error { return w.copyLog(ctx) })
	taken := 0
	whileErased("backup", func() error {
		taken++
		return w.takeBackup(ctx, fmt.Sprintf("%s-%d", w.backup(), taken))
	})
	err := erasing.Wait()
	over.Store(true)
	return errors.Join(err, work.Wait())
}

// open opens the vault as one of the processes, which hesitates between its steps.
func (w *arena) open() (*vault.Vault, error) {
	keys, err := vault.OpenLocalKeys(filepath.Join(w.vault(), "keys"))
	if err != nil {
		return nil, err
	}
	fences, err := vault.OpenLocalFences(filepath.Join(w.vault(), "fences"))
	if err != nil {
		return nil, err
	}
	objects, err := vault.OpenLocalObjects(filepath.Join(w.vault(), "objects"))
	if err != nil {
		return nil, err
	}
	return vault.Open(vault.Config{Dir: w.vault(), Keys: hesitantKeys{keys}, Fences: hesitantFences{fences}, Objects: hesitantObjects{objects}})
}

// append seals a value and a file for a subject and records them.
func (w *arena) append(ctx context.Context, p *process, subject string) error {
	id := decider.NewID()
	sealed, err := p.vault.Seal(ctx, subject, id, "name", "欧阳娜娜")
	if err != nil {
		return err
	}
	blob, err := p.vault.Blobs().Put(ctx, subject, strings.NewReader("a picture of 欧阳娜娜"), 1<<10)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.blobs[subject] = append(w.blobs[subject], blob.ID)
	w.mu.Unlock()
	at, err := w.log.Append(ctx, p.streams+subject, p.next[subject], eventstore.Proposed{ID: id, Type: "fault.sealed.v1", Data: fmt.Appendf(nil, "%q", sealed), Meta: []byte("{}")})
	if err == nil {
		p.next[subject] = at.Revision
	}
	return err
}

// restore puts every key and file of a backup back, whatever runs; the fences stay.
func (w *arena) restore(backup string) error {
	return filepath.WalkDir(backup, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(backup, path)
		if err != nil || e.IsDir() || !strings.HasPrefix(rel, "keys") && !strings.HasPrefix(rel, "objects") {
			return err
		}
		to := filepath.Join(w.vault(), rel)
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(rel, "keys") {
			w.total.back.Add(1)
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

// rebuild opens every value of the log, as a projection does, in the process that
// erases only half of the subjects.
func (w *arena) rebuild(ctx context.Context) error {
	for rec, err := range w.log.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return err
		}
		subject := subjectOf(rec)
		before := w.fate[subject].Load()
		err = openValue(ctx, w.processes[1].vault, rec)
		switch {
		case err == nil && before == gone:
			return fmt.Errorf("a value of %s, which was erased, is open", subject)
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

func subjectOf(rec *eventstore.Record) string {
	_, subject, _ := strings.Cut(rec.Stream, "-")
	return subject
}

func openValue(ctx context.Context, v *vault.Vault, rec *eventstore.Record) error {
	_, err := v.Open(ctx, subjectOf(rec), rec.ID, "name", string(bytes.Trim(rec.Data, `"`)))
	return err
}

// copyLog goes on where the copy of the log ends.
func (w *arena) copyLog(ctx context.Context) error {
	for rec, err := range w.log.ReadAll(ctx, w.copiedTo, -1) {
		if err != nil {
			return err
		}
		if _, err := w.copied.Append(ctx, rec.Stream, rec.Revision-1, rec.Proposed); err != nil {
			return err
		}
		w.copiedTo = rec.Position
	}
	return nil
}

// takeBackup copies keys, files and fences as alta backup does, and looks whether
// who was erased before it began is erased in it.
func (w *arena) takeBackup(ctx context.Context, dir string) error {
	var erased []string
	for _, s := range w.subjects {
		if w.fate[s].Load() == gone {
			erased = append(erased, s)
		}
	}
	stores, err := vault.OpenStores(w.vault())
	if err != nil {
		return err
	}
	if _, err := stores.Copy(ctx, dir); err != nil {
		return err
	}
	w.total.backups.Add(1)
	backup, err := vault.OpenStores(dir)
	if err != nil {
		return err
	}
	for _, s := range erased {
		if err := backup.CheckKey(ctx, s); !errors.Is(err, vault.ErrErased) {
			return fmt.Errorf("%s, who was erased, in a backup: %v", s, err)
		}
	}
	old := w.taken
	w.taken = dir
	return os.RemoveAll(old)
}

// check restores a backup, with the fences of then or of now, opens the vault as a
// start does, and tries everything.
func (w *arena) check(ctx context.Context, backup string) error {
	present, err := w.processes[0].vault.Fences(ctx)
	if err != nil {
		return err
	}
	if err := w.restore(backup); err != nil {
		return err
	}
	if w.oldFences { // the whole directory came back, and the present fences are joined
		b, err := os.ReadFile(filepath.Join(backup, "fences"))
		if err == nil {
			err = os.WriteFile(filepath.Join(w.vault(), "fences"), b, 0o600)
		}
		if err != nil {
			return err
		}
		before, err := vault.OpenLocalFences(filepath.Join(w.vault(), "fences"))
		if err != nil {
			return err
		}
		for _, mark := range present { // as alta restore does, before anything opens
			if err := before.Add(ctx, mark); err != nil {
				return err
			}
		}
	}
	v, err := vault.Open(vault.Config{Dir: w.vault()})
	if err != nil {
		return err
	}
	if err := w.noKeys(); err != nil {
		return err
	}
	for _, log := range []*embedded.Log{w.log, w.copied} {
		for rec, err := range log.ReadAll(ctx, eventstore.Start, -1) {
			if err != nil {
				return err
			}
			if err := openValue(ctx, v, rec); !errors.Is(err, vault.ErrErased) {
				return fmt.Errorf("a value of %s: %v", subjectOf(rec), err)
			}
			w.total.values.Add(1)
		}
	}
	for _, s := range slices.Sorted(slices.Values(w.subjects)) {
		for _, id := range w.blobs[s] {
			if _, err := v.Blobs().Get(ctx, s, id); !errors.Is(err, vault.ErrErased) {
				return fmt.Errorf("a file of %s: %v", s, err)
			}
			w.total.files.Add(1)
		}
		if _, err := v.Seal(ctx, s, decider.NewID(), "name", "new"); !errors.Is(err, vault.ErrErased) {
			return fmt.Errorf("a new key for %s: %v", s, err)
		}
	}
	return nil
}

// noKeys looks whether the medium holds a key, but that of the blind index, which
// is nobody's.
func (w *arena) noKeys() error {
	keys := 0
	err := filepath.WalkDir(filepath.Join(w.vault(), "keys"), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			keys++
		}
		return err
	})
	if err == nil && keys != 1 {
		err = fmt.Errorf("%d keys are there again", keys-1)
	}
	return err
}
