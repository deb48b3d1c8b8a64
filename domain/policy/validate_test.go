package policy_test

import (
	"fmt"
	"strings"
	"testing"
)

type object = map[string]any

// nth is the n-th of a list of the policy's file, a negative one from its end.
func nth(m object, list string, n int) object {
	all := m[list].([]any)
	if n < 0 {
		n += len(all)
	}
	return all[n].(object)
}

func terms(m object) object { return m["terms"].(object) }

// half says something in two languages only.
var half = object{"en": "x", "es": "x"}

// Every rule of validate, at its edge: what is refused, and by which field.
func TestWhatAPolicyMaySay(t *testing.T) {
	set := func(list string, n int, field string, v any) func(object) {
		return func(m object) { nth(m, list, n)[field] = v }
	}
	add := func(list string, one object) func(object) {
		return func(m object) { m[list] = append(m[list].([]any), any(one)) }
	}
	full := object{"zh-CN": "x", "es": "x", "en": "x"}
	derive := func(from string, start, end int) func(object) {
		return set("waivers", 0, "derive", object{"from": from, "start": start, "end": end})
	}
	term := func(field string, v any) func(object) { return func(m object) { terms(m)[field] = v } }
	hours := func(from, to string) func(object) {
		return func(m object) { terms(m)["notices_from"], terms(m)["notices_to"] = from, to }
	}
	when := func(field string, v any) object { return object{field: v} }
	for rule, k := range map[string]struct {
		change func(object)
		field  string // that is refused; empty where it is lawful
	}{
		"a summary in two languages":                {func(m object) { m["summary"] = half }, "summary"},
		"a version of a day":                        {func(m object) { m["version"] = "2026-07-15" }, ""},
		"a product that does not exist":             {add("products", object{"product": "barter", "name": full, "sites": []any{"web"}}), "products[3].product"},
		"a product's name in two languages":         {set("products", 0, "name", half), "products[0].name"},
		"a product that can be used nowhere":        {set("products", 0, "sites", []any{}), "products[0].sites"},
		"a product used at a place that is none":    {set("products", 0, "sites", []any{"moon"}), "products[0]"},
		"a stage that does not exist":               {add("stages", object{"stage": "someday", "why": full, "when": object{}}), ".stage"},
		"a second approval as a stage of its own":   {add("stages", object{"stage": "second_approval", "why": full, "when": object{}}), ".stage"},
		"a stage under a condition that is none":    {add("stages", object{"stage": "icp", "why": full, "when": when("sites", []any{"moon"})}), ".when"},
		"a stage that says why in two languages":    {set("stages", 0, "why", half), "stages[0].why"},
		"a contract under a condition":              {set("stages", -1, "when", when("kinds", []any{"enterprise"})), "stages"},
		"no items":                                  {func(m object) { m["items"] = []any{} }, "items"},
		"an item due at the second approval":        {set("items", 0, "stage", "second_approval"), "items[0].stage"},
		"an item accepted in two languages":         {set("items", 0, "accepts", []any{full, half}), "items[0].accepts"},
		"an item accepted in three":                 {set("items", 0, "accepts", []any{full}), ""},
		"an item for a product that does not exist": {set("items", 0, "when", when("products", []any{"barter"})), "items[0].when"},
		"for a document that does not exist":        {set("items", 0, "when", when("identity_types", []any{"driving_licence"})), "items[0].when"},
		"for a passport":                            {set("items", 0, "when", when("identity_types", []any{"passport"})), ""},
		"for a licence of sixteen digits":           {set("items", 0, "when", when("licence", "16-digit")), "items[0].when"},
		"for one of fifteen":                        {set("items", 0, "when", when("licence", "15-digit")), ""},
		"for a difference that does not exist":      {set("items", 0, "when", when("differs", "mood")), "items[0].when"},
		"for a registrant of another name":          {set("items", 0, "when", when("differs", "registrant")), ""},
		"for a place that does not exist":           {set("items", 0, "when", when("sites", []any{"moon"})), "items[0].when"},
		"a waiver of nothing":                       {set("waivers", 0, "item", "soul"), "waivers[0].item"},
		"a waiver under a condition that is none":   {set("waivers", 0, "when", when("kinds", []any{"robot"})), "waivers[0].when"},
		"a waiver under a single condition":         {set("waivers", -1, "when", when("kinds", []any{"enterprise"})), ""},
		"under one product":                         {set("waivers", -1, "when", when("products", []any{"wechat"})), ""},
		"under one place":                           {set("waivers", -1, "when", when("sites", []any{"web"})), ""},
		"under one document":                        {set("waivers", -1, "when", when("identity_types", []any{"passport"})), ""},
		"for a kind and a product":                  {set("waivers", -1, "when", object{"kinds": []any{"enterprise"}, "products": []any{"wechat"}}), ""},
		"for a kind and a place":                    {set("waivers", -1, "when", object{"kinds": []any{"enterprise"}, "sites": []any{"web"}}), ""},
		"for a kind and a document":                 {set("waivers", -1, "when", object{"kinds": []any{"enterprise"}, "identity_types": []any{"passport"}}), ""},
		"under one licence":                         {set("waivers", -1, "when", when("licence", "uscc")), ""},
		"under one difference":                      {set("waivers", -1, "when", when("differs", "contact")), ""},
		"a waiver that says why in two languages":   {set("waivers", 0, "because", half), "waivers[0].because"},
		"a value read off the tax number":           {derive("company.tax_number", 2, 17), "waivers[0].derive"},
		"a value read off a licence of fifteen": {func(m object) {
			nth(m, "waivers", 0)["when"] = when("licence", "15-digit")
			derive("company.licence_number", 2, 17)(m)
		}, "waivers[0].derive"},
		"a value from the first character":           {derive("company.licence_number", 0, 1), ""},
		"a value from before it":                     {derive("company.licence_number", -1, 5), "waivers[0].derive"},
		"a value up to the last":                     {derive("company.licence_number", 17, 18), ""},
		"a value beyond it":                          {derive("company.licence_number", 17, 19), "waivers[0].derive"},
		"an empty value":                             {derive("company.licence_number", 5, 5), "waivers[0].derive"},
		"two people under a condition that is none":  {set("four_eyes", 0, "when", when("kinds", []any{"robot"})), "four_eyes[0].when"},
		"two people who are told why in two":         {set("four_eyes", 0, "why", half), "four_eyes[0].why"},
		"an act that says why in two languages":      {set("four_eyes_acts", 0, "why", half), "four_eyes_acts[0].why"},
		"a period that ends at noon":                 {term("period_end", "12:00"), "terms.period_end"},
		"a period that ends at the same time of day": {term("period_end", "same_time"), ""},
		"a period that ends the day before":          {term("period_day_off", "day_before"), "terms.period_day_off"},
		"a period that stays on a day off":           {term("period_day_off", "stays"), ""},
		"notices from nine, written short":           {hours("9:00", "20:00"), "terms.notices_from"},
		"notices until a time that is none":          {hours("09:00", "25:00"), "terms.notices_to"},
		"notices from a time that is none":           {hours("09:60", "20:00"), "terms.notices_from"},
		"notices from noon":                          {hours("12:00", "12:01"), ""},
		"notices from past noon":                     {hours("12:01", "20:00"), "terms.notices_from"},
		"notices that end when they begin":           {hours("09:00", "09:00"), "terms.notices_from"},
		"notices at no stated hours":                 {hours("", ""), ""},
		"a reminder on the last day":                 {term("correction_reminder_days", []any{0}), "terms.correction_reminder_days[0]"},
		"a reminder on the day it begins":            {term("correction_reminder_days", []any{15}), "terms.correction_reminder_days[0]"},
		"a reminder on the day after":                {term("correction_reminder_days", []any{14, 1}), ""},
		"two reminders on a day":                     {term("correction_reminder_days", []any{3, 3}), "terms.correction_reminder_days[1]"},
		"reminders in disorder":                      {term("correction_reminder_days", []any{1, 3}), "terms.correction_reminder_days[1]"},
		"no reminder":                                {term("correction_reminder_days", []any{}), ""},
		"a text pinned in two languages":             {set("texts", 0, "sha256", object{"es": "x", "en": "x"}), "texts[0].sha256"},
		"a nameless answer of the register":          {set("icp_statuses", 0, "status", ""), "icp_statuses[0]"},
		"one named in two languages":                 {set("icp_statuses", 0, "name", half), "icp_statuses[0]"},
		"one that satisfies a place that is none":    {set("icp_statuses", 0, "satisfies", []any{"moon"}), "icp_statuses[0].satisfies"},
		"one without a reason":                       {set("icp_statuses", 0, "reason", ""), ""},
		"a nameless check":                           {set("website_checklist", 0, "id", ""), "website_checklist[0]"},
		"a check named in two languages":             {set("website_checklist", 0, "title", half), "website_checklist[0]"},
		"a check without a step":                     {set("website_checklist", 0, "steps", []any{}), "website_checklist[0]"},
		"a step in two languages":                    {set("website_checklist", 0, "steps", []any{full, half}), "website_checklist[0]"},
		"a check of nothing":                         {set("website_checklist", 0, "items", []any{}), "website_checklist[0].items"},
		"a bank named in two languages":              {set("banks", 0, "name", half), "banks[0]"},
		"a bank there twice":                         {func(m object) { nth(m, "banks", 1)["code"] = nth(m, "banks", 0)["code"] }, "banks[1].code"},
		"a target that is the term itself":           {func(m object) { terms(m)["icp"] = object{"business_days": 2, "target_business_days": 2} }, ""},
		"a target beyond the term":                   {func(m object) { terms(m)["icp"] = object{"business_days": 2, "target_business_days": 3} }, "terms.icp.target_business_days"},
		"a silence that ends with the correction":    {term("expiry_days", 15), ""},
		"a silence that ends before it":              {term("expiry_days", 14), "terms.expiry_days"},
	} {
		t.Run(rule, func(t *testing.T) {
			err := changed(t, k.change)
			if k.field == "" && err != nil || k.field != "" && (err == nil || !strings.Contains(err.Error(), k.field)) {
				t.Errorf("%v, want a fault of %q", err, k.field)
			}
		})
	}
	for _, k := range []struct {
		field       string
		least, most int
	}{
		{"warn_percent", 1, 99}, {"contract_offer_days", 1, 365}, {"claim_lease_minutes", 1, 1440}, {"icp_evidence_max_age_days", 1, 3650},
		{"minimum_age_years", 14, 100}, {"validity_warning_days", 0, 3650}, {"retention_years", 10, 100}, {"site_probe_attempts", 1, 100},
		{"site_probe_interval_minutes", 1, 10080},
		{"qualification", 1, 60}, {"second_approval", 1, 60}, {"icp", 1, 60}, {"website", 1, 60}, {"countersignature", 1, 60},
	} {
		for n, lawful := range map[int]bool{k.least - 1: false, k.least: true, k.most: true, k.most + 1: false} {
			err := changed(t, func(m object) {
				if _, nested := terms(m)[k.field].(object); nested {
					terms(m)[k.field] = object{"business_days": n}
					return
				}
				terms(m)[k.field] = n
			})
			if (err == nil) != lawful || err != nil && !strings.Contains(err.Error(), fmt.Sprintf("terms.%s", k.field)) {
				t.Errorf("%s of %d: %v", k.field, n, err)
			}
		}
	}
}
