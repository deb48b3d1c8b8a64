package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"alta/simulate/drive"
)

// An agent learns of no address whether it was known before: not by the answer,
// not by its own list, not by what it may do, not by the time that it took.
func TestAnAgentCannotAskWhoIsKnown(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	known := w.merchant(t, d, drive.Wish{Seed: 11, First: 0, To: drive.Draft, Via: drive.Self})
	agent := w.as(t, "agent")
	type added struct {
		ID     string
		Number string `json:"merchant_number"`
	}
	merchants := map[string]string{} // of rows, by how the address is called
	shapes := map[string][]string{}
	took := map[string]time.Duration{}
	for name, email := range map[string]string{
		"a free address": "nobody.yet@example.cn", "a merchant": known.Plan.Email, "a colleague": "reviewer@demo.alta.example", "an agent": "agent@demo.alta.example",
	} {
		body := map[string]any{"email": email, "kind": "individual", "products": []string{"alipay"}, "site": "web", "language": "en"}
		begun := time.Now()
		var a added
		if _, err := agent.Do(t.Context(), drive.Request{Method: http.MethodPost, Path: "/v1/merchants", Body: body, Key: fmt.Sprintf("0190b6a0-0000-7000-8000-%012d", len(took)+1)}, &a); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		took[name] = time.Since(begun)
		var row map[string]any
		w.call(t, agent, "GET", "/v1/applications/"+a.ID+"/status", nil, nil, &row)
		var form, mails, actions json.RawMessage
		w.call(t, agent, "GET", "/v1/applications/"+a.ID+"/form", nil, nil, &form)
		w.call(t, agent, "GET", "/v1/applications/"+a.ID+"/undelivered-mails", nil, nil, &mails)
		w.call(t, agent, "GET", "/v1/applications/"+a.ID+"/actions", nil, nil, &actions)
		shapes[name] = append(slices.Sorted(maps.Keys(row)), string(actions), string(mails), fmt.Sprint(len(form)))
		var list struct{ Rows, Items []map[string]any }
		for range 50 {
			w.call(t, agent, "GET", "/v1/applications", nil, nil, &list)
			for _, r := range append(list.Rows, list.Items...) {
				if r["id"] == a.ID {
					merchants[name], _ = r["merchant"].(string)
					shapes[name] = append(shapes[name], slices.Sorted(maps.Keys(r))...)
				}
			}
			if merchants[name] != "" {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	if len(merchants) != 4 {
		t.Fatalf("rows of %v", merchants)
	}
	for name, shape := range shapes {
		if !slices.Equal(shape, shapes["a free address"]) {
			t.Errorf("%s looks like\n%v\nand a free address like\n%v", name, shape, shapes["a free address"])
		}
		if len(merchants[name]) != 36 || merchants[name][14] != '5' {
			t.Errorf("%s: the account's id %s is of another form", name, merchants[name])
		}
	}
	t.Logf("it took %v", took)

	// The merchant finds the application in her own list, and may leave it.
	if merchants["a merchant"] != known.Self.ID {
		t.Errorf("the application is for %s, not for %s", merchants["a merchant"], known.Self.ID)
	}
	if merchants["a colleague"] == "" || merchants["a colleague"] == w.as(t, "reviewer").ID {
		t.Error("an application for a colleague")
	}
}

// An agent who has used up the links of its network address is not refused for an
// invited merchant alone: the refusal would tell that the address is known.
func TestUsedUpLinksDoNotTellAnAgentWhoIsInvited(t *testing.T) {
	c := demoConfig(t)
	c.LimitFactor = 1
	w := start(t, c)
	agent := w.as(t, "agent")
	add := func(email string) answer {
		return w.send(t, agent, request{method: http.MethodPost, path: "/v1/merchants", header: map[string]string{"Content-Type": "application/json"},
			body: fmt.Appendf(nil, `{"email":%q,"kind":"individual","products":["alipay"],"site":"web","language":"en"}`, email)})
	}
	if a := add("invited@example.cn"); a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.Code)
	}
	refused := 0
	for n := range 80 {
		a := w.send(t, nil, request{method: http.MethodPost, path: "/v1/auth/links", header: map[string]string{"Content-Type": "application/json"},
			body: fmt.Appendf(nil, `{"email":"nobody%d@example.cn"}`, n)})
		if a.status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Fatal("the links are not used up")
	}
	for _, email := range []string{"invited@example.cn", "unknown@example.cn"} {
		if a := add(email); a.status != http.StatusCreated {
			t.Errorf("%s: %d %s", email, a.status, a.Code)
		}
	}
}
