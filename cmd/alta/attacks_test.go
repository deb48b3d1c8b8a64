package main

import (
	"net/http"
	"testing"
	"time"

	"alta/decider"
	"alta/simulate/drive"
)

func registration(email, key, from string) request {
	return request{method: http.MethodPost, path: "/v1/registrations",
		header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": key, "X-Forwarded-For": from},
		body:   []byte(`{"email":"` + email + `","kind":"individual","products":["wechat"],"site":"web","language":"en"}`)}
}

// Behind a proxy all people would share one address and its limits, unless the
// proxy is believed; without one, nobody chooses an address.
func TestLimitsCountTheAddressesOfPeopleBehindATrustedProxy(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		c := demoConfig(t)
		c.TrustProxy, c.MaxRegistrations, c.LimitFactor = trusted, 1, 1
		w := start(t, c)
		for i, x := range []struct {
			from            string
			behind, without int
		}{{"203.0.113.1", 202, 202}, {"203.0.113.2", 202, 429}, {"203.0.113.1", 429, 429}} {
			want := x.without
			if trusted {
				want = x.behind
			}
			key := decider.NewID().String()
			if a := w.send(t, nil, registration(key+"@example.com", key, x.from)); a.status != want {
				t.Errorf("proxy trusted %v, request %d: %d, want %d", trusted, i, a.status, want)
			}
		}
	}
}

// A key that was used for one address is not used for another: its owner would be
// kept out.
func TestARegistrationSentAgainForAnotherAddressTakesNothing(t *testing.T) {
	w := start(t, demoConfig(t))
	key := decider.NewID().String()
	for _, x := range []struct {
		email, key string
		status     int
	}{
		{"mallory@example.com", key, 202},
		{"victim@example.com", key, 422},
		{"victim@example.com", decider.NewID().String(), 202},
		{"mallory@example.com", key, 202},
	} {
		if a := w.send(t, nil, registration(x.email, x.key, "")); a.status != x.status {
			t.Errorf("%s: %d %s, want %d", x.email, a.status, a.Code, x.status)
		}
	}
	var rows struct{ Rows []struct{ ID string } }
	lead := w.as(t, "lead")
	if _, err := lead.Get(t.Context(), "/v1/applications?limit=200", &rows); err != nil || len(rows.Rows) != 2 {
		t.Errorf("%d applications, want one for each address (%v)", len(rows.Rows), err)
	}
}

// A member that stands twice in a body would be validated once and decoded twice:
// such a body is refused, and nothing of it is kept.
func TestAMemberThatStandsTwiceIsRefused(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	draft := w.merchant(t, d, drive.Wish{Seed: 21, To: drive.Draft, Via: drive.Self})
	path := "/v1/applications/" + draft.ID
	a := w.send(t, draft.Self, request{method: http.MethodPut, path: path + "/details", header: map[string]string{"Content-Type": "application/json"},
		body: []byte(`{"values":{"contact.address":"Unread Road 1, Nowhere"},"values":{"contact.name":"Ann"}}`)})
	var form struct {
		Items []struct{ Key, Value string }
	}
	if _, err := draft.Self.Get(t.Context(), path+"/form", &form); err != nil || a.status != http.StatusBadRequest || a.Code != "duplicate-member" {
		t.Fatalf("%d %s, %v", a.status, a.Code, err)
	}
	for _, i := range form.Items {
		if i.Value == "Ann" || i.Value == "Unread Road 1, Nowhere" {
			t.Errorf("%s is %q", i.Key, i.Value)
		}
	}
}

// How long a registration takes must not tell whether the address was known: a
// taken one, with next to nothing to do, is not answered sooner than the others.
func TestARegistrationOfATakenAddressIsAnsweredNoSooner(t *testing.T) {
	w := start(t, demoConfig(t))
	for _, email := range []string{"fresh@example.com", "fresh@example.com", "lead@demo.alta.example"} {
		begun := time.Now()
		a := w.send(t, nil, registration(email, decider.NewID().String(), ""))
		if took := time.Since(begun); a.status != http.StatusAccepted || took < 100*time.Millisecond {
			t.Errorf("%s: %d after %v", email, a.status, took)
		}
	}
}
