package strictjson_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"alta/domain/strictjson"
)

type shape struct {
	Round  int
	Policy string
	Spans  []struct{ From, To string }
}

// What was read before, good or bad, long or short, must not change what is read.
func TestWhatIsReadDoesNotDependOnWhatWasReadBefore(t *testing.T) {
	fresh := func(data []byte, to any) bool {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if dec.Decode(to) != nil {
			return false
		}
		_, err := dec.Token()
		return err == io.EOF
	}
	long := strings.Repeat("商é\\u0041", 9000)
	texts := []string{
		`{"round":1,"policy":"p"}`, `{"round":2}`, `{}`, ` {"round":3} `, "{\"round\":4}\n\n", `{"policy":"` + long + `"}`,
		`{"policy":"` + long[:2000] + `"}`, ``, ` `, `{`, `{"round":`, `{"round":5}x`, `{"round":6}{"round":7}`, `{"round":8},`,
		`{"unknown":1}`, `{"round":"one"}`, `null`, `1`, `[]`, "\x00", `{"round":9}` + "\x00", `{"round":10}]`,
		`{"spans":[{"from":"a","to":"b"},{"from":"c"}]}`, `{"spans":[{"unknown":1}]}`, `{"spans":[{}`,
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		text := texts[rng.IntN(len(texts))]
		var got, want shape
		good := strictjson.Unmarshal([]byte(text), &got) == nil
		if expected := fresh([]byte(text), &want); good != expected || good && !reflect.DeepEqual(got, want) {
			t.Fatalf("%.40q: read %v, %+v, want %v, %+v", text, good, got, expected, want)
		}
	}
}
