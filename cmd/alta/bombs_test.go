package main

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"sync"
	"testing"
	"time"

	"alta/documents/bombtest"
	"alta/simulate/drive"
)

// One account's files that take very long to read hold up nobody else, and the
// account is told why they are not taken.
func TestOneAccountsBombsDoNotHoldUpTheOthersUploads(t *testing.T) {
	c := demoConfig(t)
	c.Quotas.Megabytes, c.Quotas.Versions, c.Quotas.Documents, c.Quotas.Events = 100_000, 100_000, 100_000, 100_000
	w := start(t, c)
	d := w.driver(t)
	attacker := w.merchant(t, d, drive.Wish{Seed: 34, First: 0, Kind: "enterprise", To: drive.Draft, Via: drive.Self})
	drafting := w.merchant(t, d, drive.Wish{Seed: 34, First: 2, Kind: "individual", To: drive.Draft, Via: drive.Self})
	path := func(l *drive.Life) string { return "/v1/applications/" + l.ID + "/documents/" }
	var bombed sync.WaitGroup
	var mu sync.Mutex
	codes := map[string]int{}
	for name, file := range bombtest.PDFs() {
		bombed.Go(func() {
			a, err := w.trySend(t.Context(), attacker.Self, request{method: http.MethodPut, path: path(attacker) + "business_licence", body: file,
				header: map[string]string{"Content-Type": "application/pdf", "Idempotency-Key": drive.Key(name)}})
			mu.Lock()
			defer mu.Unlock()
			codes[a.Code]++
			known := a.status == http.StatusUnprocessableEntity && (a.Code == "document-too-complex" || a.Code == "document-unreadable") ||
				a.status == http.StatusServiceUnavailable && (a.Code == "uploads-paused" || a.Code == "uploads-crowded") ||
				a.status == http.StatusCreated // what is drawn in time is no bomb
			if err != nil || !known || len(file) > 5<<20 {
				t.Errorf("%s, %d bytes: %d %s %q, %v", name, len(file), a.status, a.Code, a.Detail, err)
			}
		})
	}
	done := make(chan struct{})
	go func() { bombed.Wait(); close(done) }()
	for n, slowest := 0, time.Duration(0); ; n++ {
		begun := time.Now()
		var put struct{ ID string }
		_, err := drafting.Self.Do(t.Context(), drive.Request{Method: http.MethodPut, Path: path(drafting) + "bank_card.back", Body: picture(t, n), Media: "image/png", Key: drive.Key("picture", n)}, &put)
		uploaded := time.Since(begun)
		if err != nil || uploaded > 5*time.Second {
			t.Errorf("another account's picture: %v after %s", err, uploaded)
		}
		begun = time.Now()
		if _, err := drafting.Self.Get(t.Context(), "/v1/applications/"+drafting.ID+"/files/"+put.ID, nil); err != nil || time.Since(begun) > 5*time.Second {
			t.Errorf("a look at it: %v after %s", err, time.Since(begun))
		}
		slowest = max(slowest, uploaded, time.Since(begun))
		select {
		case <-done:
			t.Logf("%d pictures beside the bombs, the slowest upload or look took %s; the bombs were answered %v", n+1, slowest, codes)
			if codes["document-too-complex"] == 0 {
				t.Error("no bomb was too complex")
			}
			return
		default:
		}
	}
}

// picture is a small PNG, another one for each number.
func picture(t *testing.T, n int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 800, 500))
	for i := range m.Pix {
		m.Pix[i] = byte(i*(n+3) | 0x0F)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
