package main

import (
	"path/filepath"
	"strings"
	"testing"

	"alta/projections/redistest"
	"alta/simulate/drive"
)

// With the log on a server and a private Redis the lists are in the running process
// alone, so it is found and asked.
func TestAProgramWithItsLogOnAServerIsAskedByOtherCommands(t *testing.T) {
	redistest.Path(t)
	s := newEventServer(t)
	s.open(false)
	c := demoConfig(t)
	c.EventStore, c.Redis, c.Metrics = s.connection, "", freeAddress(t)
	if said, err := alta(t, "rebuild", "--check", "--data", c.Data, "--eventstore", s.connection); err == nil || !strings.Contains(err.Error(), "does not run") {
		t.Fatal(said, err)
	}
	w := start(t, c)
	// In its first seconds there is nothing to compare yet: it waits.
	for _, named := range [][]string{{"--eventstore", s.connection}, nil} {
		said, err := alta(t, append([]string{"rebuild", "--check", "--data", c.Data}, named...)...)
		if err != nil || !strings.Contains(said, "same") || strings.Contains(said, "DIFFERS") {
			t.Fatal(said, err)
		}
	}
	w.merchant(t, w.driver(t), drive.Wish{Seed: 5, To: drive.Draft, Via: drive.Self})
	restarts, _ := figure(t, c.Metrics, "alta_projection_restarts_total")
	builds, _ := figure(t, c.Metrics, "alta_rebuilds_total")
	said, err := alta(t, "rebuild", "--check", "--data", c.Data)
	if err != nil || !strings.Contains(said, "same") || strings.Contains(said, "DIFFERS") {
		t.Fatal(said, err)
	}
	if now, _ := figure(t, c.Metrics, "alta_projection_restarts_total"); now != restarts {
		t.Errorf("a comparison made the projector start over: %v restarts, before %v", now, restarts)
	}
	if now, _ := figure(t, c.Metrics, "alta_rebuilds_total"); now != builds {
		t.Errorf("a comparison counts as a rebuild: %v, before %v", now, builds)
	}
	if said, err := alta(t, "account", "list", "--data", c.Data); err != nil || !strings.Contains(said, "reviewer") {
		t.Error(said, err)
	}
	if left, err := filepath.Glob(filepath.Join(c.Data, "control*.sock")); err != nil || len(left) != 1 {
		t.Error(left, err)
	}
}
