// Package nodetest is a cluster for tests that behaves like EventStoreDB: one, three
// or five nodes on loopback TCP over one embedded log, with the services of package
// wire, a leader, gossip, and each of the ways in which a real server was seen to
// differ from our stand-in (Facts).
//
// What is done to it is said by calls that take effect before they return: no clock
// elects a leader or ends a fault. A test says Kill(0), sees what it wants to see,
// says Elect(1), and goes on. Within a process it is used as a Go value; scripts/nodetest
// offers it to other processes, with the same words (Do).
//
// What is not there: TLS, users, persistent subscriptions, projections and the HTTP
// interface. One log stands for the files of all nodes, so an event that a deposed
// leader alone had never was.
package nodetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"alta/eventstore"
	"alta/eventstore/embedded"
)

// Options of a cluster; Dir must be set.
type Options struct {
	Dir   string // holds the log, and is left there
	Nodes int    // 1, 3 or 5; 1 when 0
	Facts Facts
	// Version is what the server says it is; "24.2.0" when empty.
	Version string
	// Limit is the server's time limit of an append; 2 s, as there, when 0.
	Limit time.Duration
	// Now is the clock of $maxAge; time.Now when nil.
	Now func() time.Time
}

// none is the leader of a cluster that has none.
const none = -1

// Cluster is a running cluster. Its methods may be called from any goroutine, those
// that change a node one at a time.
type Cluster struct {
	opt   Options
	nodes []*node

	// write is held while an append is decided and written, and while the leader or
	// a node's state changes, so that nothing is written by a node that does not lead.
	write sync.Mutex

	mu      sync.Mutex
	facts   Facts
	store   *store
	leader  int
	visible uint64 // engine's number of the newest event that a majority has
	pending []*pending
	holds   map[string]*Held
	flying  map[string]bool // appends under way
	changed chan struct{}   // closed and replaced when something changed that somebody waits for
	delays  sync.WaitGroup
}

// Start starts a cluster whose first node leads, and which goes on with the log in
// opt.Dir where there is one.
func Start(opt Options) (*Cluster, error) {
	if opt.Nodes == 0 {
		opt.Nodes = 1
	}
	if opt.Version == "" {
		opt.Version = "24.2.0"
	}
	if opt.Limit == 0 {
		opt.Limit = 2 * time.Second
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Dir == "" || !slices.Contains([]int{1, 3, 5}, opt.Nodes) {
		return nil, fmt.Errorf("nodetest: %d nodes in %q; want 1, 3 or 5 in a directory", opt.Nodes, opt.Dir)
	}
	s, err := openStore(filepath.Join(opt.Dir, "present"))
	if err != nil {
		return nil, err
	}
	c := &Cluster{opt: opt, facts: opt.Facts, store: s, leader: none, holds: map[string]*Held{}, flying: map[string]bool{}, changed: make(chan struct{})}
	if err := c.settle(); err != nil {
		return nil, errors.Join(err, s.engine.Close())
	}
	for i := range opt.Nodes {
		n := &node{c: c, index: i, address: "127.0.0.1:0"}
		c.nodes = append(c.nodes, n)
		if err := n.start(); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, c.Elect(0)
}

// settle shows everything that the store holds. A server that is new writes events
// of its own first.
func (c *Cluster) settle() error {
	ctx := context.Background()
	head, err := c.store.engine.Head(ctx)
	if err != nil {
		return err
	}
	if head == eventstore.Start {
		for _, stream := range []string{"$$$stats", "$streams", "$users"} {
			e := eventstore.Proposed{ID: newID(), Type: mark + typeMetadata, Data: []byte(`{}`)}
			at, err := c.store.engine.Append(ctx, inName(stream), eventstore.NoStream, e)
			if err != nil {
				return err
			}
			head = at.Position
		}
	}
	c.visible, c.pending = head.Commit, nil
	return nil
}

// Close ends all nodes and closes the log.
func (c *Cluster) Close() error {
	for _, n := range c.nodes {
		n.stop()
	}
	c.delays.Wait()
	return c.store.engine.Close()
}

// Set changes the facts.
func (c *Cluster) Set(change func(*Facts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.facts)
	c.wake()
}

// Size is the number of nodes.
func (c *Cluster) Size() int { return len(c.nodes) }

// Leader is the node that leads, -1 for none.
func (c *Cluster) Leader() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leader
}

// Address is where a node listens; it stays the same.
func (c *Cluster) Address(n int) string { return c.nodes[n].address }

// Connection is the connection string that names these nodes, all where none is
// given. One node alone is connected to as it is; several are asked who leads.
func (c *Cluster) Connection(nodes ...int) string {
	if len(nodes) == 0 {
		for i := range c.nodes {
			nodes = append(nodes, i)
		}
	}
	var hosts []string
	for _, n := range nodes {
		hosts = append(hosts, c.Address(n))
	}
	return "esdb://" + strings.Join(hosts, ",") + "?tls=false"
}

// Discover is the connection string that names one node and asks it who leads.
func (c *Cluster) Discover(n int) string { return "esdb+discover://" + c.Address(n) + "?tls=false" }

// Engine is the log under the nodes, to look at what they do not show. System
// streams are in it under other names.
func (c *Cluster) Engine() *embedded.Log {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.store.engine
}

// change is how the state of nodes is changed.
func (c *Cluster) change(do func()) {
	c.write.Lock()
	defer c.write.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
	if c.leader != none && !c.majority() {
		c.leader = none
	}
	c.wake()
}

// wake tells those who wait that something changed. The caller holds the lock.
func (c *Cluster) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// majority says whether enough nodes reach each other. A leader that was stopped
// or cut off is still taken for the leader until another one is elected. The caller
// holds the lock.
func (c *Cluster) majority() bool {
	n := 0
	for _, one := range c.nodes {
		if one.sound() || one.index == c.leader && one.up {
			n++
		}
	}
	return n > len(c.nodes)/2
}

// Elect makes a node the leader. It fails where that node or a majority of nodes
// cannot take part. Subscriptions that require the leader end at the other nodes
// with "Leader info available".
func (c *Cluster) Elect(n int) (err error) {
	c.change(func() {
		sound := 0
		for _, one := range c.nodes {
			if one.sound() {
				sound++
			}
		}
		if !c.nodes[n].sound() || sound <= len(c.nodes)/2 {
			err = fmt.Errorf("nodetest: node %d cannot lead: %d of %d nodes take part", n, sound, len(c.nodes))
			return
		}
		c.leader = n
		for _, one := range c.nodes {
			if one.index != n && one.sound() {
				one.depose()
			}
		}
	})
	return err
}

// ElectNext makes the first node after the present or last leader that can take
// part the leader, and answers which.
func (c *Cluster) ElectNext() (int, error) {
	for i := range c.nodes {
		n := (c.Leader() + 1 + i) % len(c.nodes)
		if c.Elect(n) == nil {
			return n, nil
		}
	}
	return none, errors.New("nodetest: no node can lead")
}

// Resign lets the leader step down in good order: nothing is lost, and nobody leads
// until Elect.
func (c *Cluster) Resign() {
	c.change(func() { c.leader = none })
}

// Kill ends a node as a power cut of its process does: its port refuses and its
// connections drop. Where it led, nobody leads until Elect.
func (c *Cluster) Kill(n int) {
	c.change(func() {
		c.nodes[n].up = false
		if c.leader == n {
			c.leader = none
		}
	})
	c.nodes[n].stop()
}

// Restart starts a node that was killed, powerless, or running; a node that is
// alone leads at once.
func (c *Cluster) Restart(n int) error {
	c.Kill(n)
	err := c.nodes[n].start()
	if err == nil && len(c.nodes) == 1 {
		err = c.Elect(n)
	}
	return err
}

// Stop stops a node's process (SIGSTOP): connections stay and new ones are taken by
// its kernel, and nothing answers. The others take it for the leader, where it was,
// until Elect.
func (c *Cluster) Stop(n int) {
	stopped := false
	c.change(func() { stopped, c.nodes[n].stopped = c.nodes[n].stopped, true })
	if !stopped {
		c.nodes[n].gate.shut()
	}
}

// Continue lets a stopped node go on. If another one was elected meanwhile, its
// subscriptions end as they do at a follower.
func (c *Cluster) Continue(n int) {
	stopped := false
	c.change(func() {
		stopped, c.nodes[n].stopped = c.nodes[n].stopped, false
		if c.leader != none && c.leader != n {
			c.nodes[n].depose()
		}
	})
	if !stopped {
		return
	}
	select {
	case <-c.nodes[n].listener.taken:
	default:
	}
	c.nodes[n].gate.lift()
}

// CutOff takes a node away from the other nodes; clients still reach it.
//
// "A subscription stays open, silent, at a leader that was cut off and is none any
// more, for as long as it is cut off; nothing in the stream tells it." An append
// there is answered by the server's time limit and never happens. The others take it
// for the leader, where it was, until Elect.
func (c *Cluster) CutOff(n int) {
	c.change(func() {
		one := c.nodes[n]
		one.cut, one.frozen, one.led = true, c.visible, c.leader == n
	})
}

// Heal brings a node back that was cut off.
//
// "A leader that was deposed with events of its own truncates them by ending its
// process with code 0: whoever supervises it must start it again." So where another
// leader was elected meanwhile a former one is started again; its connections drop.
func (c *Cluster) Heal(n int) error {
	again := false
	c.change(func() {
		one := c.nodes[n]
		if again = one.led && c.leader != n; !again {
			one.cut, one.led = false, false
		}
	})
	if again {
		return c.Restart(n)
	}
	return nil
}

// Die takes a node's machine away: no packet is answered, not even that which opens
// a connection. The others take it for the leader, where it was, until Elect.
// Restart brings it back, and its old connections drop.
func (c *Cluster) Die(n int) error {
	c.Stop(n)
	c.change(func() { c.nodes[n].dead = true })
	return c.nodes[n].deafen()
}

// Fill makes a node's disk full, or gives it room: appends are refused meanwhile.
func (c *Cluster) Fill(n int, full bool) {
	c.change(func() { c.nodes[n].full = full })
}

// Drop ends every subscription at its next event, as a server does under load with
// "Aborted: Consumer too slow to handle event while live"; it can be resumed.
func (c *Cluster) Drop() {
	c.change(func() {
		for _, n := range c.nodes {
			n.drops++
		}
	})
}

// Copy writes a copy of the log as it is now, for Replace.
func (c *Cluster) Copy(ctx context.Context, dir string) error {
	c.mu.Lock()
	s := c.store
	c.mu.Unlock()
	return s.copyTo(ctx, dir)
}

// Replace ends all nodes, puts another copy of the log in the place of the present
// one, which it leaves where it is, and starts the nodes again, the same one leading.
// It answers where the log was that is replaced, so that it can be put back.
func (c *Cluster) Replace(dir string) (before string, err error) {
	leader := max(c.Leader(), 0)
	for i := range c.nodes {
		c.Kill(i)
	}
	c.delays.Wait()
	s, err := openStore(dir)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	old := c.store
	c.store = s
	err = errors.Join(old.engine.Close(), c.settle())
	c.mu.Unlock()
	for _, n := range c.nodes {
		err = errors.Join(err, n.start())
	}
	return old.dir, errors.Join(err, c.Elect(leader))
}

// Scavenge removes for good what metadata hide and what a tombstone closed, and of
// metadata all but the newest. Positions keep their holes.
func (c *Cluster) Scavenge(ctx context.Context) error {
	c.write.Lock()
	defer c.write.Unlock()
	c.mu.Lock()
	s := c.store
	c.mu.Unlock()
	last := map[string]eventstore.Revision{}
	for r, err := range s.engine.ReadAll(ctx, eventstore.Start, embedded.All) {
		if err != nil {
			return err
		}
		last[outName(r.Stream)] = r.Revision
	}
	for r, err := range s.engine.ReadAll(ctx, eventstore.Start, embedded.All) {
		if err != nil {
			return err
		}
		stream := outName(r.Stream)
		c.mu.Lock()
		t := s.streams[stream]
		closed := t != nil && t.gone && outName(r.Type) != typeDeleted
		older := strings.HasPrefix(stream, ofStream) && r.Revision < last[stream]
		if closed || older || t.hides(last[stream], c.opt.Now())(r) {
			s.scavenged[r.Position.Commit] = true
		}
		c.mu.Unlock()
	}
	return nil
}
