package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"alta/api"
	"alta/simulate/drive"
)

// One account that takes as fast as it can is refused with a permanent code: 429
// and when to come back where waiting helps, 409 where it does not. Others go on.
func TestOneAccountCannotTakeEverybodysRoom(t *testing.T) {
	c := demoConfig(t)
	c.LimitFactor, c.Metrics = 1, freeAddress(t)
	c.Quotas = api.Quotas{Megabytes: 500, Versions: 3, Open: 3, Events: 60, Documents: 12, Claims: 3, Duplicates: 3, AgentsFactor: 20}
	w := start(t, c)
	d := w.driver(t)
	greedy := w.merchant(t, d, drive.Wish{Seed: 51, Kind: "individual", To: drive.Draft, Via: drive.Self})
	modest := w.merchant(t, d, drive.Wish{Seed: 51, First: 1, Kind: "individual", To: drive.Draft, Via: drive.Self})
	submitted := w.merchant(t, d, drive.Wish{Seed: 51, First: 2, Kind: "individual", Small: true, To: drive.Submitted, Via: drive.Agent})
	put := func(l *drive.Life, path, media string, body []byte) answer {
		return w.send(t, l.Self, request{method: http.MethodPut, path: "/v1/applications/" + l.ID + path, header: map[string]string{"Content-Type": media}, body: body})
	}

	// Versions of a slot: waiting does not help.
	refused := answer{}
	for n := range 5 {
		if refused = put(greedy, "/documents/bank_card.front", "image/png", coloured(t, n)); refused.status != http.StatusCreated {
			break
		}
	}
	if refused.status != http.StatusConflict || refused.Code != "quota-versions" || refused.Params["most"] != "3" {
		t.Errorf("too many versions: %d %s %v", refused.status, refused.Code, refused.Params)
	}

	// Open applications. Those that an agent added do not count.
	agent := w.as(t, "agent")
	for range 3 {
		a := w.send(t, agent, request{method: http.MethodPost, path: "/v1/merchants", header: map[string]string{"Content-Type": "application/json"},
			body: fmt.Appendf(nil, `{"email":%q,"kind":"individual","products":["wechat"],"site":"web","language":"en"}`, greedy.Plan.Email)})
		if a.status != http.StatusCreated {
			t.Fatalf("an agent's addition: %d %s", a.status, a.Code)
		}
	}
	open := []byte(`{"kind":"individual","products":["wechat"],"site":"web"}`)
	for n := range 4 {
		a := w.send(t, greedy.Self, request{method: http.MethodPost, path: "/v1/applications", header: map[string]string{"Content-Type": "application/json"}, body: open})
		switch {
		case n < 2 && a.status != http.StatusCreated:
			t.Fatalf("opening %d: %d %s", n, a.status, a.Code)
		case n >= 2 && (a.status != http.StatusConflict || a.Code != "quota-open"):
			t.Errorf("opening %d too many: %d %s", n, a.status, a.Code)
		}
	}

	// Writes in an hour: waiting helps.
	for n := range 80 {
		refused = put(greedy, "/details", "application/json", fmt.Appendf(nil, `{"values":{"contact.address":"Street %d"}}`, n))
		if refused.status != http.StatusNoContent {
			break
		}
	}
	if refused.status != http.StatusTooManyRequests || refused.Code != "quota-rate" || refused.retryAfter == "" {
		t.Errorf("too many writes: %d %s, Retry-After %q", refused.status, refused.Code, refused.retryAfter)
	}
	if a := put(modest, "/details", "application/json", []byte(`{"values":{"contact.address":"Street"}}`)); a.status != http.StatusNoContent {
		t.Errorf("somebody else: %d %s", a.status, a.Code)
	}
	if a := w.send(t, greedy.Self, request{method: http.MethodGet, path: "/v1/applications/" + greedy.ID + "/status"}); a.status != http.StatusOK {
		t.Errorf("reading: %d %s", a.status, a.Code)
	}

	// Claims in a minute.
	maria, chen := w.as(t, "reviewer"), w.as(t, "reviewer2")
	for range 5 {
		refused = w.send(t, maria, request{method: http.MethodPut, path: "/v1/applications/" + greedy.ID + "/claim"})
		if refused.status == http.StatusTooManyRequests {
			break
		}
	}
	if refused.Code != "quota-rate" || refused.retryAfter == "" {
		t.Errorf("too many claims: %d %s", refused.status, refused.Code)
	}
	if a := w.send(t, chen, request{method: http.MethodPut, path: "/v1/applications/" + greedy.ID + "/claim"}); a.status == http.StatusTooManyRequests {
		t.Error("a colleague is refused for her")
	}

	// Comparisons with all other applications, in a minute. They are counted.
	shared := request{method: http.MethodGet, path: "/v1/applications/" + submitted.ID + "/duplicates"}
	for range 5 {
		if refused = w.send(t, maria, shared); refused.status != http.StatusOK {
			break
		}
	}
	if refused.status != http.StatusTooManyRequests || refused.Code != "quota-rate" || refused.retryAfter == "" {
		t.Errorf("too many comparisons: %d %s", refused.status, refused.Code)
	}
	if a := w.send(t, chen, shared); a.status != http.StatusOK {
		t.Errorf("a colleague is refused for her: %d %s", a.status, a.Code)
	}
	if figures := fetched(t, "http://"+c.Metrics+"/metrics"); !strings.Contains(figures, `alta_http_request_seconds_count{operation="listDuplicates",status="429"} 1`) {
		t.Error("the refusal is in no metric")
	}
}

// Files are bounded in bytes for each application and in number for each account.
func TestFilesHaveAQuotaOfBytesAndOfUploads(t *testing.T) {
	c := demoConfig(t)
	c.LimitFactor = 1
	c.Quotas = api.Quotas{Megabytes: 1, Documents: 20, AgentsFactor: 1}
	w := start(t, c)
	d := w.driver(t)
	greedy := w.merchant(t, d, drive.Wish{Seed: 53, Kind: "individual", Small: true, To: drive.Draft, Via: drive.Self})
	modest := w.merchant(t, d, drive.Wish{Seed: 53, First: 1, Kind: "individual", Small: true, To: drive.Draft, Via: drive.Self})
	put := func(l *drive.Life, slot string, n int) answer {
		return w.send(t, l.Self, request{method: http.MethodPut, path: "/v1/applications/" + l.ID + "/documents/" + slot, header: map[string]string{"Content-Type": "image/png"}, body: noisy(t, n)})
	}
	slots := []string{"bank_card.front", "bank_card.back", "id_card.front", "id_card.back"}
	refused := answer{}
	for n, slot := range slots { // some 400 KB each
		if refused = put(greedy, slot, n); refused.status != http.StatusCreated {
			break
		}
	}
	if refused.status != http.StatusConflict || refused.Code != "quota-bytes" {
		t.Errorf("too many bytes: %d %s", refused.status, refused.Code)
	}
	for n := range 30 {
		if refused = put(greedy, slots[0], n); refused.status == http.StatusTooManyRequests {
			break
		}
	}
	if refused.status != http.StatusTooManyRequests || refused.Code != "quota-rate" || refused.retryAfter == "" {
		t.Errorf("too many uploads: %d %s", refused.status, refused.Code)
	}
	if a := put(modest, slots[0], 1); a.status != http.StatusCreated {
		t.Errorf("somebody else: %d %s", a.status, a.Code)
	}
}

// noisy is a picture that hardly compresses.
func noisy(t *testing.T, n int) []byte {
	t.Helper()
	m, source := image.NewGray(image.Rect(0, 0, 800, 520)), rand.New(rand.NewPCG(uint64(n), 1))
	for i := range m.Pix {
		m.Pix[i] = uint8(source.Uint32())
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// coloured is a picture that differs from every other number's.
func coloured(t *testing.T, n int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 900, 600))
	for x := range 900 {
		for y := range 600 {
			m.Set(x, y, color.RGBA{uint8(x * (n + 1)), uint8(y), uint8(x ^ y), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
