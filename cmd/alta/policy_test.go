package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"alta/domain/policy"
)

func altaPolicy(args ...string) (string, error) {
	var out, errOut bytes.Buffer
	err := run(context.Background(), append([]string{"policy"}, args...), &out, &errOut)
	return out.String(), err
}

func TestPolicyExplainSaysWhatIsRequiredWhatIsWaivedAndWhy(t *testing.T) {
	out, err := altaPolicy("explain", "--kind", "enterprise", "--products", "wechat,alipay", "--site", "web", "--licence", "91350100M000100Y43")
	if err != nil {
		t.Fatal(err)
	}
	_, waived, _ := strings.Cut(out, "\nWaived\n")
	required, _, _ := strings.Cut(out, "\nOptional\n")
	for _, want := range []string{"business_licence", "legal_person_id.back", "account_opening_licence", "basic deposit account information", "site.domain", "site.test_account"} {
		if !strings.Contains(required, want) {
			t.Errorf("does not require %s", want)
		}
	}
	for _, want := range []string{"tax_certificate", "org_code_certificate", "350100M000100Y4", "M000100Y4", "three-in-one"} {
		if !strings.Contains(waived, want) {
			t.Errorf("%s is not among the waived", want)
		}
	}
	for _, gone := range []string{"tax_certificate", "org_code_certificate", "company.tax_number", "company.org_code"} {
		if strings.Contains(required, gone) {
			t.Errorf("%s is required all the same", gone)
		}
	}
	for _, stage := range []string{"second_approval", "Every enterprise needs a second person's approval.", "3 business days, target 1"} {
		if !strings.Contains(out, stage) {
			t.Errorf("does not say %q", stage)
		}
	}
}

func TestPolicyExplainSpeaksThreeLanguagesAndJSON(t *testing.T) {
	for lang, want := range map[string]string{"zh-CN": "三证合一", "zh": "三证合一", "es": "tres en uno", "en": "three-in-one"} {
		out, err := altaPolicy("explain", "--kind=enterprise", "--products=bank", "--site=web", "--licence=91350100M000100Y43", "--lang="+lang)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v, want %q in it", lang, err, want)
		}
	}
	out, err := altaPolicy("explain", "--kind=individual", "--products=wechat", "--site=none", "--json")
	var r policy.Requirements
	if err != nil || json.Unmarshal([]byte(out), &r) != nil || r.Asks(policy.StageICP) || r.FourEyes || len(r.Items) == 0 || len(r.Absent) == 0 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestPolicyShowPrintsAWholeVersion(t *testing.T) {
	out, err := altaPolicy("show", "--version", "2026-01")
	for _, want := range []string{"2026-01", "online_banking", "bank_card.back", "company.licence_number[2:17]", "30 minutes", "at 75 %",
		"at most 90 calendar days", "R09 cancelled", "Industrial and Commercial Bank of China", "test account"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	out, err = altaPolicy("show", "--json")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := policy.Parse([]byte(out)); err != nil || p.Version != policy.Default().Latest().Version {
		t.Errorf("what it prints is no policy: %v", err)
	}
	if out, err := altaPolicy("show", "--dir", "../../domain/policy", "--version", "2026-07"); err != nil || !strings.Contains(out, "Policy 2026-07") {
		t.Errorf("--dir: %v", err)
	}
}

func TestPolicyRefusesABadFlagByItsNameAndSaysWhatItTakes(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string
	}{
		{"", []string{"show", "explain"}},
		{"burn", []string{"burn", "show"}},
		{"show --version 1999", []string{"--version", "1999", "2026-01, 2026-07"}},
		{"show --lang fr", []string{"--lang", "fr", "zh-CN, es, en"}},
		{"show --colour red", []string{"colour"}},
		{"show me", []string{"me"}},
		{"explain --products wechat --site web", []string{"--kind", "missing", "individual, enterprise"}},
		{"explain --kind robot --products wechat --site web", []string{"--kind", "robot", "individual, enterprise"}},
		{"explain --kind individual --site web", []string{"--products", "wechat, alipay, online_banking"}},
		{"explain --kind individual --products wechat,barter --site web", []string{"--products", "barter", "online_banking"}},
		{"explain --kind individual --products wechat", []string{"--site", "web, app, offline"}},
		{"explain --kind individual --products wechat --site moon", []string{"--site", "moon", "web, app, offline"}},
		{"explain --kind individual --products bank --site none", []string{"--products", "online_banking", "web, app"}},
		{"explain --kind enterprise --products wechat --site web --licence 123", []string{"--licence", "18-character", "15-digit"}},
		{"explain --kind individual --products wechat --site web --licence 91350100M000100Y43", []string{"--licence", "enterprise"}},
		{"explain --kind individual --products wechat --site web --identity-type library", []string{"--identity-type", "passport"}},
		{"explain --kind individual --products wechat --site web --differs mood", []string{"--differs", "contact, settlement, registrant"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			out, err := altaPolicy(strings.Fields(c.args)...)
			var exit *exitError
			if !errors.As(err, &exit) || exit.code != 2 || out != "" {
				t.Fatalf("%v, want exit status 2 and nothing printed", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}
