package esdb

import (
	"context"
	"errors"
	"fmt"

	"alta/eventstore"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// trusted answers the number of the present connection once it is known that its
// server still holds what this process has seen, and what Options.Verify knows of.
// A server whose files were put back is never appended to: its next events would
// take the places of others that somebody has seen.
func (l *Log) trusted(ctx context.Context) (connection uint64, err error) {
	select {
	case <-l.verifying:
	case <-ctx.Done():
		return 0, fmt.Errorf("%w: %w", errNotSent, context.Cause(ctx))
	}
	defer func() { l.verifying <- struct{}{} }()
	if l.verified == 0 || l.refusal != nil { // the right files may be back
		err = l.verify(ctx)
	}
	if err == nil {
		err = l.refusal
	}
	return l.verified, err
}

// moved says that a connection is not the present one any more.
func (l *Log) moved(ctx context.Context, connection uint64) {
	select {
	case <-l.verifying:
	case <-ctx.Done(): // whoever comes next finds it out as well
		return
	}
	if l.verified == connection {
		l.verified = 0
	}
	l.verifying <- struct{}{}
}

// verify compares the present connection's log. What is written afterwards goes over
// that connection or not at all, so the questions between went over it too. The
// caller holds the token.
func (l *Log) verify(ctx context.Context) error {
	var r route
	err := l.holds(ctx, &r)
	if err == nil && l.opt.Verify != nil {
		err = l.opt.Verify(ctx)
	}
	switch {
	case errors.Is(err, eventstore.ErrCorrupt):
		err = fmt.Errorf("%w: %w", eventstore.ErrReadOnly, err)
		if l.refusal == nil {
			l.logger.Error("nothing is appended to the log at this address any more", "error", err.Error())
		}
	case err != nil && !errors.Is(err, errNotSent):
		return fmt.Errorf("%w: the log cannot be compared: %w", errNotSent, err)
	case err != nil:
		return err
	}
	l.verified, l.refusal = r.used.Load(), err
	return nil
}

// holds finds out whether the log still has the newest event that this process knows
// of.
func (l *Log) holds(ctx context.Context, r *route) error {
	l.mu.Lock()
	want := l.newest
	l.mu.Unlock()
	from := esdb.AllPosition(esdb.Start{})
	if want.position != eventstore.Start {
		from = esPosition(want.position)
	}
	var p page
	for failures := 0; failures < foreignFailures; failures++ {
		var err error
		p, err = guardedOver(ctx, l.calls, r, func(ctx context.Context, c *esdb.Client) (page, error) {
			s, err := c.ReadAll(ctx, esdb.ReadAllOptions{From: from, RequiresLeader: true}, 1)
			if err != nil {
				return page{}, err
			}
			defer s.Close()
			return receive(s, 1)
		})
		if err == nil {
			break
		}
		if answer, _ := understand(err); want.position == eventstore.Start && errors.Is(answer, ErrDenied) {
			return nil // nothing was ever seen, and nothing may be
		}
		if !foreign(err) {
			return err
		}
	}
	if want.position == eventstore.Start || len(p.records) == 1 && p.records[0].Position == want.position && p.records[0].ID == want.id {
		return nil
	}
	return fmt.Errorf("%w: the event at %s, revision %d of %s, is not there any more", eventstore.ErrCorrupt, want.position, want.revision, want.stream)
}
