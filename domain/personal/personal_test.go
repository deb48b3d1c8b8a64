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
