package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"alta/durable"
	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/evidence"

	"golang.org/x/mod/sumdb/tlog"
)

// serverMarkFile says of a backup without a log how far the log on its server reached.
const serverMarkFile = "eventstore.json"

// serverMark is the event with which the log on a server ended when its installation
// was backed up. Stream, revision and id are the same in a copy of the log, the
// position is not.
type serverMark struct {
	Taken    time.Time           `json:"taken"`
	Events   int64               `json:"events"` // up to this one and with it
	Root     tlog.Hash           `json:"root"`   // of their tree
	Position string              `json:"position"`
	Stream   string              `json:"stream"`
	Revision eventstore.Revision `json:"revision"`
	ID       string              `json:"id"`
	// Holds says up to when keys and documents are in the backup.
	Holds time.Time `json:"holds"`
}

func (m serverMark) String() string {
	return fmt.Sprintf("%d events with root %v; the last one is revision %d of stream %s, at %s", m.Events, m.Root, m.Revision, m.Stream, m.Position)
}

func readServerMark(dir string) (m serverMark, err error) {
	b, err := os.ReadFile(filepath.Join(dir, serverMarkFile))
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		return m, fmt.Errorf("what the backup stands for: %w", err)
	}
	return m, nil
}

func (m serverMark) write(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return durable.Replace(filepath.Join(dir, serverMarkFile), append(b, '\n'), 0o600)
}

// upTo is a log as far as an event, and tells of each event that is read.
type upTo struct {
	evidence.Followed
	last eventstore.Position
	see  func(ctx context.Context, r *eventstore.Record) error
}

func (l upTo) ReadAll(ctx context.Context, after eventstore.Position, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for r, err := range l.Followed.ReadAll(ctx, after, limit) {
			if err == nil {
				if r.Position.Compare(l.last) > 0 {
					return
				}
				err = l.see(ctx, r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// backupServer copies everything of an installation but the server's own files to a
// new directory, while it runs, and verifies the copy: the log is read from its server
// up to the mark, every hash and checkpoint is compared, and every key and file that
// its events refer to must be in the copy.
//
// The evidence comes first, then the mark, then keys and documents: these are safe
// before the event that needs them.
func backupServer(ctx context.Context, data, server, dir string, bare bool, out io.Writer) (installation, error) {
	if there, err := durable.Exists(dir); err != nil {
		return installation{}, err
	} else if there {
		return installation{}, fmt.Errorf("%s exists already; --again adds the keys and documents that have come since", dir)
	}
	key, err := evidence.PublicKey(publicKeyFile(data))
	if err != nil {
		return installation{}, fmt.Errorf("name the data directory of the processes with the part sequencer: %w", err)
	}
	l, err := esdb.Open(server, esdb.Options{})
	if err != nil {
		return installation{}, fmt.Errorf("--eventstore: %w", err)
	}
	defer func() { _ = l.Close() }() // it was only read
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return installation{}, err
	}
	rep, err := func() (installation, error) {
		if err := copyEvidence(data, dir, key); err != nil {
			return installation{}, err
		}
		last, err := newest(ctx, l)
		if err != nil {
			return installation{}, err
		}
		mark := serverMark{
			Taken: time.Now().UTC().Truncate(time.Second), Position: last.Position.String(), Stream: last.Stream, Revision: last.Revision, ID: last.ID.String(),
		}
		if err := copyRest(ctx, data, dir, bare); err != nil {
			return installation{}, err
		}
		rep, err := checkServerBackup(ctx, dir, l, last.Position, func(*eventstore.Record) error { return nil }, true, out)
		if lacking := (*lackingError)(nil); err != nil && !errors.As(err, &lacking) {
			return rep, err
		}
		mark.Events, mark.Root, mark.Holds = rep.Tree.N, rep.Tree.Hash, mark.Taken
		return rep, errors.Join(mark.write(dir), err)
	}()
	if lacking := (*lackingError)(nil); err != nil && !errors.As(err, &lacking) {
		return rep, errors.Join(fmt.Errorf("the backup does not verify and is removed: %w", err), os.RemoveAll(dir))
	}
	return rep, err
}

// copyEvidence copies checkpoints and tree.
func copyEvidence(data, dir string, key *evidence.Key) error {
	k, err := evidence.OpenKeeper(checkpointsDir(data), key, nil, nil)
	if err != nil {
		return err
	}
	err = errors.Join(k.Copy(checkpointsDir(dir)), k.Close())
	if err == nil {
		err = copyFile(publicKeyFile(data), publicKeyFile(dir))
	}
	if err != nil {
		return err
	}
	t, err := evidence.OpenTree(treeDir(data))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it is made again from the log
	}
	if err != nil {
		return err
	}
	return errors.Join(t.Copy(treeDir(dir)), t.Close())
}

// copyRest copies keys, documents, fences and mails, and the secrets unless bare.
func copyRest(ctx context.Context, data, dir string, bare bool) error {
	err := copyVault(ctx, vaultDir(data), vaultDir(dir))
	if err == nil && !bare {
		err = copySecrets(data, dir)
	}
	if err == nil {
		err = copySpool(data, dir)
	}
	return err
}

// copySpool copies the mails that wait in a directory because no server is set.
func copySpool(from, to string) error {
	mails := filepath.Join(from, "mail")
	if there, err := durable.Exists(mails); err != nil || !there {
		return err
	}
	return copyDir(mails, filepath.Join(to, "mail"))
}

// newest is the newest event of a log.
func newest(ctx context.Context, l *esdb.Log) (*eventstore.Record, error) {
	for r, err := range l.ReadAllBackward(ctx, lastOfAll, 1) {
		if err != nil {
			return nil, fmt.Errorf("the log cannot be read: %w", err)
		}
		return r, nil
	}
	return nil, errors.New("the log is empty")
}

// checkServerBackup reads the log up to a position, compares it with the backup's
// checkpoints and, if it lies at the same positions, with the backup's tree, and looks
// in the backup for every key and file that its events refer to. It fails with
// *lackingError where some are not there.
func checkServerBackup(ctx context.Context, dir string, l evidence.Followed, last eventstore.Position, see func(*eventstore.Record) error, positions bool, out io.Writer) (installation, error) {
	var i installation
	var err error
	if i.secrets, err = secretsIn(dir); err != nil {
		return i, err
	}
	key, err := evidence.PublicKey(publicKeyFile(dir))
	if err != nil {
		return i, err
	}
	stores, err := storesIn(dir)
	if err != nil {
		return i, err
	}
	i.elsewhere = stores == nil
	k, err := evidence.OpenKeeper(checkpointsDir(dir), key, nil, nil)
	if err != nil {
		return i, err
	}
	search := &search{installation: &i, stores: stores, seen: map[string]bool{}}
	bounded := upTo{l, last, func(ctx context.Context, r *eventstore.Record) error {
		if err := see(r); err != nil {
			return err
		}
		return search.event(ctx, r)
	}}
	tree := ""
	if positions {
		tree = treeDir(dir)
	}
	i.Report, err = evidence.CheckServer(ctx, k, bounded, tree, func(n int64) { fmt.Fprintf(out, "%d events …\n", n) })
	if err = errors.Join(err, k.Close()); err != nil {
		return i, err
	}
	return i, search.end(ctx)
}

// againServer adds to a backup the keys and documents that have come since, so that a
// backup of the server that was taken after it can be read whole. What the backup
// stands for stays.
func againServer(ctx context.Context, data, server, dir string, bare bool, out io.Writer) error {
	mark, err := readServerMark(dir)
	if err != nil {
		return err
	}
	l, err := esdb.Open(server, esdb.Options{})
	if err != nil {
		return fmt.Errorf("--eventstore: %w", err)
	}
	defer func() { _ = l.Close() }() // it was only read
	last, err := newest(ctx, l)
	if err != nil {
		return err
	}
	mark.Holds = time.Now().UTC().Truncate(time.Second)
	// Beside, then in its place: a key may have been wrapped anew meanwhile.
	beside := dir + ".again"
	if err := os.RemoveAll(beside); err != nil {
		return err
	}
	if err := copyRest(ctx, data, beside, bare); err != nil {
		return errors.Join(err, os.RemoveAll(beside))
	}
	for _, name := range []string{"vault", "mail", "log.key", "auth.keys", "codes.key"} {
		fresh, there := filepath.Join(beside, name), filepath.Join(dir, name)
		came, err := durable.Exists(fresh)
		if err != nil {
			return err
		}
		if !came {
			continue
		}
		if err := errors.Join(os.RemoveAll(there), os.Rename(fresh, there)); err != nil {
			return err
		}
	}
	if err := errors.Join(os.RemoveAll(beside), mark.write(dir)); err != nil {
		return err
	}
	rep, err := checkServerBackup(ctx, dir, l, last.Position, func(*eventstore.Record) error { return nil }, false, out)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the backup now holds the keys and documents of the %d events that the log has; it stands for %v\n", rep.Tree.N, mark)
	return nil
}

// restoreServer puts a backup without a log in the place of what a data directory
// holds. The server comes first: it must hold every event that the backup stands for,
// and the backup every key and file that the server's events refer to.
func restoreServer(ctx context.Context, data, server, from string, accept bool, out io.Writer) (installation, error) {
	mark, err := readServerMark(from)
	if err != nil {
		return installation{}, err
	}
	if runs, err := running(ctx, data); err != nil {
		return installation{}, err
	} else if runs {
		return installation{}, fmt.Errorf("Alta runs in %s: stop it first", data)
	}
	l, err := esdb.Open(server, esdb.Options{})
	if err != nil {
		return installation{}, fmt.Errorf("--eventstore: %w", err)
	}
	defer func() { _ = l.Close() }() // it was only read
	same, err := mark.lies(ctx, l)
	if err != nil {
		return installation{}, err
	}
	var b evidence.Builder
	read := int64(0)
	see := func(r *eventstore.Record) error {
		if read == mark.Events {
			return nil
		}
		b.Add(evidence.LeafHash(r))
		if read++; read == mark.Events && b.Tree().Hash != mark.Root {
			return fmt.Errorf("%w: the first %d events of the log have root %v, the backup stands for %v", eventstore.ErrCorrupt, mark.Events, b.Tree().Hash, mark.Root)
		}
		return nil
	}
	rep, err := checkServerBackup(ctx, from, l, lastOfAll, see, same, out)
	lost := (*evidence.LostError)(nil) // the tree and the checkpoints may know of more
	if read < mark.Events && (err == nil || errors.Is(err, eventstore.ErrCorrupt) || errors.As(err, &lost) || errors.As(err, new(*lackingError))) {
		return rep, fmt.Errorf("%w: the log holds %d events and the backup stands for %v: restore the server first, from a backup of it that was taken after this one, and then repeat the command", eventstore.ErrCorrupt, read, mark)
	}
	if lacking := (*lackingError)(nil); err != nil && !(accept && errors.As(err, &lacking)) {
		return rep, fmt.Errorf("the backup does not go with this log: %w", err)
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
	if err := keepAside(out, aside, checkpointsDir(data), treeDir(data)); err != nil {
		return rep, err
	}
	if err := restoreSecrets(data, from); err != nil {
		return rep, err
	}
	// A snapshot of the lists is of the log that was there before.
	if err := os.RemoveAll(snapshotDir(data)); err != nil {
		return rep, err
	}
	if there, err := durable.Exists(filepath.Join(data, "mail")); err != nil {
		return rep, err
	} else if !there {
		if err := copySpool(from, data); err != nil {
			return rep, err
		}
	}
	return rep, restoreEvidence(data, from, same, out)
}

// lies reports whether the last event that a backup stands for lies in a log where it
// lay, so that the backup's tree is of this log. A stream that is not shown tells
// nothing.
func (m serverMark) lies(ctx context.Context, l *esdb.Log) (bool, error) {
	for r, err := range l.ReadStream(ctx, m.Stream, m.Revision, 1) {
		switch {
		case errors.Is(err, eventstore.ErrStreamNotFound), eventstore.Hidden(err):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("the log cannot be read: %w", err)
		}
		return r.Revision == m.Revision && r.ID.String() == m.ID && r.Position.String() == m.Position, nil
	}
	return false, nil
}

// restoreEvidence puts the checkpoints of a backup in place, and its tree where the log
// lies at the same positions. Those that another key signed are kept and not continued.
func restoreEvidence(data, from string, same bool, out io.Writer) error {
	key, err := evidence.LoadKey(keyFile(data))
	if err != nil {
		return err
	}
	other, err := evidence.PublicKey(publicKeyFile(from))
	if err != nil {
		return err
	}
	if key.Public != other.Public {
		to := checkpointsDir(data) + ".of-" + other.Verifier.Name()
		fmt.Fprintf(out, "%s is not the key that signed the backup's checkpoints: they are kept in %s, and the log is signed anew\n", keyFile(data), to)
		return copyDir(checkpointsDir(from), to)
	}
	if err := copyDir(checkpointsDir(from), checkpointsDir(data)); err != nil {
		return err
	}
	there, err := durable.Exists(treeDir(from))
	if err != nil {
		return err
	}
	if !there || !same {
		fmt.Fprintln(out, "the tree is made again from the log, which does not lie at the positions of the backup")
		return nil
	}
	return copyDir(treeDir(from), treeDir(data))
}
