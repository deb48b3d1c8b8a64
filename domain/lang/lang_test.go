package lang_test

import (
	"testing"

	"alta/domain/lang"
)

func TestEverybodyReadsALanguageTheyAskedForOrEnglish(t *testing.T) {
	for tag, want := range map[string]lang.Lang{
		"zh-CN": lang.Chinese, "zh-Hans-CN": lang.Chinese, "ZH_tw": lang.Chinese, " zh ": lang.Chinese,
		"es": lang.Spanish, "es-419": lang.Spanish, "ES": lang.Spanish,
		"en": lang.English, "en-GB": lang.English, "fr": lang.English, "": lang.English, "zhx": lang.English, "\xff": lang.English,
	} {
		if got := lang.Match(tag); got != want {
			t.Errorf("%q reads %s, want %s", tag, got, want)
		}
	}
}

func TestATextIsCompleteInAllThreeLanguagesOnly(t *testing.T) {
	full := lang.Text{Zh: "好", Es: "bien", En: "good"}
	if !full.Complete() || full.In(lang.Chinese) != "好" || full.In("es-MX") != "bien" || full.In("fr") != "good" {
		t.Errorf("%+v", full)
	}
	for _, part := range []lang.Text{{}, {Zh: "好", Es: "bien"}, {Zh: "好", Es: " ", En: "good"}} {
		if part.Complete() {
			t.Errorf("%+v passes for complete", part)
		}
	}
	for _, l := range lang.All() {
		if lang.Match(string(l)) != l {
			t.Errorf("%s is not matched by itself", l)
		}
	}
}
