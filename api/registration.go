package api

import (
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/identifier"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
	"alta/eventstore"
)

type registration struct {
	Email    string           `json:"email"`
	Kind     policy.Kind      `json:"kind"`
	Products []policy.Product `json:"products"`
	Banks    []string         `json:"banks"`
	Site     policy.SiteType  `json:"site"`
	Language lang.Lang        `json:"language"`
}

// LimitRegistrations bounds, where nothing else is said, what one address can open.
var LimitRegistrations = auth.Limit{Rate: 20, Burst: 20, Period: time.Hour}

// answerBeat is at which moments after they came registrations are answered. A free
// address takes several writes to the log and a taken one none, which would tell
// the two apart as surely as another answer.
const answerBeat = 100 * time.Millisecond

func onTheBeat(ctx context.Context, begun time.Time) error {
	t := time.NewTimer(answerBeat - time.Since(begun)%answerBeat)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// register opens an account and an application for somebody who is not known
// yet. The answer is the same when the address was taken: its owner gets a link.
func (s *Server) register(c *call) error {
	begun := time.Now()
	var in registration
	if err := c.read(&in); err != nil {
		return err
	}
	if err := s.limit(c, "register:"+s.Index("address", c.RealIP()), s.RegistrationLimit); err != nil {
		return err
	}
	if err := s.reachable(in.Email); err != nil {
		return err
	}
	ctx := c.Request().Context()
	merchant := decider.DeriveID(c.key, "account").String()
	by := application.Actor{ID: merchant, Role: application.RoleMerchant}
	if err := s.wouldOpen(c, in, by, merchant); err != nil {
		return err
	}
	cmd := decider.Command{ID: c.key, Actor: merchant, Role: string(account.Merchant), Operation: c.op.ID, Request: c.asked}
	_, err := s.Auth.Open(ctx, cmd, auth.NewAccount{
		ID: merchant, Role: account.Merchant, Language: in.Language, Email: in.Email, Name: localPart(in.Email),
	})
	switch {
	case errors.Is(err, account.ErrLoginTaken):
		if err := s.Auth.RequestLink(ctx, in.Email, c.caller()); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		if _, _, err := s.open(ctx, c, cmd, in, by, merchant); err != nil {
			return err
		}
	}
	if err := onTheBeat(ctx, begun); err != nil {
		return err
	}
	return c.JSON(http.StatusAccepted, map[string]string{"sent_to": personal.Mask(in.Email)})
}

// addMerchant is an agent's way: the merchant gets a mail, and the agent gets to
// know the application. The answer is the same whether the e-mail address was
// known before: then the application is for the account that has it, whose owner
// is told and decides, since only she consents and signs. An address of somebody
// who is no merchant leads to an application that nobody can sign.
func (s *Server) addMerchant(c *call) error {
	begun := time.Now()
	var in registration
	if err := c.read(&in); err != nil {
		return err
	}
	if err := s.reachable(in.Email); err != nil {
		return err
	}
	ctx := c.Request().Context()
	// The agent sees the account's id in rows and must not be able to compute it.
	merchant := decider.DeriveID(c.key, s.Index("merchant account", c.key.String())).String()
	if err := s.wouldOpen(c, in, c.actor(), merchant); err != nil {
		return err
	}
	if err := s.limit(c, "add:"+c.who.Organisation+s.Index("added", loginName(in.Email)), limitAdded); err != nil {
		return err
	}
	_, err := s.Auth.Open(ctx, c.command(), auth.NewAccount{
		ID: merchant, Role: account.Merchant, Language: in.Language, Email: in.Email, Name: localPart(in.Email), By: c.who.Account,
	})
	if errors.Is(err, account.ErrLoginTaken) {
		merchant, err = s.knownMerchant(c, in.Email, merchant)
	}
	if err != nil {
		return err
	}
	id, r, err := s.open(ctx, c, c.command(), in, c.actor(), merchant)
	if err != nil {
		return err
	}
	c.replayed(r.Repeated)
	if err := onTheBeat(ctx, begun); err != nil {
		return err
	}
	c.wrote(r.State.Version(), r.Position)
	return c.JSON(http.StatusCreated, map[string]string{"id": id, "merchant_number": r.State.MerchantNumber})
}

// loginName is the form of an address under which it is one account; of a text that
// is no address, the text.
func loginName(email string) string {
	if name, err := account.LoginName(email); err == nil {
		return name
	}
	return email
}

// limitAdded bounds how often one agent adds one address, known or not.
var limitAdded = auth.Limit{Rate: 5, Burst: 5, Period: 24 * time.Hour}

// knownMerchant is the account that an agent's application is for where the e-mail
// address was taken; nobody where that is no merchant's.
func (s *Server) knownMerchant(c *call, email, nobody string) (string, error) {
	ctx := c.Request().Context()
	st, err := s.Auth.Find(ctx, email)
	switch {
	case errors.Is(err, account.ErrNoAccount): // the name is being taken at this moment
		return "", auth.ErrBusy
	case err != nil:
		return "", err
	case st.Role != account.Merchant:
		return nobody, nil
	case st.Status == account.StatusInvited: // the link of the first mail may have run out
		// Only an address that is known leads here, so a refusal would tell the agent that it is.
		if err := s.Auth.RequestLink(ctx, email, c.caller()); err != nil {
			s.Logger.WarnContext(ctx, "no new link for a merchant that an agent added", "account", st.ID, "error", err)
		}
	}
	return st.ID, nil
}

// openApplication is for a merchant who has an account and wants another
// application.
func (s *Server) openApplication(c *call) error {
	var in registration
	if err := c.read(&in); err != nil {
		return err
	}
	in.Language = c.who.Language
	defer s.turns.take(c.who.Account)()
	if err := s.room(c.Request().Context(), c.who.Account); err != nil {
		return err
	}
	id, r, err := s.open(c.Request().Context(), c, c.command(), in, c.actor(), c.who.Account)
	if err != nil {
		return err
	}
	c.replayed(r.Repeated)
	// The next opening counts this one.
	seen, stop := context.WithTimeout(c.Request().Context(), afterTime)
	defer stop()
	if err := s.Reader.Wait(seen, r.Position); err != nil && seen.Err() == nil {
		s.Logger.Warn("the lists do not show a new application yet", "error", err)
	}
	c.wrote(r.State.Version(), r.Position)
	return c.JSON(http.StatusCreated, map[string]string{"id": id, "merchant_number": r.State.MerchantNumber})
}

// opening is the command that a registration becomes.
func (c *call) opening(in registration, by application.Actor, merchant string) application.Open {
	return application.Open{
		Merchant: merchant, MerchantNumber: merchantNumber(decider.DeriveID(c.key, "merchant number")),
		Kind: in.Kind, Products: in.Products, Banks: in.Banks, Site: in.Site, Language: string(in.Language),
		Rules: c.rules(), By: by, At: c.now(),
	}
}

// wouldOpen asks the rules before an account is opened for what they refuse.
func (s *Server) wouldOpen(c *call, in registration, by application.Actor, merchant string) error {
	_, err := c.opening(in, by, merchant).Decide(application.State{})
	return err
}

func (s *Server) open(ctx context.Context, c *call, cmd decider.Command, in registration, by application.Actor, merchant string) (string, decider.Result[application.State, application.Event], error) {
	id := decider.DeriveID(c.key, "application").String()
	none := eventstore.NoStream
	r, err := s.Applications.Transact(ctx, id, cmd, &none, c.opening(in, by, merchant).Decide)
	return id, r, err
}

// merchantNumber makes the number that people quote on the phone: 15 digits and
// a Luhn check digit (ISO/IEC 7812-1), which catches every single wrong digit. It
// begins with 8, which no bank card of the mainland does.
func merchantNumber(id eventstore.ID) string {
	n := binary.BigEndian.Uint64(id[8:]) % 100_000_000_000_000
	digits := "8" + strings.Repeat("0", 14-len(strconv.FormatUint(n, 10))) + strconv.FormatUint(n, 10)
	return digits + string(identifier.LuhnCheck(digits))
}

// localPart is the name that an account has until the person says another.
func localPart(email string) string {
	name, _, _ := strings.Cut(strings.TrimSpace(email), "@")
	return name
}
