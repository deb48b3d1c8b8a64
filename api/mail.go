package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"alta/domain/account"
	"alta/domain/identifier"
	"alta/eventstore"
)

// Mail is how mails leave: what the mail server can do, how it takes ours, and
// what did not arrive.
type Mail interface {
	// SigningCode sends what is no reaction to an event, because it must not be in
	// the log: a one-time code. The error is ErrMailAway or ErrMailRefused, or wraps
	// one of them.
	SigningCode(ctx context.Context, application, address, language, code string, expires time.Time) error
	// OffersUTF8 tells whether the server can write to a local part that is not
	// ASCII; known is false until it was asked.
	OffersUTF8() (offers, known bool)
	// Server is how the server takes our mails.
	Server(ctx context.Context) (MailServer, error)
	// Undelivered lists what did not reach the person of an account, newest first.
	Undelivered(ctx context.Context, account string) ([]UndeliveredMail, error)
	// Letter is the mail that an event of an account or an application led to; nil
	// where it leads to none.
	Letter(ctx context.Context, r *eventstore.Record) (*SentMail, error)
}

// Why a mail that somebody waits for was not sent.
var (
	ErrMailAway    = errors.New("api: mail cannot be sent now")
	ErrMailRefused = errors.New("api: the mailbox was refused")
)

// MailServer is how the mail server takes our mails.
type MailServer struct {
	State  string     `json:"state"` // works, refuses, away
	Since  *time.Time `json:"since,omitempty"`
	Phase  string     `json:"phase,omitempty"`
	Code   int        `json:"code,omitempty"`
	Status string     `json:"status,omitempty"`
}

// SentMail is a mail to a person, and what became of it.
type SentMail struct {
	Template string    `json:"template"`
	State    string    `json:"state"` // sent, not-sent, waiting
	At       time.Time `json:"at"`
}

// UndeliveredMail is one that did not arrive. It names no address.
type UndeliveredMail struct {
	Template    string    `json:"template"`
	State       string    `json:"state"`            // delayed, undelivered
	Reason      string    `json:"reason,omitempty"` // why it never will be
	Code        int       `json:"code,omitempty"`
	Status      string    `json:"status,omitempty"`
	At          time.Time `json:"at"`
	Application string    `json:"-"` // empty for an account's letter
}

// mailServer is for who can do something about it.
func (s *Server) mailServer(c *call) error {
	state, err := s.Mail.Server(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, state)
}

// undeliveredMails shows what its merchant was not told, to those who work on an
// application and to the merchant.
func (s *Server) undeliveredMails(c *call) error {
	all, err := s.Mail.Undelivered(c.Request().Context(), c.state.Merchant)
	if err != nil {
		return err
	}
	if c.who.Role == account.Agent {
		if all, err = s.forAgent(c, all); err != nil {
			return err
		}
	}
	out := struct {
		Items []UndeliveredMail `json:"items"`
	}{Items: []UndeliveredMail{}}
	for _, m := range all {
		if m.Application == "" || m.Application == c.id {
			out.Items = append(out.Items, m)
		}
	}
	return c.JSON(http.StatusOK, out)
}

// forAgent leaves out what would tell an agent whether the merchant had an account
// before the agent added it: the letters about that account, and that the first
// letter is another one then.
func (s *Server) forAgent(c *call, all []UndeliveredMail) ([]UndeliveredMail, error) {
	var opened time.Time
	for r, err := range eventstore.Whole(eventstore.NoStream, s.Log.ReadStream(c.Request().Context(), "application-"+c.id, 0, 1)) {
		if err != nil {
			return nil, err
		}
		e, err := s.Decode(c.Request().Context(), r)
		if err != nil {
			return nil, err
		}
		opened = e.Head().At
	}
	var out []UndeliveredMail
	for _, m := range all {
		switch {
		case m.Reason == "no-address", m.Application == "" && (m.Template != "activation" || m.At.Before(opened)):
			continue
		case m.Template == "agent-added":
			m.Template = "activation"
		}
		out = append(out, m)
	}
	return out, nil
}

// reachable refuses an address that no mail could be sent to, before an account
// is opened for it. What the server can do is taken as everything until it was
// asked; a mail that it then refuses is shown to who works on the application.
func (s *Server) reachable(email string) error {
	box := identifier.Mailbox(email)
	if box.Canonical == "" {
		return account.ErrEmail
	}
	if offers, known := s.Mail.OffersUTF8(); known && !offers && identifier.NeedsSMTPUTF8(box.Canonical) {
		return account.ErrMailbox
	}
	return nil
}
