package mail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/reason"
	"alta/eventstore"
	"alta/reactions/internal/memlog"
)

func TestAMerchantHearsOfEveryStepOnceHoweverOftenEventsAreDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.Repeat = 2 // every event three times
		w.tells("1")
		_, stop := w.runs()
		time.Sleep(time.Minute)
		stop()
		got := w.box.subjects()
		if len(got) != 10 {
			t.Fatalf("%d mails: %s", len(got), strings.Join(got, "; "))
		}
		// The position is lost: everything is delivered again.
		fresh := newWorld(t)
		for _, r := range w.All("") {
			if !strings.HasPrefix(r.Stream, "reaction-") {
				if _, err := fresh.Append(t.Context(), r.Stream, r.Revision-1, r.Proposed); err != nil {
					t.Fatal(err)
				}
			}
		}
		m, stop := fresh.runs()
		time.Sleep(time.Minute)
		stop()
		if again := fresh.box.subjects(); len(again) > 0 || m.Stats().Backlog != 0 {
			t.Errorf("sent again: %v", again)
		}
	})
}

func TestAReturnNamesEveryReasonWithTheMaskedValueAndNothingInternal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.submits("1")
		w.returns("1")
		_, stop := w.runs()
		time.Sleep(time.Minute)
		stop()
		m := w.box.got[1]
		for _, body := range []string{m.Text, m.HTML} {
			for _, want := range []string{"**************002X", "shop-chenwei.cn", "lower left corner", "https://alta.example/applications/1/corrections", "8001234567890121"} {
				if !strings.Contains(body, want) {
					t.Errorf("it does not say %q:\n%s", want, m.Text)
				}
			}
			for _, never := range []string{"11010519491231002X", "screen photograph", "secret"} {
				if strings.Contains(body, never) {
					t.Errorf("it says %q", never)
				}
			}
		}
		if strings.Index(m.Text, "Identity document number") > strings.Index(m.Text, "photo side") {
			t.Error("the items do not stand in the order of the form")
		}
	})
}

func TestAnActivationNamesMerchantNumberUserAndLinkAndNeverAPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		_, stop := w.runs()
		synctest.Wait()
		w.links(account.Activation)
		time.Sleep(100 * time.Millisecond) // the application is opened right after
		w.opens("1")
		time.Sleep(time.Minute)
		w.links(account.Reset)
		time.Sleep(time.Minute)
		stop()
		if len(w.box.got) != 2 {
			t.Fatalf("%d mails", len(w.box.got))
		}
		for _, want := range []string{"8001234567890121", "chen@example.cn", "https://alta.example/activate?token=" + token} {
			if !strings.Contains(w.box.got[0].Text, want) {
				t.Errorf("it does not say %q", want)
			}
		}
		if !strings.Contains(w.box.got[1].Subject, "new password") {
			t.Errorf("the reset is called %q", w.box.got[1].Subject)
		}
		for _, r := range w.All("") {
			if strings.HasPrefix(r.Stream, "notice-") && (strings.Contains(string(r.Data), token) || strings.Contains(string(r.Data), "chen@")) {
				t.Errorf("a notice holds what it must not: %s", r.Data)
			}
		}
	})
}

func TestAnAddressThatIsWrongIsNotWrittenTo(t *testing.T) {
	s := application.State{}
	s = application.Evolve(s, application.DetailsFilled{Personal: map[item.Key]personal.Text{item.ContactEmail: personal.New("office@example.cn")}})
	who := account.State{Email: personal.New("chen@example.cn")}
	if got := address(s, who); got != "office@example.cn" {
		t.Errorf("the contact is written to at %s", got)
	}
	s = application.Evolve(s, application.ReasonRaised{Reason: "r", Code: reason.R05, Sub: reason.Email, Target: item.ContactEmail})
	if got := address(s, who); got != "chen@example.cn" {
		t.Errorf("while the contact's address is wrong: %s", got)
	}
}

func TestAServerThatIsDownForADayLosesNothingAndGetsTheOldestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		up := time.Now().Add(24 * time.Hour)
		w.box.answer = func(Message, int) error {
			if time.Now().Before(up) {
				return &SendError{Outcome: Unreachable, Phase: "connect"}
			}
			return nil
		}
		m, stop := w.runs()
		for n := range 50 {
			w.submits(fmt.Sprintf("%02d", n))
			time.Sleep(20 * time.Minute)
			if n == 25 { // and a restart in between
				stop()
				m, stop = w.runs()
			}
		}
		if b := m.Stats().Backlog; b != 50 {
			t.Errorf("backlog %d", b)
		}
		time.Sleep(24 * time.Hour)
		stop()
		got := w.box.subjects()
		if len(got) != 50 || !slices.IsSorted(got) {
			t.Errorf("%d mails, in order: %v", len(got), slices.IsSorted(got))
		}
		for i := range w.box.at[1:] {
			if gap := w.box.at[i+1].Sub(w.box.at[i]); gap < 99*time.Millisecond {
				t.Fatalf("two mails within %s, over the rate", gap)
			}
		}
		if w.box.tries > 500 {
			t.Errorf("the dead server was asked %d times in a day", w.box.tries)
		}
	})
}

func TestAMailThatIsDeferredDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		began := time.Now()
		w.box.answer = func(m Message, _ int) error {
			if strings.Contains(m.Subject, "0121") && time.Since(began) < 30*time.Minute {
				return &SendError{Outcome: Deferred, Code: 451, Phase: "rcpt"}
			}
			return nil
		}
		m, stop := w.runs()
		for _, n := range []string{"1", "2", "3"} {
			w.submits(n)
		}
		time.Sleep(10 * time.Second)
		if got := w.box.subjects(); len(got) != 2 {
			t.Errorf("the others waited: %v", got)
		}
		time.Sleep(2 * time.Hour)
		stop()
		if got := w.box.subjects(); len(got) != 3 || m.Stats().Deferred != 4 {
			t.Errorf("%v; %d deferrals", got, m.Stats().Deferred)
		}
	})
}

func TestAMailThatCannotBeWrittenIsReportedAndDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var away atomic.Bool
		away.Store(true)
		m := w.mailer(&w.box)
		load := m.cfg.ApplicationState
		m.cfg.ApplicationState = func(ctx context.Context, id string) (application.State, error) {
			if id == "1" && away.Load() {
				return application.State{}, errors.New("the keys are unavailable")
			}
			return load(ctx, id)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = m.Run(ctx) }()
		for _, n := range []string{"1", "2", "3"} {
			w.submits(n)
		}
		time.Sleep(time.Minute)
		if got := w.box.subjects(); len(got) != 2 || m.Healthy() == nil {
			t.Errorf("mailed %v; %v", got, m.Healthy())
		}
		away.Store(false)
		time.Sleep(2 * time.Hour)
		if got := w.box.subjects(); len(got) != 3 || m.Healthy() != nil {
			t.Errorf("then mailed %v; %v", got, m.Healthy())
		}
		cancel()
		synctest.Wait()
	})
}

func TestAMailThatIsRejectedIsNeverTriedAgainAndReadsAsABounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.box.answer = func(Message, int) error { return &SendError{Outcome: Rejected, Code: 550, Phase: "rcpt"} }
		m, stop := w.runs()
		w.submits("1")
		time.Sleep(48 * time.Hour)
		stop()
		if w.box.tries != 1 || m.Stats().Failed != 1 {
			t.Errorf("%d tries; %+v", w.box.tries, m.Stats())
		}
		e := w.lastNotice(t)
		if e.Failure != FailedRejected || e.Code != 550 || e.Application != "1" || e.Template != Submitted {
			t.Errorf("the notice says %+v", e)
		}
	})
}

func (w *world) lastNotice(t *testing.T) (e Entry) {
	for _, r := range w.All("") {
		if strings.HasPrefix(r.Stream, "notice-") {
			if err := json.Unmarshal(r.Data, &e); err != nil {
				t.Fatal(err)
			}
		}
	}
	return e
}

func TestAnUnknownOutcomeIsTriedThreeTimesAlsoAcrossRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var ids []eventstore.ID
		w.box.answer = func(m Message, _ int) error {
			ids = append(ids, m.Notice)
			return &SendError{Outcome: Unknown, Phase: "content"}
		}
		_, stop := w.runs()
		w.submits("1")
		for range 10 {
			time.Sleep(7 * time.Minute)
			stop()
			_, stop = w.runs()
		}
		time.Sleep(24 * time.Hour)
		stop()
		if len(ids) != 3 || ids[0] != ids[1] || ids[1] != ids[2] {
			t.Errorf("tried as %v", ids)
		}
		if e := w.lastNotice(t); e.Failure != FailedUnknown || e.Attempts != 3 {
			t.Errorf("the notice says %+v", e)
		}
	})
}

// pending is a log that refuses what others were first with before it shows what they
// wrote, as a cluster does.
type pending struct{ *memlog.Log }

func (p pending) ReadStream(ctx context.Context, stream string, from eventstore.Revision, limit int) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for r, err := range p.Log.ReadStream(ctx, stream, from, limit) {
			fresh := err == nil && strings.HasPrefix(stream, "notice-") && time.Since(r.Created) < 3*time.Second
			if fresh || !yield(r, err) {
				return
			}
		}
	}
}

// Who loses a race for a notice reads what the other wrote; nothing is wrong, and
// nobody is told that something was.
func TestTwoMailersSendEachMailOnceAndCallNoRaceAFault(t *testing.T) {
	for name, readable := range map[string]bool{"a conflict can be read at once": true, "a conflict is told first": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var said bytes.Buffer
				ctx, stop := context.WithCancel(t.Context())
				var both sync.WaitGroup
				for range 2 {
					m := w.mailer(&w.box)
					m.cfg.Logger = slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelWarn}))
					m.Follower.Logger = m.cfg.Logger
					if !readable {
						m.cfg.Log = pending{w.Log}
					}
					both.Go(func() { _ = m.Run(ctx) })
				}
				for n := range 20 {
					w.submits(fmt.Sprint(n))
					time.Sleep(time.Second)
				}
				synctest.Wait()
				w.who.Email = personal.Text{} // nobody can be written to any more: told once, too
				w.submits("20")
				time.Sleep(time.Hour)
				stop()
				both.Wait()
				if got := w.box.subjects(); len(got) != 20 {
					t.Errorf("%d mails about 20 events", len(got))
				}
				if said.Len() > 0 {
					t.Errorf("they said: %s", said.String())
				}
			})
		})
	}
}

// A mail that the server took is not sent again because the log was away then.
func TestWhatTheServerTookIsNotedOnceTheLogIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		back := time.Now().Add(time.Hour)
		w.Fail = func(call, stream string) error {
			if call == "append" && strings.HasPrefix(stream, "notice-") && time.Now().Before(back) && len(w.All(stream)) > 0 {
				return eventstore.ErrUnavailable
			}
			return nil
		}
		_, stop := w.runs()
		w.submits("1")
		time.Sleep(24 * time.Hour)
		stop()
		if got := w.box.subjects(); len(got) != 1 {
			t.Errorf("sent %d times", len(got))
		}
		if e := w.lastNotice(t); e.Failure != "" || e.Attempts != 1 {
			t.Errorf("the notice says %+v", e)
		}
	})
}

func TestACopiedOldLogWritesToNobodyAboutThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.submits("1")
		time.Sleep(30 * 24 * time.Hour)
		w.submits("2")
		time.Sleep(24 * time.Hour)
		_, stop := w.runs()
		time.Sleep(time.Hour)
		stop()
		if got := w.box.subjects(); len(got) != 1 || !strings.Contains(got[0], "0122") {
			t.Errorf("written about: %v", got)
		}
	})
}

func TestAfterADowntimeOnlyTheNewestReminderIsMailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.submits("1")
		w.returns("1")
		d := w.due(application.Correction, application.Merchant)
		time.Sleep(14*24*time.Hour + time.Hour)
		system := w.head(application.RoleSystem)
		for _, mark := range []string{"7d", "3d", "1d"} {
			w.happens("1", application.DeadlineWarned{Header: system, Deadline: d.ID, Mark: mark, Due: d.Due})
		}
		_, stop := w.runs()
		time.Sleep(time.Minute)
		stop()
		if got := w.box.subjects(); len(got) != 1 || !strings.Contains(got[0], "days left, 1") {
			t.Errorf("mailed: %v", got)
		}
	})
}

func TestALinkThatWasUsedAndDataThatIsRestrictedAreNotMailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		m := w.mailer(&w.box)
		m.cfg.LinkToken = func(context.Context, string, string) (string, error) { return "", account.ErrLinkOver }
		w.links(account.Activation)
		w.submits("1")
		w.happens("1", application.Restricted{Header: w.head(application.RoleMerchant)})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = m.Run(ctx) }()
		time.Sleep(time.Minute)
		cancel()
		synctest.Wait()
		if w.box.tries != 0 || m.Stats().Failed != 2 || m.Healthy() != nil {
			t.Errorf("%d mails; %+v; %v", w.box.tries, m.Stats(), m.Healthy())
		}
	})
}

// Who had processing restricted is told at the account's address, until when it can
// be taken back and where; and that it was taken back.
// An offer that ran out: the merchant is told once, until when it was good and until
// when the platform prepares another.
func TestAnOfferThatRanOutIsToldToTheMerchant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.Repeat = 1
		w.who.Status = account.StatusActive
		w.submits("1")
		_, stop := w.runs()
		time.Sleep(time.Minute)
		expired := time.Now().UTC().AddDate(0, 0, 10).Truncate(time.Millisecond)
		const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
		w.happens("1", application.ContractOffered{Header: w.head(application.RoleReviewer), Version: "2026-01", Language: "zh-CN", SHA256: digest, Expires: expired, Deadline: w.due(application.Signature, application.Merchant)})
		time.Sleep(time.Minute)
		anew := w.due(application.Contract, application.Platform)
		w.happens("1", application.ContractLapsed{Header: w.head(application.RoleSystem), SHA256: digest, Expired: expired, Deadline: anew})
		time.Sleep(time.Minute)
		stop()
		if len(w.box.got) != 3 {
			t.Fatalf("mails: %v", w.box.subjects())
		}
		m := w.box.got[2]
		if m.To != w.who.Email.Clear() || !strings.Contains(m.Subject, "The time to sign has run out") {
			t.Errorf("%q to %s", m.Subject, m.To)
		}
		for _, want := range []string{until(expired, m.Lang), until(anew.Due, m.Lang), "/applications/1"} {
			if !strings.Contains(m.Text, want) || !strings.Contains(m.HTML, want) {
				t.Errorf("%q is not in:\n%s", want, m.Text)
			}
		}
	})
}

func TestARestrictionAndItsLiftingAreConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.who.Status = account.StatusActive
		w.submits("1")
		_, stop := w.runs()
		time.Sleep(time.Minute)
		h := w.head(application.RoleMerchant)
		back := h.At.AddDate(0, 0, application.BackDays)
		w.happens("1", application.Restricted{Header: h, Until: h.At.AddDate(10, 0, 0), Back: back})
		time.Sleep(time.Minute)
		w.happens("1", application.RestrictionLifted{Header: w.head(application.RoleMerchant)})
		time.Sleep(time.Minute)
		stop()
		if len(w.box.got) != 3 {
			t.Fatalf("mails: %v", w.box.subjects())
		}
		restricted, lifted := w.box.got[1], w.box.got[2]
		if restricted.To != w.who.Email.Clear() || lifted.To != w.who.Email.Clear() {
			t.Errorf("written to %s and %s", restricted.To, lifted.To)
		}
		for _, want := range []string{moment(back, restricted.Lang), "/applications/1/restriction"} {
			if !strings.Contains(restricted.Text, want) || !strings.Contains(restricted.HTML, want) {
				t.Errorf("%q is not in:\n%s", want, restricted.Text)
			}
		}
		if !strings.Contains(lifted.Text, "/applications/1") || strings.Contains(lifted.Text, "/restriction") {
			t.Errorf("where it goes on: %s", lifted.Text)
		}
	})
}

func TestASigningCodeGoesOutAtOnceAndIsNotInTheLog(t *testing.T) {
	w := newWorld(t)
	w.opens("1")
	before := len(w.All(""))
	m := w.mailer(&w.box)
	if err := m.SigningCode(t.Context(), "1", "chen@example.cn", "es", "482913", time.Now().Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := w.box.got[0]; !strings.Contains(got.Text, "482913") || !strings.Contains(got.HTML, "482913") || strings.Contains(got.Subject, "482913") || got.Lang != lang.Spanish {
		t.Errorf("got %q", got.Subject)
	}
	if len(w.All("")) != before {
		t.Error("something about the code is in the log")
	}
	w.box.answer = func(Message, int) error { return &SendError{Outcome: Unreachable, Phase: "connect"} }
	var s *SendError
	if err := m.SigningCode(t.Context(), "1", "chen@example.cn", "es", "482913", time.Now()); !errors.As(err, &s) || strings.Contains(err.Error(), "482913") {
		t.Errorf("got %v", err)
	}
}

// TestEveryLetterIsCompleteInEveryLanguage renders everything; with ALTA_LETTERS
// it leaves the pages in that directory, for people to look at.
func TestEveryLetterIsCompleteInEveryLanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, l := range lang.All() {
			w := newWorld(t)
			w.who.Language = l
			_, stop := w.runs()
			synctest.Wait()
			w.links(account.Activation)
			w.tells("1")
			w.links(account.Reset)
			for name, e := range map[string]application.Event{
				"2": application.Withdrawn{Header: w.head(application.RoleMerchant), From: application.Qualification},
				"3": application.DeclineConfirmed{Header: w.head(application.RoleLead)},
				"4": application.Expired{Header: w.head(application.RoleSystem)},
			} {
				w.submits(name)
				if name == "3" {
					w.happens(name, application.DeclineProposed{Header: w.head(application.RoleReviewer), Note: "您经营的商品不在我们可以受理的范围内。", Internal: "sanctions"})
				}
				w.happens(name, e)
			}
			time.Sleep(time.Minute)
			stop()
			_ = w.mailer(&w.box).SigningCode(t.Context(), "1", "chen@example.cn", string(l), "482913", time.Now().Add(10*time.Minute))
			if len(w.box.got) != 19 {
				t.Errorf("%s: %d letters", l, len(w.box.got))
			}
			for i, m := range w.box.got {
				for _, s := range []string{m.Subject, m.Text, m.HTML} {
					if s == "" || strings.Contains(s, "{") && s != m.HTML || strings.Contains(s, "<no value>") || strings.Contains(s, "sanctions") {
						t.Errorf("%s %q has a gap:\n%s", l, m.Subject, m.Text)
					}
				}
				if dir := os.Getenv("ALTA_LETTERS"); dir != "" {
					if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%02d.html", l, i)), []byte(m.HTML), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	})
}

func TestEveryTemplateHasWordsInEveryLanguage(t *testing.T) {
	for _, name := range Templates() {
		w, ok := wordings[name]
		if !ok {
			t.Errorf("%s has no words", name)
			continue
		}
		texts := append(append([]text{w.subject, w.heading}, w.body...), w.after...)
		if w.action != (text{}) {
			texts = append(texts, w.action)
		}
		for _, s := range texts {
			if !lang.Text(s).Complete() {
				t.Errorf("%s lacks a language: %v", name, s)
			}
		}
	}
}
