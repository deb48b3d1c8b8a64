package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/access"
	"alta/domain/account"
	"alta/domain/application"
	"alta/eventstore"
)

// Looks bound how much personal data one person of the staff opens in an hour:
// values that are unmasked and images, of whatever application. A number that is
// 0 bounds nothing.
type Looks struct {
	Most    int // all looks
	Outside int // looks at what the person does not hold
	// Alarm is from how much of either bound on leads and auditors are told, in
	// percent.
	Alarm int
}

// DefaultLooks suit a reviewer who compares every paper of some forty
// applications in an hour, and is asked about few others.
func DefaultLooks() Looks { return Looks{Most: 1200, Outside: 40, Alarm: 50} }

// mayUnmask says whether the caller may see a personal value, or an image, of the
// call's application. Who holds the claim may, and who judges the sample. Anybody
// else of the staff states a reason of substance and proves to be present. A draft is
// nobody's business until it is handed in.
// Merchants and agents see their own.
func (s *Server) mayUnmask(c *call, why string) error {
	if c.outsider() {
		return nil
	}
	if c.state.Stage == application.Draft {
		return problem(http.StatusConflict, "draft-masked", "It is a draft: nobody sees its values before it is handed in.")
	}
	holds := c.judges || c.state.Claim.By.ID == c.who.Account && c.state.Claim.Live(c.now())
	if !holds {
		if why == "" {
			return problem(http.StatusUnprocessableEntity, "why-required", "You do not hold this application: say why you open it.").
				at(whyAt(c), "required", "must be given")
		}
		if !substantial(why) {
			return problem(http.StatusUnprocessableEntity, "why-substance", "Say in words why you open it; it is read by leads and auditors.").
				at(whyAt(c), "why-substance", "must say something: at least ten characters, and four different letters")
		}
		if err := c.present(account.StepUpUnmask); err != nil {
			return err
		}
	}
	return s.countLook(c, !holds)
}

func whyAt(c *call) string {
	if c.op.Method == http.MethodGet {
		return "query why"
	}
	return "/why"
}

// substantial reports whether a reason can say anything: ten characters, where
// those of Chinese count double, and four different letters.
func substantial(why string) bool {
	why = strings.TrimSpace(why)
	size, letters := utf8.RuneCountInString(why), []rune{}
	for _, r := range why {
		if unicode.Is(unicode.Han, r) {
			size++
		}
		if r = unicode.ToLower(r); unicode.IsLetter(r) && !slices.Contains(letters, r) {
			letters = append(letters, r)
		}
	}
	return size >= 10 && len(letters) >= 4
}

// countLook counts a look of the caller, raises the alarm once an hour where they
// are many, and refuses where they are too many.
func (s *Server) countLook(c *call, outside bool) error {
	for _, b := range []struct {
		kind string
		most int
	}{{access.AllLooks, s.Looks.Most}, {access.OutsideLooks, s.Looks.Outside}} {
		if b.most <= 0 || b.kind == access.OutsideLooks && !outside {
			continue
		}
		if s.over(c, "looks-alarm:"+b.kind+":"+c.who.Account, max(b.most*s.Looks.Alarm/100, 1), time.Hour) > 0 {
			if err := s.alarm(c, b.kind, b.most); err != nil {
				return err
			}
		}
		if wait := s.over(c, "looks:"+b.kind+":"+c.who.Account, b.most, time.Hour); wait > 0 {
			return problem(http.StatusTooManyRequests, "quota-looks", "You open more personal data than anybody needs in an hour. Leads and auditors have been told.").retry(wait + time.Second)
		}
	}
	return nil
}

func (s *Server) over(c *call, key string, n int, period time.Duration) time.Duration {
	return s.Limits.Allow(c.Request().Context(), key, auth.Limit{Rate: n, Burst: n, Period: period})
}

// alarm records that somebody opens much, once an hour for each bound. Without
// the record nothing is shown.
func (s *Server) alarm(c *call, kind string, most int) error {
	once := "alarmed:" + kind + ":" + c.who.Account
	if s.over(c, once, 1, time.Hour) > 0 {
		return nil
	}
	s.alarms.Add(1)
	s.Logger.Warn("somebody opens much personal data", "account", c.who.Account, "role", c.who.Role, "kind", kind)
	cmd := decider.Command{ID: decider.NewID(), Actor: c.who.Account, Role: string(c.who.Role), Operation: c.op.ID}
	a := access.Alarmed{By: c.actor(), At: s.Now(), Kind: kind, Most: most, Percent: s.Looks.Alarm}
	_, err := s.Accesses.Transact(c.Request().Context(), access.Alarms, cmd, nil, access.Raise(a).Decide)
	if err != nil { // the next look must not pass without the record
		s.Limits.Reset(context.WithoutCancel(c.Request().Context()), once)
	}
	return err
}

// alarmCount is how many alarms this process raised.
type alarmCount struct{ atomic.Int64 }

// LookAlarms is how many alarms this process has raised since its start.
func (s *Server) LookAlarms() int64 { return s.alarms.Load() }

// lookAlarms lists the alarms, newest first.
func (s *Server) lookAlarms(c *call) error {
	_, limit := c.page()
	out := []access.Alarmed{}
	ctx := c.Request().Context()
	st, last, err := s.Accesses.Load(ctx, access.Alarms)
	if err != nil {
		return err
	}
	if st.Looks > 0 {
		from := max(last-eventstore.Revision(limit)+1, 0)
		for r, err := range eventstore.Whole(from-1, s.Log.ReadStream(ctx, s.Accesses.Stream(access.Alarms), from, limit)) {
			if err != nil {
				return err
			}
			e, err := access.Decode(r.Type, r.Data)
			if err != nil {
				return eventstore.Unreadable(r, err)
			}
			if a, ok := e.(access.Alarmed); ok {
				out = append(out, a)
			}
		}
	}
	slices.Reverse(out)
	return c.JSON(http.StatusOK, map[string]any{"alarms": out})
}
