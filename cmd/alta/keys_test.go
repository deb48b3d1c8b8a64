package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"alta/simulate/drive"
)

func TestTheKeyEncryptionKeyIsRotatedUnderARunningInstallation(t *testing.T) {
	c := demoConfig(t)
	keys := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := run(context.WithoutCancel(t.Context()), append(append([]string{"keys"}, args...), "--data", c.Data), &out, io.Discard)
		return out.String(), err
	}
	ctx, stop := context.WithCancel(t.Context())
	ended, up := make(chan error, 1), make(chan string, 1)
	go func() {
		ended <- serve(ctx, c, slog.New(slog.DiscardHandler), func(a string) error { up <- a; return nil })
	}()
	w := &world{api: <-up}
	var err error
	if w.client, err = drive.NewClient(w.api); err != nil {
		t.Fatal(err)
	}
	d := w.driver(t)
	before := w.merchant(t, d, drive.Wish{Seed: 21, To: drive.Submitted, Via: drive.Self})
	if out, err := keys("rotate"); err != nil || !strings.Contains(out, "current version: 2") || strings.Contains(out, "file:v1") {
		t.Fatal(out, err)
	}
	if out, err := keys("retire", "2"); err == nil {
		t.Error("the current version was retired:", out)
	}
	if out, err := keys("retire", "1"); err != nil {
		t.Fatal(out, err)
	}
	after := w.merchant(t, d, drive.Wish{Seed: 21, First: 1, To: drive.Submitted, Via: drive.Self})
	shown := func(w *world, l *drive.Life) {
		t.Helper()
		auditor := w.as(t, "auditor")
		proof, err := auditor.Prove(t.Context(), "unmask")
		if err != nil {
			t.Fatal(err)
		}
		reply, err := auditor.Do(t.Context(), drive.Request{Method: "POST", Path: "/v1/applications/" + l.ID + "/reveal", Proof: proof,
			Body: map[string]any{"items": []string{"identity.number"}, "why": "the keys were rotated"}}, nil)
		if err != nil || !strings.Contains(string(reply.Body), l.Merchant.Fields["identity.number"]) {
			t.Fatal(string(reply.Body), err)
		}
	}
	shown(w, before)
	shown(w, after)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if out, err := keys("status"); err != nil || !strings.Contains(out, "current version: 2") || strings.Contains(out, "file:v1") {
		t.Fatal(out, err)
	}
	again := start(t, c) // nothing is in memory any more
	shown(again, before)
	shown(again, after)
	for _, wrong := range [][]string{{"melt"}, {"retire"}, {"retire", "x"}, {"retire", "0"}} {
		if out, err := keys(wrong...); err == nil {
			t.Errorf("%v: %s", wrong, out)
		}
	}
}
