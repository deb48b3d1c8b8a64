package reason_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/reason"
)

var beijing = time.FixedZone("CST", 8*3600)

func full(k item.Key) reason.Params {
	return reason.Params{Item: k, Value: "V4LUE", Expected: "EXP3CTED", Seen: "S33N",
		Deadline: time.Date(2026, 12, 8, 18, 0, 0, 0, beijing)}
}

func TestAMerchantReadsWholeSentencesWhateverIsKnown(t *testing.T) {
	for _, e := range append(reason.All(), reason.Fallback("R99", "new")) {
		for _, l := range lang.All() {
			k := item.SiteURL
			if len(e.Targets) > 0 {
				k = e.Targets[0]
			}
			for what, p := range map[string]reason.Params{"everything known": full(k), "only the item known": {Item: k}} {
				t.Run(fmt.Sprintf("%s %s %s", name(e), l, what), func(t *testing.T) {
					m := e.Render(l, p)
					for _, text := range []string{m.Title, m.What, m.Fix, m.By, e.Internal(l, p)} {
						for _, bad := range []string{"{", "}", "[", "]", "  ", " .", " ,", "–", "：。", "：，", "“”", "«»", "()", "（）"} {
							if strings.Contains(text, bad) {
								t.Errorf("%q has %q in it", text, bad)
							}
						}
					}
					if m.Label == "" {
						t.Errorf("does not name the item: %+v", m)
					}
					if (m.By != "") != !p.Deadline.IsZero() {
						t.Errorf("deadline sentence %q", m.By)
					}
				})
			}
		}
	}
}

func TestTheDeadlineReadsAsPeopleOfEachLanguageWriteIt(t *testing.T) {
	for l, want := range map[lang.Lang]string{
		lang.Chinese: "请在 2026年12月8日 18:00（北京时间）之前完成修改并重新提交。",
		lang.Spanish: "Corríjalo y vuelva a enviar la solicitud antes del 8 de diciembre de 2026 a las 18:00 (hora de Pekín).",
		lang.English: "Please put it right and resubmit by 8 December 2026, 18:00 (Beijing time).",
	} {
		if got := reason.Render(reason.R03, reason.Unclear, l, full(item.IDCardFront)).By; got != want {
			t.Errorf("%s: %q, want %q", l, got, want)
		}
	}
	madrid := time.FixedZone("CET", 3600)
	if got := reason.Moment(time.Date(2026, 12, 8, 11, 0, 0, 0, madrid), lang.English); got != "8 December 2026, 11:00 (UTC+01:00)" {
		t.Errorf("another zone: %q", got)
	}
}

func TestAnICPReasonExplainsItselfToWhoeverNeverHeardOfIt(t *testing.T) {
	for l, words := range map[lang.Lang][]string{
		lang.Chinese: {"服务商", "20个工作日", "免费"},
		lang.Spanish: {"proveedor de alojamiento", "20 días hábiles", "gratuito", "registro oficial"},
		lang.English: {"hosting or access provider", "20 working days", "free", "official register"},
	} {
		m := reason.Render(reason.R09, reason.NoFiling, l, full(item.SiteDomain))
		for _, w := range words {
			if !strings.Contains(m.What+m.Fix, w) {
				t.Errorf("%s does not say %q", l, w)
			}
		}
	}
}

func TestTheMerchantNeverReadsTheInternalText(t *testing.T) {
	for _, e := range reason.All() {
		for _, l := range lang.All() {
			m, internal := e.Render(l, full(e.Targets[0])), e.Internal(l, full(e.Targets[0]))
			if strings.Contains(m.Title+m.What+m.Fix+m.By, internal) {
				t.Errorf("%s %s: the internal text is in the merchant's", name(e), l)
			}
		}
	}
}

func TestAReasonOfANewerVersionIsStillShown(t *testing.T) {
	for _, c := range []struct {
		code reason.Code
		sub  reason.Sub
	}{{"R13", "quantum"}, {reason.R03, "holographic"}, {"", ""}} {
		for _, l := range lang.All() {
			m := reason.Render(c.code, c.sub, l, reason.Params{Item: item.IDCardFront, Seen: "S33N", Deadline: full("").Deadline})
			if m.Code != c.code || m.Sub != c.sub || !strings.Contains(m.What, "S33N") || !strings.Contains(m.Title, m.Label) || m.By == "" {
				t.Errorf("%s/%s in %s: %+v", c.code, c.sub, l, m)
			}
		}
	}
	m := reason.Render(reason.R03, reason.Unclear, lang.English, reason.Params{Item: "retina.scan"})
	if m.Label != "retina.scan" {
		t.Errorf("an unknown item is shown as %q, want its key", m.Label)
	}
}

func TestAValueIsNeverTakenForATemplate(t *testing.T) {
	p := full(item.SiteURL)
	p.Seen, p.Value = "{value} [x] {deadline}", "{seen}"
	m := reason.Render(reason.R11, reason.Unreachable, lang.English, p)
	if !strings.Contains(m.What, "{value} [x] {deadline}") || !strings.Contains(m.What, "site {seen}") {
		t.Errorf("a merchant's text was filled in as a template: %q", m.What)
	}
}

func TestACodeIsNoWordForAMerchant(t *testing.T) {
	for k, code := range map[item.Key]string{item.IdentityType: "resident_id", item.BankCode: "308"} {
		for _, e := range reason.All() {
			for _, l := range lang.All() {
				if m := e.Render(l, reason.Params{Item: k, Value: code}); strings.Contains(m.Title+m.What+m.Fix, code) {
					t.Errorf("%s on %s in %s reads %q, %q", name(e), k, l, m.What, m.Fix)
				}
			}
		}
	}
}

func TestADocumentInTheWrongSlotIsNamedInTheReadersLanguage(t *testing.T) {
	p := reason.Params{Item: item.BankFront, Expected: string(item.IDCardFront)}
	for _, l := range lang.All() {
		m := reason.Render(reason.R02, reason.BelongsElsewhere, l, p)
		if !strings.Contains(m.What, reason.ItemLabel(item.IDCardFront, l)) || !strings.Contains(m.What, m.Label) {
			t.Errorf("%s: %q", l, m.What)
		}
	}
}

func TestAReviewersFullStopIsNotDoubled(t *testing.T) {
	for l, seen := range map[lang.Lang]string{lang.English: "the name is blurred.", lang.Chinese: "姓名模糊。", lang.Spanish: "el nombre no se lee. "} {
		m := reason.Render(reason.R03, reason.Unclear, l, reason.Params{Item: item.IDCardFront, Seen: seen})
		if strings.Contains(m.What, "..") || strings.Contains(m.What, "。。") || strings.Contains(m.What, ". .") {
			t.Errorf("%q", m.What)
		}
	}
}

func TestAnUnknownLanguageReadsEnglish(t *testing.T) {
	for tag, want := range map[string]lang.Lang{
		"zh": lang.Chinese, "zh-Hans-CN": lang.Chinese, "ZH_tw": lang.Chinese, "es-MX": lang.Spanish, "en-GB": lang.English, "fr": lang.English, "": lang.English,
	} {
		if got := reason.Render(reason.R01, reason.MissingDomain, lang.Lang(tag), reason.Params{Item: item.SiteDomain}).Lang; got != want {
			t.Errorf("%q reads %s, want %s", tag, got, want)
		}
	}
}

func ExampleRender() {
	m := reason.Render(reason.R03, reason.Expired, lang.English, reason.Params{
		Item: item.IDCardBack, Seen: "2026-03-01",
		Deadline: time.Date(2026, 12, 8, 18, 0, 0, 0, time.FixedZone("CST", 8*3600)),
	})
	fmt.Println(m.What)
	fmt.Println(m.By)
	// Output:
	// “identity document, emblem side” has expired; it was valid until 2026-03-01.
	// Please put it right and resubmit by 8 December 2026, 18:00 (Beijing time).
}

func TestADialectReadsAsItsLanguage(t *testing.T) {
	e, _ := reason.Lookup(reason.R03, reason.Unclear)
	for dialect, l := range map[lang.Lang]lang.Lang{"es-MX": lang.Spanish, "zh-Hans": lang.Chinese, "fr": lang.English} {
		if got, want := e.Internal(dialect, full(item.IDCardFront)), e.Internal(l, full(item.IDCardFront)); got != want {
			t.Errorf("%s: %q, want %q", dialect, got, want)
		}
		if got, want := e.Render(dialect, full(item.IDCardFront)), e.Render(l, full(item.IDCardFront)); got != want {
			t.Errorf("%s: %+v, want %+v", dialect, got, want)
		}
	}
}
