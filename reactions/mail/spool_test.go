package mail

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"alta/eventstore"
)

func TestASecondDeliveryWritesTheSameFileAndOnlyItsOwnerReadsIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	s, err := NewSpool(dir, "Alta <no-reply@alta.example>", nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Send(t.Context(), aMessage()); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 || files[0].Name() != "20260302T020000-07000000-0000-0000-0000-000000000000.eml" {
		t.Fatalf("the spool holds %v, %v", files, err)
	}
	if info, _ := files[0].Info(); info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
}

func TestASealedSpoolHoldsNothingInClear(t *testing.T) {
	dir := t.TempDir()
	var subject string
	seal := func(_ context.Context, owner string, _ eventstore.ID, content []byte) ([]byte, error) {
		subject = owner
		for i := range content {
			content[i] ^= 0x5a
		}
		return content, nil
	}
	s, err := NewSpool(dir, "no-reply@alta.example", seal, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), aMessage()); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	content, err := os.ReadFile(files[0])
	if err != nil || len(files) != 1 || !strings.HasSuffix(files[0], ".eml.sealed") || strings.Contains(string(content), "chen") || subject != "1" {
		t.Errorf("%v for %s: %v", files, subject, err)
	}
	if w := browse(dir, "/dev/mail"); strings.Contains(w.Body.String(), "eml") {
		t.Error("the browser lists a sealed mail")
	}
}

func browse(dir, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	Browser(dir).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func TestTheBrowserShowsMailsAndNoOtherFile(t *testing.T) {
	dir := t.TempDir()
	s, err := NewSpool(dir, "no-reply@alta.example", nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	m := aMessage()
	m.HTML = `<html><head></head><body><script>alert(1)</script><p>您好</p></body></html>`
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	const name = "20260302T020000-07000000-0000-0000-0000-000000000000.eml"
	for path, want := range map[string]string{
		"/dev/mail": "有内容需要您更正", "/dev/mail/" + name: "chen@example.cn", "/dev/mail/" + name + "/html": "您好", "/dev/mail/" + name + "/text": "请更正",
	} {
		w := browse(dir, path)
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d\n%s", path, w.Code, w.Body)
		}
		if strings.HasSuffix(path, "/html") && !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "sandbox") {
			t.Error("the HTML of a mail is not in a sandbox")
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/dev/mail/secret", "/dev/mail/../secret", "/dev/mail/..%2fsecret", "/dev/mail/" + name + "/../secret"} {
		if w := browse(dir, path); w.Code == 200 && strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s shows another file", path)
		}
	}
	if w := browse(filepath.Join(dir, "missing"), "/dev/mail"); w.Code != 200 {
		t.Errorf("a spool that is not there yet: %d", w.Code)
	}
}
