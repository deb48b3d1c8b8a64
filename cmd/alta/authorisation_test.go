package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"alta/api"
	"alta/domain/account"
	"alta/domain/policy"
	"alta/simulate/drive"
)

// Every operation of the contract has a row in the table, and the reverse.
func TestTheContractAndTheRouteTableNameTheSameOperations(t *testing.T) {
	spec, err := api.LoadSpec()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, p := range api.Table() {
		rows[p.Operation]++
	}
	for _, o := range spec.Operations() {
		if rows[o.ID] != 1 {
			t.Errorf("%s has %d rows in the route table", o.ID, rows[o.ID])
		}
		delete(rows, o.ID)
	}
	for o := range rows {
		t.Errorf("%s is in the route table and not in the contract", o)
	}
}

// Who may call what is what the table says: every operation, asked for by nobody
// and by every role, on an own and on another's application.
// What may be behind the record says so, and the contract says which answers those are.
func TestTheContractNamesTheAnswersThatMayBeBehind(t *testing.T) {
	spec, err := api.LoadSpec()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range api.Table() {
		if op, ok := spec.Operation(p.Operation); !ok || op.Aged != (p.From != "") {
			t.Errorf("%s is read from %q, and its header is in the contract: %v", p.Operation, p.From, ok && op.Aged)
		}
	}
}

func TestEveryOperationIsOpenToExactlyWhomTheTableNames(t *testing.T) {
	c := demoConfig(t)
	w := start(t, c)
	d := w.driver(t)
	registered := w.merchant(t, d, drive.Wish{Seed: 5, First: 0, To: drive.Submitted, Via: drive.Self})
	added := w.merchant(t, d, drive.Wish{Seed: 5, First: 1, To: drive.Submitted, Via: drive.Agent})
	type relation struct{ own, other string }
	people := []struct {
		role account.Role
		who  *drive.Person
		on   relation
	}{
		{account.Merchant, registered.Self, relation{registered.ID, added.ID}},
		{account.Merchant, added.Self, relation{added.ID, registered.ID}}, // which an agent added
		{account.Agent, w.as(t, "agent"), relation{added.ID, registered.ID}},
		{account.Agent, w.invited(t, c, "agent"), relation{"", added.ID}}, // of another organisation
		{account.Reviewer, w.as(t, "reviewer"), relation{registered.ID, added.ID}},
		{account.Lead, w.as(t, "lead"), relation{registered.ID, added.ID}},
		{account.Auditor, w.as(t, "auditor"), relation{registered.ID, added.ID}},
		{account.Admin, w.as(t, "admin"), relation{registered.ID, added.ID}},
	}
	spec, err := api.LoadSpec()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, p := range api.Table() {
		op, _ := spec.Operation(p.Operation)
		a := w.send(t, nil, probe(op, registered.ID))
		if asked++; !op.Public && a.Code != "token" {
			t.Errorf("%s by nobody: %d %s, want 401 token", op.ID, a.status, a.Code)
		}
		if op.Public {
			continue
		}
		for _, x := range people {
			reach := p.Roles[x.role]
			concerns := strings.Contains(op.Path, "/applications/{id}")
			for i, id := range []string{x.on.own, x.on.other, "0190b6a0-0000-7000-8000-000000000000"} {
				if i > 0 && !concerns {
					break
				}
				if id == "" && concerns {
					continue
				}
				asked++
				got := w.outcome(t, x.who, op, id)
				want := expected(x.role, reach, concerns, i)
				if got != want && !(want == "admitted" && got == "not-found" && mayMiss[op.ID]) {
					t.Errorf("%s by %s on %s: %s, want %s", op.ID, x.role, []string{"an own", "another's", "a missing"}[i], got, want)
				}
			}
		}
	}
	t.Logf("%d requests", asked)
}

// What an API key may is what the table says: a key with every scope is refused
// where a person has to act, and is asked about where nobody else is.
func TestAPIKeysDoWhatTheTableLeavesToServers(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	l := w.merchant(t, d, drive.Wish{Seed: 5, First: 1, To: drive.Submitted, Via: drive.Agent})
	spec, err := api.LoadSpec()
	if err != nil {
		t.Fatal(err)
	}
	for role, who := range map[account.Role]*drive.Person{account.Merchant: l.Self, account.Agent: w.as(t, "agent")} {
		body := []byte(`{"label":"shop","scopes":["applications:read","applications:write"]}`)
		issue := request{method: "POST", path: "/v1/me/api-keys", body: body, header: map[string]string{"Content-Type": "application/json"}}
		if a := w.send(t, who, issue); a.Code != "step-up-required" || a.Params["purpose"] != "credentials" {
			t.Fatalf("a key without a proof of presence: %d %s", a.status, a.Code)
		}
		key := w.issueKey(t, who)
		for _, p := range api.Table() {
			op, _ := spec.Operation(p.Operation)
			if op.Public || op.ID == "changes" {
				continue
			}
			r := probe(op, l.ID)
			r.header = map[string]string{"Authorization": "Bearer " + key}
			want := "admitted"
			switch {
			case p.Person:
				want = "person-required"
			case p.Roles[role] == api.Never:
				want = "role"
			}
			got := "admitted"
			if a := w.send(t, nil, r); a.Code == "person-required" || a.Code == "role" || a.Code == "scope" || a.status == http.StatusUnauthorized {
				got = a.Code
			}
			if got != want {
				t.Errorf("%s with a key of a %s: %s, want %s", op.ID, role, got, want)
			}
		}
		if a := w.send(t, who, request{method: "GET", path: "/v1/auth/key"}); a.Code != "key-required" {
			t.Errorf("a session asks what key it is: %d %s", a.status, a.Code)
		}
	}
	for _, op := range []string{"consent", "withdrawConsent", "contractCode", "signContract", "restrict", "liftRestriction", "withdraw", "issueAPIKey", "changePassword", "beginTOTP", "renewRecoveryCodes", "copyMyData"} {
		for _, p := range api.Table() {
			if p.Operation == op && !p.Person {
				t.Errorf("%s is left to servers", op)
			}
		}
	}
}

// What the table asks a proof of presence for is refused without one, and with one
// for another purpose or of another session.
func TestWhatNeedsAProofOfPresenceIsRefusedWithoutOne(t *testing.T) {
	w := start(t, demoConfig(t))
	spec, err := api.LoadSpec()
	if err != nil {
		t.Fatal(err)
	}
	agent, again := w.as(t, "agent"), w.as(t, "agent")
	proof := func(who *drive.Person, purpose account.StepUp) string {
		t.Helper()
		p, err := who.Prove(t.Context(), string(purpose))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	asked := 0
	for _, p := range api.Table() {
		if p.StepUp == "" && p.Operation != "beginTOTP" || p.Roles[account.Agent] == api.Never {
			continue
		}
		asked++
		purpose, other := p.StepUp, account.StepUpUnmask
		if purpose == "" {
			purpose = account.StepUpCredentials // its handler asks
		}
		if purpose == other {
			other = account.StepUpCredentials
		}
		op, _ := spec.Operation(p.Operation)
		for name, token := range map[string]string{
			"no proof": "", "a guessed one": strings.Repeat("A", 54), "one for another purpose": proof(agent, other), "one of another session": proof(again, purpose),
		} {
			r := probe(op, "0190b6a0-0000-7000-8000-000000000000")
			r.header = map[string]string{"Content-Type": "application/json", "Alta-Step-Up": token}
			if op.ID == "issueAPIKey" {
				r.body = []byte(`{"label":"shop","scopes":["applications:read"]}`)
			}
			if a := w.send(t, agent, r); a.status != http.StatusForbidden || a.Code != "step-up-required" || a.Params["purpose"] != string(purpose) {
				t.Errorf("%s with %s: %d %s %v", op.ID, name, a.status, a.Code, a.Params)
			}
		}
	}
	if asked < 4 {
		t.Errorf("%d operations need a proof of presence", asked)
	}
}

// issueKey gives somebody's server a key, with a proof of presence.
func (w *world) issueKey(t *testing.T, who *drive.Person) string {
	t.Helper()
	proof, err := who.Prove(t.Context(), "credentials")
	if err != nil {
		t.Fatal(err)
	}
	var issued struct{ Secret string }
	w.call(t, who, "POST", "/v1/me/api-keys", map[string]string{"Alta-Step-Up": proof},
		map[string]any{"label": "shop", "scopes": []string{"applications:read", "applications:write"}}, &issued)
	return issued.Secret
}

// call sends a JSON body and reads the JSON answer, which must be a success.
func (w *world) call(t *testing.T, who *drive.Person, method, path string, header map[string]string, body, into any) *http.Response {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, w.api+path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if who != nil {
		token, err := who.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err = io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s, %v", method, path, res.StatusCode, b, err)
	}
	if into != nil {
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatal(err)
		}
	}
	return res
}

// Of those whom the table lets judge, only who holds the claim does: each operation
// of that kind, asked for at a stage that has it, while nobody or another one holds
// the application.
func TestOnlyWhoHoldsTheClaimDoesWhatTheTableKeepsForHolders(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	spec, err := api.LoadSpec()
	if err != nil {
		t.Fatal(err)
	}
	maria, chen, lead, lead2 := w.as(t, "reviewer"), w.as(t, "reviewer2"), w.as(t, "lead"), w.as(t, "lead2")
	asked := map[string]bool{}
	ask := func(who *drive.Person, id, operation, body string) (a answer) {
		op, _ := spec.Operation(operation)
		r := probe(op, id)
		r.body = []byte(body)
		for range 10 { // the machine's checks write to the stream too
			r.header = map[string]string{"If-Match": etag(w.revision(t, id, lead)), "Content-Type": "application/json"}
			if a = w.send(t, who, r); a.Code != "stale" {
				break
			}
		}
		return a
	}
	refused := func(id, operation, body string, holder bool, by ...*drive.Person) {
		t.Helper()
		asked[operation] = true
		for _, who := range by {
			if a := ask(who, id, operation, body); a.Code != "not-claimed" && (holder || operation != "release") {
				t.Errorf("%s by who does not hold it, held by another: %v: %d %s", operation, holder, a.status, a.Code)
			}
		}
	}
	act := func(who *drive.Person, id, operation, body string) {
		t.Helper()
		if a := ask(who, id, operation, body); a.status >= 300 {
			t.Fatalf("%s by who holds it: %d %s", operation, a.status, a.Code)
		}
	}
	life := func(number int, to drive.Target, kind policy.Kind) string {
		l := w.merchant(t, d, drive.Wish{Seed: 31, First: uint64(number), Kind: kind, Site: "web", To: to, Via: drive.Self})
		if to == drive.Claimed { // and proposed, so that a second person has to look
			r := racing{t: t, w: w, id: l.ID, by: lead}
			act(l.Reviewer, l.ID, "acceptItems", `{"items":["`+strings.Join(r.given(), `","`)+`"]}`)
			act(l.Reviewer, l.ID, "approveQualification", ``)
		}
		return l.ID
	}
	rectangle, reason := `{"x":0.1,"y":0.1,"width":0.1,"height":0.1,"why":"a code"}`, `{"code":"R03","sub":"unclear","target":"id_card.front","note":"take it again"}`
	type question struct{ operation, body string }
	for i, stage := range []struct {
		to        drive.Target
		kind      policy.Kind
		questions []question
	}{
		{drive.Submitted, "individual", []question{{"release", `{}`}, {"acceptItems", `{"items":["id_card.front"]}`}, {"raiseReason", reason}, {"withdrawReason", ``},
			{"redactDocument", rectangle}, {"return", ``}, {"approveQualification", ``}, {"proposeDecline", `{"note":"not among the goods"}`},
			{"recordICPEvidence", `{"status":"found","domain":"shop.example.cn"}`}}},
		{drive.Claimed, "enterprise", []question{{"confirmQualification", `{"judged":1}`}, {"refuseQualification", `{"why":"look again"}`}}},
		{drive.Qualified, "individual", []question{{"verifyICP", ``}}},
		{drive.ICP, "individual", []question{{"approveSite", `{"checklist":{}}`}}},
		{drive.Website, "individual", []question{{"offerContract", ``}}},
		{drive.Contract, "individual", []question{{"takeBackContract", `{"why":"the filing is to be looked up again"}`}}},
		{drive.Signed, "individual", []question{{"countersignContract", ``}}},
	} {
		id := life(i, stage.to, stage.kind)
		others, holder := []*drive.Person{maria, chen}, lead
		if stage.to == drive.Claimed {
			others, holder = []*drive.Person{lead}, lead2
		}
		for _, q := range stage.questions {
			refused(id, q.operation, q.body, false, others...)
		}
		act(holder, id, "claim", ``)
		for _, q := range stage.questions {
			refused(id, q.operation, q.body, true, others...)
		}
		switch stage.to {
		case drive.Submitted:
			act(lead, id, "proposeDecline", `{"note":"not among the goods"}`)
			refused(id, "confirmDecline", `{"judged":1}`, false, lead2)
			refused(id, "refuseDecline", `{"why":"it is"}`, false, lead2)
		case drive.Signed:
			act(lead, id, "countersignContract", ``)
			refused(id, "activateMerchant", ``, true, maria, chen)
		}
	}
	for _, p := range api.Table() {
		if p.Holder != asked[p.Operation] {
			t.Errorf("%s: kept for holders %v, asked for %v", p.Operation, p.Holder, asked[p.Operation])
		}
	}
}

// invited is somebody whom the operator invites.
func (w *world) invited(t *testing.T, c config, role string) *drive.Person {
	t.Helper()
	email, password := role+".invited@alta.example", "quiet harbour 73"
	out := desk{t, c.Data}.does("invite", "--role", role, "--email", email, "--name", "Zhao Min", "--print-link")
	link := printedLink.FindStringSubmatch(out)
	if link == nil {
		t.Fatal(out)
	}
	set := drive.Request{Method: http.MethodPost, Path: "/v1/auth/activation", Body: map[string]string{"token": link[1], "password": password}}
	if _, err := w.client.Do(t.Context(), set, nil); err != nil {
		t.Fatal(err)
	}
	p, err := w.client.LogIn(t.Context(), email, password)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// mayMiss are operations whose probe names a part that is not there: who is
// admitted gets the same 404 as a stranger.
var mayMiss = map[string]bool{"contract": true, "documentImage": true, "redactDocument": true, "revokeAPIKey": true, "revokeSession": true,
	"stateSkills": true, "sendAway": true, "bringBack": true,
	"sample": true, "sampleImage": true, "revealSample": true, "judgeSample": true,
}

// expected is the answer by the table: the relation counts where a role has one,
// and whoever may not even see an application learns nothing of it.
func expected(role account.Role, reach api.Reach, concerns bool, relation int) string {
	if !concerns {
		if reach == api.Never {
			return "role"
		}
		return "admitted"
	}
	related := role == account.Merchant || role == account.Agent
	switch {
	case relation == 2, role == account.Admin, related && relation == 1:
		return "not-found"
	case reach == api.Never:
		return "role"
	}
	return "admitted"
}

// probe is a request that an operation's gate must decide on, and that changes
// nothing where it is let through if that can be helped.
func probe(op *api.Operation, id string) request {
	path := strings.NewReplacer("{id}", id, "{revision}", "0", "{slot}", "id_card.front", "{item}", "contact.name", "{consent}", "privacy",
		"{reason}", "0190b6a0-0000-7000-8000-000000000001", "{note}", "0190b6a0-0000-7000-8000-000000000002",
		"{evidence}", "0190b6a0-0000-7000-8000-000000000003", "{document}", "none", "{queue}", "breached", "{key}", "none", "{session}", "none", "{device}", "none",
		"{person}", "0190b6a0-0000-7000-8000-000000000004", "{view}", "0190b6a0-0000-7000-8000-000000000005", "{sample}", "0190b6a0-0000-7000-8000-000000000006").Replace(op.Path)
	return request{method: op.Method, path: path}
}

// outcome is "admitted", or the code with which the gate refused.
func (w *world) outcome(t *testing.T, who *drive.Person, op *api.Operation, id string) string {
	t.Helper()
	ctx := t.Context()
	if op.ID == "changes" { // an answer that does not end
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, time.Minute)
		defer stop()
	}
	a, err := w.trySend(ctx, who, probe(op, id))
	if err != nil {
		t.Fatalf("%s: %v", op.ID, err)
	}
	switch {
	case a.status == http.StatusUnauthorized:
		return "token"
	case a.Code == "role", a.Code == "not-found":
		return a.Code
	case a.status >= http.StatusInternalServerError:
		return "fault"
	}
	return "admitted"
}

// "Not yours" and "not there" are one answer.
func TestAStrangersApplicationAndAMissingOneGetTheSameAnswer(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	mine := w.merchant(t, d, drive.Wish{Seed: 6, First: 0, To: drive.Draft, Via: drive.Self})
	other := w.merchant(t, d, drive.Wish{Seed: 6, First: 1, To: drive.Draft, Via: drive.Self})
	for _, what := range []string{"/status", "/form", "/actions", "/history"} {
		there := w.send(t, mine.Self, request{method: "GET", path: "/v1/applications/" + other.ID + what})
		missing := w.send(t, mine.Self, request{method: "GET", path: "/v1/applications/0190b6a0-0000-7000-8000-000000000000" + what})
		if there.status != 404 || missing.status != 404 || there.Code != missing.Code || there.Detail != missing.Detail {
			t.Errorf("%s: %d %s %q, and for a missing one %d %s %q", what, there.status, there.Code, there.Detail, missing.status, missing.Code, missing.Detail)
		}
	}
}
