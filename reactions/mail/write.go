package mail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/reason"
	"alta/eventstore"
	"alta/reactions"
)

// beijing is the zone in which moments are told: China has kept UTC+8 without
// summer time since 1991.
var beijing = time.FixedZone("Asia/Shanghai", 8*3600)

func moment(t time.Time, l lang.Lang) string {
	if t.IsZero() {
		return ""
	}
	return reason.Moment(t.In(beijing), l)
}

// until tells the end of a period: by its last day where it ends at midnight.
func until(t time.Time, l lang.Lang) string {
	if t.IsZero() {
		return ""
	}
	return reason.Until(t.In(beijing), l)
}

// compose puts a mail together. A nil message without a failure is a mail that
// events have overtaken.
func (m *Mailer) compose(ctx context.Context, j *job) (*Message, Failure, error) {
	switch {
	case j.link != "":
		return m.composeLink(ctx, j)
	case j.account != "":
		return m.composeSecurity(ctx, j)
	}
	now, err := m.cfg.ApplicationState(ctx, j.application)
	if err != nil {
		return nil, "", err
	}
	j.merchant = now.Merchant
	if !now.Shredded && (j.template == Restricted || j.template == RestrictionLifted) {
		return m.composeRestriction(ctx, j, now)
	}
	if now.Restricted || now.Shredded {
		return nil, FailedRestricted, nil
	}
	who, err := m.cfg.Account(ctx, now.Merchant)
	if err != nil {
		return nil, "", err
	}
	to := address(now, who)
	if to == "" {
		return nil, FailedNoAddress, nil
	}
	if j.template == AgentAdded && who.Status != account.StatusActive {
		return nil, "", nil // the letter with the link to activate the account says enough
	}
	h, err := m.history(ctx, j)
	if err != nil {
		return nil, "", err
	}
	l := lang.Match(now.Language)
	if who.ID != "" {
		l = lang.Match(string(who.Language))
	}
	letter, ok := h.letter(j.template, l, m.cfg.Origin+"/applications/"+j.application)
	if !ok {
		return nil, "", nil
	}
	letter.greet(who)
	msg := letter.message()
	msg.Notice, msg.At, msg.Owner, msg.To = noticeID(j.cause, j.template), j.at, j.application, to
	msg.Kind = j.template
	return &msg, "", nil
}

// composeRestriction confirms to the merchant that processing was restricted, or goes
// on. It uses the account alone: of the application's data only the number is told.
func (m *Mailer) composeRestriction(ctx context.Context, j *job, now application.State) (*Message, Failure, error) {
	who, err := m.cfg.Account(ctx, now.Merchant)
	if err != nil {
		return nil, "", err
	}
	if who.Email.Clear() == "" || who.Status == account.StatusClosed {
		return nil, FailedNoAddress, nil
	}
	l := lang.Match(string(who.Language))
	letter := write(j.template, l, params{"number": now.MerchantNumber, "when": moment(j.at, l), "back": moment(j.expires, l)})
	target := m.cfg.Origin + "/applications/" + j.application
	if j.template == Restricted {
		target += "/restriction"
	}
	letter.Button = &button{Label: letter.action, URL: target}
	letter.greet(who)
	msg := letter.message()
	msg.Notice, msg.At, msg.Owner, msg.To = noticeID(j.cause, j.template), j.at, j.application, who.Email.Clear()
	msg.Kind = j.template
	return &msg, "", nil
}

// composeLink writes the letter with a one-time link.
func (m *Mailer) composeLink(ctx context.Context, j *job) (*Message, Failure, error) {
	if !m.cfg.Now().Before(j.expires) {
		return nil, FailedLinkOver, nil
	}
	who, err := m.cfg.Account(ctx, j.account)
	if err != nil {
		return nil, "", err
	}
	if who.Email.Clear() == "" {
		return nil, FailedNoAddress, nil
	}
	token, err := m.cfg.LinkToken(ctx, j.account, j.link)
	if errors.Is(err, account.ErrLinkOver) && who.Demo {
		return nil, "", nil // they are made with a password, whose link nobody waits for
	}
	if errors.Is(err, account.ErrLinkOver) {
		return nil, FailedLinkOver, nil
	}
	if err != nil {
		return nil, "", err
	}
	l := lang.Match(string(who.Language))
	letter := write(j.template, l, params{"expires": moment(j.expires, l), "user": who.Email.Clear(), "number": m.numbers[j.account]})
	letter.Button = &button{Label: letter.action, URL: m.cfg.Origin + "/activate?token=" + token}
	letter.greet(who)
	msg := letter.message()
	msg.Notice, msg.At, msg.Owner, msg.To = noticeID(j.cause, j.template), j.at, j.account, who.Email.Clear()
	msg.Kind = j.template
	return &msg, "", nil
}

// address is where a merchant is written to: the contact address of the
// application, unless a reason says that it is wrong; else the account's.
func address(s application.State, who account.State) string {
	contact := s.Text(item.ContactEmail)
	wrong := slices.ContainsFunc(s.Reasons, func(r application.Reason) bool {
		return r.Target == item.ContactEmail && (r.Status == application.StatusOpen || r.Status == application.StatusReturned)
	})
	if contact != "" && !wrong {
		return contact
	}
	return who.Email.Clear()
}

// history is an application up to the event that is written about.
type history struct {
	before, after application.State
	event         application.Event
	notes         map[string]string // of reasons, for the merchant
	declined      string            // the note of the newest proposal to decline
}

func (m *Mailer) history(ctx context.Context, j *job) (history, error) {
	h := history{notes: map[string]string{}}
	for r, err := range eventstore.Whole(eventstore.NoStream, m.cfg.Log.ReadStream(ctx, j.stream, 0, int(j.revision)+1)) {
		if err != nil {
			return h, err
		}
		if err := reactions.Readable(r); err != nil {
			return h, err
		}
		e, err := m.cfg.Decode(ctx, r)
		if err != nil {
			return h, err
		}
		h.before, h.event = h.after, e
		h.after = application.Evolve(h.after, e)
		switch e := e.(type) {
		case application.ReasonRaised:
			h.notes[e.Reason] = e.Note
		case application.DeclineProposed:
			h.declined = e.Note
		default: // the letter quotes nothing of it
		}
	}
	if h.event == nil {
		return h, fmt.Errorf("mail: the event at revision %d is gone", j.revision)
	}
	return h, nil
}

// letter writes what the event is about; false where nothing is to be said.
func (h history) letter(t Template, l lang.Lang, page string) (letter, bool) {
	p := params{"number": h.after.MerchantNumber}
	if d := h.after.Deadline; d != nil {
		p["deadline"] = until(d.Due, l)
	}
	switch e := h.event.(type) {
	case application.ICPVerified:
		if e.Next == h.before.Stage {
			return letter{}, false // looked up again before signing: nothing changed for the merchant
		}
	case application.Returned:
		p["count"] = strconv.Itoa(len(e.Reasons))
	case application.ContractOffered:
		p["expires"] = until(e.Expires, l)
	case application.ContractLapsed:
		p["expires"] = until(e.Expired, l)
	case application.ContractSigned:
		p["signed"], p["sha256"] = moment(e.At, l), e.SHA256
	case application.DeadlineWarned:
		if overtaken(e, h.after) {
			return letter{}, false
		}
		p["days"], p["deadline"] = strings.TrimSuffix(e.Mark, "d"), until(e.Due, l)
	case application.DeclineConfirmed:
		p["note"] = h.declined
	default: // nothing of its own to say
	}
	out := write(t, l, p)
	out.Facts = append([]fact{{labelNumber.In(l), h.after.MerchantNumber}}, out.Facts...)
	target := page
	switch t {
	case Returned:
		out.Groups = h.groups(l)
		target = page + "/corrections"
	case Offered:
		target = page + "/contract"
	case Qualified, ICPVerified, SiteApproved, Resubmitted:
		next := h.next(l, p)
		out.Body = append(out.Body, next...)
		if waitsForSite(h.after) {
			target, out.action = page+"/site", actionDeclare.In(l)
		}
	case Reminder:
		switch h.after.Stage {
		case application.Correction:
			target = page + "/corrections"
		case application.Signature:
			target = page + "/contract"
		case application.Website:
			target = page + "/site"
		}
		out.Body = append(out.Body, waiting(h.after).In(l))
	}
	if out.action != "" {
		out.Button = &button{Label: out.action, URL: target}
	}
	return out, true
}

func waitsForSite(s application.State) bool {
	return s.Stage == application.Website && s.Holder() == application.Merchant
}

// overtaken: after a downtime several reminders come at once; only the newest is
// true, and none after the deadline.
func overtaken(e application.DeadlineWarned, s application.State) bool {
	if s.Deadline == nil || !e.At.Before(e.Due) {
		return true
	}
	for _, m := range slices.Backward(s.Deadline.Marks()) {
		if !m.At.After(e.At) {
			return m.Name != e.Mark
		}
	}
	return false
}

// next says what comes now.
func (h history) next(l lang.Lang, p params) []string {
	s := h.after
	switch {
	case waitsForSite(s):
		return []string{nextDeclare.in(l, p)}
	case s.Stage == application.Qualification:
		return []string{nextQualification.in(l, p)}
	case s.Stage == application.ICP:
		return []string{nextICP.in(l, p)}
	case s.Stage == application.Website:
		return []string{nextWebsite.in(l, p)}
	case s.Stage == application.Contract:
		return []string{nextContract.in(l, p)}
	}
	return nil
}

// groups are the reasons of a return, grouped by what they are about, in the
// order of the form.
func (h history) groups(l lang.Lang) []group {
	e, ok := h.event.(application.Returned)
	if !ok {
		return nil
	}
	var out []group
	for _, i := range item.All() {
		g := group{Label: reason.ItemLabel(i.Key, l), Value: isolated(masked(h.after, i.Key))}
		for _, id := range e.Reasons {
			r, ok := h.after.Reason(id)
			if !ok || r.Target != i.Key {
				continue
			}
			// The deadline stands once, above; not in every reason again.
			m := reason.Render(r.Code, r.Sub, l, reason.Params{Item: r.Target, Value: g.Value})
			g.Reasons = append(g.Reasons, why{Title: m.Title, What: m.What, Fix: m.Fix, Note: isolated(h.notes[id])})
		}
		if len(g.Reasons) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// masked is what the merchant supplied, so that it is recognised and of no use
// to others.
func masked(s application.State, k item.Key) string {
	i := s.Item(k)
	switch {
	case k == item.SiteTestAccount:
		return s.Declaration.User.Masked()
	case k.IsDocument(), k.IsCode():
		return ""
	case k.IsPersonal():
		return i.Personal.Masked()
	}
	return i.Value
}

// greet addresses the person by name once the account has one; until then the
// name is what stands before the @ of the address.
func (x *letter) greet(who account.State) {
	name := who.Name.Clear()
	before, _, _ := strings.Cut(who.Email.Clear(), "@")
	if name == "" || name == before || who.Name == (personal.Text{}) {
		x.Greeting = greeting.In(x.Lang)
		return
	}
	x.Greeting = greetingName.in(x.Lang, params{"name": name})
}
