package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"alta/eventstore/embedded"
	"alta/evidence"
	"alta/vault"

	"golang.org/x/mod/sumdb/tlog"
)

func runBackup(ctx context.Context, args []string, out, errOut io.Writer) error {
	const usage = "usage: alta backup [--data DIR] --to NEW-DIR"
	fs := newFlags("backup", errOut)
	data := dataFlag(fs)
	to := fs.String("to", "", "directory to make; it must not exist")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 || *to == "" {
		return errUsage(usage)
	}
	begun := time.Now()
	err := embedded.Idle(storeDir(*data))
	switch {
	case errors.Is(err, embedded.ErrLocked):
		if err := askRunning(ctx, *data, "backup", *to); err != nil {
			return err
		}
		rep, err := checkLog(ctx, *to, out)
		if err != nil {
			return err
		}
		printReport(out, rep, time.Since(begun))
		return nil
	case err != nil:
		return err
	}
	if _, err := os.Stat(storeDir(*data)); err != nil {
		return fmt.Errorf("there is no event log in %s: %w", *data, err)
	}
	g, err := openLog(*data, embedded.Options{})
	if err != nil {
		return err
	}
	rep, err := g.backup(ctx, *to)
	if err := errors.Join(err, g.Close()); err != nil {
		return err
	}
	printReport(out, rep, time.Since(begun))
	return nil
}

// backup copies the log to a new directory and verifies the copy: it is opened,
// its root is recomputed from its events, and it must contain the checkpoint
// that was signed just before. A copy that fails this is removed.
func (g *guardedLog) backup(ctx context.Context, dir string) (evidence.Report, error) {
	if err := g.copyTo(ctx, dir); err != nil {
		return evidence.Report{}, err
	}
	rep, err := checkLog(ctx, dir, io.Discard)
	if err != nil {
		return rep, errors.Join(fmt.Errorf("the backup does not verify and is removed: %w", err), os.RemoveAll(dir))
	}
	return rep, nil
}

// copyTo copies the store, the checkpoints, the public key and the fences to a new
// directory, which has the layout of a data directory without any secret.
func (g *guardedLog) copyTo(ctx context.Context, dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists already", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	err := g.keeper.Checkpoint()
	if err == nil {
		err = g.keeper.Copy(checkpointsDir(dir))
	}
	if err == nil {
		err = copyFile(publicKeyFile(g.data), publicKeyFile(dir))
	}
	if err == nil {
		err = g.Backup(ctx, storeDir(dir))
	}
	if err == nil {
		err = copyFences(ctx, g.data, dir)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	return nil
}

func runRestore(ctx context.Context, args []string, out, errOut io.Writer) error {
	const usage = "usage: alta restore [--data DIR] --from BACKUP [--accept-loss]"
	fs := newFlags("restore", errOut)
	data := dataFlag(fs)
	from := fs.String("from", "", "a directory that alta backup made")
	accept := fs.Bool("accept-loss", false, "restore even though newer events were signed, which are then lost")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 || *from == "" {
		return errUsage(usage)
	}
	begun := time.Now()
	rep, err := restore(ctx, *data, *from, *accept, out)
	if err != nil {
		return err
	}
	printReport(out, rep, time.Since(begun))
	return nil
}

// restore puts a verified backup in the place of the log of a data directory.
// What was there is kept beside it under a name with the time. Where signed
// checkpoints or the mark vouch for more events than the backup holds, it is
// refused unless the loss is accepted.
func restore(ctx context.Context, data, from string, accept bool, out io.Writer) (evidence.Report, error) {
	if err := embedded.Idle(storeDir(data)); err != nil {
		return evidence.Report{}, err
	}
	rep, err := checkLog(ctx, from, out)
	if err != nil {
		return rep, fmt.Errorf("the backup is not usable: %w", err)
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return rep, err
	}
	lost, err := wouldLose(data, from, rep.Tree)
	if err != nil && !accept {
		return rep, err
	}
	if lost != "" && !accept {
		return rep, fmt.Errorf("%s; --accept-loss restores nevertheless", lost)
	}
	// Before anything else: who was erased stays erased, whatever comes back.
	if err := copyFences(ctx, from, data); err != nil {
		return rep, err
	}
	fresh := storeDir(data) + ".restoring"
	if err := copyDir(storeDir(from), fresh); err != nil {
		return rep, err
	}
	aside := ".before-" + time.Now().UTC().Format("20060102T150405.000Z")
	for _, dir := range []string{storeDir(data), checkpointsDir(data)} {
		if _, err := os.Stat(dir); err == nil {
			if err := os.Rename(dir, dir+aside); err != nil {
				return rep, err
			}
			fmt.Fprintf(out, "%s is kept as %s\n", dir, dir+aside)
		}
	}
	if err := os.Rename(fresh, storeDir(data)); err != nil {
		return rep, err
	}
	return rep, adopt(data, from, rep.Tree)
}

// wouldLose says which events the data directory's own witnesses vouch for and
// the backup lacks. An error means that they cannot be asked.
func wouldLose(data, from string, have tlog.Tree) (string, error) {
	if _, err := os.Stat(checkpointsDir(data)); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	key, err := evidence.PublicKey(publicKeyFile(data))
	if err != nil {
		return "", err
	}
	other, err := evidence.PublicKey(publicKeyFile(from))
	if err != nil {
		return "", err
	}
	if key.Public != other.Public {
		return fmt.Sprintf("the backup is of log %s, here is log %s", other.Verifier.Name(), key.Verifier.Name()), nil
	}
	k, err := evidence.OpenKeeper(checkpointsDir(data), key, nil, nil)
	if err != nil {
		return "", err
	}
	known, err := k.Known()
	if err := errors.Join(err, k.Close()); err != nil {
		return "", fmt.Errorf("what the log held cannot be found out: %w", err)
	}
	for _, t := range known {
		if t.N > have.N {
			return fmt.Sprintf("the backup holds %d events; events with index %d to %d were recorded here and would be lost", have.N, have.N, t.N-1), nil
		}
	}
	return "", nil
}

// adopt lets the keeper begin anew with a restored store that was verified. The
// checkpoints that came with the backup go on when the key is the same one.
func adopt(data, from string, have tlog.Tree) error {
	key, err := evidence.LoadKey(keyFile(data))
	if err != nil {
		return err
	}
	other, err := evidence.PublicKey(publicKeyFile(from))
	if err != nil {
		return err
	}
	to := checkpointsDir(data)
	if key.Public != other.Public {
		to += ".of-" + other.Verifier.Name() // another key's statements: kept, not continued
	}
	if err := copyDir(checkpointsDir(from), to); err != nil {
		return err
	}
	k, err := evidence.OpenKeeper(checkpointsDir(data), key, nil, nil)
	if err != nil {
		return err
	}
	l, err := embedded.Open(storeDir(data), embedded.Options{Leaf: evidence.Leaf, Expect: []tlog.Tree{have}, Durable: k.Durable})
	if err != nil {
		return errors.Join(err, k.Close())
	}
	t, err := l.Tree()
	if err == nil {
		err = k.Begin(t)
	}
	return errors.Join(err, l.Close(), k.Close())
}

// fencesFile is the list of what was destroyed (package vault), where the vault's
// stores are local; elsewhere the fences are where the keys are.
func fencesFile(data string) string { return filepath.Join(data, "vault", "fences") }

// copyFences adds the fences of one data directory to those of another. Fences are
// joined and never replaced: the vault destroys again what they name when it opens.
func copyFences(ctx context.Context, from, to string) error {
	if _, err := os.Stat(fencesFile(from)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	there, err := vault.OpenLocalFences(fencesFile(from))
	if err != nil {
		return fmt.Errorf("the fences in %s: %w", from, err)
	}
	here, err := vault.OpenLocalFences(fencesFile(to))
	if err != nil {
		return fmt.Errorf("the fences in %s: %w", to, err)
	}
	return there.Each(ctx, func(mark string) error { return here.Add(ctx, mark) })
}

// copyDir copies a directory over whatever is there, readable by its owner only
// and safe against a power cut when it returns.
func copyDir(from, to string) error {
	if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from)), os.Chmod(to, 0o700)); err != nil {
		return err
	}
	return filepath.WalkDir(to, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}
