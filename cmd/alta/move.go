package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"alta/durable"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/esdb"
	"alta/evidence"

	"golang.org/x/mod/sumdb/tlog"
)

// The embedded log's other names in the data directory: what a move to a server
// leaves behind, and what a move back fills.
func movedDir(data string) string  { return storeDir(data) + ".moved" }
func movingDir(data string) string { return storeDir(data) + ".moving" }

const moveUsage = `usage: alta move --from LOG --to LOG [--data DIR]

LOG is a data directory, esdb://…, kurrentdb://… or unix:/path; one of them is a server. --data names
the data directory where both are. Keys, documents, checkpoints and Redis stay where they are.

Stop every process of Alta before, and start none before the end. What was interrupted goes on with
the same command. Nothing is removed from the log that is left.`

func runMove(ctx context.Context, args []string, out, errOut io.Writer) error {
	fs := newFlags("move", errOut)
	from := fs.String("from", "", "log to leave: a data directory, esdb://…, kurrentdb://… or unix:/path")
	to := fs.String("to", "", "log to move to")
	data := fs.String("data", "", "data directory, where both logs are on servers")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 || *from == "" || *to == "" || *from == *to {
		return errUsage(moveUsage)
	}
	m := move{out: out, from: *from, to: *to}
	switch {
	case !onServer(*from) && onServer(*to) && *data == "":
		m.data = *from
		return m.outward(ctx)
	case onServer(*from) && !onServer(*to) && *data == "":
		m.data = *to
		return m.back(ctx)
	case onServer(*from) && onServer(*to) && *data != "":
		m.data = *data
		return m.across(ctx)
	}
	return errUsage(moveUsage)
}

// onServer tells the name of a server from that of a data directory.
func onServer(name string) bool {
	return strings.Contains(name, "://") || strings.HasPrefix(name, "unix:")
}

// move takes an installation's log to another place. The copy is whole and verified
// before anything in the data directory changes, and the changes are renamings, of
// which the last one counts.
type move struct {
	out            io.Writer
	data, from, to string
}

// copy copies one log into the other and answers the tree of both.
func (m move) copy(ctx context.Context, from, to copyLog, total int64) (tlog.Tree, error) {
	fmt.Fprintln(m.out, "no process of Alta may run on either log until this ends")
	c := copying{from: from, to: to, out: m.out, every: progressEvery, total: total}
	tree, err := c.run(ctx)
	if err != nil {
		return tree, err
	}
	newest, err := eventstore.Newest(ctx, from)
	if err != nil {
		return tree, fmt.Errorf("read the source: %w", err)
	}
	if newest != c.newest {
		return tree, fmt.Errorf("events were appended to %s meanwhile: stop what runs there, and begin again", withoutSecret(m.from))
	}
	fmt.Fprintf(m.out, "%d events, %d of them copied now; both logs have root %v\n", tree.N, c.copied, tree.Hash)
	return tree, nil
}

// outward moves the embedded log to a server.
func (m move) outward(ctx context.Context) error {
	if there, err := durable.Exists(storeDir(m.data)); err != nil {
		return err
	} else if !there {
		if moved, err := durable.Exists(movedDir(m.data)); err != nil {
			return err
		} else if moved {
			fmt.Fprintf(m.out, "the log of %s was moved already\n", m.data)
			return nil
		}
		return fmt.Errorf("there is no event log in %s", m.data)
	}
	g, err := openLog(m.data, embedded.Options{})
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	server, err := esdb.Open(m.to, esdb.Options{})
	if err != nil {
		return errors.Join(fmt.Errorf("--to: %w", err), g.Close())
	}
	tree, err := g.Tree()
	if err == nil {
		_, err = m.copy(ctx, g, server, tree.N)
	}
	if err = errors.Join(err, server.Close(), g.Close()); err != nil {
		return err
	}
	if err := m.forgetTree(); err != nil {
		return err
	}
	if err := replaceDir(storeDir(m.data), movedDir(m.data)); err != nil {
		return err
	}
	fmt.Fprintf(m.out, "start with --eventstore %s and the same data directory and Redis\n%s is the log as it was: keep it until a backup of the server is made\n",
		withoutSecret(m.to), movedDir(m.data))
	return nil
}

// back moves a log from a server into the data directory. What an earlier move left
// there is where it goes on.
func (m move) back(ctx context.Context) error {
	if err := embedded.Idle(storeDir(m.data)); err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	server, err := esdb.Open(m.from, esdb.Options{})
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if err := os.MkdirAll(m.data, 0o700); err != nil {
		return errors.Join(err, server.Close())
	}
	total := m.known()
	filling, began := movingDir(m.data), ""
	goesOn, err := durable.Exists(filling)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	if !goesOn {
		for _, earlier := range []string{storeDir(m.data), movedDir(m.data)} {
			there, err := durable.Exists(earlier)
			if err != nil {
				return errors.Join(err, server.Close())
			}
			if there {
				if err := replaceDir(earlier, filling); err != nil {
					return errors.Join(err, server.Close())
				}
				began = earlier
				break
			}
		}
	}
	l, err := embedded.Open(filling, embedded.Options{Leaf: evidence.Leaf})
	if err != nil {
		return errors.Join(fmt.Errorf("--to: %w", err), server.Close())
	}
	_, err = m.copy(ctx, server, l, total)
	if err = errors.Join(err, l.Close(), server.Close()); err == nil {
		err = m.witnessed(filling)
	}
	if err != nil && began != "" { // it may be a log of its own: it keeps its name
		return errors.Join(err, replaceDir(filling, began))
	}
	if err != nil {
		return fmt.Errorf("%w\n%s holds what is there so far; remove it where it is no copy of that log", err, filling)
	}
	if err := m.forgetTree(); err != nil {
		return err
	}
	if err := replaceDir(filling, storeDir(m.data)); err != nil {
		return err
	}
	fmt.Fprintln(m.out, "start without --eventstore, with the same data directory and Redis")
	return nil
}

// across moves a log from one server to another.
func (m move) across(ctx context.Context) error {
	from, err := esdb.Open(m.from, esdb.Options{})
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	to, err := esdb.Open(m.to, esdb.Options{})
	if err != nil {
		return errors.Join(fmt.Errorf("--to: %w", err), from.Close())
	}
	_, err = m.copy(ctx, from, to, m.known())
	if err = errors.Join(err, from.Close(), to.Close()); err != nil {
		return err
	}
	if err := m.forgetTree(); err != nil {
		return err
	}
	fmt.Fprintf(m.out, "start with --eventstore %s and the same data directory and Redis\n", withoutSecret(m.to))
	return nil
}

// known is how many events the tree beside a server's log says that there are; 0 where
// nobody knows.
func (m move) known() int64 {
	t, err := evidence.OpenTree(treeDir(m.data))
	if err != nil {
		return 0 // an estimate is all that is lost
	}
	defer func() { _ = t.Close() }() // it was only read
	return t.Size()
}

// witnessed compares a store with what the checkpoints of the data directory know.
func (m move) witnessed(store string) error {
	key, err := evidence.LoadKey(keyFile(m.data))
	if err != nil {
		return err
	}
	k, err := evidence.OpenKeeper(checkpointsDir(m.data), key, nil, nil)
	if err != nil {
		return err
	}
	expect, err := k.Known()
	if err = errors.Join(err, k.Close()); err != nil {
		return err
	}
	l, err := embedded.Open(store, embedded.Options{Leaf: evidence.Leaf, ReadOnly: true, Expect: expect})
	if err != nil {
		return fmt.Errorf("the server's log is not the one that the checkpoints of %s witness: %w", m.data, err)
	}
	return l.Close()
}

// forgetTree removes the tree of the log on the server that is left: its positions
// are no other log's. It was made from the log alone, and is made again from the next.
func (m move) forgetTree() error {
	if err := os.RemoveAll(treeDir(m.data)); err != nil {
		return err
	}
	return durable.SyncDir(m.data)
}

// replaceDir renames a directory, over what has that name.
func replaceDir(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(to))
}
