package personal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"alta/domain/personal"
)

func TestAClearValueShowsInNothingThatPrintsOrMarshals(t *testing.T) {
	const number = "110101199003077715"
	v := personal.New(number)
	for _, shown := range []string{fmt.Sprint(v), fmt.Sprintf("%+v %#v %s %q", v, v, v, v), v.LogValue().String()} {
		if shown == "" || strings.Contains(shown, number[:12]) {
			t.Errorf("it shows as %q", shown)
		}
	}
	if _, err := json.Marshal(v); !errors.Is(err, personal.ErrClear) {
		t.Errorf("marshalling it: %v", err)
	}
}

func TestAStoredValueReadsBackHoweverItIsWritten(t *testing.T) {
	for stored, want := range map[string]personal.Text{
		`{"sealed":"AbC+/="}`: personal.Sealed("AbC+/="), `{ "sealed" : "AbC" }`: personal.Sealed("AbC"), `{"sealed":"A\u0042C"}`: personal.Sealed("ABC"),
		`{"erased":true}`: personal.Erased(), `null`: {}, `{"sealed":"A","erased":true}`: personal.Erased(),
	} {
		var got personal.Text
		if err := json.Unmarshal([]byte(stored), &got); err != nil || got != want {
			t.Errorf("%s reads as %#v: %v", stored, got, err)
		}
	}
	for _, v := range []personal.Text{personal.Sealed("QUJD"), personal.Erased(), {}} {
		b, err := json.Marshal(v)
		var again personal.Text
		if err == nil {
			err = json.Unmarshal(b, &again)
		}
		if err != nil || again != v {
			t.Errorf("%s becomes %#v: %v", b, again, err)
		}
	}
}

func TestAMaskShowsEnoughToRecogniseAndTooLittleToUse(t *testing.T) {
	for value, want := range map[string]string{
		"":                   "",
		"李":                  "李",
		"陈伟":                 "陈*",
		"José García":        "J********",
		"110101199003077715": "**************7715",
		"12345678":           "****5678",
		"A1234567":           "****4567",
		"abcdefg9":           "****efg9",
		"abcdefg0":           "****efg0",
		"1234567":            "1******",
		"abcdefgh":           "a*******",
		"福州市鼓楼区五四路 1 号":      "福********",
		"\u00801234567":      "\u0080*******",
		"chen@example.cn":    "c***@example.cn",
		"陈@example.cn":       "陈***@example.cn",
		"@example":           "@*******",
		"a@b@example.cn":     "a***@example.cn",
	} {
		if got := personal.Mask(value); got != want || personal.New(value).Masked() != want {
			t.Errorf("%q is shown as %q, want %q", value, got, want)
		}
	}
	if got := personal.Sealed("QUJD").Masked(); got != "****" {
		t.Errorf("a sealed value is shown as %q", got)
	}
	if got := personal.Erased().Masked(); got != "erased" {
		t.Errorf("an erased value is shown as %q", got)
	}
}

func TestAValueIsClearSealedOrErased(t *testing.T) {
	for _, k := range []struct {
		is                personal.Text
		clear, ciphertext string
		erased, zero      bool
	}{
		{is: personal.Text{}, zero: true}, {is: personal.New(""), zero: true},
		{is: personal.New("陈伟"), clear: "陈伟"}, {is: personal.Sealed("QUJD"), ciphertext: "QUJD"}, {is: personal.Erased(), erased: true},
	} {
		if k.is.Clear() != k.clear || k.is.Ciphertext() != k.ciphertext || k.is.IsErased() != k.erased || k.is.IsZero() != k.zero {
			t.Errorf("%#v is not what it was made of", k.is)
		}
	}
	kept := personal.New("陈伟")
	if err := json.Unmarshal([]byte("null"), &kept); err != nil || !kept.IsZero() {
		t.Errorf("null reads as %#v: %v", kept, err)
	}
}
