package mail

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// serverEvents are the stored names of the mail server's states, in their order.
func (w *world) serverEvents() string {
	var names []string
	for _, r := range w.All(ServerStream) {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(r.Type, "mail.server-"), ".v1"))
	}
	return strings.Join(names, " ")
}

func (w *world) problems(t *testing.T) []Problem {
	t.Helper()
	got, err := Undelivered(t.Context(), w, "merchant-1")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// stateOf is what a mailer knows of the server; the zero state where it knows nothing.
func stateOf(m *Mailer) ServerState {
	s, _ := m.Server()
	return s
}

func TestHowTheMailServerIsIsNotKnownBeforeItWasReadOrSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		if s, known := w.mailer(&w.box).Server(); known {
			t.Fatalf("before the start it is said to be %+v", s)
		}
		m, stop := w.runs()
		defer stop()
		synctest.Wait()
		if s, known := m.Server(); !known || s.Condition != Works {
			t.Fatalf("once the log was read: %+v, %v", s, known)
		}
	})
}

func TestWhileOurOwnSenderIsRefusedNobodysMailIsGivenUpAndPeopleAreTold(t *testing.T) {
	for _, phase := range []string{"auth", "mail", "rcpt"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			repaired := time.Now().Add(30 * time.Hour)
			w.box.answer = func(Message, int) error {
				if time.Now().Before(repaired) {
					return &SendError{Outcome: Misconfigured, Code: 550, Status: "5.1.8", Phase: phase}
				}
				return nil
			}
			m, stop := w.runs()
			for _, n := range []string{"1", "2", "3"} {
				w.submits(n)
			}
			time.Sleep(2 * time.Minute)
			s := stateOf(m)
			if s.Condition != Refuses || s.Code != 550 || s.Phase != phase || m.Stats().Failed != 0 || m.Stats().Backlog != 3 {
				t.Errorf("%s: %+v; %+v", phase, s, m.Stats())
			}
			if text := s.Error(); !strings.Contains(text, "takes no mail from us") || !strings.Contains(text, "550 5.1.8") {
				t.Errorf("it says %q", text)
			}
			stop()
			m, stop = w.runs() // the state is known again after a restart
			time.Sleep(2 * time.Minute)
			if read, err := ReadServer(t.Context(), w); err != nil || read.Condition != Refuses || !read.Since.Equal(s.Since) {
				t.Errorf("%s: the log says %+v, %v", phase, read, err)
			}
			time.Sleep(48 * time.Hour)
			stop()
			if got := w.box.subjects(); len(got) != 3 || stateOf(m).Condition != Works {
				t.Errorf("%s: after the repair %v arrived; %+v", phase, got, stateOf(m))
			}
			if got := w.serverEvents(); got != "refuses works" {
				t.Errorf("%s: the log holds %q", phase, got)
			}
			if w.box.tries > 1500 {
				t.Errorf("%s: the server was asked %d times", phase, w.box.tries)
			}
		})
	}
}

func TestARefusalThatOnlyOneMailGetsIsThatMails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.box.answer = func(m Message, _ int) error {
			if strings.Contains(m.Subject, "0121") {
				return &SendError{Outcome: Misconfigured, Code: 550, Phase: "rcpt"}
			}
			return nil
		}
		m, stop := w.runs()
		w.submits("1")
		time.Sleep(30 * time.Second)
		if stateOf(m).Condition != Refuses || m.Stats().Failed != 0 {
			t.Errorf("alone: %+v; %+v", stateOf(m), m.Stats())
		}
		w.submits("2")
		time.Sleep(30 * time.Second)
		stop()
		if stateOf(m).Condition != Works || m.Stats().Failed != 1 || len(w.box.subjects()) != 1 {
			t.Errorf("with another one taken: %+v; %+v", stateOf(m), m.Stats())
		}
	})
}

func TestADoubtfulRefusalIsOursUntilTheServerTakesAMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.box.answer = func(m Message, _ int) error {
			if !strings.Contains(m.Subject, "0122") {
				return &SendError{Outcome: Misconfigured, Code: 554, Status: "5.7.1", Phase: "rcpt", doubtful: true}
			}
			return nil
		}
		m, stop := w.runs()
		w.submits("1")
		time.Sleep(30 * time.Second)
		if stateOf(m).Condition != Refuses || m.Stats().Failed != 0 {
			t.Errorf("alone: %+v; %+v", stateOf(m), m.Stats())
		}
		w.submits("2") // is taken, so the first one is judged
		time.Sleep(30 * time.Second)
		w.submits("3") // is judged at once
		time.Sleep(30 * time.Second)
		stop()
		if stateOf(m).Condition != Works || m.Stats().Failed != 2 || m.Stats().Backlog != 0 {
			t.Errorf("with another one taken: %+v; %+v", stateOf(m), m.Stats())
		}
	})
}

func TestAServerThatIsAwayForLongIsRecordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		up := time.Now().Add(time.Minute)
		w.box.answer = func(Message, int) error {
			if time.Now().Before(up) {
				return &SendError{Outcome: Unreachable, Phase: "connect"}
			}
			return nil
		}
		m, stop := w.runs()
		defer func() { stop() }()
		w.submits("1")
		time.Sleep(10 * time.Minute)
		if got := w.serverEvents(); got != "" || m.Stats().Sent != 1 {
			t.Errorf("a restart of the server is recorded: %q; %+v", got, m.Stats())
		}
		up = time.Now().Add(3 * time.Hour)
		w.submits("2")
		time.Sleep(2 * time.Hour)
		if s := stateOf(m); s.Condition != Away || w.serverEvents() != "away" || time.Since(m.Stats().Oldest) < time.Hour {
			t.Errorf("after two hours: %+v, %q; %+v", s, w.serverEvents(), m.Stats())
		}
		time.Sleep(2 * time.Hour)
		if got := w.serverEvents(); got != "away works" || !m.Stats().Oldest.IsZero() {
			t.Errorf("in the end: %q; %+v", got, m.Stats())
		}
	})
}

func TestAMailThatNeverArrivesIsToldAboutUntilALaterOneDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.box.answer = func(m Message, _ int) error {
			if strings.Contains(m.Subject, "0121") {
				return &SendError{Outcome: Rejected, Code: 550, Status: "5.1.1", Phase: "rcpt"}
			}
			return nil
		}
		_, stop := w.runs()
		defer func() { stop() }()
		w.submits("1")
		time.Sleep(time.Minute)
		got := w.problems(t)
		if len(got) != 1 || got[0].Delayed || got[0].Failure != FailedRejected || got[0].Status != "5.1.1" || got[0].Application != "1" || got[0].Template != Submitted {
			t.Fatalf("people are told %+v", got)
		}
		w.submits("2")
		time.Sleep(time.Minute)
		if got := w.problems(t); len(got) != 0 {
			t.Errorf("the address was reached, and still %+v", got)
		}
		for _, r := range w.All(UndeliveredStream("merchant-1")) {
			if strings.Contains(string(r.Data), "chen@") {
				t.Errorf("an address is in %s", r.Data)
			}
		}
	})
}

func TestAMailThatIsDeferredForLongIsToldAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		until := time.Now().Add(3 * time.Hour)
		w.box.answer = func(Message, int) error {
			if time.Now().Before(until) {
				return &SendError{Outcome: Deferred, Code: 451, Status: "4.7.1", Phase: "rcpt"}
			}
			return nil
		}
		_, stop := w.runs()
		defer func() { stop() }()
		w.submits("1")
		time.Sleep(15 * time.Minute)
		if got := w.problems(t); len(got) != 0 {
			t.Errorf("greylisting is told about at once: %+v", got)
		}
		time.Sleep(2 * time.Hour)
		if got := w.problems(t); len(got) != 1 || !got[0].Delayed || got[0].Code != 451 {
			t.Errorf("after two hours: %+v", got)
		}
		time.Sleep(4 * time.Hour)
		if got := w.problems(t); len(got) != 0 {
			t.Errorf("it arrived, and still %+v", got)
		}
	})
}
