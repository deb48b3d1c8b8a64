package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"alta/simulate/drive"
)

// atTheDoor compares the answers to who is known and who is not, and steals a
// session.
func atTheDoor(ctx context.Context, r *run) (string, error) {
	w := r.world
	if w == nil || w.other == nil {
		return "", errNoWorld
	}
	known, err := w.sameAnswer(ctx)
	if err != nil {
		return "", err
	}
	stolen, err := w.stolen(ctx)
	return known + "; " + stolen, err
}

// post sends a request as a browser does.
func (w *world) post(ctx context.Context, path string, body any, cookie *http.Cookie) (*http.Response, []byte, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.server.Address+path, bytes.NewReader(b))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", w.server.Address)
	if cookie != nil {
		req.AddCookie(cookie)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	b, err = io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res, b, err
}

// sameAnswer logs in with a wrong password as somebody and as nobody, in turns. The
// times are told and not judged: what is judged is the work, in the tests of
// package auth, where it can be counted.
func (w *world) sameAnswer(ctx context.Context) (string, error) {
	took := map[bool][]time.Duration{}
	var answers [2]string
	for n := range 8 {
		for _, known := range []bool{true, false} {
			email := drive.DemoLogIns().Lead2
			if !known {
				email = fmt.Sprintf("nobody%d@demo.alta.example", n)
			}
			began := time.Now()
			res, body, err := w.post(ctx, "/v1/auth/login", map[string]string{"email": email, "password": "not the password"}, nil)
			if err != nil {
				return "", err
			}
			took[known] = append(took[known], time.Since(began))
			var p map[string]any
			if err := json.Unmarshal(body, &p); err != nil {
				return "", err
			}
			delete(p, "instance")
			told, err := json.Marshal(p)
			if err != nil {
				return "", err
			}
			at := 0
			if known {
				at = 1
			}
			answers[at] = fmt.Sprintf("%d %s", res.StatusCode, told)
		}
		if answers[0] != answers[1] {
			return "", fmt.Errorf("somebody is told %s, nobody %s", answers[1], answers[0])
		}
	}
	median := func(d []time.Duration) time.Duration { slices.Sort(d); return d[len(d)/2].Round(time.Millisecond) }
	return fmt.Sprintf("wrong password and unknown name: one answer, medians %v and %v of 8", median(took[true]), median(took[false])), nil
}

// stolen sends a used refresh token again, as a thief does who copied it.
func (w *world) stolen(ctx context.Context) (string, error) {
	session := func(res *http.Response, body []byte) (token string, cookie *http.Cookie, err error) {
		var s struct {
			Token string `json:"access_token"`
		}
		if err := json.Unmarshal(body, &s); err != nil || res.StatusCode != http.StatusOK || len(res.Cookies()) == 0 {
			return "", nil, fmt.Errorf("no session: %d %s", res.StatusCode, body)
		}
		return s.Token, res.Cookies()[0], nil
	}
	demo := drive.DemoLogIns()
	res, body, err := w.post(ctx, "/v1/auth/login", map[string]string{"email": demo.Auditor, "password": demo.Password}, nil)
	if err != nil {
		return "", err
	}
	token, copied, err := session(res, body)
	if err != nil {
		return "", err
	}
	newest := copied
	for range 2 { // the owner goes on
		if res, body, err = w.post(ctx, "/v1/auth/refresh", struct{}{}, newest); err != nil {
			return "", err
		}
		if token, newest, err = session(res, body); err != nil {
			return "", err
		}
	}
	if res, body, err = w.post(ctx, "/v1/auth/refresh", struct{}{}, copied); err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusUnauthorized {
		return "", fmt.Errorf("the thief gets %d %s", res.StatusCode, body)
	}
	if res, body, err = w.post(ctx, "/v1/auth/refresh", struct{}{}, newest); err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusUnauthorized {
		return "", fmt.Errorf("the stolen session goes on: %d %s", res.StatusCode, body)
	}
	_, err = w.client.Do(ctx, drive.Request{Method: http.MethodGet, Path: "/v1/me", Token: token}, nil)
	if p := (*drive.Problem)(nil); !errors.As(err, &p) || p.Status != http.StatusUnauthorized {
		return "", fmt.Errorf("the access token of the stolen session is good: %v", err)
	}
	return "a copied refresh token ends its whole family at once, the access token too", nil
}
