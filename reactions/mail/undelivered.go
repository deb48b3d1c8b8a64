package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"alta/decider"
	"alta/eventstore"
)

// reader is a log that is read from its end.
type reader interface {
	ReadStreamBackward(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error]
}

// UndeliveredStream holds what could not be delivered to the person of an
// account, for the people who work on the case: the merchant cannot be told.
func UndeliveredStream(account string) string { return "undelivered-" + account }

// The stored names of its events, all with an Entry.
const (
	undeliveredType = "mail.undelivered.v1" // it never will be
	delayedType     = "mail.delayed.v1"     // it is tried again
	deliveredType   = "mail.delivered.v1"   // a mail reached an address that had one of the above
)

// Problem is a mail that did not reach its merchant.
type Problem struct {
	Entry
	Delayed bool // it is tried again; else it never will be
}

const readBack = 100 // events of one person's problems that are looked at

// Undelivered lists an account's mails that did not arrive, newest first, but for
// those to an address that a later mail has reached.
func Undelivered(ctx context.Context, log reader, account string) ([]Problem, error) {
	problems, _, err := undelivered(ctx, log, account)
	return problems, err
}

func undelivered(ctx context.Context, log reader, account string) (out []Problem, last eventstore.Revision, err error) {
	last = eventstore.NoStream
	reached, seen := map[string]bool{}, map[string]bool{}
	for r, err := range log.ReadStreamBackward(ctx, UndeliveredStream(account), fromEnd, readBack) {
		if eventstore.Absent(err) {
			break
		}
		if err != nil {
			return nil, last, fmt.Errorf("mail: undelivered: %w", err)
		}
		last = max(last, r.Revision)
		var e Entry
		if err := json.Unmarshal(r.Data, &e); err != nil {
			return nil, last, eventstore.Unreadable(r, err)
		}
		switch {
		case r.Type == deliveredType:
			reached[e.ToIndex] = true
		case !reached[e.ToIndex] && !seen[e.MessageID]:
			out = append(out, Problem{e, r.Type == delayedType})
		}
		seen[e.MessageID] = true
	}
	return out, last, nil
}

// undelivered tells people that a mail will never arrive, where that is news to
// them: not of a link that was used or replaced, or of data that was erased.
func (m *Mailer) undelivered(ctx context.Context, j *job, e Entry) error {
	switch e.Failure {
	case FailedNoAddress, FailedRestricted:
		return nil
	case FailedLinkOver:
		if m.cfg.Now().Before(j.expires) {
			return nil
		}
	}
	return m.tell(ctx, j, undeliveredType, e)
}

// late tells people that a mail is still tried.
func (m *Mailer) late(ctx context.Context, j *job, s *SendError) error {
	e := Entry{MessageID: noticeID(j.cause, j.template).String(), ToIndex: j.to, Attempts: j.tries}
	e.told(s)
	if err := m.tell(ctx, j, delayedType, e); err != nil {
		return err
	}
	j.delayed = true
	return nil
}

// arrived ends what people were told about an address that has now been reached.
// It is a courtesy: a fault is logged, and the mail stays sent.
func (m *Mailer) arrived(ctx context.Context, j *job) {
	merchant, err := m.recipientOf(ctx, j)
	var open []Problem
	if err == nil {
		open, _, err = undelivered(ctx, m.cfg.Log, merchant)
	}
	if err == nil && slices.ContainsFunc(open, func(p Problem) bool { return p.ToIndex == j.to }) {
		err = m.tell(ctx, j, deliveredType, Entry{MessageID: noticeID(j.cause, j.template).String(), ToIndex: j.to})
	}
	if err != nil {
		m.cfg.Logger.Warn("it cannot be recorded that an address is reached again", "error", err)
	}
}

// told reports whether another worker of this reaction has said so already.
func told(open []Problem, typ string, e Entry) bool {
	if typ == deliveredType {
		return !slices.ContainsFunc(open, func(p Problem) bool { return p.ToIndex == e.ToIndex })
	}
	return slices.ContainsFunc(open, func(p Problem) bool {
		return p.MessageID == e.MessageID && p.Delayed == (typ == delayedType)
	})
}

func (m *Mailer) tell(ctx context.Context, j *job, typ string, e Entry) error {
	merchant, err := m.recipientOf(ctx, j)
	if err != nil {
		return err
	}
	e.Template, e.Cause, e.Application, e.Account = j.template, j.cause.String(), j.application, j.account
	e.At = m.cfg.Now().UTC()
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		open, last, err := undelivered(ctx, m.cfg.Log, merchant)
		if err != nil || told(open, typ, e) {
			return err
		}
		err = m.put(ctx, UndeliveredStream(merchant), last, typ, data, decider.Command{
			ID: decider.DeriveID(noticeID(j.cause, j.template), fmt.Sprint(typ, last)), Actor: "mail", Role: "system",
			Operation: "mail " + string(j.template), Correlation: j.correlation, Causation: j.cause,
		})
		if attempt == 3 || !errors.Is(err, eventstore.ErrConflict) {
			return err
		}
	}
}

// recipientOf is the account of who is written to.
func (m *Mailer) recipientOf(ctx context.Context, j *job) (string, error) {
	if j.account != "" {
		return j.account, nil
	}
	if j.merchant == "" {
		s, err := m.cfg.ApplicationState(ctx, j.application)
		if err != nil {
			return "", err
		}
		j.merchant = s.Merchant
	}
	return j.merchant, nil
}
