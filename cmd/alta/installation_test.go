package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/simulate/drive"
	"alta/vault"
)

// readEverything opens every sealed value and every file that a log refers to.
func readEverything(t *testing.T, data string) (values, files int) {
	t.Helper()
	ctx := t.Context()
	v, err := vault.Open(vault.Config{Dir: vaultDir(data)})
	if err != nil {
		t.Fatal(err)
	}
	g := openTestLog(t, data)
	defer g.Close()
	for r, err := range g.ReadAll(ctx, eventstore.Start, embedded.All) {
		if err != nil {
			t.Fatal(err)
		}
		subject, sealed, ids, err := references(r)
		if err != nil {
			t.Fatal(err)
		}
		if sealed && strings.HasPrefix(r.Stream, applicationCategory+"-") {
			if _, err := (sealing{v}).decode(ctx, r); err != nil {
				t.Fatalf("%s of %s: %v", r.Type, r.Stream, err)
			}
			values++
		}
		for _, id := range ids {
			b, err := v.Blobs().Get(ctx, subject, id)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, b); err != nil {
				t.Fatal(err)
			}
			files++
		}
	}
	return values, files
}

func TestARunningInstallationIsBackedUpWholeAndRestoredOnAnEmptyMachine(t *testing.T) {
	c := demoConfig(t)
	w := start(t, c)
	w.merchant(t, w.driver(t), drive.Wish{Seed: 5, Kind: "individual", To: drive.Claimed, Via: drive.Self})
	parent := t.TempDir()
	whole, bare := filepath.Join(parent, "whole"), filepath.Join(parent, "bare")
	said, err := alta(t, "backup", "--data", c.Data, whole)
	if err != nil || !strings.Contains(said, "SECRET: it holds kek.json, log.key, auth.keys, codes.key") {
		t.Fatal(said, err)
	}
	if said, err = alta(t, "backup", "--data", c.Data, "--without-keys", bare); err != nil || !strings.Contains(said, "it holds no secrets") {
		t.Fatal(said, err)
	}
	for _, name := range secrets {
		if info, err := os.Stat(filepath.Join(whole, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s in the whole backup: %v, %v", name, info, err)
		}
		if _, err := os.Stat(filepath.Join(bare, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is in the backup without keys", name)
		}
	}

	fresh := filepath.Join(parent, "fresh")
	if said, err = alta(t, "restore", "--data", fresh, whole); err != nil {
		t.Fatal(said, err)
	}
	values, files := readEverything(t, fresh)
	if values < 3 || files < 3 {
		t.Fatalf("%d values, %d files", values, files)
	}
	t.Logf("restored and opened: %d events with personal values, %d files", values, files)

	// Without the keys it can be read once the key-encryption key is brought.
	other := filepath.Join(parent, "other")
	if said, err = alta(t, "restore", "--data", other, bare); err != nil || !strings.Contains(said, "put it at") {
		t.Fatal(said, err)
	}
	if _, err := vault.Open(vault.Config{Dir: vaultDir(other)}); !errors.Is(err, vault.ErrUnavailable) {
		t.Fatalf("a vault without its key-encryption key: %v", err)
	}
	if err := copySecret(filepath.Join(c.Data, "vault", kekName), filepath.Join(other, "vault", kekName)); err != nil {
		t.Fatal(err)
	}
	if v, f := readEverything(t, other); v != values || f != files {
		t.Fatal(v, f)
	}

	// A file that is damaged in the backup is found before anything is touched.
	var object string
	err = filepath.WalkDir(filepath.Join(bare, "vault", "objects"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "manifest" {
			object = path
		}
		return err
	})
	if err != nil || object == "" {
		t.Fatal(object, err)
	}
	b, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(object, b, 0o600); err != nil {
		t.Fatal(err)
	}
	untouched := filepath.Join(parent, "untouched")
	var lacking *lackingError
	if _, err := alta(t, "restore", "--data", untouched, bare); !errors.As(err, &lacking) || lacking.count != 1 || !strings.Contains(err.Error(), filepath.Base(object)) {
		t.Fatal(err)
	}
	if _, err := os.Stat(untouched); !errors.Is(err, os.ErrNotExist) {
		t.Fatal("something was restored")
	}
}

func TestWhoWasErasedStaysErasedAfterARestore(t *testing.T) {
	ctx, data := context.Background(), t.TempDir()
	g := openTestLog(t, data)
	grow(t, g, 0, 3)
	open := func() *vault.Vault {
		t.Helper()
		v, err := vault.Open(vault.Config{Dir: vaultDir(data)})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := open()
	sealed := map[string]string{}
	for _, who := range []string{"before", "between", "stays"} {
		var err error
		if sealed[who], err = v.Seal(ctx, who, eventstore.ID{1}, "name", "x"); err != nil {
			t.Fatal(err)
		}
	}
	shred := func(who string) {
		t.Helper()
		if err := v.Shred(ctx, who); err != nil {
			t.Fatal(err)
		}
	}
	shred("before")
	copied := filepath.Join(t.TempDir(), "backup")
	if _, err := g.backup(ctx, copied, false); err != nil {
		t.Fatal(err)
	}
	shred("between")
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second restore finds what the first one left
		if said, err := alta(t, "restore", "--data", data, copied); err != nil {
			t.Fatal(said, err)
		}
		v = open()
		for who, value := range sealed {
			_, err := v.Open(ctx, who, eventstore.ID{1}, "name", value)
			if who == "stays" && err != nil || who != "stays" && !errors.Is(err, vault.ErrErased) {
				t.Errorf("%s: %v", who, err)
			}
		}
	}
	marks, err := v.Fences(ctx)
	if err != nil || len(marks) != 2 {
		t.Fatal(marks, err)
	}
}

func TestAnEventRefersToItsSubjectsKeyAndToItsFiles(t *testing.T) {
	r := &eventstore.Record{Stream: "application-7", Proposed: eventstore.Proposed{
		Type: "application.document-uploaded.v1", Data: []byte(`{"document":{"id":"d","blobs":["a","b"]}}`),
	}}
	subject, _, files, err := references(r)
	if err != nil || subject != "7" || !slices.Equal(files, []string{"a", "b"}) {
		t.Fatal(subject, files, err)
	}
	if _, _, _, err := references(&eventstore.Record{Stream: "application-7", Proposed: eventstore.Proposed{Type: "unheard.v1"}}); err == nil {
		t.Fatal("an event that nobody knows was passed over")
	}
}
