package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"alta/api"
	"alta/eventstore"
	"alta/reactions/mail"
)

// mails is the interface's view of the part that writes mails.
type mails struct{ p *program }

// SigningCode implements api.Mail.
func (m mails) SigningCode(ctx context.Context, application, address, language, code string, expires time.Time) error {
	err := m.p.mailer.SigningCode(ctx, application, address, language, code, expires)
	var unsent *mail.SendError
	switch {
	case !errors.As(err, &unsent):
		return err
	case unsent.Outcome == mail.Rejected:
		return fmt.Errorf("%w: %w", api.ErrMailRefused, unsent)
	}
	return fmt.Errorf("%w: %w", api.ErrMailAway, unsent)
}

// OffersUTF8 implements api.Mail. A spool writes to everybody.
func (m mails) OffersUTF8() (offers, known bool) {
	if m.p.smtp == nil {
		return true, true
	}
	return m.p.smtp.OffersUTF8()
}

// Server implements api.Mail. It reads the log: the mails may be another process's
// work.
func (m mails) Server(ctx context.Context) (api.MailServer, error) {
	s, err := mail.ReadServer(ctx, m.p.log)
	if err != nil || s.Condition == mail.Works {
		return api.MailServer{State: string(mail.Works)}, err
	}
	return api.MailServer{State: string(s.Condition), Since: &s.Since, Phase: s.Phase, Code: s.Code, Status: s.Status}, nil
}

// Letter implements api.Mail.
func (m mails) Letter(ctx context.Context, r *eventstore.Record) (*api.SentMail, error) {
	l, ok, err := mail.LetterOf(ctx, m.p.log, r)
	if err != nil || !ok {
		return nil, err
	}
	return &api.SentMail{Template: string(l.Template), State: string(l.State), At: l.At}, nil
}

// Undelivered implements api.Mail.
func (m mails) Undelivered(ctx context.Context, account string) ([]api.UndeliveredMail, error) {
	problems, err := mail.Undelivered(ctx, m.p.log, account)
	out := make([]api.UndeliveredMail, len(problems))
	for i, p := range problems {
		out[i] = api.UndeliveredMail{
			Template: string(p.Template), State: "undelivered", Reason: string(p.Failure), Code: p.Code, Status: p.Status, At: p.At, Application: p.Application,
		}
		if p.Delayed {
			out[i].State = "delayed"
		}
	}
	return out, err
}
