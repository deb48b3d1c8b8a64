package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"alta/scripts/faultskit"
	"alta/simulate/drive"
	"alta/simulate/specimen"
)

// world is a running Alta with demo people.
type world struct {
	*faultskit.Server
	metrics string // address of its figures
	client  *drive.Client
	lead    *drive.Person
}

// prepare makes one that does not run yet, with so many applications in its log.
func prepare(ctx context.Context, c *faultskit.Call, name string, applications int, flags ...string) (*world, error) {
	w := &world{}
	home, err := os.MkdirTemp(c.Dir, name+"-")
	if err != nil {
		return nil, err
	}
	if w.metrics, err = faultskit.FreePort(); err != nil {
		return nil, err
	}
	if w.Server, err = faultskit.NewServer(c.Alta, home, append([]string{"--demo", "--metrics", w.metrics, "--registrations-per-hour", "1000"}, flags...)...); err != nil {
		return nil, err
	}
	if applications > 0 {
		_, err = w.Do(ctx, "simulate", "--direct", "--dev", "--data", w.Data(), "--count", strconv.Itoa(applications), "--seed", strconv.FormatUint(c.Seed, 10))
	}
	return w, err
}

// open starts it and logs a lead in.
func (w *world) open(ctx context.Context) error {
	if err := w.Start(ctx); err != nil {
		return err
	}
	return w.logIn(ctx)
}

func (w *world) logIn(ctx context.Context) (err error) {
	if w.client, err = drive.NewClient(w.Address); err != nil {
		return err
	}
	w.lead, err = w.client.LogIn(ctx, drive.DemoLogIns().Lead, drive.DemoLogIns().Password)
	return err
}

// driver takes merchants through the interface; the program needs --dev.
func (w *world) driver(ctx context.Context) (*drive.Driver, error) {
	press, err := specimen.NewPress()
	if err != nil {
		return nil, err
	}
	crew, err := drive.Assemble(ctx, w.client, drive.DemoLogIns())
	if err != nil {
		return nil, err
	}
	d := &drive.Driver{Client: w.client, Crew: crew, Press: press}
	return d, d.Open(ctx)
}

// merchants are accounts of their own with a draft each.
func (w *world) merchants(ctx context.Context, d *drive.Driver, seed uint64, count int) ([]*drive.Life, error) {
	plans, err := drive.Plans(drive.Wish{Seed: seed, Day: time.Now(), Count: count, To: drive.Draft, Kind: "individual", Via: drive.Self, Small: true})
	if err != nil {
		return nil, err
	}
	var lives []*drive.Life
	for _, p := range plans {
		l, err := d.Run(ctx, p)
		if err != nil {
			return nil, err
		}
		lives = append(lives, l)
	}
	return lives, nil
}

// asker asks one server over and over, one question at a time, without repeating a
// refused one.
type asker struct {
	http  *http.Client
	base  string
	token string
}

func (w *world) asker(ctx context.Context, who *drive.Person) (*asker, error) {
	token, err := who.Token(ctx)
	return &asker{&http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}, w.Address, token}, err
}

func (a *asker) close() { a.http.CloseIdleConnections() }

// page is an answer to a list.
type page struct {
	Rows  []json.RawMessage
	Total int
	Next  string
}

// get answers the status, 0 where there was no answer, and the page.
func (a *asker) get(ctx context.Context, path string) (int, page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, nil)
	if err != nil {
		return 0, page{}, err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	res, err := a.http.Do(req)
	if err != nil {
		return 0, page{}, err
	}
	defer res.Body.Close()
	var p page
	if res.StatusCode == http.StatusOK {
		err = json.NewDecoder(res.Body).Decode(&p)
	}
	return res.StatusCode, p, err
}

// everything reads the whole list of all applications.
func (a *asker) everything(ctx context.Context) (rows map[string]bool, status int, err error) {
	rows = map[string]bool{}
	for cursor, total := "", -1; ; {
		status, p, err := a.get(ctx, "/v1/applications?limit=200&cursor="+url.QueryEscape(cursor))
		if err != nil || status != http.StatusOK {
			return nil, status, err
		}
		for _, r := range p.Rows {
			rows[string(r)] = true
		}
		if total < 0 {
			total = p.Total
		}
		if cursor = p.Next; cursor == "" {
			if len(rows) != total {
				return rows, status, fmt.Errorf("the list says that it has %d rows, and has %d", total, len(rows))
			}
			return rows, status, nil
		}
	}
}

// complete waits until the list of everything has at least so many rows.
func (a *asker) complete(ctx context.Context, least int) (rows map[string]bool, err error) {
	err = faultskit.Until(ctx, "the lists are complete", func() (bool, error) {
		status, p, err := a.get(ctx, "/v1/applications?limit=1")
		return status == http.StatusOK && p.Total >= least, err
	})
	if err != nil {
		return nil, err
	}
	rows, status, err := a.everything(ctx)
	if err == nil && rows == nil {
		err = fmt.Errorf("the list of everything is answered %d", status)
	}
	return rows, err
}

// same says in which way rows differ, nil where they do not.
func same(before, after map[string]bool) error {
	differ := ""
	n := 0
	for r := range before {
		if !after[r] {
			n, differ = n+1, r
		}
	}
	if n > 0 || len(before) != len(after) {
		return fmt.Errorf("%d rows, before %d; %d of those are not as they were, such as %.200s", len(after), len(before), n, differ)
	}
	return nil
}

// watch asks for the lists until the answered function is called, and judges every
// answer: the whole of what was there before, or a refusal.
type watch struct {
	right, refused, failed int
	wrong                  error
	back                   time.Time // of the first right answer after the last refusal
	stop                   context.CancelFunc
	done                   chan struct{}
}

func (a *asker) watch(ctx context.Context) (*watch, error) {
	paths := []string{"/v1/applications?limit=50", "/v1/queues/qualification?limit=50"}
	var want []page
	for _, p := range paths {
		status, now, err := a.get(ctx, p)
		if err != nil || status != http.StatusOK || len(now.Rows) == 0 {
			return nil, fmt.Errorf("%s is answered %d with %d rows (%w)", p, status, len(now.Rows), err)
		}
		want = append(want, now)
	}
	w := &watch{done: make(chan struct{})}
	ctx, w.stop = context.WithCancel(ctx)
	go func() {
		defer close(w.done)
		for ctx.Err() == nil {
			for i, p := range paths {
				status, now, err := a.get(ctx, p)
				switch {
				case ctx.Err() != nil:
					return
				case err != nil:
					w.failed++
				case status == http.StatusServiceUnavailable:
					w.refused++
					w.back = time.Time{}
				case status != http.StatusOK:
					w.wrong = fmt.Errorf("%s is answered %d", p, status)
				case now.Total != want[i].Total || len(now.Rows) != len(want[i].Rows):
					w.wrong = fmt.Errorf("%s has %d rows of %d, it had %d of %d", p, len(now.Rows), now.Total, len(want[i].Rows), want[i].Total)
				default:
					w.right++
					if w.back.IsZero() {
						w.back = time.Now()
					}
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return w, nil
}

// end stops watching.
func (w *watch) end() error {
	w.stop()
	<-w.done
	return w.wrong
}

// ready is what /readyz answers.
func (w *world) ready(ctx context.Context) (int, string) {
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Address+"/readyz", nil)
	if err != nil {
		return 0, err.Error()
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	var r struct {
		Parts []struct{ Name, State, Reason string }
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&r); err != nil {
		return res.StatusCode, err.Error()
	}
	for _, p := range r.Parts {
		if p.State == "failing" {
			return res.StatusCode, p.Name + ": " + p.Reason
		}
	}
	return res.StatusCode, ""
}
