package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"alta/domain/item"
	"alta/simulate/drive"
)

// A merchant finds its own applications by what their rows show, and never anybody
// else's, by whatever it searches.
func TestAMerchantSearchesItsOwnApplicationsOnly(t *testing.T) {
	c := demoConfig(t)
	w := start(t, c)
	d := w.driver(t)
	me := w.merchant(t, d, drive.Wish{Seed: 57, Kind: "individual", Site: "web", Small: true, To: drive.Submitted, Via: drive.Self})
	other := w.merchant(t, d, drive.Wish{Seed: 57, First: 1, Kind: "individual", Site: "web", Small: true, To: drive.Submitted, Via: drive.Self})
	second := w.send(t, me.Self, request{method: http.MethodPost, path: "/v1/applications", header: map[string]string{"Content-Type": "application/json"},
		body: []byte(`{"kind":"individual","products":["wechat"],"site":"web"}`)})
	if second.status != http.StatusCreated {
		t.Fatalf("%d %s", second.status, second.Code)
	}
	find := func(who *drive.Person, q string) []string {
		t.Helper()
		var page struct{ Rows []json.RawMessage }
		var ids []string
		if _, err := who.Get(t.Context(), "/v1/applications?limit=50&q="+url.QueryEscape(q), &page); err != nil {
			t.Fatalf("%q: %v", q, err)
		}
		for _, raw := range page.Rows {
			var row struct{ ID string }
			if err := json.Unmarshal(raw, &row); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, row.ID)
		}
		return ids
	}
	within(t, time.Minute, "both of one's own", func() bool { return len(find(me.Self, "")) == 2 })
	domain, name := me.Plan.Merchant.Fields[item.SiteDomain], me.Plan.Merchant.Fields[item.IdentityName]
	for what, q := range map[string]string{"the number": me.Number, "the domain": domain, "the name": name, "part of the name": fmt.Sprintf("%c", []rune(name)[0])} {
		if got := find(me.Self, q); !slices.Equal(got, []string{me.ID}) {
			t.Errorf("by %s: %v, want %s", what, got, me.ID)
		}
	}
	for what, q := range map[string]string{"a number": other.Number, "a domain": other.Plan.Merchant.Fields[item.SiteDomain], "an identity number": other.Plan.Merchant.Fields[item.IdentityNumber], "a name": other.Plan.Merchant.Fields[item.IdentityName]} {
		if got := find(me.Self, q); slices.Contains(got, other.ID) {
			t.Errorf("by %s of somebody else: %v", what, got)
		}
	}
}
