package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"sync"
	"time"

	"alta/documents/bombtest"
	"alta/scripts/faultskit"
	"alta/simulate/drive"
)

// put uploads a file once, and answers the status with the code of a refusal.
func (a *asker) put(ctx context.Context, path, media string, file []byte) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, a.base+path, bytes.NewReader(file))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", media)
	req.Header.Set("Idempotency-Key", drive.Key(path, time.Now(), len(file)))
	res, err := a.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	var p struct{ Code string }
	err = json.NewDecoder(res.Body).Decode(&p)
	return res.StatusCode, p.Code, err
}

// bombed has one account send six files that take very long to draw, at once and
// again, while another uploads pictures.
func bombed(ctx context.Context, c *faultskit.Call) (string, error) {
	w, err := prepare(ctx, c, "bombed", 0, "--dev")
	if err != nil {
		return "", err
	}
	defer w.Stop()
	if err := w.open(ctx); err != nil {
		return "", err
	}
	d, err := w.driver(ctx)
	if err != nil {
		return "", err
	}
	lives, err := w.merchants(ctx, d, c.Seed, 2)
	if err != nil {
		return "", err
	}
	attacker, err := w.asker(ctx, lives[0].Self)
	if err != nil {
		return "", err
	}
	other, err := w.asker(ctx, lives[1].Self)
	if err != nil {
		return "", err
	}
	defer attacker.close()
	defer other.close()
	attacker.http.Timeout = 2 * time.Minute
	uploads := 0
	// send uploads a picture and a PDF of the other account, to one item after the
	// other: an item has a bounded number of versions.
	send := func() (took [2]time.Duration, err error) {
		for i, media := range []string{"image/png", "application/pdf"} {
			file := picture(uploads)
			if i == 1 {
				file = bombtest.Harmless(uploads)
			}
			item := []string{"bank_card.front", "bank_card.back", "id_card.front", "id_card.back"}[uploads%4]
			begun := time.Now()
			status, code, err := other.put(ctx, "/v1/applications/"+lives[1].ID+"/documents/"+item, media, file)
			took[i] = time.Since(begun)
			uploads++
			if err != nil || status != http.StatusCreated {
				return took, errors.Join(fmt.Errorf("the other account's upload is answered %d %s", status, code), err)
			}
		}
		return took, nil
	}
	if _, err := send(); err != nil { // the decoders are warm after it
		return "", err
	}
	alone, err := send()
	if err != nil {
		return "", err
	}
	var sending sync.WaitGroup
	var mu sync.Mutex
	codes, wrong := map[string]int{}, error(nil)
	for name, file := range bombtest.PDFs() {
		sending.Go(func() {
			for range c.Times(3, 1) {
				status, code, err := attacker.put(ctx, "/v1/applications/"+lives[0].ID+"/documents/id_card.front", "application/pdf", file)
				told := status == http.StatusUnprocessableEntity || status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests
				mu.Lock()
				codes[fmt.Sprint(status, " ", code)]++
				if err != nil || (!told || code == "") && status != http.StatusCreated { // what is drawn in time is no bomb
					wrong = errors.Join(wrong, fmt.Errorf("%s is answered %d %s (%w)", name, status, code, err))
				}
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { sending.Wait(); close(done) }()
	var slowest [2]time.Duration
	for running := true; running; {
		took, err := send()
		slowest[0], slowest[1] = max(slowest[0], took[0]), max(slowest[1], took[1])
		if err != nil {
			wrong = errors.Join(wrong, err)
			break
		}
		select {
		case <-done:
			running = false
		case <-time.After(200 * time.Millisecond):
		}
	}
	<-done
	memory, err := w.Memory()
	figures := fmt.Sprintf("%d uploads of another account meanwhile, the slowest picture %.1f s (alone %.1f), the slowest PDF %.1f s (alone %.1f); the files were answered %v; %d MB afterwards",
		uploads-4, slowest[0].Seconds(), alone[0].Seconds(), slowest[1].Seconds(), alone[1].Seconds(), codes, memory>>20)
	if max(slowest[0], slowest[1]) > 5*time.Second {
		wrong = errors.Join(wrong, errors.New("another account's upload took more than 5 s"))
	}
	if codes["422 document-too-complex"] == 0 {
		wrong = errors.Join(wrong, errors.New("no file was too complex"))
	}
	return figures, errors.Join(wrong, err)
}

// picture is a small PNG, another one for each number.
func picture(n int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, 800, 500))
	for i := range m.Pix {
		m.Pix[i] = byte(i*(n+3) | 0x0F)
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m) // into memory
	return b.Bytes()
}
