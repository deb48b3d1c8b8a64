// Package mail writes to merchants: the link to activate an account, what
// became of their application, what must be put right and until when.
//
// Mailer follows the log. Of an event that concerns the merchant it makes one
// letter, in the merchant's language, and hands it to a Sender: SMTP, or Spool,
// which keeps files. What became of it is a stream of its own, notice-<id>, whose
// id follows from the event and the template:
//
//	notice.begun.v1     the server is about to take the content
//	notice.deferred.v1  it did not, for now
//	notice.sent.v1      it has it
//	notice.failed.v1    it never will, and why
//
// Before anything is sent that stream is read, so an event that is delivered
// again, a position that was lost and a second worker send nothing twice. The one
// case that nobody can decide is a connection that breaks between the final dot
// and the server's answer: it is tried again under the same Message-ID, three
// times at most.
//
// A mail that waits holds back the reaction's position and nothing else: the
// log is the outbox. No command ever waits for a mail.
//
// No address, name or link is in a notice, a log line or an error; a recipient is
// recorded by a blind index.
package mail

import (
	"context"
	"fmt"
	"slices"
	"time"

	"alta/domain/lang"
	"alta/eventstore"
)

// Message is one mail, ready to be sent.
type Message struct {
	Notice  eventstore.ID // names it for ever; the Message-ID is made of it
	At      time.Time     // of what caused it, for a file's name
	Owner   string        // application or account whose data it holds, the vault's subject
	To      string
	Lang    lang.Lang
	Kind    Template // for the header X-Alta-Template, by which programs tell mails apart
	Subject string
	Text    string
	HTML    string
	// Begin, if set, is called when the receiver is ready to take the content,
	// after which its outcome can be unknown. An error of it ends the sending
	// before the content went out.
	Begin func(ctx context.Context) error
}

// Sender hands a message on. It answers nil when the receiver has it for good,
// and else a *SendError.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Outcome is what is known about a message that was not certainly delivered.
type Outcome string

// The outcomes.
const (
	Unreachable   Outcome = "unreachable"   // nothing went out: no connection, or the server is not ready
	Misconfigured Outcome = "misconfigured" // the server takes no mail from us: TLS, log-in, EHLO name, sender, relaying
	Deferred      Outcome = "deferred"      // 4xx: this message later
	Rejected      Outcome = "rejected"      // 5xx: this message never
	Unknown       Outcome = "unknown"       // the connection broke before the answer to the content
)

// SendError is why a message is not certainly delivered. It holds no text of the
// server's, which may repeat the address.
type SendError struct {
	Outcome Outcome
	Code    int    // of the SMTP answer; 0 without one
	Status  string // its enhanced code (RFC 3463), such as 5.1.1; empty without one
	Phase   string // connect, tls, hello, auth, mail, rcpt, data, content; address, begin, seal, file
	Err     error  // only where it cannot hold an address: connecting, files

	doubtful bool // it may be about the recipient after all
}

func (e *SendError) Error() string {
	s := fmt.Sprintf("mail: %s at %s", e.Outcome, e.Phase)
	if e.Code != 0 {
		s += fmt.Sprintf(", code %d", e.Code)
	}
	if e.Status != "" {
		s += " " + e.Status
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *SendError) Unwrap() error { return e.Err }

// ofMessage tells whether the server had taken our sender, so that what it said
// may concern this message alone.
func (e *SendError) ofMessage() bool {
	return slices.Contains([]string{"rcpt", "data", "content"}, e.Phase)
}
