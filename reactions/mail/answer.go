package mail

import (
	"crypto/tls"
	"errors"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
)

// answer is what a server said. Its text is read to tell whom a refusal concerns,
// and never kept: it may repeat the address.
type answer struct {
	code   int
	status string // enhanced, RFC 3463; empty without one
	text   string
}

var enhanced = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

func answerOf(err error) (answer, bool) {
	var said *textproto.Error
	if !errors.As(err, &said) {
		return answer{}, false
	}
	return answer{said.Code, enhanced.FindString(said.Msg), strings.ToLower(said.Msg)}, true
}

// notConnected tells what an error before MAIL means. A certificate that nobody
// vouches for, a log-in or a name that is refused stay so until an operator acts.
func notConnected(err error) *SendError {
	if a, ok := answerOf(err); ok {
		out := &SendError{Outcome: Unreachable, Code: a.code, Status: a.status, Phase: "connect"}
		switch {
		case slices.Contains([]int{454, 530, 534, 535, 538}, a.code):
			out.Phase = "auth"
		case strings.Contains(err.Error(), "EHLO"):
			out.Phase = "hello"
		case strings.Contains(err.Error(), "SMTP AUTH"):
			out.Phase = "auth"
		}
		if a.code >= 500 {
			out.Outcome = Misconfigured
		}
		return out
	}
	out := &SendError{Outcome: Unreachable, Phase: "connect", Err: err}
	var untrusted *tls.CertificateVerificationError
	switch text := err.Error(); {
	case errors.As(err, &untrusted), strings.Contains(text, "STARTTLS"):
		out.Outcome, out.Phase = Misconfigured, "tls"
	case strings.Contains(text, "AUTH"), strings.Contains(text, "auth type"):
		out.Outcome, out.Phase = Misconfigured, "auth" // none that we can use is offered
	}
	return out
}

// refused tells by the answer what an error from MAIL on means.
func refused(phase string, err error) error {
	if err == nil {
		return nil
	}
	a, answered := answerOf(err)
	out := &SendError{Outcome: Deferred, Code: a.code, Status: a.status, Phase: phase}
	switch {
	case !answered && phase == "mail", a.code == 421:
		out.Outcome = Unreachable // another message would fare no better
	case a.code >= 500 && (phase == "mail" || a.blamesUs()):
		out.Outcome = Misconfigured
	case a.code >= 500 && phase == "rcpt" && a.doubtful():
		out.Outcome, out.doubtful = Misconfigured, true
	case a.code >= 500:
		out.Outcome = Rejected
	}
	return out
}

// doubtful tells whether a 5xx to the recipient says neither that it is about us
// nor that it is about the recipient, as "Access denied" does. It is taken to be
// about us, unless the server took another mail lately.
func (a answer) doubtful() bool {
	switch _, detail, _ := strings.Cut(a.status, "."); detail {
	case "", "0.0", "7.1":
		return denied.MatchString(a.text)
	}
	return false
}

var denied = regexp.MustCompile(`access denied|not permitted|not allowed|not authori[sz]ed|prohibited`)

// blamesUs tells whether a 5xx to the recipient or the content is about us: our
// sender, our name, our log-in, our right to relay. Many servers hold such a
// refusal back until RCPT (Postfix: smtpd_delay_reject).
func (a answer) blamesUs() bool {
	switch _, detail, _ := strings.Cut(a.status, "."); detail {
	case "1.7", "1.8": // the sender's mailbox, the sender's domain
		return true
	case "5.0", "5.1", "5.2", "5.3", "5.4": // the protocol
		if a.code < 510 || a.code == 555 {
			return true
		}
	case "7.0", "7.8", "7.9", "7.10", "7.11", "7.12", "7.13", "7.14", // log-in
		"7.20", "7.21", "7.22", "7.23", "7.24", "7.25", "7.26", "7.27", "7.29": // DKIM, SPF, DMARC, reverse name, sender without MX
		return true
	case "", "0.0", "7.1": // below
	default:
		return false // about the recipient's mailbox, its domain, the way there, the content
	}
	if slices.Contains([]int{500, 502, 503, 504, 530, 534, 535, 538}, a.code) {
		return true
	}
	return ourFault.MatchString(a.text)
}

// ourFault are the words of Postfix, Exim, Sendmail, Exchange and OpenSMTPD.
var ourFault = regexp.MustCompile(`\brelay|sender (address )?(rejected|verify|not allowed|denied)|not owned by user|send as\b|helo command|helo/ehlo|client host|authentication (is )?required|authenticate first|must authenticate|not authenticated`)
