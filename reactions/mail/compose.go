package mail

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"alta/domain/identifier"
)

// ParseFrom reads a sender such as "Alta <no-reply@alta.example>". The domain
// becomes an A-label. The local part must be ASCII, or no server without SMTPUTF8
// would take a mail to anybody.
func ParseFrom(from string) (*netmail.Address, error) {
	a, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("mail: the sender %q is no mail address", from)
	}
	box := identifier.Mailbox(a.Address)
	if box.Blocked() || identifier.NeedsSMTPUTF8(box.Canonical) {
		return nil, fmt.Errorf("mail: the sender %q must be an address of ASCII letters at a full domain name", from)
	}
	return &netmail.Address{Name: a.Name, Address: box.Canonical}, nil
}

// messageID is the same for every sending of one message.
func (m Message) messageID(from *netmail.Address) string {
	_, domain, _ := strings.Cut(from.Address, "@")
	return m.Notice.String() + "@" + domain
}

// compose writes the message as RFC 5322 and MIME want it: plain text first,
// HTML as the alternative.
func (m Message) compose(from *netmail.Address, now time.Time) ([]byte, error) {
	to, err := netmail.ParseAddress(m.To)
	if err != nil || strings.ContainsAny(m.To, "\r\n") {
		return nil, &SendError{Outcome: Rejected, Phase: "address"}
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary("alta-"+m.Notice.String()))
	out.FromMailAddress(from)
	out.ToMailAddress(&netmail.Address{Address: to.Address})
	out.Subject(m.Subject)
	out.SetDateWithValue(now)
	out.SetMessageIDWithValue(m.messageID(from))
	// Nobody answers a machine, and no machine should: RFC 3834.
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	out.SetGenHeader("X-Auto-Response-Suppress", "All")
	out.SetGenHeader("Content-Language", string(m.Lang))
	if m.Kind != "" {
		out.SetGenHeader(templateHeader, string(m.Kind))
	}
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	var b bytes.Buffer
	if _, err := out.WriteTo(&b); err != nil {
		return nil, &SendError{Outcome: Rejected, Phase: "content"}
	}
	return b.Bytes(), nil
}
