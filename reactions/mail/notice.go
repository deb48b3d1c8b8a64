package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"alta/decider"
	"alta/eventstore"
)

// The stored names of a notice's events.
const (
	begunType    = "notice.begun.v1"
	deferredType = "notice.deferred.v1"
	sentType     = "notice.sent.v1"
	failedType   = "notice.failed.v1"
)

// Entry is what every event of a notice holds. No address is in it.
type Entry struct {
	Template    Template  `json:"template"`
	MessageID   string    `json:"message_id,omitempty"`
	ToIndex     string    `json:"to_index,omitempty"` // blind index of the address, kind "email"
	Language    string    `json:"language,omitempty"`
	Cause       string    `json:"cause"` // id of the event that the mail is about
	Application string    `json:"application,omitempty"`
	Account     string    `json:"account,omitempty"`
	Attempts    int       `json:"attempts"`
	Failure     Failure   `json:"failure,omitempty"`
	Outcome     Outcome   `json:"outcome,omitempty"`
	Code        int       `json:"code,omitempty"`   // of the SMTP answer
	Status      string    `json:"status,omitempty"` // its enhanced code, RFC 3463
	Phase       string    `json:"phase,omitempty"`  // of the dialogue with the server
	At          time.Time `json:"at"`
}

// told puts into an entry why a message was not delivered.
func (e *Entry) told(s *SendError) {
	e.Outcome, e.Code, e.Status, e.Phase = s.Outcome, s.Code, s.Status, s.Phase
}

// Failure is why a mail will never be sent.
type Failure string

// The failures.
const (
	FailedRejected   Failure = "rejected"        // the server said 5xx: the address bounces
	FailedAddress    Failure = "address"         // the server cannot write to it: no SMTPUTF8, or no address at all
	FailedUnknown    Failure = "unknown-outcome" // three times nobody knows whether it arrived
	FailedGaveUp     Failure = "gave-up"         // deferred for days
	FailedLinkOver   Failure = "link-over"       // used, replaced or run out before it could be sent
	FailedNoAddress  Failure = "no-address"      // none, or erased
	FailedRestricted Failure = "restricted"      // the data may not be processed any more
)

// Streams are the beginnings of the names of the streams that this package reads
// back.
var Streams = []string{"notice-", "undelivered-", ServerStream}

// Readable answers why an event of one of Streams cannot be read.
func Readable(r *eventstore.Record) error {
	known := map[string][]string{
		"notice-": {begunType, deferredType, sentType, failedType}, "undelivered-": {undeliveredType, delayedType, deliveredType},
		ServerStream: slices.Collect(maps.Values(serverTypes)),
	}
	for _, prefix := range Streams {
		if !strings.HasPrefix(r.Stream, prefix) {
			continue
		}
		if !slices.Contains(known[prefix], r.Type) {
			return errors.New("no event of the mailer")
		}
		return json.Unmarshal(r.Data, &Entry{})
	}
	return nil
}

// notice is the fold of one notice's stream.
type notice struct {
	revision eventstore.Revision
	over     bool // sent or failed
	attempts int
	unknown  int       // attempts that began and of whose end nothing is known
	begun    time.Time // the newest of them
}

// NoticeStream is the stream of the mail that an event leads to.
func NoticeStream(cause eventstore.ID, t Template) string {
	return "notice-" + noticeID(cause, t).String()
}

func noticeID(cause eventstore.ID, t Template) eventstore.ID {
	return decider.DeriveID(cause, string(t))
}

// look folds a notice.
func (m *Mailer) look(ctx context.Context, j *job) (notice, error) {
	n := notice{revision: eventstore.NoStream}
	for r, err := range eventstore.Whole(eventstore.NoStream, m.cfg.Log.ReadStream(ctx, NoticeStream(j.cause, j.template), 0, 256)) {
		if eventstore.Absent(err) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("mail: notice: %w", err)
		}
		n.revision = r.Revision
		switch r.Type {
		case begunType:
			var e Entry
			if err := json.Unmarshal(r.Data, &e); err != nil {
				return n, eventstore.Unreadable(r, err)
			}
			n.attempts++
			n.unknown++
			n.begun = e.At
		case deferredType:
			n.unknown = max(0, n.unknown-1)
		case sentType, failedType:
			n.over = true
		default:
			return n, eventstore.Unreadable(r, errors.New("no event of a notice"))
		}
	}
	return n, nil
}

// note appends to a notice at exactly the revision that was looked at.
func (m *Mailer) note(ctx context.Context, j *job, n *notice, typ string, e Entry) error {
	e.Template, e.Cause, e.Application, e.Account = j.template, j.cause.String(), j.application, j.account
	e.At = m.cfg.Now().UTC().Truncate(time.Millisecond)
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	stream := NoticeStream(j.cause, j.template)
	cmd := decider.Command{
		ID: decider.DeriveID(noticeID(j.cause, j.template), fmt.Sprint(n.revision+1)), Actor: "mail", Role: "system",
		Operation: "mail " + string(j.template), Correlation: j.correlation, Causation: j.cause,
	}
	meta, err := cmd.Meta()
	if err != nil {
		return err
	}
	// The instance is part of the id: two workers that write at one revision must
	// be told apart, where the same worker that asks again must not.
	id := decider.DeriveID(cmd.ID, m.instance+typ)
	for attempt := 0; ; attempt++ {
		appended, err := m.cfg.Log.Append(ctx, stream, n.revision, eventstore.Proposed{ID: id, Type: typ, Data: data, Meta: meta})
		if err == nil {
			n.revision = appended.Revision
			return nil
		}
		if attempt == 3 || !errors.Is(err, eventstore.ErrUnknownOutcome) {
			return err
		}
	}
}
