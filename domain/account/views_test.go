package account_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"alta/domain/account"
)

func saved(id string, shared bool) account.ViewSaved {
	return account.ViewSaved{View: id, Name: "Spanish", Queue: "qualification", Filters: map[string]string{"language": "es"}, Shared: shared, By: ann, At: day}
}

func saving(e account.ViewSaved, by string, lead bool) account.SaveView {
	return account.SaveView{View: e.View, Name: e.Name, Queue: e.Queue, Filters: e.Filters, Shared: e.Shared, By: by, Lead: lead, At: day}
}

func views(n, shared int) events {
	var out events
	for i := range n {
		out = append(out, saved(fmt.Sprintf("v%d", i), i < shared))
	}
	return out
}

func TestWhoKeepsWhichViews(t *testing.T) {
	with := func(change func(*account.ViewSaved)) account.ViewSaved {
		e := saved("v", false)
		change(&e)
		return e
	}
	byAdmin := func(e account.ViewSaved) account.ViewSaved { e.By = admin; return e }
	for name, c := range map[string]struct {
		given events
		when  command
		then  events
		err   error
	}{
		"staff save a view":                       {given: active(account.Reviewer), when: saving(saved("v", false), ann, false), then: events{saved("v", false)}},
		"saving the same twice is saving it once": {given: active(account.Reviewer, saved("v", false)), when: saving(saved("v", false), ann, false)},
		"its owner shares it":                     {given: active(account.Reviewer, saved("v", false)), when: saving(saved("v", true), ann, false), then: events{saved("v", true)}},
		"a lead changes a shared view":            {given: active(account.Reviewer, saved("v", true)), when: saving(with(func(e *account.ViewSaved) { e.Name, e.Shared = "Other", true }), admin, true), then: events{byAdmin(with(func(e *account.ViewSaved) { e.Name, e.Shared = "Other", true }))}},
		"a lead does not change a private view":   {given: active(account.Reviewer, saved("v", false)), when: saving(with(func(e *account.ViewSaved) { e.Name = "Other" }), admin, true), err: account.ErrViewOwner},
		"a colleague changes no shared view":      {given: active(account.Reviewer, saved("v", true)), when: saving(with(func(e *account.ViewSaved) { e.Name = "Other" }), admin, false), err: account.ErrViewOwner},
		"merchants keep no views":                 {given: active(account.Merchant), when: saving(saved("v", false), ann, false), err: account.ErrNotStaff},
		"a view has a name":                       {given: active(account.Reviewer), when: saving(with(func(e *account.ViewSaved) { e.Name = " " }), ann, false), err: account.ErrText},
		"a view's name is short":                  {given: active(account.Reviewer), when: saving(with(func(e *account.ViewSaved) { e.Name = strings.Repeat("长", 61) }), ann, false), err: account.ErrText},
		"a filter is a word and a short value":    {given: active(account.Reviewer), when: saving(with(func(e *account.ViewSaved) { e.Filters = map[string]string{"language": strings.Repeat("x", 65)} }), ann, false), err: account.ErrView},
		"the fifty-first view is refused":         {given: active(account.Reviewer, views(account.MaxViews, 0)...), when: saving(saved("v", false), ann, false), err: account.ErrTooManyViews},
		"a full shelf can still be changed":       {given: active(account.Reviewer, views(account.MaxViews, 0)...), when: saving(with(func(e *account.ViewSaved) { e.View, e.Name = "v1", "New" }), ann, false), then: events{with(func(e *account.ViewSaved) { e.View, e.Name = "v1", "New" })}},
		"the twenty-first shared one is refused":  {given: active(account.Reviewer, views(account.MaxSharedViews, account.MaxSharedViews)...), when: saving(saved("v", true), ann, false), err: account.ErrTooManyViews},
		"its owner removes it":                    {given: active(account.Reviewer, saved("v", false)), when: account.RemoveView{View: "v", By: ann, At: day}, then: events{account.ViewRemoved{View: "v", By: ann, At: day}}},
		"what is not there is removed already":    {given: active(account.Reviewer), when: account.RemoveView{View: "v", By: ann, At: day}},
		"a lead removes a shared view":            {given: active(account.Reviewer, saved("v", true)), when: account.RemoveView{View: "v", By: admin, Lead: true, At: day}, then: events{account.ViewRemoved{View: "v", By: admin, At: day}}},
		"a lead removes no private view":          {given: active(account.Reviewer, saved("v", false)), when: account.RemoveView{View: "v", By: admin, Lead: true, At: day}, err: account.ErrViewOwner},
	} {
		t.Run(name, func(t *testing.T) {
			before := fold(c.given)
			got, err := c.when.Decide(before)
			if !errors.Is(err, c.err) || !reflect.DeepEqual(events(got), c.then) && len(got)+len(c.then) > 0 {
				t.Fatalf("%v, %v; want %v, %v", got, err, c.then, c.err)
			}
		})
	}
}

func TestAViewIsChangedInItsPlaceAndRemoved(t *testing.T) {
	s := fold(active(account.Reviewer, saved("a", false), saved("b", false), saved("a", true), account.ViewRemoved{View: "b", By: ann, At: at(time.Hour)}))
	if len(s.Views) != 1 || s.Views[0].ID != "a" || !s.Views[0].Shared {
		t.Errorf("%+v", s.Views)
	}
}
