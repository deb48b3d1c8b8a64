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

	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/eventstore/esdb"
	"alta/evidence"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/grpc/codes"
	rpc "google.golang.org/grpc/status"
)

// The event log's places in the data directory. The key and the checkpoints lie
// beside the store, never in it: they testify about it.
func storeDir(data string) string       { return filepath.Join(data, "log") }
func checkpointsDir(data string) string { return filepath.Join(data, "checkpoints") }
func keyFile(data string) string        { return filepath.Join(data, "log.key") }
func publicKeyFile(data string) string  { return keyFile(data) + ".pub" }

// guardedLog is the embedded event log with the keeper of its checkpoints.
type guardedLog struct {
	*embedded.Log
	keeper *evidence.Keeper
	data   string
}

// openLog opens the event log of a data directory, made where there is none,
// and compares it with its newest signed checkpoint. Leaf, Expect and Durable of
// opt are set here; the other options are the caller's. It fails with
// embedded.ErrLocked and eventstore.ErrCorrupt.
func openLog(data string, opt embedded.Options) (*guardedLog, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	// Before anything is touched: the checkpoints of a running log are not ours.
	if err := embedded.Idle(storeDir(data)); err != nil {
		return nil, err
	}
	key, err := evidence.LoadKey(keyFile(data))
	if err != nil {
		return nil, err
	}
	k, err := evidence.OpenKeeper(checkpointsDir(data), key, opt.Now, opt.Logger)
	if err != nil {
		return nil, err
	}
	l, err := evidence.Guard(k, func(expect []tlog.Tree, durable func(tlog.Tree) error) (*embedded.Log, error) {
		opt.Leaf, opt.Expect, opt.Durable = evidence.Leaf, expect, durable
		return embedded.Open(storeDir(data), opt)
	})
	if err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return &guardedLog{Log: l, keeper: k, data: data}, nil
}

// Close closes the log and then signs what it holds.
func (g *guardedLog) Close() error { return errors.Join(g.Log.Close(), g.keeper.Close()) }

// keptLog is the log as other programs have it: they may read and append, and delete
// no stream that Alta reads back. Nothing could bring it back on this engine.
type keptLog struct{ *guardedLog }

// Delete refuses what would hide a stream of Alta's.
func (k keptLog) Delete(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	if ourStream(stream) {
		return eventstore.Position{}, errKept
	}
	return k.guardedLog.Delete(ctx, stream, expected)
}

// Tombstone refuses what would close the name of a stream of Alta's.
func (k keptLog) Tombstone(ctx context.Context, stream string, expected eventstore.Revision) (eventstore.Position, error) {
	if ourStream(stream) {
		return eventstore.Position{}, errKept
	}
	return k.guardedLog.Tombstone(ctx, stream, expected)
}

var errKept = rpc.Error(codes.PermissionDenied, "nobody may delete a stream of Alta's")

// dataFlag is the flag that names the data directory.
func dataFlag(fs *flag.FlagSet) *string {
	dir := os.Getenv("ALTA_DATA")
	if dir == "" {
		dir = "data"
	}
	return fs.String("data", dir, "data directory (ALTA_DATA)")
}

// serverFlag is the flag that names a log on a server.
func serverFlag(fs *flag.FlagSet) *string {
	return fs.String("eventstore", os.Getenv("ALTA_EVENTSTORE"), "esdb://… where the log is on a server (ALTA_EVENTSTORE)")
}

// newFlags makes the flag set of a subcommand, whose errors are usage errors.
func newFlags(name string, errOut io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet("alta "+name, flag.ContinueOnError)
	fs.SetOutput(errOut)
	return fs
}

const logUsage = `usage: alta log check  [--data DIR] [--eventstore esdb://…]
       alta log accept [--data DIR]
       alta log grant  --eventstore esdb://ADMIN:PASSWORD@… ACCOUNT
       alta log unhide --eventstore esdb://… STREAM …

check recomputes every hash of the log, of a running program too, and compares
it with every checkpoint that was ever signed. With --eventstore it reads the log
from its server, and names each event that was removed or changed there. accept signs a log whose
checkpoints were lost: from then on it is guarded again, but nothing vouches for
what it held before. grant lets an account of a server read $all, as every process
must: it adds the account and $admins to the metadata of $all, as an admin. unhide
takes out of a stream's metadata what hides its events ($tb, $maxAge, $maxCount): so it
brings back what somebody deleted on a server, before a scavenge.`

func runLog(ctx context.Context, args []string, out, errOut io.Writer) error {
	if len(args) == 0 {
		return errUsage(logUsage)
	}
	fs := newFlags("log "+args[0], errOut)
	data := dataFlag(fs)
	server := new(string)
	names := args[0] == "grant" || args[0] == "unhide"
	if args[0] == "check" || names {
		server = serverFlag(fs)
	}
	if err := fs.Parse(args[1:]); err != nil || fs.NArg() > 0 && !names || names && (fs.NArg() == 0 || *server == "") {
		return errUsage(logUsage)
	}
	switch {
	case args[0] == "unhide":
		return unhide(ctx, *server, fs.Args(), out)
	case names && fs.NArg() > 1:
		return errUsage(logUsage)
	case names:
		return grantAll(ctx, *server, fs.Arg(0), out)
	}
	begun := time.Now()
	var rep evidence.Report
	var err error
	named := &unreadables{}
	switch {
	case *server != "":
		rep, err = checkServerLog(ctx, *data, *server, out, named)
	case args[0] == "check":
		rep, err = checkRunningLog(ctx, *data, out, named)
	case args[0] == "accept":
		rep, err = acceptLog(ctx, *data, out)
	default:
		return errUsage(logUsage)
	}
	if err != nil {
		return err
	}
	if err := named.print(out); err != nil {
		return err
	}
	if n := len(named.hidden); n > 0 {
		printTree(out, rep)
		return fmt.Errorf("%w: %d streams, named above; every event is in the log still", errHidden, n)
	}
	printReport(out, rep, time.Since(begun))
	return nil
}

// errHidden: others deleted streams on the server, or gave them metadata that let events
// go. The next scavenge may remove what they hide.
var errHidden = errors.New("others hide events of the log on its server")

// grantAll lets an account of a server read everything.
func grantAll(ctx context.Context, server, account string, out io.Writer) error {
	l, err := esdb.Open(server, esdb.Options{})
	if err != nil {
		return fmt.Errorf("--eventstore: %w", err)
	}
	metadata, err := l.Grant(ctx, account)
	if err = errors.Join(err, l.Close()); err != nil {
		return fmt.Errorf("%s could not be granted the right to read $all: %w", account, err)
	}
	_, err = fmt.Fprintf(out, "the metadata of $all are %s\n", metadata)
	return err
}

// acceptLog signs a log of which no checkpoint is left, after checking that the
// store at least agrees with itself.
func acceptLog(ctx context.Context, data string, out io.Writer) (evidence.Report, error) {
	if _, err := os.Stat(storeDir(data)); err != nil {
		return evidence.Report{}, fmt.Errorf("there is no event log in %s: %w", data, err)
	}
	if err := embedded.Idle(storeDir(data)); err != nil {
		return evidence.Report{}, err
	}
	key, err := evidence.LoadKey(keyFile(data))
	if err != nil {
		return evidence.Report{}, err
	}
	k, err := evidence.OpenKeeper(checkpointsDir(data), key, nil, nil)
	if err != nil {
		return evidence.Report{}, err
	}
	if _, err := k.Known(); !errors.Is(err, evidence.ErrNoCheckpoint) {
		return evidence.Report{}, errors.Join(fmt.Errorf("%s has checkpoints; only a log that lost them can be accepted", data), err, k.Close())
	}
	l, err := embedded.Open(storeDir(data), embedded.Options{Leaf: evidence.Leaf, Durable: k.Durable})
	if err != nil {
		return evidence.Report{}, errors.Join(err, k.Close())
	}
	tree, err := l.Tree()
	if err == nil {
		err = l.Check(ctx)
	}
	if err == nil {
		err = k.Begin(tree)
	}
	if err := errors.Join(err, l.Close(), k.Close()); err != nil {
		return evidence.Report{}, err
	}
	return checkLog(ctx, data, out, &unreadables{})
}

// checkRunningLog checks the log of a data directory, through a copy taken by
// the process that has it open if there is one.
func checkRunningLog(ctx context.Context, data string, out io.Writer, named *unreadables) (evidence.Report, error) {
	err := embedded.Idle(storeDir(data))
	if err == nil {
		return checkLog(ctx, data, out, named)
	}
	if !errors.Is(err, embedded.ErrLocked) {
		return evidence.Report{}, err
	}
	fmt.Fprintln(out, "the log is in use: a copy of it is checked")
	parent, err := os.MkdirTemp(data, "check-")
	if err != nil {
		return evidence.Report{}, err
	}
	defer os.RemoveAll(parent)
	copied := filepath.Join(parent, "copy")
	if err := askRunning(ctx, data, "copy", copied); err != nil {
		return evidence.Report{}, err
	}
	return checkLog(ctx, copied, out, named)
}

// checkLog recomputes everything about the log of a data directory or a backup:
// every key of the store, every hash of the tree, every checkpoint ever signed.
// Nothing is written to the store. named takes the streams with an event that this
// version cannot read.
func checkLog(ctx context.Context, data string, out io.Writer, named *unreadables) (rep evidence.Report, err error) {
	if _, err := os.Stat(storeDir(data)); err != nil {
		return rep, fmt.Errorf("there is no event log in %s: %w", data, err)
	}
	key, err := evidence.PublicKey(publicKeyFile(data))
	if err != nil {
		return rep, err
	}
	k, err := evidence.OpenKeeper(checkpointsDir(data), key, nil, nil)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	expect, err := k.Known()
	if err != nil {
		return rep, err
	}
	l, err := embedded.Open(storeDir(data), embedded.Options{Leaf: evidence.Leaf, ReadOnly: true, Expect: expect})
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	rep, err = k.Check(ctx, l, func(n int64) { fmt.Fprintf(out, "%d events …\n", n) })
	if err != nil {
		return rep, err
	}
	if err := l.Check(ctx); err != nil {
		return rep, err
	}
	return rep, named.find(l.ReadAll(ctx, eventstore.Start, -1))
}

// checkServerLog recomputes the tree of a log on a server and compares it with
// what this data directory knows: the tree with its positions where the sequencer
// ran here, and every checkpoint.
func checkServerLog(ctx context.Context, data, server string, out io.Writer, named *unreadables) (rep evidence.Report, err error) {
	key, err := evidence.PublicKey(publicKeyFile(data))
	if err != nil {
		return rep, err
	}
	k, err := evidence.OpenKeeper(checkpointsDir(data), key, nil, nil)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	l, err := esdb.Open(server, esdb.Options{})
	if err != nil {
		return rep, fmt.Errorf("--eventstore: %w", err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	with := fmt.Sprintf("there is no tree in %s", treeDir(data))
	if t, err := evidence.OpenTree(treeDir(data)); err == nil {
		with = fmt.Sprintf("the tree of %d events with their positions in %s", t.Size(), treeDir(data))
		if err := t.Close(); err != nil {
			return rep, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return rep, err
	}
	rep, err = evidence.CheckServer(ctx, k, l, treeDir(data), func(n int64) { fmt.Fprintf(out, "%d events …\n", n) })
	if err != nil {
		return rep, err
	}
	fmt.Fprintf(out, "every event of the server was compared with what %s knows: %s, and the checkpoints that were signed there\n", data, with)
	hidden, err := hiddenStreams(ctx, l)
	if err != nil {
		return rep, err
	}
	named.hidden = asidesOf(hidden)
	return rep, named.find(l.ReadAll(ctx, eventstore.Start, -1))
}

func printReport(out io.Writer, rep evidence.Report, took time.Duration) {
	printTree(out, rep)
	fmt.Fprintf(out, "the log is whole (%.1f s)\n", took.Seconds())
}

// printTree says what was recomputed.
func printTree(out io.Writer, rep evidence.Report) {
	fmt.Fprintf(out, "%d events, root %v\n", rep.Tree.N, rep.Tree.Hash)
	fmt.Fprintf(out, "%d checkpoints agree; the newest covers %d events and was signed %s by %s\n",
		rep.Checkpoints, rep.Newest.Tree.N, rep.Newest.Time.Format(time.RFC3339), rep.Newest.Origin)
	if rep.Unsigned > 0 {
		fmt.Fprintf(out, "%d events are newer than that checkpoint\n", rep.Unsigned)
	}
}
