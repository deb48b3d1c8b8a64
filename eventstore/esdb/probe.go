package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// moves bounds how often a question follows the client from node to node.
const moves = 3

// probeEvents is how far back a probe looks for an event of the application, where
// the newest one is the server's own.
const probeEvents = 64

// errDeaf: a node took the question and did not answer it in time.
var errDeaf = errors.New("the server does not answer")

// newest asks the leader for the newest event of the application, nil where the
// newest events are all the server's own. A client at another node moves to the
// leader that the node names, and stays there.
func newest(ctx context.Context, c *esdb.Client) (r *eventstore.Record, err error) {
	ctx, cancel := context.WithCancel(leader(ctx))
	defer cancel()
	for move, count := 0, uint64(1); ; {
		r, more, err := newestOf(ctx, c, count)
		var e *esdb.Error
		switch {
		case errors.As(err, &e) && e.Code() == esdb.ErrorCodeNotLeader && move < moves:
			move++
		case err == nil && r == nil && more && count == 1:
			count = probeEvents
		default:
			return r, err
		}
	}
}

func newestOf(ctx context.Context, c *esdb.Client, count uint64) (r *eventstore.Record, more bool, err error) {
	s, err := c.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}, RequiresLeader: true}, count)
	if err != nil {
		return nil, false, err
	}
	defer s.Close()
	for {
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return nil, more, nil
		}
		if err != nil {
			return nil, false, err
		}
		more = true
		if e.Event != nil {
			if r := record(e.Event); !system(r) {
				return r, false, nil
			}
		}
	}
}

// ask asks a link for the newest event, in a goroutine of its own. A refusal is an
// answer: it has no event and no error.
func (n *lane) ask(k *link) <-chan asked {
	out := make(chan asked, 1)
	go func() {
		var a asked
		a.err = protect(func() (err error) {
			a.newest, err = newest(k.ctx, k.client)
			return err
		})
		if a.err != nil {
			if _, final := understand(a.err); final {
				a.err = nil
			}
		}
		out <- a
	}()
	return out
}

type asked struct {
	newest *eventstore.Record
	err    error
}

// meet asks a new connection its first question. It is for the leader alone, so
// whoever has answered it is the leader, or is where the client went.
func (n *lane) meet(k *link) error {
	late := time.NewTimer(leaderPatience)
	defer late.Stop()
	answer := n.ask(k)
	select {
	case a := <-answer:
		if a.err == nil && a.newest != nil {
			n.newest(a.newest)
		}
		return a.err
	case <-late.C:
		k.cut(errDeaf)
		<-answer
		return errDeaf
	}
}

// watch asks a link again and again for the newest event, until it is retired. So
// it is known how far the log reaches, that this is the leader still, and that its
// machine lives: a connection can be dead without a word for a long time.
func (n *lane) watch(k *link) {
	t := time.NewTicker(probeEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-k.ctx.Done():
			return
		}
		n.mu.Lock()
		gone := k.retired
		if !gone {
			k.users++
		}
		n.mu.Unlock()
		if gone {
			return
		}
		n.probe(k)
	}
}

// probe asks once. A link that leaves the question without an answer is set aside:
// a new connection is made, and the first to answer is used.
func (n *lane) probe(k *link) {
	answer := n.ask(k)
	late := time.NewTimer(deaf)
	defer late.Stop()
	var a asked
	select {
	case a = <-answer:
	case <-late.C:
		n.setAside(k)
		a = <-answer // the successor ends it, if nothing else does
	}
	if a.newest != nil {
		n.newest(a.newest)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	k.users--
	switch {
	case k.retired:
	case a.err != nil:
		// Whatever else it may carry, it carries nothing for this node as the leader.
		k.cut(&lostError{a.err})
		n.retire(k, a.err)
	case n.aside == k: // it was only late
		n.link, n.aside, n.unlinked = k, nil, time.Time{}
		n.answer()
		n.wake()
	case n.link == k:
		n.answer()
	}
	n.drained(k)
}

// setAside lets no new call use the link for now, and connects anew beside it.
// Calls under way go on over it: an append must not be sent twice at once.
func (n *lane) setAside(k *link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if k.retired || n.link != k {
		return
	}
	n.link, n.aside = nil, k
	n.unlinked = time.Now()
	n.fail(fmt.Errorf("%w for %v", errDeaf, deaf))
	n.dial()
}

// bind ends a call's context with its link too.
func (k *link) bind(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(k.ctx, func() { cancel(context.Cause(k.ctx)) })
	return ctx, func() { stop(); cancel(nil) }
}
