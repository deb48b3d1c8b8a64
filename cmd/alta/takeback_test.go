package main

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"alta/domain/item"
	"alta/simulate/drive"
)

// While a contract lies with the merchant nobody makes the signature impossible:
// the offer is taken back first, the merchant is told, and the clock is the
// platform's from then on. Then the filing can be looked up again.
func TestAnOfferIsTakenBackBeforeAnythingStopsTheSignature(t *testing.T) {
	w := start(t, demoConfig(t))
	l := w.merchant(t, w.driver(t), drive.Wish{Seed: 41, Kind: "individual", Site: "web", To: drive.Contract, Via: drive.Self})
	lead := w.as(t, "lead")
	r := racing{t: t, w: w, id: l.ID, by: lead}
	refused := func(who *drive.Person, method, path string, body any, code string) {
		t.Helper()
		_, err := who.Do(t.Context(), r.request(method, path, body, w.revision(t, l.ID, who)), nil)
		if got := refusedWith(err); got != code {
			t.Fatalf("%s %s: %v, want %s", method, path, err, code)
		}
	}
	type status struct {
		Holder, Stage string
		Contract      *struct{ SHA256 string }
	}
	now := func() (s status) {
		t.Helper()
		if _, err := l.Self.Get(t.Context(), "/v1/applications/"+l.ID+"/status", &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := now()
	if before.Stage != "signature" || before.Holder != "merchant" || before.Contract == nil {
		t.Fatalf("%+v", before)
	}
	why := map[string]string{"why": "look the filing up again"}
	refused(lead, http.MethodPost, "/contract/retraction", why, "not-claimed")
	r.do(lead, http.MethodPut, "/claim", nil)
	refused(lead, http.MethodPut, "/reasons/0197e2c5-11b0-7d52-8a44-0c9be2f3a702", map[string]string{"code": "R11", "sub": "unreachable", "target": "site.url"}, "offer-stands")
	lookUp := map[string]string{"status": "found", "domain": l.Merchant.Fields[item.SiteDomain]}
	refused(lead, http.MethodPut, "/icp/evidence/0197e2c5-11b0-7d52-8a44-0c9be2f3a703", lookUp, "offer-stands")
	refused(lead, http.MethodPost, "/contract/retraction", map[string]string{"why": ""}, "invalid-body")
	r.do(lead, http.MethodPost, "/contract/retraction", why)
	after := now()
	if after.Stage != "contract" || after.Holder != "platform" || after.Contract != nil {
		t.Fatalf("%+v", after)
	}
	refused(l.Self, http.MethodPut, "/contract/signature", map[string]string{"sha256": before.Contract.SHA256, "name": "x", "code": "000000"}, "stage")
	told := url.Values{"to": {l.Merchant.Fields[item.ContactEmail]}, "template": {"contract-taken-back"}}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(25 * time.Millisecond) {
		var p *drive.Problem
		_, err := w.client.Do(t.Context(), drive.Request{Method: http.MethodGet, Path: "/dev/mail/latest?" + told.Encode()}, nil)
		if err == nil {
			break
		}
		if !errors.As(err, &p) || time.Now().After(end) {
			t.Fatalf("the merchant was not told: %v", err)
		}
	}
	r.do(lead, http.MethodPut, "/claim", nil)
	r.do(lead, http.MethodPut, "/icp/evidence/0197e2c5-11b0-7d52-8a44-0c9be2f3a703", lookUp)
	refused(lead, http.MethodPost, "/contract/offer", nil, "icp-unverified")
}
