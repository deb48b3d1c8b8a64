package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
	"alta/domain/reason"
	"alta/eventstore"
	"alta/reactions/internal/memlog"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// world is a log with one merchant, her account, and a mailbox.
type world struct {
	*memlog.Log
	t     *testing.T
	who   account.State
	token string
	n     int
	box   mailbox
}

// mailbox is a Sender that keeps what it gets, or answers what it is told to.
type mailbox struct {
	mu     sync.Mutex
	got    []Message
	at     []time.Time
	answer func(m Message, try int) error
	tries  int
}

func (b *mailbox) Send(ctx context.Context, m Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tries++
	if b.answer != nil {
		if err := b.answer(m, b.tries); err != nil {
			if s := (*SendError)(nil); errors.As(err, &s) && s.Phase == "content" && m.Begin != nil {
				if begun := m.Begin(ctx); begun != nil {
					return &SendError{Outcome: Deferred, Phase: "begin", Err: begun}
				}
			}
			return err
		}
	}
	if m.Begin != nil {
		if err := m.Begin(ctx); err != nil {
			return &SendError{Outcome: Deferred, Phase: "begin", Err: err}
		}
	}
	b.got, b.at = append(b.got, m), append(b.at, time.Now())
	return nil
}

func (b *mailbox) subjects() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, m := range b.got {
		out = append(out, m.Subject)
	}
	return out
}

const token = "kL3x9-one-time-token"

func newWorld(t *testing.T) *world {
	return &world{Log: memlog.New(), t: t, token: token, who: account.State{
		ID: "merchant-1", Role: account.Merchant, Language: lang.English, Email: personal.New("chen@example.cn"), Name: personal.New("陈伟"),
	}}
}

func (w *world) now() time.Time { return time.Now() }

func (w *world) put(stream, typ string, data []byte) {
	w.t.Helper()
	w.n++
	n := eventstore.Revision(len(w.All(stream))) - 1
	if _, err := w.Append(w.t.Context(), stream, n, eventstore.Proposed{ID: decider.DeriveID(eventstore.ID{1}, fmt.Sprint(w.n)), Type: typ, Data: data}); err != nil {
		w.t.Fatal(err)
	}
}

func clearly(_, clear string) (string, error) { return clear, nil }

func (w *world) happens(name string, events ...application.Event) {
	w.t.Helper()
	for _, e := range events {
		typ, data, err := application.Encode(e, clearly)
		if err != nil {
			w.t.Fatal(err)
		}
		w.put("application-"+name, typ, data)
	}
}

func (w *world) links(purpose account.Purpose) {
	w.t.Helper()
	typ, data, err := account.Encode(account.LinkIssued{Link: "link-1", Purpose: purpose, Hash: "h", Key: "k", Expires: time.Now().Add(purpose.Lifetime()), At: time.Now()}, clearly)
	if err != nil {
		w.t.Fatal(err)
	}
	w.put("account-merchant-1", typ, data)
}

func decodeClear(_ context.Context, r *eventstore.Record) (application.Event, error) {
	return application.Decode(r.Type, r.Data, func(_, sealed string) (string, bool, error) { return sealed, false, nil })
}

func (w *world) state(ctx context.Context, id string) (application.State, error) {
	var s application.State
	for _, r := range w.All("application-" + id) {
		e, err := decodeClear(ctx, r)
		if err != nil {
			return s, err
		}
		s = application.Evolve(s, e)
	}
	return s, nil
}

func (w *world) mailer(sender Sender) *Mailer {
	return New(Config{
		Log: w, Decode: decodeClear, ApplicationState: w.state,
		Account:   func(context.Context, string) (account.State, error) { return w.who, nil },
		LinkToken: func(context.Context, string, string) (string, error) { return w.token, nil },
		Index:     func(kind, value string) string { return fmt.Sprintf("index of %d bytes of %s", len(value), kind) },
		Sender:    sender, Origin: "https://alta.example/", Now: w.now, Logger: quiet,
	})
}

// runs starts a Mailer, with the world's mailbox unless another sender is given.
func (w *world) runs(sender ...Sender) (m *Mailer, stop func()) {
	m = w.mailer(&w.box)
	if len(sender) > 0 {
		m = w.mailer(sender[0])
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Run(ctx) }()
	return m, func() { cancel(); <-done }
}

func (w *world) head(role application.Role) application.Header {
	return application.Header{By: application.Actor{ID: string(role) + "-1", Role: role}, At: time.Now().UTC().Truncate(time.Millisecond)}
}

func (w *world) opens(name string) {
	w.happens(name, application.Opened{Header: w.head(application.RoleMerchant), Merchant: "merchant-1", MerchantNumber: "800123456789012" + name,
		Kind: policy.Individual, Products: []policy.Product{policy.WeChat}, Site: policy.Web, Language: "en", Policy: "2026-01"})
}

func (w *world) due(stage application.Stage, holder application.Holder) *application.Deadline {
	due := time.Now().UTC().AddDate(0, 0, 15).Truncate(time.Millisecond)
	d := &application.Deadline{ID: string(stage) + "-1", Stage: stage, Holder: holder, Started: time.Now(), Warn: due.AddDate(0, 0, -7), Due: due}
	if holder == application.Merchant {
		d.Reminds = []time.Time{due.AddDate(0, 0, -7), due.AddDate(0, 0, -3), due.AddDate(0, 0, -1)}
	}
	return d
}

func (w *world) submits(name string) {
	w.opens(name)
	w.happens(name, application.DetailsFilled{Header: w.head(application.RoleMerchant),
		Fields:   map[item.Key]string{item.SiteDomain: "shop-chenwei.cn"},
		Personal: map[item.Key]personal.Text{item.IdentityNumber: personal.New("11010519491231002X"), item.BankNumber: personal.New("6216261000000000018")}},
		application.Submitted{Header: w.head(application.RoleMerchant), Round: 1, Policy: "2026-01", Registry: reason.Version,
			Next: application.Qualification, Deadline: w.due(application.Qualification, application.Platform)})
}

func (w *world) returns(name string) {
	by := w.head(application.RoleReviewer)
	w.happens(name,
		application.ReasonRaised{Header: by, Reason: "r1", Code: reason.R03, Sub: reason.Unclear, Target: item.IDCardFront, Note: "The lower left corner is in the dark.", Internal: "looks like a screen photograph", Round: 1},
		application.ReasonRaised{Header: by, Reason: "r2", Code: reason.R08, Sub: reason.Malformed, Target: item.IdentityNumber, Round: 1},
		application.ReasonRaised{Header: by, Reason: "r3", Code: reason.R09, Sub: reason.NoFiling, Target: item.SiteDomain, Round: 1},
		application.Returned{Header: by, Round: 1, From: application.Qualification, Reasons: []string{"r1", "r2", "r3"},
			Deadline: w.due(application.Correction, application.Merchant)})
}

// tells is one application through everything that is written about.
func (w *world) tells(name string) {
	merchant, reviewer, system := w.head(application.RoleMerchant), w.head(application.RoleReviewer), w.head(application.RoleSystem)
	w.submits(name)
	w.returns(name)
	d := w.due(application.Correction, application.Merchant)
	w.happens(name,
		application.Resubmitted{Header: merchant, Round: 2, Next: application.Qualification, Deadline: w.due(application.Qualification, application.Platform)},
		application.QualificationApproved{Header: reviewer, Next: application.ICP, Deadline: w.due(application.ICP, application.Platform)},
		application.ICPVerified{Header: reviewer, Next: application.Website, Deadline: w.due(application.Website, application.Merchant)},
		application.DeadlineWarned{Header: application.Header{By: system.By, At: d.Reminds[1]}, Deadline: "website-1", Mark: "3d", Due: d.Due},
		application.SiteDeclared{Header: merchant, URL: "https://shop-chenwei.cn/", TestUser: personal.New("tester"), TestPassword: personal.New("secret"), Deadline: w.due(application.Website, application.Platform)},
		application.SiteApproved{Header: reviewer, Next: application.Contract, Deadline: w.due(application.Contract, application.Platform)},
		application.ContractOffered{Header: reviewer, Version: "2026-01", Language: "zh-CN", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Expires: d.Due, Deadline: w.due(application.Signature, application.Merchant)},
		application.ContractSigned{Header: merchant, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		application.ContractCountersigned{Header: reviewer},
		application.Activated{Header: system, Products: []policy.Product{policy.WeChat}},
	)
}
