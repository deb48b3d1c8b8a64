package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestMetricsAreServedToThisMachineOnly(t *testing.T) {
	for _, address := range []string{"0.0.0.0:9090", ":9090", "192.0.2.1:9090", "example.com:9090", "9090"} {
		p := &program{cfg: config{Metrics: address}, logger: slog.New(slog.DiscardHandler)}
		if err := p.startMetrics(nil); err == nil {
			t.Errorf("%s is served", address)
		}
	}
}

func TestFiguresHaveBoundedLabelsAndSayHowTheProgramIs(t *testing.T) {
	cfg := defaults()
	cfg.Data = t.TempDir()
	p := opened(t, cfg)
	m := newMetrics(p)
	m.observe("claimNext", 200, 3*time.Millisecond)
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	lawful := map[string]bool{"operation": true, "status": true, "queue": true, "state": true, "reaction": true, "part": true, "consumer": true, "reason": true, "version": true, "revision": true, "goversion": true}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
		for _, one := range f.GetMetric() {
			for _, l := range one.GetLabel() {
				if !lawful[l.GetName()] {
					t.Errorf("%s has a label %s", f.GetName(), l.GetName())
				}
			}
		}
	}
	all := strings.Join(names, " ")
	for _, want := range []string{"alta_log_reachable", "alta_projection_state", "alta_log_events", "alta_log_disk_free_bytes", "alta_lists_readable", "alta_http_request_seconds", "alta_build_info"} {
		if !strings.Contains(all, want) {
			t.Errorf("there is no %s", want)
		}
	}
}

func TestWithoutASharedRedisThereIsNothingToRebuild(t *testing.T) {
	err := runRebuild(t.Context(), []string{"--data", t.TempDir()}, &strings.Builder{}, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "--redis") {
		t.Errorf("it says: %v", err)
	}
}
