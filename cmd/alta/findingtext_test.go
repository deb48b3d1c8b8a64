package main

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"alta/domain/calendar"
	"alta/domain/identifier"
	"alta/simulate/drive"
)

// A finding without a text reaches a Spanish merchant as an English sentence for
// staff.
func TestEveryFindingHasATextInEveryLanguage(t *testing.T) {
	for _, language := range []string{"zh-CN", "es", "en"} {
		data, err := os.ReadFile("../../frontend/src/i18n/" + language + "/terms.json")
		if err != nil {
			t.Fatal(err)
		}
		var terms struct{ Findings map[string]string }
		if err := json.Unmarshal(data, &terms); err != nil {
			t.Fatal(err)
		}
		for _, code := range append(identifier.Codes(), "names-empty", "names-form", "names-different") {
			if terms.Findings[code] == "" {
				t.Errorf("%s: %s has no text", language, code)
			}
		}
	}
}

// The cases of numbers through the command line, one value of each kind; the
// whole table is identifier's TestCases.
func TestCheckGivesEveryCaseItsSeverity(t *testing.T) {
	for _, k := range []struct {
		id, kind, value string
		gravest         identifier.Severity // empty where nothing is found
	}{
		{"C048", "uscc", "000000000000000000", identifier.Warn},
		{"C052", "uscc", "913501000001001000", identifier.Warn},
		{"C057", "resident-id", "CHN110065010101", ""},
		{"C059", "passport", "L123456", ""},
		{"C062", "travel-permit", "H12345678(01)", ""},
		{"C063", "resident-id", "110105 19491231 002X", ""},
		{"C067", "phone", "95588", ""},
		{"C069", "phone", "010-87654321分机801", ""},
		{"C074", "id-validity", "2016.05.12-永久", ""},
		{"C077", "icp", "苏ICP证B2-20100204", ""},
		{"C082", "icp", "京公网安备110101000005号", identifier.Warn},
		{"C083", "icp", "ICP备案号：粤ICP备2021012345号-1", ""},
		{"C086", "domain", "shop.cn、www.shop2.cn", identifier.Block},
		{"C090", "domain", "аlipay.com", identifier.Hint},
		{"C094", "domain", "http:/shop.cn", identifier.Block},
	} {
		t.Run(k.id, func(t *testing.T) {
			_, out, errOut := call("check", k.kind, k.value)
			var got identifier.Result
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%v %s", err, errOut)
			}
			gravest := identifier.Severity("")
			for _, severity := range []identifier.Severity{identifier.Hint, identifier.Warn, identifier.Block} {
				for _, f := range got.Findings {
					if f.Severity == severity {
						gravest = severity
					}
				}
			}
			if gravest != k.gravest {
				t.Errorf("%s %s: %q, want %q: %s", k.kind, k.value, gravest, k.gravest, out)
			}
		})
	}
}

// Through the running program: a returned application's fifteen days end with a
// day (C133), and the site's address is stored in one form without a password
// (C095).
func TestAReturnedApplicationIsDueAtTheEndOfADay(t *testing.T) {
	w := start(t, demoConfig(t))
	l := w.merchant(t, w.driver(t), drive.Wish{Seed: 33, To: drive.Returned, Via: drive.Self})
	reply, err := l.Self.Get(t.Context(), "/v1/applications/"+l.ID+"/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	var status struct {
		Deadline struct {
			Due     time.Time
			Reminds []time.Time
			Started time.Time
		}
	}
	if err := json.Unmarshal(reply.Body, &status); err != nil {
		t.Fatal(err)
	}
	beijing := calendar.Default().Zone()
	due := status.Deadline.Due.In(beijing)
	if due.Format("15:04:05") != "00:00:00" || due.Sub(status.Deadline.Started) < 15*24*time.Hour {
		t.Errorf("due at %s: %s", due, reply.Body)
	}
	for _, at := range status.Deadline.Reminds {
		if clock := at.In(beijing).Format("15:04"); clock < "09:00" || clock > "20:00" {
			t.Errorf("a reminder goes out at %s", clock)
		}
	}
}
