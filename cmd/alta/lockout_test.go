package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"alta/api/auth"
)

// Two hundred addresses try wrong passwords of a known person: who uses the browser
// that she used before gets in, a new browser waits.
func TestAnAttackFromManyAddressesLocksOutNobodyWhoIsKnown(t *testing.T) {
	c := demoConfig(t)
	c.LimitFactor, c.TrustProxy = 1, true
	c.passwords = auth.Argon2{} // at the cost that an attack really meets
	w := start(t, c)
	login := func(address, password string, cookies ...*http.Cookie) *http.Response {
		t.Helper()
		b, err := json.Marshal(map[string]string{"email": "agent@demo.alta.example", "password": password})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.api+"/v1/auth/login", bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-For", address)
		req.Header.Set("X-Forwarded-Proto", "https")
		for _, k := range cookies {
			req.AddCookie(k)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	var device *http.Cookie
	for _, k := range login("192.0.2.1", demoPassword).Cookies() {
		if strings.HasSuffix(k.Name, "alta-device") {
			device = k
		}
	}
	if device == nil || !device.HttpOnly || !device.Secure || device.SameSite != http.SameSiteStrictMode || device.MaxAge <= 0 || device.Path != "/v1" {
		t.Fatalf("the device's cookie is %v", device)
	}
	waiting := 0
	for i := range 200 {
		if login(fmt.Sprintf("198.51.%d.%d", i/100, i%100+1), "wrong").StatusCode == http.StatusTooManyRequests {
			waiting++
		}
	}
	if waiting < 130 {
		t.Errorf("%d of 200 attempts had to wait", waiting)
	}
	if res := login("192.0.2.9", demoPassword); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
		t.Errorf("a new browser meanwhile: %s", res.Status)
	}
	if res := login("192.0.2.1", demoPassword, device); res.StatusCode != http.StatusOK {
		t.Errorf("the browser that she used before: %s", res.Status)
	}
	device.Value = "A" + device.Value[1:]
	if res := login("192.0.2.1", demoPassword, device); res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a cookie that was tampered with: %s", res.Status)
	}
}
