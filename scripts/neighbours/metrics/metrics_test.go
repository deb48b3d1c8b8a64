//go:build neighbours

// Package metrics has Prometheus's own promtool read the figures of a running Alta.
package metrics

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"alta/scripts/neighbours/neighbourtest"
)

func TestPromtoolAcceptsTheFigures(t *testing.T) {
	promtool := neighbourtest.Program(t, "promtool")
	address := fmt.Sprintf("127.0.0.1:%d", neighbourtest.FreePort(t))
	neighbourtest.Serve(t, "", nil, "--demo", "--metrics", address)

	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	figures, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(figures), "alta_") {
		t.Fatalf("GET /metrics: %s, %v\n%s", answer.Status, err, figures)
	}
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = strings.NewReader(string(figures))
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}
