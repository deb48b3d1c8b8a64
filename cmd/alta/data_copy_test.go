package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"alta/domain/item"
	"alta/simulate/drive"
)

// dataCopy is the part of a copy that the tests look at.
type dataCopy struct {
	Account *struct {
		Name, Email string
		Opened      time.Time
		Sessions    []struct{ Address string }
		Devices     []struct{ Trusted time.Time }
		Mails       []struct{ Template, State string }
	}
	Applications []struct {
		ID      string
		Status  struct{ Stage string }
		Details []struct {
			Item  item.Key
			Value string
		}
		Documents []struct {
			ID, Slot, URL string
			Uploaded      *time.Time
		}
		Site *struct {
			URL      string
			TestUser string `json:"test_user"`
		}
		Consents []struct{ Consent, Version, Address string }
		Contract *struct {
			Text      string
			Signature *struct{ Name string }
		}
		History []struct {
			Type, By string
			Reasons  []struct {
				Code string
				Text struct{ What string }
			}
			Mail *struct{ Template, State string }
		}
	}
	Next string
}

// copyOf takes somebody's copy, with a fresh proof of presence.
func (w *world) copyOf(t *testing.T, who *drive.Person) (*http.Response, string, dataCopy) {
	t.Helper()
	proof, err := who.Prove(t.Context(), "copy")
	if err != nil {
		t.Fatal(err)
	}
	res, body := w.raw(t, who, http.MethodGet, "/v1/me/data", "", "Alta-Step-Up", proof, "Accept-Encoding", "gzip")
	var got dataCopy
	if res.StatusCode == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
	}
	return res, body, got
}

// A merchant gets everything that it supplied and was told; nothing of another
// merchant, no password, and nothing that only staff may know.
func TestAMerchantGetsACopyOfItsDataAndOfNothingElse(t *testing.T) {
	c := demoConfig(t)
	c.LimitFactor = 1
	w := start(t, c)
	d := w.driver(t)
	l := w.merchant(t, d, drive.Wish{Seed: 71, Kind: "individual", To: drive.Signed, Via: drive.Self})
	other := w.merchant(t, d, drive.Wish{Seed: 71, First: 1, Kind: "individual", To: drive.Returned, Via: drive.Self})
	maria, lead, auditor := w.as(t, "reviewer"), w.as(t, "lead"), w.as(t, "auditor")
	for _, x := range []struct {
		by   *drive.Person
		path string
		body any
	}{
		{maria, "/notes/0190b6a0-0000-7000-8000-0000000000aa", map[string]string{"text": "the note 7734 looks odd"}},
		{lead, "/hold", map[string]string{"why": "the court asked in 7735"}},
	} {
		revision := w.revision(t, l.ID, x.by)
		if _, err := x.by.Do(t.Context(), drive.Request{Method: http.MethodPut, Path: "/v1/applications/" + l.ID + x.path, Body: x.body, Match: &revision}, nil); err != nil {
			t.Fatal(err)
		}
	}

	if a := w.send(t, l.Self, request{method: http.MethodGet, path: "/v1/me/data"}); a.status != http.StatusForbidden || a.Code != "step-up-required" || a.Params["purpose"] != "copy" {
		t.Errorf("without a proof of presence: %d %s %v", a.status, a.Code, a.Params)
	}
	key := w.issueKey(t, l.Self)
	if a := w.send(t, nil, request{method: http.MethodGet, path: "/v1/me/data", header: map[string]string{"Authorization": "Bearer " + key}}); a.Code != "person-required" {
		t.Errorf("with an API key: %d %s", a.status, a.Code)
	}
	if got := looksOf(t, auditor, l.ID, "copy"); got != 0 {
		t.Errorf("%d copies are on record that were refused", got)
	}

	res, body, got := w.copyOf(t, l.Self)
	if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Encoding") != "" {
		t.Fatalf("%d, %v: %s", res.StatusCode, res.Header, body)
	}
	if got.Account == nil || got.Account.Email != l.Plan.Email || got.Account.Opened.IsZero() || len(got.Account.Sessions) == 0 || got.Account.Sessions[0].Address == "" || len(got.Account.Mails) == 0 {
		t.Errorf("the account: %+v", got.Account)
	}
	if len(got.Applications) != 1 || got.Applications[0].ID != l.ID || got.Next != "" {
		t.Fatalf("the applications: %s", body)
	}
	a := got.Applications[0]
	if a.Status.Stage != "countersignature" {
		t.Errorf("it stands at %s", a.Status.Stage)
	}
	values := map[item.Key]string{}
	for _, x := range a.Details {
		values[x.Item] = x.Value
	}
	var form struct {
		Items []struct {
			Key      item.Key
			Class    string
			Value    string
			Document *struct{ ID string }
		}
	}
	if _, err := l.Self.Get(t.Context(), "/v1/applications/"+l.ID+"/form", &form); err != nil {
		t.Fatal(err)
	}
	documents := 0
	for _, i := range form.Items {
		if i.Document != nil {
			documents++
		}
	}
	for _, k := range []item.Key{item.IdentityName, item.IdentityNumber, item.ContactEmail} {
		if values[k] == "" || values[k] != l.Merchant.Fields[k] {
			t.Errorf("%s: %q is in the copy, %q was typed", k, values[k], l.Merchant.Fields[k])
		}
	}
	for k, typed := range l.Merchant.Fields {
		if def, _ := item.Lookup(k); def.Class == item.Field && values[k] != "" && values[k] != typed {
			t.Errorf("%s: %q is in the copy, %q was typed", k, values[k], typed)
		}
	}
	if len(a.Documents) != documents || documents == 0 {
		t.Errorf("%d documents are in the copy, %d in the form", len(a.Documents), documents)
	}
	for _, x := range a.Documents {
		if x.Uploaded == nil {
			t.Errorf("%s: when it was uploaded is missing", x.Slot)
		}
		if res, _ := w.raw(t, l.Self, http.MethodGet, x.URL, ""); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s answers %d", x.Slot, x.URL, res.StatusCode)
		}
	}
	if len(a.Consents) != 2 || a.Consents[0].Version == "" || a.Consents[0].Address != "127.0.0.1" {
		t.Errorf("the consents: %+v", a.Consents)
	}
	if a.Contract == nil || a.Contract.Signature == nil || a.Contract.Signature.Name != values[item.IdentityName] || !strings.Contains(a.Contract.Text, values[item.IdentityName]) {
		t.Errorf("the contract: %+v", a.Contract)
	}
	mails := 0
	for _, e := range a.History {
		if e.Mail != nil {
			mails++
		}
	}
	if mails < 3 {
		t.Errorf("the history has %d mails: %+v", mails, a.History)
	}
	// Nothing untold, nothing of anybody else, no password.
	for _, secret := range []string{
		"7734", "7735", "note_added", "hold_placed", "claimed", "precheck_found", "items_accepted", maria.ID, lead.ID, auditor.ID, other.ID, other.Plan.Email,
		other.Merchant.Fields[item.IdentityNumber], l.Password(), key, "phash", "test_password",
	} {
		if secret != "" && strings.Contains(body, secret) {
			t.Errorf("the copy holds %q", secret)
		}
	}
	if n := looksOf(t, auditor, l.ID, "copy"); n != 1 {
		t.Errorf("%d copies are on record", n)
	}
	if n := looksOf(t, auditor, other.ID, "copy"); n != 0 {
		t.Errorf("%d copies of another's application are on record", n)
	}

	// What was returned is told with its reasons.
	_, _, got = w.copyOf(t, other.Self)
	told := 0
	for _, e := range got.Applications[0].History {
		if e.Type == "returned" {
			for _, r := range e.Reasons {
				if r.Code != "" && r.Text.What != "" {
					told++
				}
			}
		}
	}
	if told == 0 {
		t.Errorf("the reasons of the return are missing: %+v", got.Applications[0].History)
	}

	// Five a day, of one person only.
	for range 4 {
		if res, _, _ := w.copyOf(t, l.Self); res.StatusCode != http.StatusOK {
			t.Errorf("one of five: %d", res.StatusCode)
		}
	}
	if res, body, _ := w.copyOf(t, l.Self); res.StatusCode != http.StatusTooManyRequests || !strings.Contains(body, "quota-rate") || res.Header.Get("Retry-After") == "" {
		t.Errorf("the sixth: %d %s", res.StatusCode, body)
	}
	if res, _, _ := w.copyOf(t, other.Self); res.StatusCode != http.StatusOK {
		t.Errorf("another merchant: %d", res.StatusCode)
	}
}

// looksOf counts the looks of a kind on record.
func looksOf(t *testing.T, auditor *drive.Person, id, what string) (n int) {
	t.Helper()
	var page struct{ Accesses []struct{ What string } }
	if _, err := auditor.Get(t.Context(), "/v1/applications/"+id+"/accesses?limit=200", &page); err != nil {
		t.Fatal(err)
	}
	for _, a := range page.Accesses {
		if a.What == what {
			n++
		}
	}
	return n
}

// A merchant takes a consent back in person. Nothing is handed in without it; while
// the platform works with it, the application is withdrawn first.
func TestAMerchantTakesAConsentBack(t *testing.T) {
	w := start(t, demoConfig(t))
	l := w.merchant(t, w.driver(t), drive.Wish{Seed: 72, Kind: "individual", To: drive.Submitted, Via: drive.Self})
	at := "/v1/applications/" + l.ID
	take := func(who *drive.Person) answer {
		return w.send(t, who, request{method: http.MethodDelete, path: at + "/consents/financial_account"})
	}
	if a := take(l.Self); a.status != http.StatusConflict || a.Code != "consent-in-use" {
		t.Errorf("under review: %d %s", a.status, a.Code)
	}
	key := w.issueKey(t, l.Self)
	if a := w.send(t, nil, request{method: http.MethodDelete, path: at + "/consents/financial_account", header: map[string]string{"Authorization": "Bearer " + key}}); a.Code != "person-required" {
		t.Errorf("with an API key: %d %s", a.status, a.Code)
	}
	withdraw := func() {
		t.Helper()
		w.act(t, l.ID, l.Self, drive.Request{Method: http.MethodPut, Path: "/withdrawal", Body: map[string]string{}})
	}
	withdraw()
	for range 2 { // twice is once
		if a := take(l.Self); a.status != http.StatusNoContent {
			t.Errorf("after the application was withdrawn: %d %s", a.status, a.Code)
		}
	}
	w.act(t, l.ID, l.Self, drive.Request{Method: http.MethodPost, Path: "/reopening"})
	seen := w.revision(t, l.ID, l.Self)
	a := w.send(t, l.Self, request{method: http.MethodPost, path: at + "/submission", header: map[string]string{"If-Match": etag(seen)}})
	missing := false
	for _, e := range a.Errors {
		missing = missing || e.Code == "consent-missing"
	}
	if a.Code != "submission-incomplete" || !missing {
		t.Errorf("handed in without consent: %d %s %v", a.status, a.Code, a.Errors)
	}
	var app struct{ Consents []struct{ Consent string } }
	if _, err := w.as(t, "auditor").Get(t.Context(), at, &app); err != nil || len(app.Consents) != 1 || app.Consents[0].Consent != "privacy" {
		t.Errorf("the auditor sees the consents %v: %v", app.Consents, err)
	}
	_, body, got := w.copyOf(t, l.Self)
	if c := got.Applications[0].Consents; len(c) != 2 || !strings.Contains(body, `"withdrawn_address":"127.0.0.1"`) {
		t.Errorf("the copy tells of the consents %+v", c)
	}
	events, withdrawn := 0, 0
	for _, e := range got.Applications[0].History {
		if events++; e.Type == "consent_withdrawn" && e.By == "you" {
			withdrawn++
		}
	}
	if withdrawn != 1 {
		t.Errorf("%d of %d events are the withdrawn consent", withdrawn, events)
	}
}
