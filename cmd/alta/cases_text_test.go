package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/simulate/drive"
)

// The public cases about text, by id, and others of the same kinds, over HTTP.
func TestCasesOfText(t *testing.T) {
	w := start(t, demoConfig(t))
	d := w.driver(t)
	draft := w.merchant(t, d, drive.Wish{Seed: 8, First: 0, Kind: "individual", To: drive.Draft, Via: drive.Self})
	submitted := w.merchant(t, d, drive.Wish{Seed: 8, First: 2, Kind: "individual", To: drive.Submitted, Via: drive.Self})
	me, reviewer, agent := draft.Self, w.as(t, "reviewer"), w.as(t, "agent")
	own, waiting := "/v1/applications/"+draft.ID, "/v1/applications/"+submitted.ID
	body := func(path, text string, header ...string) request {
		r := request{method: "PUT", path: path, body: []byte(text), header: map[string]string{"Content-Type": "application/json"}}
		for i := 0; i < len(header); i += 2 {
			r.header[header[i]] = header[i+1]
		}
		return r
	}
	post := func(r request) request { r.method = "POST"; return r }
	value := func(key, text string) string {
		b, _ := json.Marshal(map[string]any{"values": map[string]string{key: text}})
		return string(b)
	}
	details := own + "/details"
	const (
		json200 = http.StatusNoContent
		media   = http.StatusUnsupportedMediaType
		bad     = http.StatusBadRequest
		no      = http.StatusUnprocessableEntity
	)
	for _, k := range []struct {
		id      string
		who     *drive.Person
		request request
		status  int
		code    string
		pointer string
	}{
		{"C037 a body in GBK that says so", me, body(details, "{\"values\":{\"identity.name\":\"\xc0\xee\xc4\xc8\"}}", "Content-Type", "application/json; charset=gbk"), media, "media-type", ""},
		{"C037 a body in UTF-8 that says GBK", me, body(details, value("identity.name", "李娜"), "Content-Type", "application/json; charset=GBK"), media, "media-type", ""},
		{"C037 a body in GBK that says nothing", me, body(details, "{\"values\":{\"identity.name\":\"\xc0\xee\xc4\xc8\"}}"), bad, "ill-formed-text", "/values/identity.name"},
		{"C037 a body in Latin-1", me, body(details, "{\"values\":{\"identity.name\":\"Jos\xe9\"}}", "Content-Type", "application/json; charset=iso-8859-1"), media, "media-type", ""},
		{"C037 a body in UTF-16", me, body(details, "\x00{\x00}"), bad, "malformed-json", ""},
		{"C037 a form", me, body(details, "identity.name=a", "Content-Type", "application/x-www-form-urlencoded"), media, "media-type", ""},
		{"C037 a media type that cannot be read", me, body(details, "{}", "Content-Type", "application/json; charset"), media, "media-type", ""},
		{"C037 a compressed body", me, body(details, "\x1f\x8b", "Content-Encoding", "gzip"), media, "content-coding", ""},
		{"C037 UTF-8 that says so", me, body(details, value("identity.name", "李娜"), "Content-Type", "application/json; charset=\"UTF-8\""), json200, "", ""},
		{"C037 a byte that is no UTF-8", me, body(details, "{\"values\":{\"bank.holder\":\"a\xff\"}}"), bad, "ill-formed-text", "/values/bank.holder"},
		{"C037 an overlong form", me, body(details, "{\"values\":{\"bank.holder\":\"\xc0\xaf\"}}"), bad, "ill-formed-text", "/values/bank.holder"},
		{"C037 a surrogate in bytes", me, body(details, "{\"values\":{\"bank.holder\":\"\xed\xa0\x80\"}}"), bad, "ill-formed-text", "/values/bank.holder"},
		{"C037 a name of a member that is no UTF-8", me, body(details, "{\"values\":{\"\xff\":\"a\"}}"), bad, "ill-formed-text", ""},
		{"C037 a high surrogate alone", me, body(details, `{"values":{"identity.name":"\ud800"}}`), bad, "ill-formed-text", "/values/identity.name"},
		{"C037 a low surrogate alone", me, body(details, `{"values":{"identity.name":"a\uDC00b"}}`), bad, "ill-formed-text", "/values/identity.name"},
		{"C037 surrogates the wrong way round", me, body(details, `{"values":{"identity.name":"\udc00\ud800"}}`), bad, "ill-formed-text", "/values/identity.name"},
		{"C037 a pair of surrogates", me, body(details, `{"values":{"identity.name":"\ud842\udfb7"}}`), json200, "", ""},
		{"C037 at another endpoint", nil, post(body("/v1/registrations", "{\"email\":\"\xff\"}")), bad, "ill-formed-text", "/email"},
		{"C037 at the log-in", nil, post(body("/v1/auth/login", `{"email":"a@b.cn","password":"\ud800"}`)), bad, "ill-formed-text", "/password"},
		{"NUL is called NUL", me, body(details, `{"values":{"identity.name":"a\u0000b"}}`), no, "nul-character", "/values/identity.name"},
		{"NUL in a statement", me, body(own+"/corrections/site.url", `{"statement":"\u0000"}`), no, "nul-character", "/statement"},
		{"C041 a member twice", me, body(details, `{"values":{"identity.name":"A","identity.name":"B"}}`), bad, "duplicate-member", "/values/identity.name"},
		{"C041 the same value twice", me, body(details, `{"values":{"identity.name":"A","identity.name":"A"}}`), bad, "duplicate-member", "/values/identity.name"},
		{"C041 twice by an escape", me, body(details, `{"values":{"identity.name":"A","identity\u002ename":"B"}}`), bad, "duplicate-member", "/values/identity.name"},
		{"C041 at the top", me, body(details, `{"values":{},"values":{"identity.name":"B"}}`), bad, "duplicate-member", "/values"},
		{"C041 in a list", me, body(own+"/products", `{"products":[{"a":1,"a":2}],"site":"web"}`), bad, "duplicate-member", "/products/0/a"},
		{"C041 at another endpoint", nil, post(body("/v1/auth/login", `{"email":"a@b.cn","email":"c@d.cn","password":"x"}`)), bad, "duplicate-member", "/email"},
		{"a query that is no UTF-8", reviewer, request{method: "GET", path: "/v1/applications?q=%ff"}, bad, "ill-formed-text", "query q"},
		{"a query with a NUL", reviewer, request{method: "GET", path: "/v1/applications?q=a%00"}, bad, "nul-character", "query q"},
		{"a query's name that is no UTF-8", reviewer, request{method: "GET", path: "/v1/applications?%ff=a"}, bad, "ill-formed-text", "query"},
		{"a path that is no UTF-8", reviewer, request{method: "GET", path: "/v1/applications/%ff"}, bad, "ill-formed-text", "path"},
		{"a path with a NUL", reviewer, request{method: "GET", path: "/v1/queues/a%00"}, bad, "nul-character", "path"},
		{"a header that is no UTF-8", me, body(details, value("bank.holder", "a"), "Idempotency-Key", "\xff"), no, "invalid-parameter", "header Idempotency-Key"},
		{"an item of another kind of merchant", me, body(details, value("company.name", "好店")), no, "item-kind", "/values/company.name"},
		{"an item that is locked", submitted.Self, body(waiting+"/details", value("contact.name", "李娜娜")), http.StatusConflict, "item-locked", "/values/contact.name"},
		{"an item that is corrected but locked", submitted.Self, body(waiting+"/corrections/contact.name", `{"value":"李娜娜"}`), http.StatusConflict, "item-locked", "path item"},
		{"an unknown slot", me, request{method: "PUT", path: own + "/documents/passport.photo", body: []byte("x"), header: map[string]string{"Content-Type": "image/png"}}, no, "item-unknown", "path slot"},
		{"banks without online banking", me, body(own+"/products", `{"products":["wechat"],"banks":["102"],"site":"web"}`), no, "products", "/banks"},
		{"an address that is none", nil, post(body("/v1/registrations", `{"email":"nobody","kind":"individual","products":["wechat"],"site":"web","language":"en"}`)), no, "account-email", "/email"},
		{"an agent's merchant with an address that is none", agent, post(body("/v1/merchants", `{"email":"nobody","kind":"individual","products":["wechat"],"site":"web","language":"en"}`)), no, "account-email", "/email"},
		{"C138 500 characters of three bytes", me, body(details, value("contact.address", strings.Repeat("李", 500))), json200, "", ""},
		{"C138 500 characters of four bytes", me, body(details, value("contact.address", strings.Repeat("𠮷", 500))), json200, "", ""},
		{"C138 499 characters of four bytes", me, body(details, value("contact.address", strings.Repeat("𠮷", 499))), json200, "", ""},
		{"C138 501 characters of four bytes", me, body(details, value("contact.address", strings.Repeat("𠮷", 501))), no, "invalid-body", "/values/contact.address"},
		{"C138 a statement of 1,000 characters of four bytes is not too long", me, body(own+"/corrections/site.url", `{"statement":"`+strings.Repeat("𠮷", 1000)+`"}`), http.StatusConflict, "stage", ""},
		{"C138 a statement of 1,001", me, body(own+"/corrections/site.url", `{"statement":"`+strings.Repeat("𠮷", 1001)+`"}`), no, "invalid-body", "/statement"},
		{"C138 a note of 4,000 characters of four bytes", reviewer, body(waiting+"/notes/0190b6a0-0000-7000-8000-000000000001", `{"text":"`+strings.Repeat("𠮷", 4000)+`"}`), json200, "", ""},
		{"C138 a note of 4,001", reviewer, body(waiting+"/notes/0190b6a0-0000-7000-8000-000000000002", `{"text":"`+strings.Repeat("𠮷", 4001)+`"}`), no, "invalid-body", "/text"},
	} {
		a := w.send(t, k.who, k.request)
		if a.status != k.status || a.Code != k.code {
			t.Errorf("%s: answers %d %s, want %d %s (%s %v)", k.id, a.status, a.Code, k.status, k.code, a.Detail, a.Errors)
			continue
		}
		if k.pointer != "" && !pointed(a, k.pointer) {
			t.Errorf("%s: points at %+v, want %s", k.id, a.Errors, k.pointer)
		}
	}
	person := map[string]string{"identity.name": "阿依古丽·买买提", "site.domain": "例子.公司"}
	typed, _ := json.Marshal(map[string]any{"values": person})
	if a := w.send(t, me, body(details, string(typed))); a.status != http.StatusNoContent {
		t.Fatalf("answers %d %s %v", a.status, a.Code, a.Errors)
	}
	firm := w.merchant(t, d, drive.Wish{Seed: 8, First: 3, Kind: "enterprise", To: drive.Draft, Via: drive.Self})
	if a := w.send(t, firm.Self, body("/v1/applications/"+firm.ID+"/details", value("company.name", "上海⻩金José（集团）有限公司"))); a.status != http.StatusNoContent {
		t.Fatalf("answers %d %s %v", a.status, a.Code, a.Errors)
	}
	for _, k := range []struct{ id, query, found string }{
		{"C140 as it was typed", "阿依古丽·买买提", draft.ID},
		{"C140 bullet", "阿依古丽•买买提", draft.ID},
		{"C140 katakana dot", "阿依古丽・买买提", draft.ID},
		{"C140 full stop", "阿依古丽.买买提", draft.ID},
		{"C140 full stop of Chinese", "阿依古丽。买买提", draft.ID},
		{"C140 Hangul letter", "阿依古丽ㆍ买买提", draft.ID},
		{"C140 without a dot", "阿依古丽买买提", draft.ID},
		{"C140 with spaces", " 阿依古丽 · 买买提　", draft.ID},
		{"C140 traditional", "阿依古麗·買買提", draft.ID},
		{"C140 another name", "阿依古丽·艾力", ""},
		{"C140 signs only", "·", ""},
		{"C140 a domain as the page of its site says", "例子.公司", draft.ID},
		{"C140 a domain as an address", "https://www.例子.公司/a?b", draft.ID},
		{"C140 a domain as it is stored", "XN--FSQU00A.xn--55qx5d", draft.ID},
		{"C140 a company by its ideographs", "黄金", firm.ID},
		{"C140 a company by its radical", "⻩⾦", firm.ID},
		{"C140 a company without its accent", "JOSE", firm.ID},
		{"C140 a company with another bracket", "(集团)有限公司", firm.ID},
		{"C140 a company across a bracket", "上海黄金jose〔集團", firm.ID},
	} {
		var page struct{ Rows []struct{ ID string } }
		var query = "/v1/applications?limit=50&q=" + url.QueryEscape(k.query)
		for until := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) { // lists follow the log
			if _, err := reviewer.Get(t.Context(), query, &page); err != nil {
				t.Fatal(err)
			}
			if (k.found == "") == (len(page.Rows) == 0) || time.Now().After(until) {
				break
			}
		}
		if found := len(page.Rows) > 0; found != (k.found != "") || found && !slices.ContainsFunc(page.Rows, func(r struct{ ID string }) bool { return r.ID == k.found }) {
			t.Errorf("%s: %q finds %v, want %q", k.id, k.query, page.Rows, k.found)
		}
	}
	merchants := map[string]string{} // whose an application is, by the address that was given
	for i, k := range []struct{ id, email, same string }{
		{"C144 a domain in Chinese", "x@例子.公司", ""},
		{"C144 the same domain as an A-label", "x@xn--fsqu00a.xn--55qx5d", "x@例子.公司"},
		{"C144 in capitals", "X@XN--FSQU00A.XN--55QX5D", "x@例子.公司"},
		{"C144 in full width", "ｘ＠例子．公司", "x@例子.公司"},
		{"C144 with the full stop of a Chinese keyboard", "x@例子。公司", "x@例子.公司"},
		{"C144 another mailbox of that domain", "y@xn--fsqu00a.xn--55qx5d", ""},
		{"C144 ß is no ss", "x@straße.de", ""},
		{"C144 ss is no ß", "x@strasse.de", ""},
	} {
		var added struct{ ID string }
		in := map[string]any{"email": k.email, "kind": "individual", "products": []string{"wechat"}, "site": "web", "language": "en"}
		if _, err := agent.Do(t.Context(), drive.Request{Method: "POST", Path: "/v1/merchants", Body: in, Key: fmt.Sprintf("0190b6a0-0000-7000-8000-%012d", i+1)}, &added); err != nil {
			t.Errorf("%s: %v", k.id, err)
			continue
		}
		for until := time.Now().Add(5 * time.Second); merchants[k.email] == "" && time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
			var list struct {
				Rows []struct{ ID, Merchant string }
			}
			w.call(t, agent, "GET", "/v1/applications?limit=50", nil, nil, &list)
			for _, r := range list.Rows {
				if r.ID == added.ID {
					merchants[k.email] = r.Merchant
				}
			}
		}
		for other, merchant := range merchants {
			if one := merchant == merchants[k.email]; other != k.email && k.same == "" && one || other == k.same && !one {
				t.Errorf("%s: %s and %s are one account: %v", k.id, k.email, other, one)
			}
		}
	}
	var form struct{ Items []struct{ Key, Value string } }
	if _, err := me.Get(t.Context(), own+"/form", &form); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, i := range form.Items {
		got[i.Key] = i.Value
	}
	if got["identity.name"] != person["identity.name"] || got["contact.address"] != strings.Repeat("𠮷", 499) {
		t.Errorf("stored: %v of %v", got["identity.name"], slices.Sorted(maps.Keys(got)))
	}
}
