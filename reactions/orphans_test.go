package reactions_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/eventstore"
	"alta/reactions"
	"alta/vault"
)

// shelf is a store of files in memory.
type shelf struct {
	files map[string]time.Time
	note  []byte
	fail  error
	// during, if set, happens after the files were listed.
	during func()
}

func (s *shelf) EachWhole(_ context.Context, visit func(vault.Whole) error) error {
	for _, id := range slices.Sorted(maps.Keys(s.files)) {
		if err := visit(vault.Whole{Owner: "owner", ID: id, Stored: s.files[id]}); err != nil {
			return err
		}
	}
	if s.during != nil {
		s.during()
	}
	return nil
}

func (s *shelf) Remove(_ context.Context, w vault.Whole) error {
	if s.fail != nil {
		return s.fail
	}
	delete(s.files, w.ID)
	return nil
}

func (s *shelf) Note(context.Context) ([]byte, error) { return s.note, nil }

func (s *shelf) SetNote(_ context.Context, text []byte) error { s.note = text; return nil }

func (s *shelf) left() []string { return slices.Sorted(maps.Keys(s.files)) }

func (w *world) sweeps(s *shelf, change ...func(*reactions.OrphansConfig)) (int, error) {
	cfg := reactions.OrphansConfig{Log: w, Files: s, Now: w.now, Logger: quiet}
	for _, c := range change {
		c(&cfg)
	}
	return reactions.NewOrphans(cfg).Sweep(w.t.Context())
}

func (w *world) uploads(name string, blobs ...string) {
	w.happens(name, application.DocumentUploaded{Header: w.head(merchant), Slot: item.IDCardFront, Document: application.Document{ID: "d", Blobs: blobs}})
}

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: left %v, want %v", what, got, want)
	}
}

func TestAFileThatNoEventSpeaksOfIsRemovedWhenItIsOld(t *testing.T) {
	w := newWorld(t, "2026-03-02T02:00:00Z")
	w.uploads("1", "original", "view", "thumb")
	w.happens("1", application.DocumentRedacted{Header: w.head(merchant), Slot: item.BankBack, Former: "d", Document: application.Document{ID: "e", Blobs: []string{"covered"}}})
	s := &shelf{files: map[string]time.Time{}}
	for _, id := range []string{"original", "view", "thumb", "covered", "orphan-1", "orphan-2"} {
		s.files[id] = w.now()
	}
	w.jump(vault.SafeAge - time.Minute)
	s.files["under-way"] = w.now()
	if n, err := w.sweeps(s); n != 0 || err != nil || len(s.files) != 7 {
		t.Fatal("a minute too early:", n, err, s.left())
	}
	w.jump(2 * time.Minute)
	if n, err := w.sweeps(s); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	equal(t, "after the age", s.left(), "covered", "original", "thumb", "under-way", "view")
	w.jump(24*time.Hour - 2*time.Minute)
	if n, err := w.sweeps(s); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	equal(t, "a day later", s.left(), "covered", "original", "thumb", "view")
}

func TestHourlySweepsKeepEveryFileThatHasItsEventAndNoOther(t *testing.T) {
	w := newWorld(t, "2026-03-02T02:00:00Z")
	s := &shelf{files: map[string]time.Time{}}
	var kept []string
	for hour := range 72 {
		id := fmt.Sprintf("kept-%02d", hour)
		s.files[id] = w.now().Add(-time.Minute)
		w.uploads(fmt.Sprint(hour), id)
		kept = append(kept, id)
		s.files[fmt.Sprintf("orphan-%02d", hour)] = w.now()
		if _, err := w.sweeps(s); err != nil {
			t.Fatal(err)
		}
		for id, stored := range s.files {
			if age := w.now().Sub(stored); id[0] == 'o' && age > vault.SafeAge+time.Hour {
				t.Fatalf("hour %d: %s is there for %s", hour, id, age)
			}
		}
		w.jump(time.Hour)
	}
	w.jump(24 * time.Hour)
	if _, err := w.sweeps(s); err != nil {
		t.Fatal(err)
	}
	equal(t, "in the end", s.left(), kept...)
	if len(s.note) > 8<<10 {
		t.Errorf("the note has %d bytes", len(s.note))
	}
}

func TestAFileBroughtBackFromABackupIsNoOrphan(t *testing.T) {
	w := newWorld(t, "2026-03-02T02:00:00Z")
	w.uploads("1", "old")
	s := &shelf{files: map[string]time.Time{"old": w.now()}}
	for range 50 {
		w.jump(time.Hour)
		if _, err := w.sweeps(s); err != nil {
			t.Fatal(err)
		}
	}
	s.files["old"] = w.now() // the operator copied it back: its date is new, its event is old
	for range 50 {
		w.jump(time.Hour)
		if n, err := w.sweeps(s); n != 0 || err != nil {
			t.Fatal(n, err)
		}
	}
}

func TestAnEventWrittenWhileFilesAreListedCounts(t *testing.T) {
	w := newWorld(t, "2026-03-02T02:00:00Z")
	s := &shelf{files: map[string]time.Time{"slow": w.now()}}
	w.jump(24 * time.Hour)
	s.during = func() { w.uploads("1", "slow") }
	if n, err := w.sweeps(s); n != 0 || err != nil || len(s.files) != 1 {
		t.Fatal(n, err, s.left())
	}
}

func TestManyFilesAreJudgedInBoundedSteps(t *testing.T) {
	w := newWorld(t, "2026-03-02T02:00:00Z")
	s := &shelf{files: map[string]time.Time{}}
	for n := range 1000 {
		id := fmt.Sprintf("%04d", n)
		s.files[id] = w.now()
		if n%10 > 0 {
			w.uploads(id, id)
		}
	}
	w.jump(24 * time.Hour)
	if n, err := w.sweeps(s, func(c *reactions.OrphansConfig) { c.Batch = 7 }); n != 100 || err != nil || len(s.files) != 900 {
		t.Fatal(n, err, len(s.files))
	}
}

func TestAnotherInstallationsLogRemovesNothing(t *testing.T) {
	w := newWorld(t, "2026-03-02T02:00:00Z")
	s := &shelf{files: map[string]time.Time{}}
	for n := range 400 {
		s.files[fmt.Sprint(n)] = w.now()
	}
	for n := range 100 {
		w.uploads(fmt.Sprint(n), fmt.Sprint(n))
	}
	w.jump(24 * time.Hour)
	n, err := w.sweeps(s)
	if strange := (*reactions.StrangeStoreError)(nil); !errors.As(err, &strange) || strange.Orphans != 300 || n != 0 || len(s.files) != 400 {
		t.Fatal(n, err, len(s.files))
	}
}

func TestAnEventThatCannotBeReadRemovesNothing(t *testing.T) {
	w := newWorld(t, "2026-03-02T02:00:00Z")
	s := &shelf{files: map[string]time.Time{"x": w.now()}}
	event := eventstore.Proposed{ID: eventstore.ID{9}, Type: application.FileEvents + "photographed.v9", Data: []byte(`{"document":{"blobs":["x"]}}`)}
	if _, err := w.Append(t.Context(), w.stream("1"), eventstore.NoStream, event); err != nil {
		t.Fatal(err)
	}
	w.jump(24 * time.Hour)
	n, err := w.sweeps(s)
	if unreadable := (*eventstore.SetAsideError)(nil); !errors.As(err, &unreadable) || n != 0 || len(s.files) != 1 {
		t.Fatal(n, err, s.left())
	}
}

func TestALogThatLostEventsIsJudgedFromTheBeginning(t *testing.T) {
	w := newWorld(t, "2026-03-02T02:00:00Z")
	w.uploads("1", "a")
	w.uploads("2", "b")
	s := &shelf{files: map[string]time.Time{"a": w.now(), "b": w.now()}}
	for range 30 {
		w.jump(time.Hour)
		if _, err := w.sweeps(s); err != nil {
			t.Fatal(err)
		}
	}
	older := newWorld(t, "2026-03-03T09:00:00Z")
	older.uploads("1", "a")
	if n, err := older.sweeps(s); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	equal(t, "with the older log", s.left(), "a")
}

func TestAStoreThatFailsIsSweptAgain(t *testing.T) {
	w := newWorld(t, "2026-03-02T02:00:00Z")
	s := &shelf{files: map[string]time.Time{"x": w.now()}, fail: errors.New("down")}
	w.jump(24 * time.Hour)
	if _, err := w.sweeps(s); !errors.Is(err, s.fail) || s.note != nil {
		t.Fatal(err)
	}
	s.fail = nil
	if n, err := w.sweeps(s); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	for _, note := range []string{"", "{", `{"heads":[{"position":"x"}]}`, `{"heads":[{"mark":{"position":"x"}}]}`} {
		s.note, s.files = []byte(note), map[string]time.Time{"y": w.now().Add(-24 * time.Hour)}
		if n, err := w.sweeps(s); n != 1 || err != nil {
			t.Fatal(note, n, err)
		}
	}
}

func TestAnUnknownEndOfTheLogIsNoOtherLog(t *testing.T) {
	w := newWorld(t, "2026-03-02T02:00:00Z")
	w.uploads("1", "kept")
	s := &shelf{files: map[string]time.Time{"kept": w.now(), "orphan": w.now()}}
	if _, err := w.sweeps(s); err != nil {
		t.Fatal(err)
	}
	noted := string(s.note)
	w.jump(vault.SafeAge + time.Hour)
	w.Fail = func(call, _ string) error {
		if call == "all" {
			return eventstore.ErrUnavailable
		}
		return nil
	}
	if n, err := w.sweeps(s); n != 0 || !errors.Is(err, eventstore.ErrUnavailable) || string(s.note) != noted {
		t.Errorf("%d files were removed, %v", n, err)
	}
	equal(t, "while the end is unknown", s.left(), "kept", "orphan")
}
