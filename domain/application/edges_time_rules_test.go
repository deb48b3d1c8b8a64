package application

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"alta/domain/calendar"
	"alta/domain/item"
	"alta/domain/policy"
)

// another is the calendar after an import that gives one more day off, Tuesday
// 3 March 2026.
func another(t testing.TB) Rules {
	t.Helper()
	y, _ := rules.Calendar.Table(2026)
	b := `{"version":"test-2","years":[{"year":2026,"off":["` + strings.Join(append(y.Off, "2026-03-03"), `","`) + `"],"work":["` + strings.Join(y.Work, `","`) + `"]}]}`
	c, err := rules.Calendar.Import([]byte(b))
	if err != nil {
		t.Fatal(err)
	}
	return Rules{Policies: rules.Policies, Calendar: c}
}

// The edges of deadlines.
func TestTheEdgesOfDeadlines(t *testing.T) {
	returned := func(t testing.TB) *story { return individual(t).returned() }
	at := func(from func(testing.TB) *story, moment func(*story) time.Time) func(testing.TB) *story {
		return func(t testing.TB) *story {
			w := from(t)
			w.at = moment(w)
			return w
		}
	}
	due := func(more time.Duration) func(*story) time.Time {
		return func(w *story) time.Time { return w.s.Deadline.Due.Add(more) }
	}
	breaching := func(id string) func(*story) command {
		return func(w *story) command {
			c := BreachDeadline{Deadline: id, By: robot, At: w.now()}
			if id == "" {
				c.Deadline = w.s.Deadline.ID
			}
			return c
		}
	}
	warning := func(mark string) func(*story) command {
		return func(w *story) command {
			return WarnDeadline{Deadline: w.s.Deadline.ID, Mark: mark, By: robot, At: w.now()}
		}
	}
	extending := func(by Actor, until func(*story) time.Time) func(*story) command {
		return func(w *story) command {
			return ExtendDeadline{Deadline: w.s.Deadline.ID, Due: until(w), Why: "asked", Rules: rules, By: by, At: w.now()}
		}
	}
	inTwoYears := func(w *story) time.Time { return w.s.moment(w.now()).AddDate(2, 0, 0) }
	expiring := func(w *story) command { return Expire{Rules: rules, By: robot, At: w.now()} }
	silence := func(more time.Duration) func(*story) time.Time {
		return func(w *story) time.Time { return must(w.s.ExpiresAt(rules)).Add(more) }
	}
	whole := func(stage Stage, term func(policy.Terms) policy.Term) func(*testing.T, State, Event) {
		return func(t *testing.T, s State, e Event) {
			is(t, s.Stage, stage)
			fresh, err := State{}.platform(rules, must(s.policy(rules, e.Head().At)), stage, e.Head().At, term(must(s.policy(rules, e.Head().At)).Terms))
			is(t, err, nil)
			is(t, s.Deadline.Due, fresh.Due)
		}
	}
	siteLate := func(t testing.TB) *story { // returned from the site's stage a minute before its deadline, for what undoes the qualification
		w := individual(t).filed()
		w.do(w.site("secret"))
		w.at = w.s.Deadline.Due.Add(-4 * time.Minute)
		w.claim(lena).raise(lena, unclearFront).accept(lena).giveBack(lena)
		return w.upload(item.IDCardFront, "again")
	}
	siteAwaited := func(t testing.TB) *story { // returned from the site's stage before the site was declared
		w := individual(t).filed().claim(anna).raise(anna, RaiseReason{Code: "R12", Sub: "terms-missing", Target: item.SiteTerms})
		return w.giveBack(anna).do(sayingOf(item.SiteTerms, "they are at /terms")(w))
	}
	overdue := func(t testing.TB) *story {
		w := submitted(t)
		w.at = w.s.Deadline.Due
		return w.claim(anna).raise(anna, unclearFront).accept(anna)
	}
	following := func(by Actor, old calendar.Calendar) func(*story) command {
		return func(w *story) command {
			return FollowCalendar{Old: old, Rules: another(t), By: by, At: w.now()}
		}
	}
	follow := following(robot, rules.Calendar)
	kept := func(id string) func(*testing.T, State, Event) {
		return func(t *testing.T, s State, _ Event) { is(t, s.Deadline.Calendar, id) }
	}
	rulebook(t, map[string]rule{
		"at its end a deadline is breached": {given: at(submitted, due(0)), when: breaching(""), then: "deadline-breached"},
		"and not a moment before":           {given: at(submitted, due(-time.Millisecond)), when: breaching(""), then: ""},
		"nor another one":                   {given: at(submitted, due(time.Hour)), when: breaching("qualification-0"), then: ""},
		"a draft has none":                  {given: individual, when: breaching("draft-0"), then: ""},
		"at its mark it is warned of":       {given: at(submitted, func(w *story) time.Time { return w.s.Deadline.Warn }), when: warning("warn"), then: "deadline-warned"},
		"and not before":                    {given: at(submitted, func(w *story) time.Time { return w.s.Deadline.Warn.Add(-time.Millisecond) }), when: warning("warn"), then: ""},
		"once":                              {given: then(at(submitted, due(0)), warning("warn")), when: warning("warn"), then: ""},
		"a mark that it does not have":      {given: at(submitted, due(0)), when: warning("7d"), then: ""},
		"of another deadline nobody is warned": {given: at(submitted, due(0)), when: func(w *story) command {
			return WarnDeadline{Deadline: "qualification-0", Mark: "warn", By: robot, At: w.now()}
		}, then: ""},
		"nor of what has ended": {given: func(t testing.TB) *story {
			w := at(submitted, due(0))(t)
			return after(func(testing.TB) *story { return w }, func(w *story) Event { return Restricted{Header: w.s.head(merchant, w.now())} })(t)
		}, when: warning("warn"), then: ""},
		"a draft's is not extended": {given: individual, when: func(w *story) command {
			return ExtendDeadline{Deadline: "draft-0", Due: w.now().Add(day), Why: "asked", Rules: rules, By: lena, At: w.now()}
		}, err: ErrDeadlineGone},
		"nor another than the present one": {given: submitted, when: func(w *story) command {
			return ExtendDeadline{Deadline: "qualification-0", Due: w.now().Add(9 * day), Why: "asked", Rules: rules, By: lena, At: w.now()}
		}, err: ErrDeadlineGone},
		"extending says why": {given: submitted, when: func(w *story) command {
			return ExtendDeadline{Deadline: w.s.Deadline.ID, Due: w.now().Add(9 * day), Rules: rules, By: lena, At: w.now()}
		}, err: ErrRequired},
		"to when it ends anyhow is nothing": {given: submitted, when: extending(lena, due(0)), then: ""},
		"by exactly two years":              {given: submitted, when: extending(lena, inTwoYears), then: "deadline-extended"},
		"the platform may shorten it":       {given: submitted, when: extending(robot, due(-time.Hour)), then: "deadline-extended"},
		"but not to this very moment":       {given: submitted, when: extending(robot, func(w *story) time.Time { return w.s.moment(w.now()) }), err: ErrDeadlineTime},
		"a longer one counts from its beginning": {given: submitted, when: extending(lena, due(day)), then: "deadline-extended", also: func(t *testing.T, s State, e Event) {
			is(t, s.Deadline.Started.Before(e.Head().At), true)
			is(t, s.Deadline.Holder, Platform)
		}},
		"the merchant's longer one reminds anew": {given: returned, when: extending(lena, due(20*day)), then: "deadline-extended", also: func(t *testing.T, s State, _ Event) {
			is(t, len(s.Deadline.Reminds), 3)
			is(t, s.Deadline.Holder, Merchant)
			is(t, s.Deadline.Warn, s.Deadline.Reminds[0])
		}},
		"the merchant's that ends at once has no reminder": {given: at(returned, due(-time.Hour)), when: extending(lena, due(time.Hour)), then: "deadline-extended", also: func(t *testing.T, s State, _ Event) {
			is(t, len(s.Deadline.Reminds), 0)
			is(t, s.Deadline.Warn, s.Deadline.Due)
		}},
		"an offer whose deadline is longer stands longer":   {given: func(t testing.TB) *story { return individual(t).offered() }, when: extending(lena, due(day)), then: "deadline-extended", also: func(t *testing.T, s State, _ Event) { is(t, s.Offer.Expires, s.Deadline.Due) }},
		"one whose deadline the platform shortens does not": {given: func(t testing.TB) *story { return individual(t).offered() }, when: extending(robot, due(-day)), then: "deadline-extended", also: func(t *testing.T, s State, _ Event) { is(t, s.Offer.Expires, s.Deadline.Due.Add(day)) }},
		"what was due has no time left when it is returned": {given: overdue, when: returning(anna), then: "returned", also: func(t *testing.T, s State, _ Event) { is(t, s.Paused, 0) }},
		"nor has what was the merchant's": {given: func(t testing.TB) *story {
			return individual(t).filed().claim(anna).raise(anna, RaiseReason{Code: "R12", Sub: "terms-missing", Target: item.SiteTerms})
		}, when: returning(anna), then: "returned", also: func(t *testing.T, s State, _ Event) { is(t, s.Paused, 0) }},
		"nor where no deadline ran": {given: func(t testing.TB) *story {
			ready := func(t testing.TB) *story { return claimed(t).raise(anna, unclearFront).accept(anna) }
			return after(ready, func(w *story) Event { return QualificationRefused{Header: w.s.head(lena, w.now())} })(t).claim(anna)
		}, when: returning(anna), then: "returned", also: func(t *testing.T, s State, _ Event) { is(t, s.Paused, 0) }},
		"what undoes an earlier stage gives it its whole term": {given: siteLate, when: submitting, then: "resubmitted", also: whole(Qualification, func(t policy.Terms) policy.Term { return t.Qualification })},
		"a site that is still awaited is the merchant's": {given: siteAwaited, when: submitting, then: "resubmitted", also: func(t *testing.T, s State, _ Event) {
			is(t, s.Stage, Website)
			is(t, s.Deadline.Holder, Merchant)
		}},
		"the rest of a deadline resumes where it is longer than a day": {given: func(t testing.TB) *story { return returned(t).upload(item.IDCardFront, "again") }, when: submitting, then: "resubmitted", also: func(t *testing.T, s State, e Event) {
			left := must(rules.Calendar.Between(e.Head().At, s.Deadline.Due))
			is(t, left.Time, s.Paused)
			is(t, left.Time > 9*time.Hour, true)
		}},
		"at the end of the silence it expires": {given: at(returned, silence(0)), when: expiring, then: "expired"},
		"not a moment before that":             {given: at(returned, silence(-time.Millisecond)), when: expiring, then: ""},
		"what has ended does not expire":       {given: func(t testing.TB) *story { return individual(t).active().wait(300 * day) }, when: expiring, then: ""},
		"nor does a restricted draft": {given: func(t testing.TB) *story {
			w := individual(t)
			return w.do(Restrict{Why: "erasure", Rules: rules, By: merchant, At: w.now()}).wait(300 * day)
		}, when: expiring, then: ""},
		"a merchant who never signs expires, too": {given: func(t testing.TB) *story { return individual(t).offered().wait(300 * day) }, when: expiring, then: "expired"},

		"a new day off moves a running deadline": {given: submitted, when: follow, then: "deadline-extended", also: func(t *testing.T, s State, _ Event) {
			is(t, s.Deadline.Due, submitted(t).s.Deadline.Due.Add(day))
			is(t, s.Deadline.Calendar, "test-2")
		}},
		"a person does not move it":                       {given: submitted, when: following(lena, rules.Calendar), err: ErrSystemOnly},
		"nor does another calendar than it was made with": {given: submitted, when: following(robot, calendar.BuiltIn()[0]), then: ""},
		"what follows the new calendar already stays":     {given: then(submitted, follow), when: follow, then: ""},
		"a draft has nothing to move":                     {given: individual, when: follow, then: ""},
		"the merchant's days stay":                        {given: returned, when: follow, then: ""},
		"what has ended stays":                            {given: func(t testing.TB) *story { return individual(t).active() }, when: follow, then: ""},
		"a breached one stays":                            {given: then(at(submitted, due(0)), breaching("")), when: follow, then: ""},
		"an import makes nobody late, and nobody timely":  {given: at(submitted, due(0)), when: follow, then: ""},
		"a Saturday that a lead chose stays":              {given: then(submitted, extending(lena, func(*story) time.Time { return when("2026-03-07T02:00:00Z") })), when: follow, then: ""},
		"one that she chose on a weekend stays, too": {given: then(func(t testing.TB) *story {
			w := individual(t).filled()
			w.at = when("2026-03-06T12:00:00Z") // Friday evening
			return w.submit()
		}, extending(lena, func(*story) time.Time { return when("2026-03-14T02:00:00Z") })), when: follow, then: ""},
		"an hour that a lead chose moves": {given: then(submitted, extending(lena, func(*story) time.Time { return when("2026-03-06T06:30:00Z") })), when: follow, then: "deadline-extended", also: kept("test-2")},
		"what the day off does not touch stays": {given: func(t testing.TB) *story {
			w := individual(t).filled()
			w.at = when("2026-03-04T02:00:00Z")
			return w.submit()
		}, when: follow, then: ""},
	})
	// The daytime after the silence, since a mail goes out.
	night := func(t testing.TB) *story { return returned(t) }(t)
	until := must(night.s.ExpiresAt(rules))
	is(t, must(night.s.ExpiryDue(rules)), rules.Calendar.Daytime(until, 9*time.Hour, 20*time.Hour, until.Add(day)))
	is(t, must(night.s.ExpiryDue(rules)).After(until), true)
	is(t, must(submitted(t).s.ExpiryDue(rules)).IsZero(), true)
	is(t, must(individual(t).active().s.ExpiresAt(rules)).IsZero(), true)
	if _, err := returned(t).s.ExpiryDue(Rules{Calendar: rules.Calendar}); err == nil {
		t.Error("without its policy nobody knows when an application expires")
	}
}

// Where an event takes an application is told by Enters as Evolve does it.
func TestWhereAnEventTakesAnApplication(t *testing.T) {
	again := func() *story {
		w := individual(t).sited().claim(anna)
		return w.record(w.evidence()).verify(anna)
	}
	for _, w := range append(lives(t), again()) {
		s := State{}
		for _, e := range w.events {
			after := Evolve(s, e)
			to, d, moves := Enters(s.Stage, e)
			if to != after.Stage || moves && !reflect.DeepEqual(d, after.Deadline) || !moves && to != s.Stage {
				t.Fatalf("%s takes it from %s to %s, and Enters says %s, %v", Name(e), s.Stage, after.Stage, to, moves)
			}
			if v, ok := e.(ICPVerified); ok && moves != (v.Next != s.Stage) {
				t.Errorf("looked up again at %s it moves to %s: %v", s.Stage, v.Next, moves)
			}
			s = after
		}
	}
}
