package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"alta/domain/account"
	"alta/domain/application"
	"alta/eventstore"
)

// LetterState is what became of a mail, as its recipient is told.
type LetterState string

// The states.
const (
	LetterSent    LetterState = "sent"
	LetterNotSent LetterState = "not-sent" // and never will be
	LetterWaiting LetterState = "waiting"
)

// Letter is a mail to a person.
type Letter struct {
	Template Template
	State    LetterState
	At       time.Time // of the newest event of its notice; of its cause where there is none
}

// LetterOf answers the mail that a record of an account or an application leads
// to; ok is false where it leads to none.
func LetterOf(ctx context.Context, log reader, r *eventstore.Record) (l Letter, ok bool, err error) {
	if l.Template, l.At, err = causes(r); err != nil || l.Template == "" {
		return Letter{}, false, err
	}
	l.State = LetterWaiting
	for n, err := range log.ReadStreamBackward(ctx, NoticeStream(r.ID, l.Template), fromEnd, 1) {
		if eventstore.Absent(err) {
			break
		}
		if err != nil {
			return Letter{}, false, fmt.Errorf("mail: notice: %w", err)
		}
		var e Entry
		if err := json.Unmarshal(n.Data, &e); err != nil {
			return Letter{}, false, eventstore.Unreadable(n, err)
		}
		l.At = e.At
		switch n.Type {
		case sentType:
			l.State = LetterSent
		case failedType:
			l.State = LetterNotSent
		}
	}
	return l, true, nil
}

// causes reads which mail a record leads to, and when that was.
func causes(r *eventstore.Record) (t Template, at time.Time, err error) {
	if strings.HasPrefix(r.Stream, account.Category+"-") {
		e, err := account.Decode(r.Type, r.Data, nil)
		if err != nil {
			return "", at, eventstore.Unreadable(r, err)
		}
		if issued, ok := e.(account.LinkIssued); ok {
			if issued.Purpose == account.Reset {
				return Reset, issued.At, nil
			}
			return Activation, issued.At, nil
		}
		t, _, at = securityOf(r, e)
		return t, at, nil
	}
	e, err := application.Decode(r.Type, r.Data, nil)
	if err != nil {
		return "", at, eventstore.Unreadable(r, err)
	}
	if o, ok := e.(application.Opened); ok {
		if o.Agent == "" {
			return "", at, nil
		}
		return AgentAdded, o.At, nil
	}
	return templateOf(e), e.Head().At, nil
}
