package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"alta/simulate/drive"
)

// asServer offers a copy of a server's log, as the server's own backup would.
func (s *eventServer) asServer(t *testing.T) *eventServer {
	t.Helper()
	dir, err := os.MkdirTemp("", "alta-server-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	data := filepath.Join(dir, "data")
	if _, err := s.log.backup(t.Context(), data, false); err != nil {
		t.Fatal(err)
	}
	of := newEventServerOf(t, dir, data)
	of.open(false)
	return of
}

// The two halves of an installation whose log is on a server are backed up and
// restored, in the order that the command says, and in no other.
func TestAnInstallationOnAServerIsBackedUpAndRestoredInTwoHalves(t *testing.T) {
	s := newEventServer(t)
	s.open(false)
	c := demoConfig(t)
	c.EventStore = s.connection
	ctx, stop := context.WithCancel(context.Background())
	w := &world{log: &journal{}}
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- serve(ctx, c, slog.New(slog.NewTextHandler(w.log, nil)), func(a string) error { listening <- a; return nil })
	}()
	select {
	case w.api = <-listening:
	case err := <-ended:
		t.Fatal(err)
	}
	var err error
	if w.client, err = drive.NewClient(w.api); err != nil {
		t.Fatal(err)
	}
	d := w.driver(t)
	w.merchant(t, d, drive.Wish{Seed: 61, To: drive.Draft, Via: drive.Self})
	eventuallyWithin(t, time.Minute, "a checkpoint is signed", func() bool {
		_, err := os.Stat(filepath.Join(checkpointsDir(c.Data), "latest"))
		return err == nil
	})
	tooEarly := s.asServer(t)
	w.merchant(t, d, drive.Wish{Seed: 62, To: drive.Draft, Via: drive.Self})
	half := filepath.Join(t.TempDir(), "half")
	if said, err := alta(t, "backup", "--data", c.Data, half); err == nil || !strings.Contains(err.Error(), "--eventstore") {
		t.Fatal(said, err)
	}
	said, err := alta(t, "backup", "--data", c.Data, "--eventstore", s.connection, half)
	if err != nil || !strings.Contains(said, "to restore: first the server") {
		t.Fatal(said, err)
	}
	mark, err := readServerMark(half)
	if err != nil || mark.Events == 0 || mark.Stream == "" || mark.Holds != mark.Taken {
		t.Fatal(mark, err)
	}
	if _, err := alta(t, "backup", "--data", c.Data, "--eventstore", s.connection, half); err == nil || !strings.Contains(err.Error(), "--again") {
		t.Fatal(err)
	}
	life := w.merchant(t, d, drive.Wish{Seed: 63, To: drive.Submitted, Via: drive.Self}) // between the two halves
	other := s.asServer(t)

	fresh := t.TempDir()
	restore := func(server *eventServer) (string, error) {
		return alta(t, "restore", "--data", fresh, "--eventstore", server.connection, half)
	}
	if said, err := alta(t, "restore", "--data", fresh, half); err == nil || !strings.Contains(err.Error(), "restore the server first") {
		t.Fatal(said, err)
	}
	if said, err := restore(tooEarly); err == nil || !strings.Contains(err.Error(), "restore the server first") {
		t.Fatal(said, err)
	}
	if said, err := restore(other); err == nil || !strings.Contains(err.Error(), "missing or damaged") {
		t.Fatalf("the keys of what was recorded between the halves lack, and nobody says so: %s %v", said, err)
	}
	if left, err := os.ReadDir(fresh); err != nil || len(left) != 0 {
		t.Fatalf("a restore that was refused left %v, %v", left, err)
	}
	if said, err := alta(t, "backup", "--data", c.Data, "--eventstore", s.connection, "--again", half); err != nil || !strings.Contains(said, "it stands for") {
		t.Fatal(said, err)
	}
	if said, err := alta(t, "restore", "--data", c.Data, "--eventstore", other.connection, half); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Fatal(said, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}

	if said, err := restore(other); err != nil || !strings.Contains(said, "the log is whole") {
		t.Fatal(said, err)
	}
	restored := demoConfig(t)
	restored.Data, restored.EventStore = fresh, other.connection
	w = start(t, restored)
	eventuallyWithin(t, time.Minute, "it is ready", func() bool { status, _ := readiness(t, w.api); return status == 200 })
	self, err := w.client.LogIn(t.Context(), life.Plan.Email, life.Password())
	if err != nil {
		t.Fatal(err)
	}
	reply, err := self.Get(t.Context(), "/v1/applications/"+life.ID+"/form", nil)
	if err != nil || len(reply.Body) == 0 {
		t.Fatalf("what the merchant wrote cannot be read: %v", err)
	}
	if said, err := alta(t, "log", "check", "--data", fresh, "--eventstore", other.connection); err != nil || !strings.Contains(said, "the log is whole") {
		t.Fatal(said, err)
	}
}
