package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"alta/durable"
	"alta/eventstore/embedded"
	"alta/evidence"

	"golang.org/x/mod/sumdb/tlog"
)

func runBackup(ctx context.Context, args []string, out, errOut io.Writer) error {
	const usage = `usage: alta backup [--data DIR] [--without-keys] NEW-DIR
       alta backup --eventstore esdb://… [--data DIR] [--without-keys] NEW-DIR
       alta backup --eventstore esdb://… --again DIR

Copies the whole installation, of a running program too: the event log with its
checkpoints, wrapped keys, fences and sealed documents. Unless --without-keys is
given the copy also holds the SECRETS that open and sign all of it: kek.json,
log.key, auth.keys and codes.key. Keep those apart from the rest.

With the log on a server everything but the server's own files is copied, and which
event it stands for. Back the server up after that, and then run the command once more
with --again: it adds the keys and documents of what was recorded meanwhile.`
	fs := newFlags("backup", errOut)
	data := dataFlag(fs)
	to := fs.String("to", "", "directory to make; it must not exist")
	bare := fs.Bool("without-keys", false, "leave the secrets out: kek.json, log.key, auth.keys, codes.key")
	again := fs.Bool("again", false, "with --eventstore: add what came since to a backup that is there")
	server := serverFlag(fs)
	if err := fs.Parse(args); err != nil || !oneOf(fs, to) {
		return errUsage(usage)
	}
	begun := time.Now()
	switch {
	case *again && *server == "":
		return errUsage("backup: --again is for a log on a server: name it with --eventstore")
	case *again:
		return againServer(ctx, *data, *server, *to, *bare, out)
	case *server != "":
		rep, err := backupServer(ctx, *data, *server, *to, *bare, out)
		if err := rep.print(out, time.Since(begun)); err != nil {
			return err
		}
		if rep.Newest.Origin != "" {
			fmt.Fprintf(out, "now back the server up, and then run: alta backup --eventstore … --again %s\nto restore: first the server, from that backup or a later one, then alta restore --eventstore … %s\n", *to, *to)
		}
		return err
	}
	err := embedded.Idle(storeDir(*data))
	switch {
	case errors.Is(err, embedded.ErrLocked):
		if err := askRunning(ctx, *data, backupRequest(*bare), *to); err != nil {
			return err
		}
		rep, err := checkBackup(ctx, *to, out)
		return errors.Join(rep.print(out, time.Since(begun)), err)
	case err != nil:
		return err
	}
	there, err := durable.Exists(storeDir(*data))
	if err != nil {
		return err
	}
	if !there {
		if elsewhere, err := durable.Exists(treeDir(*data)); err != nil {
			return err
		} else if elsewhere {
			return errUsage("backup: the log of %s is on a server: name it with --eventstore", *data)
		}
		return fmt.Errorf("there is no event log in %s", *data)
	}
	g, err := openLog(*data, embedded.Options{})
	if err != nil {
		return err
	}
	rep, err := g.backup(ctx, *to, *bare)
	return errors.Join(rep.print(out, time.Since(begun)), err, g.Close())
}

// backupRequest is what the process that has the log open is asked for.
func backupRequest(bare bool) string {
	if bare {
		return "backup-without-keys"
	}
	return "backup"
}

// oneOf takes the directory from the flag or from the one argument.
func oneOf(fs *flag.FlagSet, dir *string) bool {
	if *dir == "" && fs.NArg() == 1 {
		*dir = fs.Arg(0)
		return *dir != ""
	}
	return *dir != "" && fs.NArg() == 0
}

// backup copies the installation to a new directory and verifies the copy: the
// log is opened, its root is recomputed from its events, it must contain the
// checkpoint that was signed just before, and every key and document that it
// refers to must be there. A copy whose log fails this is removed; one that lacks
// a key or a document is kept, because the original lacks it too.
//
// The log comes first: keys and documents are durable before the event that needs
// them, so that what is copied afterwards holds whatever the copied log refers to.
func (g *guardedLog) backup(ctx context.Context, dir string, bare bool) (installation, error) {
	err := g.copyTo(ctx, dir)
	if err != nil {
		return installation{}, err
	}
	if err = copyVault(ctx, vaultDir(g.data), vaultDir(dir)); err == nil && !bare {
		err = copySecrets(g.data, dir)
	}
	if err != nil {
		return installation{}, errors.Join(err, os.RemoveAll(dir))
	}
	rep, err := checkBackup(ctx, dir, io.Discard)
	if lacking := (*lackingError)(nil); err != nil && !errors.As(err, &lacking) {
		err = errors.Join(fmt.Errorf("the backup does not verify and is removed: %w", err), os.RemoveAll(dir))
	}
	return rep, err
}

// copyTo copies the store, the checkpoints, the public key and the fences to a new
// directory, which has the layout of a data directory without any secret.
func (g *guardedLog) copyTo(ctx context.Context, dir string) error {
	there, err := durable.Exists(dir)
	if err != nil {
		return err
	}
	if there {
		return fmt.Errorf("%s exists already", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	err = g.keeper.Checkpoint()
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
	const usage = `usage: alta restore [--data DIR] [--accept-loss] BACKUP
       alta restore --eventstore esdb://… [--data DIR] [--accept-loss] BACKUP

With the log on a server: restore the server first and start it, then name it here.`
	fs := newFlags("restore", errOut)
	data := dataFlag(fs)
	from := fs.String("from", "", "a directory that alta backup made")
	server := serverFlag(fs)
	accept := fs.Bool("accept-loss", false, "restore even though newer events were signed, or keys or documents lack, which are then lost")
	if err := fs.Parse(args); err != nil || !oneOf(fs, from) {
		return errUsage(usage)
	}
	begun := time.Now()
	of, err := durable.Exists(filepath.Join(*from, serverMarkFile))
	if err != nil {
		return err
	}
	if of {
		if *server == "" {
			return errUsage("restore: %s is of an installation whose log is on a server: restore the server first, and name it with --eventstore", *from)
		}
		rep, err := restoreServer(ctx, *data, *server, *from, *accept, out)
		if err != nil {
			return err
		}
		return rep.print(out, time.Since(begun))
	}
	rep, err := restore(ctx, *data, *from, *accept, out)
	if err != nil {
		return err
	}
	return rep.print(out, time.Since(begun))
}

// restore puts a verified backup in the place of the log and the vault of a data
// directory. What was there is kept beside it under a name with the time. Where
// signed checkpoints or the mark vouch for more events than the backup holds, or
// the backup lacks keys or documents, it is refused unless the loss is accepted.
// The fences of both are joined: who was erased stays erased. Secrets that are
// there already stay; missing ones are taken from the backup.
func restore(ctx context.Context, data, from string, accept bool, out io.Writer) (installation, error) {
	if err := embedded.Idle(storeDir(data)); err != nil {
		return installation{}, err
	}
	rep, err := checkBackup(ctx, from, out)
	if lacking := (*lackingError)(nil); err != nil && !(accept && errors.As(err, &lacking)) {
		return rep, fmt.Errorf("the backup is not usable: %w", err)
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return rep, err
	}
	if err := acceptLoss(data, from, rep.Tree, accept); err != nil {
		return rep, err
	}
	aside := ".before-" + time.Now().UTC().Format("20060102T150405.000Z")
	if err := restoreVault(ctx, data, from, aside, out); err != nil {
		return rep, err
	}
	fresh := storeDir(data) + ".restoring"
	if err := copyDir(storeDir(from), fresh); err != nil {
		return rep, err
	}
	if err := keepAside(out, aside, storeDir(data), checkpointsDir(data)); err != nil {
		return rep, err
	}
	if err := os.Rename(fresh, storeDir(data)); err != nil {
		return rep, err
	}
	if err := restoreSecrets(data, from); err != nil {
		return rep, err
	}
	// A snapshot of the lists is of the log that was there before.
	if err := os.RemoveAll(snapshotDir(data)); err != nil {
		return rep, err
	}
	return rep, adopt(data, from, rep.Tree)
}

// acceptLoss fails where a restore would lose events, or where that cannot be found
// out, unless the loss is accepted.
func acceptLoss(data, from string, have tlog.Tree, accept bool) error {
	lost, err := wouldLose(data, from, have)
	switch {
	case accept:
		return nil
	case err != nil:
		return err
	case lost != "":
		return fmt.Errorf("%s; --accept-loss restores nevertheless", lost)
	}
	return nil
}

// keepAside renames directories, those that are there, by adding to their names.
func keepAside(out io.Writer, aside string, dirs ...string) error {
	for _, dir := range dirs {
		there, err := durable.Exists(dir)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if err := os.Rename(dir, dir+aside); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s is kept as %s\n", dir, dir+aside)
	}
	return nil
}

// wouldLose says which events the data directory's own witnesses vouch for and
// the backup lacks. An error means that they cannot be asked.
func wouldLose(data, from string, have tlog.Tree) (string, error) {
	if there, err := durable.Exists(checkpointsDir(data)); err != nil || !there {
		return "", err
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
