package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/pquerna/otp/totp"

	"alta/simulate/drive"
)

// What a person writes about her own log-in is done once under one key, whether
// Redis knows the answer or only the log does. Redis never holds a secret.
func TestWhatOneWritesAboutOneselfIsDoneOnce(t *testing.T) {
	c := demoConfig(t)
	store := miniredis.RunT(t)
	c.Redis = "redis://" + store.Addr()
	w := start(t, c)
	agent := w.as(t, "agent")
	proof := func() string {
		t.Helper()
		p, err := agent.Prove(t.Context(), "credentials")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	n := 0
	// once sends a request, sends it again, and again after Redis lost everything
	// that it was told about requests.
	once := func(method, path, body, proof string) string {
		t.Helper()
		n++
		header := []string{"Idempotency-Key", drive.Key("oneself", n)}
		if proof != "" {
			header = append(header, "Alta-Step-Up", proof)
		}
		first, was := w.raw(t, agent, method, path, body, header...)
		if first.StatusCode >= 300 {
			t.Fatalf("%s %s: %d %s", method, path, first.StatusCode, was)
		}
		again, is := w.raw(t, agent, method, path, body, header...)
		if again.StatusCode != first.StatusCode || is != was || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s %s sent again: %d %s, at first %s", method, path, again.StatusCode, is, was)
		}
		for _, key := range store.Keys() {
			if value, err := store.Get(key); err == nil && len(was) > 0 && strings.HasPrefix(key, "alta:request:") && strings.Contains(value, "secret") || strings.Contains(value, "recovery_codes") {
				t.Errorf("%s keeps %s", key, value)
			}
			if strings.HasPrefix(key, "alta:request:") {
				store.Del(key)
			}
		}
		if again, is := w.raw(t, agent, method, path, body, header...); again.StatusCode != first.StatusCode || is != was {
			t.Errorf("%s %s after Redis was lost: %d %s, at first %s", method, path, again.StatusCode, is, was)
		}
		if other := strings.Replace(body, "shop", "till", 1); other != body {
			if again, is := w.raw(t, agent, method, path, other, header...); again.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(is, `"idempotency-key-reused"`) {
				t.Errorf("%s %s with another body: %d %s", method, path, again.StatusCode, is)
			}
		}
		return was
	}
	read := func(body string, into any) {
		t.Helper()
		if err := json.Unmarshal([]byte(body), into); err != nil {
			t.Fatal(err)
		}
	}

	var issued struct{ Key struct{ ID string } }
	read(once("POST", "/v1/me/api-keys", `{"label":"shop","scopes":["applications:read"]}`, proof()), &issued)
	var list struct{ Keys []struct{ ID string } }
	if _, err := agent.Get(t.Context(), "/v1/me/api-keys", &list); err != nil || len(list.Keys) != 1 {
		t.Errorf("%d keys of one request, %v", len(list.Keys), err)
	}
	once("DELETE", "/v1/me/api-keys/"+issued.Key.ID, "", "")

	var setup struct{ Secret string }
	read(once("POST", "/v1/me/totp", "", proof()), &setup)
	code, err := totp.GenerateCode(setup.Secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	before := proof() // with codes set up it takes one
	once("PUT", "/v1/me/totp", `{"code":"`+code+`"}`, "")
	once("POST", "/v1/me/recovery-codes", "", before)
	once("DELETE", "/v1/me/totp", "", before)
	once("PUT", "/v1/me/password", `{"current":"`+demoPassword+`","password":"eight walruses hum softly"}`, "")

	other, err := w.client.LogIn(t.Context(), "agent@demo.alta.example", "eight walruses hum softly")
	if err != nil {
		t.Fatal(err)
	}
	_ = other
	var sessions struct {
		Sessions []struct {
			ID      string
			Current bool
		}
	}
	if _, err := agent.Get(t.Context(), "/v1/me/sessions", &sessions); err != nil || len(sessions.Sessions) != 2 {
		t.Fatalf("%+v, %v", sessions, err)
	}
	for _, s := range sessions.Sessions {
		if !s.Current {
			once("DELETE", "/v1/me/sessions/"+s.ID, "", "")
		}
	}
	var devices struct{ Devices []struct{ ID string } }
	if _, err := agent.Get(t.Context(), "/v1/auth/devices", &devices); err != nil || len(devices.Devices) == 0 {
		t.Fatalf("%+v, %v", devices, err)
	}
	once("DELETE", "/v1/auth/devices/"+devices.Devices[0].ID, "", "")
}
