package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"alta/simulate/drive"
)

// Whatever is wrong with a request: the right problem with a permanent code, a
// pointer to the field where there is one, and no event.
func TestBadInputGetsItsPermanentCodeAndLeavesNoEvent(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	draft := w.merchant(t, d, drive.Wish{Seed: 8, First: 0, Kind: "individual", To: drive.Draft, Via: drive.Self})
	other := w.merchant(t, d, drive.Wish{Seed: 8, First: 1, To: drive.Draft, Via: drive.Self})
	submitted := w.merchant(t, d, drive.Wish{Seed: 8, First: 2, To: drive.Submitted, Via: drive.Self})
	me, reviewer, lead, auditor := draft.Self, w.as(t, "reviewer"), w.as(t, "lead"), w.as(t, "auditor")

	own, theirs, waiting := "/v1/applications/"+draft.ID, "/v1/applications/"+other.ID, "/v1/applications/"+submitted.ID
	now, later := etag(w.revision(t, draft.ID, auditor)), etag(w.revision(t, submitted.ID, auditor))
	js := func(s string) []byte { return []byte(s) }
	ask := func(method, path, body string) request {
		r := request{method: method, path: path, header: map[string]string{}}
		if body != "" {
			r.body, r.header["Content-Type"] = js(body), "application/json"
		}
		return r
	}
	with := func(r request, name, value string) request { r.header[name] = value; return r }
	picture := func(body []byte) request {
		return request{method: "PUT", path: own + "/documents/bank_card.front", body: body, header: map[string]string{"Content-Type": "image/png"}}
	}
	huge := bytes.Repeat([]byte("a"), 20<<20)
	hugeJSON, _ := json.Marshal(map[string]any{"values": map[string]string{"contact.name": string(huge)}})
	chunked := picture(huge)
	chunked.chunked = true

	cases := map[string]struct {
		who     *drive.Person
		request request
		status  int
		code    string
		pointer string
	}{
		"a field that does not exist":             {me, ask("PUT", own+"/details", `{"values":{"contact.name":"王小明","surprise":"x"}}`), 422, "invalid-body", "/values/surprise"},
		"a field too much beside the body":        {me, ask("PUT", own+"/details", `{"values":{"contact.name":"王小明"},"admin":true}`), 422, "invalid-body", "/admin"},
		"a number where a text belongs":           {me, ask("PUT", own+"/details", `{"values":{"contact.name":5}}`), 422, "invalid-body", "/values/contact.name"},
		"a list where an object belongs":          {me, ask("PUT", own+"/details", `[]`), 422, "invalid-body", ""},
		"a field that is required":                {me, ask("PUT", own+"/details", `{}`), 422, "invalid-body", "/values"},
		"a word that is not in the list":          {me, ask("PUT", own+"/kind", `{"kind":"charity"}`), 422, "invalid-body", "/kind"},
		"JSON that breaks off":                    {me, ask("PUT", own+"/details", `{"values":{"contact.name":"王`), 400, "malformed-json", ""},
		"two JSON values":                         {me, ask("PUT", own+"/details", `{"values":{"contact.name":"a"}} {}`), 400, "malformed-json", ""},
		"no body":                                 {me, ask("PUT", own+"/details", ""), 400, "body-missing", ""},
		"a body of another media type":            {me, with(ask("PUT", own+"/details", `{"values":{"contact.name":"a"}}`), "Content-Type", "text/plain"), 415, "media-type", ""},
		"a body of 20 MB":                         {me, ask("PUT", own+"/details", string(hugeJSON)), 413, "body-too-large", ""},
		"a file of 20 MB":                         {me, picture(huge), 413, "document-too-large", ""},
		"a file of 20 MB that hides its length":   {me, chunked, 413, "document-too-large", ""},
		"a file that is no picture":               {me, picture(js("GIF89a not really")), 422, "document-type-not-allowed", ""},
		"an empty file":                           {me, picture(nil), 422, "document-empty", ""},
		"a slot that does not exist":              {me, request{method: "PUT", path: own + "/documents/passport.photo", body: js("x"), header: map[string]string{"Content-Type": "image/png"}}, 422, "item-unknown", ""},
		"no token":                                {nil, ask("GET", own+"/status", ""), 401, "token", ""},
		"a token of nobody":                       {nil, with(ask("GET", own+"/status", ""), "Authorization", "Bearer e30.e30.e30"), 401, "token", ""},
		"a password that is wrong":                {nil, ask("POST", "/v1/auth/login", `{"email":"lead@demo.alta.example","password":"guess guess guess"}`), 401, "credentials", ""},
		"another merchant's application":          {me, ask("PUT", theirs+"/details", `{"values":{"contact.name":"王小明"}}`), 404, "not-found", ""},
		"another merchant's upload":               {me, request{method: "PUT", path: theirs + "/documents/id_card.front", body: js("x"), header: map[string]string{"Content-Type": "image/png"}}, 404, "not-found", ""},
		"an application that does not exist":      {reviewer, ask("GET", "/v1/applications/0190b6a0-0000-7000-8000-000000000000", ""), 404, "not-found", ""},
		"an id that is none":                      {reviewer, ask("GET", "/v1/applications/1", ""), 404, "not-found", ""},
		"an address that does not exist":          {reviewer, ask("GET", "/v1/everything", ""), 404, "not-found", ""},
		"a role that may not":                     {me, ask("GET", "/v1/queues", ""), 403, "role", ""},
		"a reviewer who confirms":                 {reviewer, with(ask("PUT", waiting+"/qualification/confirmation", `{"judged":1}`), "If-Match", later), 403, "role", ""},
		"a query that the contract lacks":         {reviewer, ask("GET", "/v1/queues/qualification?colour=red", ""), 422, "invalid-parameter", "query colour"},
		"a query value that is none":              {reviewer, ask("GET", "/v1/queues/qualification?limit=many", ""), 422, "invalid-parameter", "query limit"},
		"a cursor of somebody's own making":       {reviewer, ask("GET", "/v1/queues/qualification?cursor=abc", ""), 422, "cursor", "query cursor"},
		"a query that cannot be read":             {reviewer, ask("GET", "/v1/queues/qualification?q=%zz", ""), 422, "invalid-parameter", "query "},
		"a key that is no UUID":                   {me, with(ask("PUT", own+"/kind", `{"kind":"enterprise"}`), "Idempotency-Key", "once"), 422, "invalid-parameter", "header Idempotency-Key"},
		"a decision that names no revision":       {me, ask("POST", own+"/submission", ""), 428, "if-match-required", ""},
		"a revision that is none":                 {me, with(ask("POST", own+"/submission", ""), "If-Match", `latest`), 400, "if-match", ""},
		"a revision of something else":            {me, with(ask("POST", own+"/submission", ""), "If-Match", `"latest"`), 412, "stale", ""},
		"a revision that is past":                 {me, with(ask("PUT", own+"/details", `{"values":{"contact.name":"李小红"}}`), "If-Match", `"0"`), 412, "stale", ""},
		"submitted before it is complete":         {me, with(ask("POST", own+"/submission", ""), "If-Match", now), 409, "submission-incomplete", ""},
		"signed before it is offered":             {me, with(ask("PUT", own+"/contract/signature", `{"sha256":"`+strings.Repeat("0", 64)+`","name":"王小明","code":"123456"}`), "If-Match", now), 409, "stage", ""},
		"corrected before it is returned":         {submitted.Self, ask("PUT", waiting+"/corrections/contact.name", `{"value":"王小明"}`), 409, "item-locked", ""},
		"approved without a claim":                {reviewer, with(ask("POST", waiting+"/qualification", ""), "If-Match", later), 409, "not-claimed", ""},
		"claimed before it is submitted":          {reviewer, ask("PUT", own+"/claim", ""), 409, "stage", ""},
		"countersigned before it is signed":       {lead, with(ask("PUT", waiting+"/contract/countersignature", ""), "If-Match", later), 409, "stage", ""},
		"switched on before it is signed":         {reviewer, with(ask("PUT", waiting+"/activation", ""), "If-Match", later), 409, "stage", ""},
		"a contract before it is offered":         {me, ask("POST", own+"/contract/code", ""), 409, "stage", ""},
		"a reason that there is not":              {reviewer, with(ask("PUT", waiting+"/reasons/0190b6a0-0000-7000-8000-000000000001", `{"code":"R99","target":"contact.name"}`), "If-Match", later), 409, "not-claimed", ""},
		"unmasking what is not personal":          {reviewer, ask("POST", waiting+"/reveal", `{"items":["company.name"],"why":"curious"}`), 422, "item-not-personal", "/items"},
		"unmasking without a reason":              {reviewer, ask("POST", waiting+"/reveal", `{"items":["identity.number"],"why":""}`), 422, "invalid-body", "/why"},
		"a password in the site's address":        {me, ask("PUT", own+"/site", `{"url":"https://admin:S3cret@shop.cn/","test_user":"u","test_password":"p"}`), 422, "site-credentials", "/url"},
		"online banking without a bank":           {me, ask("PUT", own+"/products", `{"products":["online_banking"],"site":"web"}`), 422, "products", ""},
		"registered with what is no address":      {nil, ask("POST", "/v1/registrations", `{"email":"nobody","kind":"individual","products":["wechat"],"site":"web","language":"en"}`), 422, "account-email", "/email"},
		"registered for what does not go offline": {nil, ask("POST", "/v1/registrations", `{"email":"a.b@example.com","kind":"individual","products":["online_banking"],"banks":["102"],"site":"offline","language":"en"}`), 422, "products", ""},
	}
	before := w.records(t, lead, draft.ID, other.ID, submitted.ID)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := w.send(t, c.who, c.request)
			if a.status != c.status || a.Code != c.code {
				t.Errorf("answers %d %s, want %d %s (%s)", a.status, a.Code, c.status, c.code, a.Detail)
			}
			if a.media != "application/problem+json" || a.Problem.Status != a.status {
				t.Errorf("is %q with status %d inside", a.media, a.Problem.Status)
			}
			if c.pointer != "" && !pointed(a, c.pointer) {
				t.Errorf("points at %v, want %s", a.Errors, c.pointer)
			}
		})
	}
	if after := w.records(t, lead, draft.ID, other.ID, submitted.ID); !slices.Equal(after, before) {
		t.Errorf("bad input left events: applications and revisions were %v and are %v", before, after)
	}
}

func etag(revision int64) string { return strconv.Quote(strconv.FormatInt(revision, 10)) }

func pointed(a answer, at string) bool {
	for _, e := range a.Errors {
		if e.Pointer == at {
			return true
		}
	}
	return false
}

// records is how many applications there are, and how far some of them go.
func (w *world) records(t *testing.T, by *drive.Person, ids ...string) []int64 {
	t.Helper()
	var page struct{ Rows []struct{ ID string } }
	if _, err := by.Get(t.Context(), "/v1/applications?limit=200", &page); err != nil {
		t.Fatal(err)
	}
	out := []int64{int64(len(page.Rows))}
	for _, id := range ids {
		out = append(out, w.revision(t, id, by))
	}
	return out
}

// The same key is the same act: a repeated write answers what the first one did,
// and the key of one operation is refused for another.
func TestTheSameKeyIsTheSameActAndNoOther(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	draft := w.merchant(t, d, drive.Wish{Seed: 9, To: drive.Draft, Via: drive.Self})
	key := "0190b6a0-0000-4000-8000-00000000000a"
	body := map[string]any{"values": map[string]string{"contact.name": "欧阳娜娜"}}
	r := drive.Request{Method: "PUT", Path: "/v1/applications/" + draft.ID + "/details", Body: body, Key: key}
	first, err := draft.Self.Do(t.Context(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := draft.Self.Do(t.Context(), r, nil)
	if err != nil || again.Revision != first.Revision || again.Position != first.Position {
		t.Errorf("the second time answers revision %d at %s (%v), the first %d at %s", again.Revision, again.Position, err, first.Revision, first.Position)
	}
	r.Path, r.Body = "/v1/applications/"+draft.ID+"/kind", map[string]string{"kind": "enterprise"}
	if _, err := draft.Self.Do(t.Context(), r, nil); refusedWith(err) != "idempotency-key-reused" {
		t.Errorf("the key for another operation: %v", err)
	}
	if n := w.revision(t, draft.ID, draft.Self); n != first.Revision {
		t.Errorf("the record goes to revision %d, want %d", n, first.Revision)
	}
}
