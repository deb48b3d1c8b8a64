package documents

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// scripted is an intake whose worker is a shell script instead of ours.
func scripted(t *testing.T, script string, limits Limits) *Intake {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal("a misbehaving worker is played by a shell, and there is none")
	}
	cfg := Config{Worker: []string{sh, "-c", script}, Workers: 1, Limits: limits}
	in := newIntake(t, cfg)
	t.Cleanup(func() { in.Close() })
	return in
}

func TestAWorkerThatMisbehavesIsKilledAndTheFileRefused(t *testing.T) {
	picture := asJPEG(specimen(100, 60, 1), 80)
	for name, c := range map[string]struct {
		script string
		time   time.Duration
		code   Code
	}{
		"it never answers":        {"cat >/dev/null; exec sleep 600", 200 * time.Millisecond, TooComplex},
		"it never reads":          {"exec sleep 600", 200 * time.Millisecond, TooComplex},
		"it dies":                 {"exit 1", time.Minute, TooComplex},
		"it answers no JSON":      {"echo hello; exec sleep 600", time.Minute, ""},
		"it answers endlessly":    {"tr '\\0' x </dev/zero", time.Minute, ""},
		"it claims a huge answer": {`echo '{"newSize":999999999999}'; exec sleep 600`, time.Minute, ""},
		"it shows something else": {`echo '{"pages":[{"view":5,"thumb":0}]}<html>'; exec sleep 600`, time.Minute, ""},
		"it finds no pages":       {`echo '{}'; exec sleep 600`, time.Minute, Unreadable},
		"it has a fault":          {`echo '{"fault":"x"}'; exec sleep 600`, time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := scripted(t, c.script, Limits{Time: c.time, Page: c.time})
			a, err := in.Accept(context.Background(), "acc", bytes.NewReader(picture))
			if err == nil || codeOf(err) != c.code {
				t.Errorf("got %+v, %v", a, err)
			}
		})
	}
}

func TestTheWorkerInheritsNoSecrets(t *testing.T) {
	t.Setenv("ALTA_SECRET", "hunter2")
	out := t.TempDir() + "/env"
	in := scripted(t, "env > "+out+"; exit 1", Limits{})
	in.Accept(context.Background(), "acc", bytes.NewReader(asJPEG(specimen(100, 60, 1), 80)))
	env, err := os.ReadFile(out)
	if err != nil || strings.Contains(string(env), "ALTA_") {
		t.Errorf("%v: %s", err, env)
	}
}

func TestAfterAKilledWorkerTheNextFileIsTaken(t *testing.T) {
	in := intake(t)
	accept(t, in, asPNG(specimen(100, 60, 1)))
	withWorker(t, in, func(p *process) {
		p.cmd.Process.Kill()
		p.cmd.Process.Wait()
	})
	picture := asPNG(specimen(100, 60, 1))
	if _, err := in.Accept(context.Background(), "acc", bytes.NewReader(picture)); codeOf(err) != TooComplex {
		t.Errorf("the file on which it died: %v", err)
	}
	accept(t, in, picture)
}

// withWorker does something to a worker that is free.
func withWorker(t *testing.T, in *Intake, f func(*process)) {
	t.Helper()
	p, err := in.turns.take(context.Background(), "test")
	if err != nil {
		t.Fatal(err)
	}
	f(p)
	in.turns.give("test", p, false)
}

func TestACallerWhoGoesAwayIsNotARejection(t *testing.T) {
	in := scripted(t, "exec sleep 60", Limits{})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := in.Accept(ctx, "acc", bytes.NewReader(asPNG(specimen(100, 60, 1))))
	if !errors.Is(err, context.DeadlineExceeded) || codeOf(err) != "" {
		t.Errorf("got %v", err)
	}
}

// Uploads that stop half way hold neither a worker nor memory, and no account has
// more than its share of them.
func TestUploadsThatStopHoldUpNobody(t *testing.T) {
	cfg := testConfig()
	cfg.PerAccount, cfg.SpoolDir = 3, t.TempDir()
	in := newIntake(t, cfg)
	defer in.Close()
	var wg sync.WaitGroup
	var ends []*io.PipeWriter
	for _, account := range []string{"slow", "slow", "slow", "slower", "slower"} {
		r, w := io.Pipe()
		ends = append(ends, w)
		wg.Go(func() { in.Accept(context.Background(), account, r) })
		w.Write(make([]byte, 200_000))
		w.Write([]byte("x")) // so that all before it was taken
	}
	if _, err := in.Accept(context.Background(), "slow", strings.NewReader("x")); !errors.Is(err, ErrCrowded) {
		t.Errorf("a fourth upload of the slow account: %v", err)
	}
	accept(t, in, asPNG(specimen(100, 60, 1)))
	if names, err := os.ReadDir(cfg.SpoolDir); err != nil || len(names) > 0 {
		t.Errorf("files have names: %v, %v", names, err)
	}
	for _, w := range ends {
		w.CloseWithError(io.ErrUnexpectedEOF)
	}
	wg.Wait()
	if n := in.arrived.Load(); n != 0 || in.turns.total != 0 || len(in.turns.entered) > 0 {
		t.Errorf("%d bytes and %d uploads are still counted: %v", n, in.turns.total, in.turns.entered)
	}
}

func TestUploadsTogetherStayWithinTheirRoom(t *testing.T) {
	cfg := testConfig()
	cfg.Spooled = 1 << 20
	in := newIntake(t, cfg)
	defer in.Close()
	if _, err := in.Accept(context.Background(), "acc", bytes.NewReader(make([]byte, 2<<20))); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v", err)
	}
	if n := in.arrived.Load(); n != 0 {
		t.Errorf("%d bytes are still counted", n)
	}
	accept(t, in, asPNG(specimen(100, 60, 1)))
}

func TestASpooledFileIsNotOnTheDiskInClear(t *testing.T) {
	in := newIntake(t, testConfig())
	defer in.Close()
	clear := bytes.Repeat([]byte("6222020200112233 "), 5000)
	s, err := in.spool(bytes.NewReader(clear))
	if err != nil {
		t.Fatal(err)
	}
	defer s.discard()
	stored := make([]byte, len(clear))
	if _, err := s.file.ReadAt(stored, 0); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(stored, clear[:8]) {
		t.Error("the number is readable on the disk")
	}
	if b, err := s.load(); err != nil || !bytes.Equal(b, clear) {
		t.Errorf("read back %d bytes, %v", len(b), err)
	}
	stored[100] ^= 1
	if _, err := s.file.WriteAt(stored, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.load(); err == nil {
		t.Error("a changed file was read back")
	}
}

func TestABrokenConnectionIsNotARejection(t *testing.T) {
	lost := errors.New("connection lost")
	half := io.MultiReader(bytes.NewReader([]byte("\xff\xd8\xff")), iotest.ErrReader(lost))
	if _, err := intake(t).Accept(context.Background(), "acc", half); !errors.Is(err, lost) || codeOf(err) != "" {
		t.Errorf("got %v", err)
	}
}

func TestAClosedIntakeSaysSo(t *testing.T) {
	in := newIntake(t, testConfig())
	in.Close()
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if _, err := in.Accept(context.Background(), "acc", bytes.NewReader(asPNG(specimen(100, 60, 1)))); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestTheRendererIsWarmBeforeTheFirstFile(t *testing.T) {
	in := newIntake(t, testConfig())
	defer in.Close()
	if err := in.Warm(context.Background()); err != nil {
		t.Fatal(err)
	}
	warmed := false
	withWorker(t, in, func(p *process) { warmed = p.warmed })
	if !warmed {
		t.Error("the renderer was not started")
	}
	// A hostile file ends the process; the next one is warmed again by itself.
	withWorker(t, in, func(p *process) { p.stop() })
	accept(t, in, onePage("", mediaBox, ""))
}
