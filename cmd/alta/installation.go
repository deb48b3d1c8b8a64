package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"alta/domain/account"
	"alta/domain/application"
	"alta/durable"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/evidence"
	"alta/vault"
)

func vaultDir(data string) string { return filepath.Join(data, "vault") }

// kekName is the file of the key-encryption key in the vault's directory.
const kekName = "kek.json"

// secrets are the files of a data directory that open or sign what the others
// hold: the key-encryption key, the key of the checkpoints, the keys of the
// sessions and the key of the signing codes.
var secrets = []string{filepath.Join("vault", kekName), "log.key", "auth.keys", "codes.key"}

// installation is what a backup holds.
type installation struct {
	evidence.Report
	subjects  int      // whose key the log refers to
	documents int      // files that it refers to
	erased    int      // keys and files of them that were destroyed on purpose
	elsewhere bool     // keys and documents are in an S3 store and not in the backup
	secrets   []string // that are in it
}

func (i installation) print(out io.Writer, took time.Duration) error {
	if i.Newest.Origin == "" {
		return nil // it did not come so far
	}
	printReport(out, i.Report, took)
	if i.elsewhere {
		fmt.Fprintf(out, "%d keys and %d document files are in a store of their own, which needs a backup of its own\n", i.subjects, i.documents)
		return nil
	}
	fmt.Fprintf(out, "%d keys and %d document files that the log refers to were looked for; %d were erased on purpose\n", i.subjects, i.documents, i.erased)
	if len(i.secrets) > 0 {
		fmt.Fprintf(out, "SECRET: it holds %s; who has them and the rest can read everything\n", strings.Join(i.secrets, ", "))
	} else {
		fmt.Fprintln(out, "it holds no secrets: keep kek.json, log.key, auth.keys and codes.key elsewhere, without which nothing in it can be read")
	}
	return nil
}

// lackingError: keys or documents that a log refers to are not there, or damaged.
type lackingError struct {
	count int
	first []string
}

func (e *lackingError) Error() string {
	more := ""
	if e.count > len(e.first) {
		more = fmt.Sprintf("\n  … and %d more", e.count-len(e.first))
	}
	return fmt.Sprintf("%d keys or document files that the log refers to are missing or damaged:\n  %s%s", e.count, strings.Join(e.first, "\n  "), more)
}

// checkBackup recomputes the log of a backup, and looks for every key and document
// that its events refer to. It needs no secret. It fails with *lackingError where
// some are not there.
func checkBackup(ctx context.Context, dir string, out io.Writer) (installation, error) {
	rep, err := checkLog(ctx, dir, out, &unreadables{})
	i := installation{Report: rep}
	if err != nil {
		return installation{}, err
	}
	if i.secrets, err = secretsIn(dir); err != nil {
		return installation{}, err
	}
	l, err := embedded.Open(storeDir(dir), embedded.Options{Leaf: evidence.Leaf, ReadOnly: true})
	if err != nil {
		return installation{}, err
	}
	defer func() { _ = l.Close() }() // it was only read
	stores, err := storesIn(dir)
	if err != nil {
		return installation{}, err
	}
	i.elsewhere = stores == nil
	search := &search{installation: &i, stores: stores, seen: map[string]bool{}}
	for r, err := range l.ReadAll(ctx, eventstore.Start, embedded.All) {
		if err == nil {
			err = search.event(ctx, r)
		}
		if err != nil {
			return i, err
		}
	}
	return i, search.end(ctx)
}

// secretsIn names the secrets that a backup holds.
func secretsIn(dir string) (names []string, err error) {
	for _, name := range secrets {
		there, err := durable.Exists(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("which secrets the backup holds: %w", err)
		}
		if there {
			names = append(names, filepath.Base(name))
		}
	}
	return names, nil
}

// storesIn opens the local stores of a backup, nil where keys and documents are
// elsewhere.
func storesIn(dir string) (*vault.Stores, error) {
	stores, err := vault.OpenStores(vaultDir(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return stores, err
}

// search looks for what the events of a log refer to.
type search struct {
	*installation
	stores  *vault.Stores // nil: they are elsewhere, and nothing is looked for
	seen    map[string]bool
	lacking lackingError
}

// event looks for the key and the files that an event needs. What is not there is
// noted; an error means that it cannot be found out.
func (s *search) event(ctx context.Context, r *eventstore.Record) error {
	subject, sealed, files, err := references(r)
	if err != nil {
		return fmt.Errorf("revision %d of stream %s: %w", r.Revision, r.Stream, err)
	}
	if (sealed || len(files) > 0) && !s.seen[subject] {
		s.seen[subject] = true
		s.subjects++
		if err := s.look("the key of "+r.Stream, func() error { return s.stores.CheckKey(ctx, subject) }); err != nil {
			return err
		}
	}
	for _, id := range files {
		s.documents++
		if err := s.look("file "+id+" of "+r.Stream, func() error { return s.stores.CheckBlob(ctx, subject, id) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) look(what string, check func() error) error {
	if s.stores == nil {
		return nil
	}
	err := check()
	switch {
	case err == nil:
	case errors.Is(err, vault.ErrErased):
		s.erased++
	case errors.Is(err, vault.ErrNoKey), errors.Is(err, vault.ErrNotFound), errors.Is(err, vault.ErrDamaged):
		if s.lacking.count++; len(s.lacking.first) < 20 {
			s.lacking.first = append(s.lacking.first, what+": "+err.Error())
		}
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// end answers *lackingError where something was not there.
func (s *search) end(ctx context.Context) error {
	if s.subjects > 0 {
		if err := s.look("the key of the blind index", func() error { return s.stores.CheckIndex(ctx) }); err != nil {
			return err
		}
	}
	if s.lacking.count > 0 {
		return &s.lacking
	}
	return nil
}

// references says which key and which files an event needs.
func references(r *eventstore.Record) (subject string, sealed bool, files []string, err error) {
	open := func(string, string) (string, bool, error) {
		sealed = true
		return "", true, nil
	}
	category, subject, _ := strings.Cut(r.Stream, "-")
	switch category {
	case applicationCategory:
		e, err := application.Decode(r.Type, r.Data, open)
		if err != nil {
			return "", false, nil, err
		}
		files = application.Files(e)
	case account.Category:
		_, err = account.Decode(r.Type, r.Data, open)
	}
	return subject, sealed, files, err
}

// copyVault copies the local stores of a vault, if that is where keys and
// documents are.
func copyVault(ctx context.Context, from, to string) error {
	stores, err := vault.OpenStores(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		_, err = stores.Copy(ctx, to)
	}
	return err
}

// restoreVault puts the keys and documents of a backup in the place of those of a
// data directory, and joins the fences of both. It is made beside and then
// renamed; a repetition after a crash loses no fence.
func restoreVault(ctx context.Context, data, from, aside string, out io.Writer) error {
	if _, err := vault.OpenStores(vaultDir(from)); errors.Is(err, fs.ErrNotExist) {
		return copyFences(ctx, from, data)
	}
	here := vaultDir(data)
	fresh := here + ".restoring"
	if err := errors.Join(os.RemoveAll(filepath.Join(fresh, "keys")), os.RemoveAll(filepath.Join(fresh, "objects"))); err != nil {
		return err
	}
	// Before anything else: who was erased stays erased, whatever comes back.
	if err := joinFences(ctx, fencesFile(data), filepath.Join(fresh, "fences")); err != nil {
		return err
	}
	if err := copyVault(ctx, vaultDir(from), fresh); err != nil {
		return err
	}
	kek := ""
	for _, dir := range []string{here, vaultDir(from)} { // that of the backup wins: it wraps its keys
		there, err := durable.Exists(filepath.Join(dir, kekName))
		if err != nil {
			return err
		}
		if there {
			kek = filepath.Join(dir, kekName)
		}
	}
	if kek != "" {
		if err := copySecret(kek, filepath.Join(fresh, kekName)); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(out, "the key-encryption key is not in the backup: unless a key service has it, put it at %s, mode 0600, before the start\n", filepath.Join(here, kekName))
	}
	if there, err := durable.Exists(here); err != nil {
		return err
	} else if there {
		if err := os.Rename(here, here+aside); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s is kept as %s: it holds keys and documents; destroy it once the restored installation is good\n", here, here+aside)
	}
	return os.Rename(fresh, here)
}

// copySecrets copies the secrets that are there.
func copySecrets(from, to string) error {
	for _, name := range secrets {
		err := copySecret(filepath.Join(from, name), filepath.Join(to, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// restoreSecrets copies those that are missing. The key-encryption key came with
// the vault.
func restoreSecrets(data, from string) error {
	for _, name := range secrets[1:] {
		there, err := durable.Exists(filepath.Join(data, name))
		if err != nil {
			return err
		}
		if there {
			continue
		}
		err = copySecret(filepath.Join(from, name), filepath.Join(data, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && name == "log.key" {
			err = copyFile(publicKeyFile(from), publicKeyFile(data))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copySecret copies a file so that its owner alone can read it.
func copySecret(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// fencesFile is the list of what was destroyed (package vault), where the vault's
// stores are local; elsewhere the fences are where the keys are.
func fencesFile(data string) string { return filepath.Join(vaultDir(data), "fences") }

// copyFences adds the fences of one data directory to those of another. Fences are
// joined and never replaced: the vault destroys again what they name when it opens.
func copyFences(ctx context.Context, from, to string) error {
	return joinFences(ctx, fencesFile(from), fencesFile(to))
}

func joinFences(ctx context.Context, from, to string) error {
	if any, err := durable.Exists(from); err != nil || !any {
		return err
	}
	there, err := vault.OpenLocalFences(from)
	if err != nil {
		return fmt.Errorf("the fences in %s: %w", from, err)
	}
	here, err := vault.OpenLocalFences(to)
	if err != nil {
		return fmt.Errorf("the fences in %s: %w", to, err)
	}
	return there.Each(ctx, func(mark string) error { return here.Add(ctx, mark) })
}
