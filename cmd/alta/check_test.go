package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"alta/domain/identifier"
)

// call runs a subcommand as main does, and answers its exit status.
func call(args ...string) (status int, out, errOut string) {
	var o, e strings.Builder
	err := run(context.Background(), args, &o, &e)
	if exit := (*exitError)(nil); errors.As(err, &exit) {
		status = exit.code
	} else if err != nil {
		status = 1
	}
	if err != nil {
		e.WriteString(err.Error())
	}
	return status, o.String(), e.String()
}

func TestCheckPrintsOneObjectAndSucceedsWhateverItFinds(t *testing.T) {
	for _, args := range [][]string{
		{"resident-id", "11010519491231002X"},
		{"resident-id", "110105194912310021"},
		{"resident-id", ""},
		{"resident-id", "11010519491231002X", ""},
		{"resident-id", "-1"},
		{"resident-id", "--", "-1"},
		{"uscc", "91350100M0001TGQXM", "enterprise"},
		{"org-code", "D2143569-X"},
		{"licence", "110108000000016"},
		{"cnaps", "102584000012", "ICBC"},
		{"bank-card", "6216261000000000018"},
		{"mobile", "+8613800138000"},
		{"icp", "京ICP备12345678号-4A"},
		{"domain", "http://网址之家.cn/?a=1&b=<2>"},
		{"names", "甲（北京）有限公司", "甲(北京)有限公司"},
		{"names", "", ""},
		{"--at", "2026-11-23T10:00:00+08:00", "passport", "E12345678"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			status, out, errOut := call(append([]string{"check"}, args...)...)
			if status != 0 || errOut != "" {
				t.Fatalf("status %d, standard error %q", status, errOut)
			}
			dec := json.NewDecoder(strings.NewReader(out))
			dec.DisallowUnknownFields()
			var got struct {
				Kind, Value, Canonical *string
				Findings               *[]identifier.Finding
			}
			if err := dec.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if got.Kind == nil || got.Value == nil || got.Canonical == nil || got.Findings == nil || dec.More() {
				t.Errorf("not one object with kind, value, canonical and findings: %s", out)
			}
			if strings.Contains(out, `\u003c`) || strings.Count(out, "\n") != 1 {
				t.Errorf("the object is one line of plain text: %s", out)
			}
		})
	}
}

func TestCheckRefusesWhatItCannotRun(t *testing.T) {
	for rule, k := range map[string]struct {
		args []string
		says string
	}{
		"no kind":                  {nil, "kind is missing"},
		"an unknown kind":          {[]string{"shoe-size", "42"}, "resident-id"},
		"no value":                 {[]string{"resident-id"}, "value is missing"},
		"no second name":           {[]string{"names", "李娜"}, "second value is missing"},
		"a name in two words":      {[]string{"names", "Li", "Na", "Li Na"}, "too many values"},
		"a second value to no use": {[]string{"mobile", "138", "00138000"}, "takes one value"},
		"a moment that is none":    {[]string{"--at", "today", "mobile", "13800138000"}, "RFC 3339"},
		"an unknown flag":          {[]string{"--loud", "mobile", "13800138000"}, "loud"},
	} {
		t.Run(rule, func(t *testing.T) {
			status, out, errOut := call(append([]string{"check"}, k.args...)...)
			if status != 2 || out != "" || !strings.Contains(errOut, k.says) {
				t.Errorf("status %d, output %q, standard error %q", status, out, errOut)
			}
		})
	}
}

func TestCheckTakesTheMomentThatCountsAsNow(t *testing.T) {
	for moment, blocked := range map[string]bool{"1967-12-30T12:00:00+08:00": true, "1967-12-31T12:00:00+08:00": false} {
		_, out, _ := call("check", "--at", moment, "resident-id", "11010519491231002X")
		if strings.Contains(out, "under-age") != blocked {
			t.Errorf("at %s: %s", moment, out)
		}
	}
}
