package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"alta/scripts/faultskit"
	"alta/simulate/drive"
)

const openStreams = 200

// writer moves one application up and down, and remembers what it was told.
type writer struct {
	id       string
	revision int64 // of the last change that was acknowledged
	done     int
	unclear  int // had no answer
	last     time.Time
}

// terminated stops the program while people write and 200 streams are open.
func terminated(ctx context.Context, c *faultskit.Call) (string, error) {
	w, err := prepare(ctx, c, "terminated", 0, "--dev")
	if err != nil {
		return "", err
	}
	defer w.Stop()
	if _, err := w.Do(ctx, "simulate", "--direct", "--dev", "--data", w.Data(), "--count", "16", "--to", "qualification"); err != nil {
		return "", err
	}
	if err := w.open(ctx); err != nil {
		return "", err
	}
	d, err := w.driver(ctx)
	if err != nil {
		return "", err
	}
	lives, err := w.merchants(ctx, d, c.Seed, uploadsUnderWay/4) // an account may send six at once
	if err != nil {
		return "", err
	}
	var slowest time.Duration
	writes, refused, uploads := 0, map[string]int{}, map[string]int{}
	rounds := c.Times(10, 2)
	for n := range rounds {
		if n > 0 {
			if err := w.open(ctx); err != nil {
				return "", err
			}
		}
		took, done, err := w.terminate(ctx, n, lives, refused, uploads)
		if err != nil {
			return "", err
		}
		slowest, writes = max(slowest, took), writes+done
	}
	figures := fmt.Sprintf("%d stops, each with %d streams and %d uploads half sent: %d writes acknowledged and all there afterwards, the program ended at most %.2f s after the last; refused: %v; uploads answered: %v", rounds, openStreams, uploadsUnderWay, writes, slowest.Seconds(), refused, uploads)
	if n := len(lives) * 4 * rounds; uploads["201"]+uploads["503"] != n {
		return figures, fmt.Errorf("of %d uploads under way some were neither taken nor refused with a reason", n)
	}
	if slowest > 3*time.Second {
		return figures, errors.New("the program took more than 3 s to end")
	}
	return figures, nil
}

func (w *world) terminate(ctx context.Context, round int, lives []*drive.Life, refused, uploads map[string]int) (took time.Duration, done int, err error) {
	a, err := w.asker(ctx, w.lead)
	if err != nil {
		return 0, 0, err
	}
	if _, err := a.complete(ctx, 16); err != nil {
		return 0, 0, err
	}
	_, list, err := a.get(ctx, "/v1/applications?limit=16&stage=qualification") // the drafts get the uploads
	if err != nil {
		return 0, 0, err
	}
	var streams sync.WaitGroup
	var ended atomic.Int64
	opened := make(chan error, openStreams)
	listening := &http.Client{Transport: &http.Transport{}}
	for range openStreams {
		streams.Go(func() {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Address+"/v1/changes", nil)
			if err != nil {
				opened <- err
				return
			}
			req.Header.Set("Authorization", "Bearer "+a.token)
			res, err := listening.Do(req)
			if err != nil {
				opened <- err
				return
			}
			defer res.Body.Close()
			lines := bufio.NewScanner(res.Body)
			if !lines.Scan() || res.StatusCode != http.StatusOK {
				err = fmt.Errorf("a stream is answered %d", res.StatusCode)
			}
			opened <- err
			for lines.Scan() {
				continue
			}
			ended.Add(1)
		})
	}
	for range openStreams {
		if err := <-opened; err != nil {
			return 0, 0, err
		}
	}
	var mu sync.Mutex
	var wrong error
	var writing sync.WaitGroup
	writers := make([]*writer, len(list.Rows))
	stop := make(chan struct{})
	for i, raw := range list.Rows {
		var row struct{ ID string }
		if err := json.Unmarshal(raw, &row); err != nil {
			return 0, 0, err
		}
		now, err := w.lead.Get(ctx, "/v1/applications/"+row.ID+"/actions", nil)
		if err != nil {
			return 0, 0, err
		}
		x := &writer{id: row.ID, revision: now.Revision}
		writers[i] = x
		writing.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				said, revision, err := a.prioritise(ctx, x.id, x.revision, fmt.Sprintf("round %d, change %d", round, x.done))
				if said == "" {
					x.revision, x.last = revision, time.Now()
					x.done++
					continue
				}
				mu.Lock()
				refused[said]++
				wrong = errors.Join(wrong, err)
				mu.Unlock()
				if said == noAnswer {
					x.unclear++
				}
				return // the program stops
			}
		})
	}
	sent, err := w.uploading(ctx, round, lives)
	if err != nil {
		return 0, 0, err
	}
	time.Sleep(500 * time.Millisecond)
	ordered := time.Now()
	if err := w.Signal(syscall.SIGTERM); err != nil {
		return 0, 0, err
	}
	for _, u := range sent {
		at, err := u.finish()
		wrong = errors.Join(wrong, err)
		if uploads[u.answer]++; u.answer == "201" && at.After(ordered) {
			ordered = at
		}
	}
	select {
	case <-w.Ended():
	case <-time.After(30 * time.Second):
		wrong = errors.Join(wrong, errors.New("the program did not end in 30 s"))
	}
	end := time.Now()
	close(stop)
	writing.Wait()
	if err := errors.Join(wrong, w.Stop()); err != nil {
		return 0, 0, err
	}
	streams.Wait()
	a.close()
	for _, x := range writers {
		if x.last.After(ordered) {
			ordered = x.last
		}
		done += x.done
	}
	if done == 0 {
		return 0, 0, errors.New("nothing was written, so nothing was tested")
	}
	if err := w.open(ctx); err != nil {
		return 0, 0, err
	}
	for _, x := range writers {
		now, err := w.lead.Get(ctx, "/v1/applications/"+x.id+"/actions", nil)
		if err != nil {
			return 0, 0, err
		}
		if now.Revision < x.revision {
			return 0, 0, fmt.Errorf("an acknowledged change is lost: revision %d, acknowledged %d", now.Revision, x.revision)
		}
		if now.Revision > x.revision {
			return 0, 0, fmt.Errorf("a change was made and its sender was refused or cut off: revision %d, acknowledged %d, %d without an answer", now.Revision, x.revision, x.unclear)
		}
	}
	for _, u := range sent {
		if err := u.kept(ctx, w); err != nil {
			return 0, 0, err
		}
	}
	return end.Sub(ordered), done, w.Stop()
}

const uploadsUnderWay = 16

// upload is one of which half is sent before the program is told to stop.
type upload struct {
	life   *drive.Life
	slot   string
	file   []byte
	conn   net.Conn
	answer string // status
}

var uploadSlots = []string{"bank_card.front", "bank_card.back", "id_card.front", "id_card.back"}

// uploading sends the first halves.
func (w *world) uploading(ctx context.Context, round int, lives []*drive.Life) (all []*upload, err error) {
	host := strings.TrimPrefix(w.Address, "http://")
	for i, l := range lives {
		again, err := w.client.LogIn(ctx, l.Plan.Email, l.Password())
		if err != nil {
			return nil, err
		}
		token, err := again.Token(ctx)
		if err != nil {
			return nil, err
		}
		l.Self = again
		for n, slot := range uploadSlots {
			u := &upload{life: l, slot: slot, file: picture(1000*round + 10*i + n)}
			if u.conn, err = net.Dial("tcp", host); err != nil {
				return nil, err
			}
			if _, err := fmt.Fprintf(u.conn, "PUT /v1/applications/%s/documents/%s HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nAuthorization: Bearer %s\r\nContent-Type: image/png\r\nIdempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s",
				l.ID, slot, host, w.Address, token, drive.Key("under way", round, i, n), len(u.file), u.file[:len(u.file)/2]); err != nil {
				return nil, err
			}
			all = append(all, u)
		}
	}
	return all, nil
}

// finish sends the rest and reads the answer.
func (u *upload) finish() (time.Time, error) {
	defer u.conn.Close()
	_ = u.conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, sending := u.conn.Write(u.file[len(u.file)/2:])
	res, err := http.ReadResponse(bufio.NewReader(u.conn), nil)
	if err != nil {
		u.answer = noAnswer
		return time.Now(), fmt.Errorf("an upload that was under way has no answer: %w", errors.Join(sending, err))
	}
	defer res.Body.Close()
	if u.answer = strconv.Itoa(res.StatusCode); res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") == "" {
		return time.Now(), errors.New("an upload is refused without Retry-After while the program stops")
	}
	return time.Now(), nil
}

// kept looks whether a file is there that was acknowledged, and not where it was
// refused.
func (u *upload) kept(ctx context.Context, w *world) error {
	p, err := w.client.LogIn(ctx, u.life.Plan.Email, u.life.Password())
	if err != nil {
		return err
	}
	var form struct {
		Items []struct {
			Key      string
			Document *struct{ SHA256 string }
		}
	}
	if _, err := p.Get(ctx, "/v1/applications/"+u.life.ID+"/form", &form); err != nil {
		return err
	}
	there := false
	for _, i := range form.Items {
		if i.Key == u.slot && i.Document != nil {
			there = i.Document.SHA256 == fmt.Sprintf("%x", sha256.Sum256(u.file))
		}
	}
	if there != (u.answer == "201") {
		return fmt.Errorf("an upload that was answered %s while the program stopped is there afterwards: %v", u.answer, there)
	}
	return nil
}

const noAnswer = "no answer"

// prioritise writes once. said is empty where the change was acknowledged, and else
// how it was refused; err says that it was refused in a way that it must not be.
func (a *asker) prioritise(ctx context.Context, id string, at int64, why string) (said string, revision int64, err error) {
	body, err := json.Marshal(map[string]any{"priority": len(why) % 7, "why": why})
	if err != nil {
		return noAnswer, 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, a.base+"/v1/applications/"+id+"/priority", bytes.NewReader(body))
	if err != nil {
		return noAnswer, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("If-Match", strconv.Quote(strconv.FormatInt(at, 10)))
	req.Header.Set("Idempotency-Key", drive.Key(id, why))
	res, err := a.http.Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "connection refused", 0, nil
	}
	if err != nil {
		return noAnswer, 0, nil //nolint:nilerr // what became of it is looked up afterwards
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNoContent {
		revision, err = strconv.ParseInt(strings.Trim(res.Header.Get("ETag"), `"`), 10, 64)
		return "", revision, err
	}
	var p struct{ Code string }
	_ = json.NewDecoder(res.Body).Decode(&p) // without a code it is not a refusal that we know
	said = fmt.Sprintf("%d %s", res.StatusCode, p.Code)
	if res.StatusCode != http.StatusServiceUnavailable || p.Code == "" || res.Header.Get("Retry-After") == "" {
		err = fmt.Errorf("a change is answered %s while the program stops", said)
	}
	return said, 0, err
}
