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
			in := scripted(t, c.script, Limits{Time: c.time})
			a, err := in.Accept(context.Background(), bytes.NewReader(picture))
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
	in.Accept(context.Background(), bytes.NewReader(asJPEG(specimen(100, 60, 1), 80)))
	env, err := os.ReadFile(out)
	if err != nil || strings.Contains(string(env), "ALTA_") {
		t.Errorf("%v: %s", err, env)
	}
}

func TestAfterAKilledWorkerTheNextFileIsTaken(t *testing.T) {
	in := intake(t)
	accept(t, in, asPNG(specimen(100, 60, 1)))
	p := <-in.workers
	p.cmd.Process.Kill()
	p.cmd.Process.Wait()
	in.workers <- p
	picture := asPNG(specimen(100, 60, 1))
	if _, err := in.Accept(context.Background(), bytes.NewReader(picture)); codeOf(err) != TooComplex {
		t.Errorf("the file on which it died: %v", err)
	}
	accept(t, in, picture)
}

func TestACallerWhoGoesAwayIsNotARejection(t *testing.T) {
	in := scripted(t, "exec sleep 60", Limits{})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := in.Accept(ctx, bytes.NewReader(asPNG(specimen(100, 60, 1))))
	if !errors.Is(err, context.DeadlineExceeded) || codeOf(err) != "" {
		t.Errorf("got %v", err)
	}
}

func TestUploadsTogetherStayWithinTheirMemory(t *testing.T) {
	cfg := testConfig()
	cfg.Buffered = 1 << 20
	in := newIntake(t, cfg)
	defer in.Close()
	// Half-sent uploads hold their memory until they end.
	var wg sync.WaitGroup
	ends := make([]*io.PipeWriter, 3)
	for i := range ends {
		r, w := io.Pipe()
		ends[i] = w
		wg.Go(func() { in.Accept(context.Background(), r) })
		w.Write(make([]byte, 200_000))
	}
	_, err := in.Accept(context.Background(), bytes.NewReader(make([]byte, 900_000)))
	if !errors.Is(err, ErrBusy) {
		t.Errorf("got %v", err)
	}
	for _, w := range ends {
		w.CloseWithError(io.ErrUnexpectedEOF)
	}
	wg.Wait()
	if n := in.buffered.Load(); n != 0 {
		t.Errorf("%d bytes are still counted", n)
	}
	accept(t, in, asPNG(specimen(100, 60, 1)))
}

func TestABrokenConnectionIsNotARejection(t *testing.T) {
	lost := errors.New("connection lost")
	half := io.MultiReader(bytes.NewReader([]byte("\xff\xd8\xff")), iotest.ErrReader(lost))
	if _, err := intake(t).Accept(context.Background(), half); !errors.Is(err, lost) || codeOf(err) != "" {
		t.Errorf("got %v", err)
	}
}

func TestAClosedIntakeSaysSo(t *testing.T) {
	in := newIntake(t, testConfig())
	in.Close()
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if _, err := in.Accept(context.Background(), bytes.NewReader(asPNG(specimen(100, 60, 1)))); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestTheRendererIsWarmBeforeTheFirstFile(t *testing.T) {
	in := newIntake(t, testConfig())
	defer in.Close()
	if err := in.Warm(context.Background()); err != nil {
		t.Fatal(err)
	}
	p := <-in.workers
	warmed := p.warmed
	in.workers <- p
	if !warmed {
		t.Error("the renderer was not started")
	}
	// A hostile file ends the process; the next one is warmed again by itself.
	p = <-in.workers
	p.stop()
	in.workers <- p
	accept(t, in, onePage("", mediaBox, ""))
}
