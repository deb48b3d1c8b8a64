package strictjson_test

import (
	"errors"
	"testing"
	"time"

	"alta/domain/strictjson"
)

type shape struct {
	Round  int           `json:"round"`
	Lease  time.Duration `json:"lease"`
	Policy string        `json:"policy"`
	Spans  []struct {
		From time.Time `json:"from"`
	} `json:"spans"`
	Fields map[string]string `json:"fields"`
}

func TestWhatFitsIsRead(t *testing.T) {
	var s shape
	text := " {\"round\":3,\"lease\":1500000000,\"policy\":\"商é\\u0041\",\"spans\":[{\"from\":\"2026-03-02T02:00:00Z\"}],\"fields\":null}\n\n"
	if err := strictjson.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)
	if s.Round != 3 || s.Lease != 1500*time.Millisecond || s.Policy != "商éA" || len(s.Spans) != 1 || !s.Spans[0].From.Equal(from) || s.Fields != nil {
		t.Errorf("read %+v", s)
	}
}

// Whoever imports a document is told where it does not fit.
func TestWhatDoesNotFitIsRefusedWhereItStands(t *testing.T) {
	for text, want := range map[string]struct{ field, why string }{
		`{"unknown":1}`:                    {"unknown", "there is no such field"},
		`{"Round":1}`:                      {"Round", "there is no such field"},
		`{"spans":[{},{"to":1}]}`:          {"spans[1].to", "there is no such field"},
		`{"round":"one"}`:                  {"round", "cannot be a string"},
		`{"policy":{}}`:                    {"policy", "cannot be an object"},
		`{"policy":[]}`:                    {"policy", "cannot be an array"},
		`{"policy":true}`:                  {"policy", "cannot be true or false"},
		`{"spans":7}`:                      {"spans", "cannot be a number"},
		`[]`:                               {"", "cannot be an array"},
		`{"round":1.5}`:                    {"round", ""},
		`{"round":99999999999999999999}`:   {"round", ""},
		`{"spans":[{"from":"yesterday"}]}`: {"spans[0].from", ""},
		`{"round":1,"round":2}`:            {"round", ""},
		`{"fields":{"a":"1","a":"2"}}`:     {"fields.a", ""},
		"{\"policy\":\"\xff\"}":            {"policy", ""},
		``:                                 {"", ""},
		` `:                                {"", ""},
		`{`:                                {"", ""},
		`{"round":`:                        {"round", ""},
		`{"round":5}x`:                     {"", ""},
		`{"round":6}{"round":7}`:           {"", ""},
		`{"round":8},`:                     {"", ""},
		"{\"round\":9}\x00":                {"", ""},
	} {
		var s shape
		err := strictjson.Unmarshal([]byte(text), &s)
		e := (*strictjson.Error)(nil)
		switch {
		case !errors.As(err, &e):
			t.Errorf("%q: %v, want an error that says where", text, err)
		case e.Why == "cannot be a string" && want.why == "":
			t.Errorf("%q: told that it is a string instead of what is wrong with it", text)
		case e.Field != want.field || e.Why == "" || want.why != "" && e.Why != want.why:
			t.Errorf("%q: field %q, why %q; want %q, %q", text, e.Field, e.Why, want.field, want.why)
		}
	}
}
