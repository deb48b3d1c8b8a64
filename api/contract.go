package api

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
)

type contractText struct {
	Version  string     `json:"version"`
	Language string     `json:"language"`
	SHA256   string     `json:"sha256"`
	Text     string     `json:"text"`
	Expires  *time.Time `json:"expires,omitempty"`
	SignedAt *time.Time `json:"signed_at,omitempty"`
}

func (s *Server) offerContract(c *call) error {
	return c.do(application.OfferContract{Application: c.id, Offer: decider.NewID().String(), Rules: c.rules(), By: c.actor(), At: c.now()})
}

func (s *Server) takeBackContract(c *call) error {
	why, err := c.why()
	if err != nil {
		return err
	}
	return c.do(application.TakeBackContract{Why: why, Rules: c.rules(), By: c.actor(), At: c.now()})
}

// contract answers the very text whose digest is offered. Staff get it with the
// merchant's name and the offer's number masked.
func (s *Server) contract(c *call) error {
	o := c.state.Offer
	if o.Version == "" {
		return errNotFound()
	}
	d, err := c.rules().Policies.Text(policy.ContractText, o.Version, lang.Match(o.Language))
	if err != nil {
		return err
	}
	text := o.MaskedText(d.Text)
	if c.outsider() {
		text = o.Text(d.Text)
	}
	c.etag(c.revision())
	return c.represented(contractText{Version: o.Version, Language: o.Language, SHA256: o.SHA256, Text: text, Expires: &o.Expires})
}

// limitCodes bounds how often a signing code is sent, and how often one is tried.
var (
	limitCodes = auth.Limit{Rate: 3, Burst: 3, Period: 10 * time.Minute}
	limitTries = auth.Limit{Rate: 5, Burst: 5, Period: 10 * time.Minute}
)

// contractCode sends the merchant the code that stands for its signature.
func (s *Server) contractCode(c *call) error {
	if c.state.Stage != application.Signature {
		return application.ErrStage
	}
	if err := s.limit(c, "code:"+c.id, limitCodes); err != nil {
		return err
	}
	address := c.state.Text(item.ContactEmail)
	if address == "" {
		st, _, err := s.Auth.Account(c.Request().Context(), c.who.Account)
		if err != nil {
			return err
		}
		address = st.Email.Clear()
	}
	code, expires := s.Codes.Make(c.id, c.state.Offer.SHA256, s.Now())
	if err := s.Mail.SigningCode(c.Request().Context(), c.id, address, c.state.Language, code, expires); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) signContract(c *call) error {
	var in struct{ SHA256, Name, Code string }
	if err := c.read(&in); err != nil {
		return err
	}
	sign := application.SignContract{
		SHA256: in.SHA256, Name: personal.New(in.Name), Method: "one-time-code", Address: personal.New(c.RealIP()),
		UserAgent: program(c.userAgent()), Rules: c.rules(), By: c.actor(), At: c.now(),
	}
	// What the rules refuse does not use a try up.
	if events, err := sign.Decide(c.state); err != nil || len(events) == 0 {
		return c.do(sign)
	}
	if err := s.limit(c, "try:"+c.id, limitTries); err != nil {
		return err
	}
	if !s.Codes.Good(c.id, c.state.Offer.SHA256, in.Code, s.Now()) {
		return problem(http.StatusUnprocessableEntity, "code-wrong", "The code is wrong or has run out. Ask for a new one.").
			at("/code", "code-wrong", "is not the code that was sent")
	}
	return c.do(sign)
}

// userAgent is what the browser says of itself, bounded.
func (c *call) userAgent() string {
	ua := c.Request().UserAgent()
	return ua[:min(len(ua), 300)]
}

// program is with what somebody signs, as "Firefox on Android". What the browser
// says of itself in full can tell one person from all others, and an event is for
// ever.
func program(userAgent string) string {
	among := func(names ...string) string {
		for _, n := range names {
			if token, shown, _ := strings.Cut(n, "="); strings.Contains(userAgent, token) {
				return cmp.Or(shown, token)
			}
		}
		return "other"
	}
	with := among("MicroMessenger=WeChat", "Edg=Edge", "OPR=Opera", "Firefox", "Chrome", "Safari", "alta simulate")
	return with + " on " + among("Android", "iPhone", "iPad", "Windows", "Mac OS=macOS", "Linux")
}

// limit refuses with 429 what is done too often.
func (s *Server) limit(c *call, key string, l auth.Limit) error {
	if wait := s.Limits.Allow(c.Request().Context(), key, l); wait > 0 {
		return problem(http.StatusTooManyRequests, "too-many-attempts", "Too many attempts. Wait a little.").retry(wait + time.Second)
	}
	return nil
}

func (s *Server) countersignContract(c *call) error {
	return c.do(application.CountersignContract{Rules: c.rules(), By: c.actor(), At: c.now()})
}

func (s *Server) activateMerchant(c *call) error {
	return c.do(application.Activate{Rules: c.rules(), By: c.actor(), At: c.now()})
}
