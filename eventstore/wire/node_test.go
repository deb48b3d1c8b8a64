package wire_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The clients are installed with `npm ci` in eventstore/wire/nodeclients. Where
// ALTA_TEST_NODE is set, as in scripts/test, their absence is a failure.
func TestTheOfficialNodeClientsAppendReadSubscribeAndDelete(t *testing.T) {
	missing := func(t *testing.T, format string, args ...any) {
		t.Helper()
		if os.Getenv("ALTA_TEST_NODE") != "" {
			t.Fatalf(format, args...)
		}
		t.Skipf(format, args...)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is not installed: %v", err)
	}
	for _, client := range []string{"@eventstore/db-client", "@kurrent/kurrentdb-client"} {
		t.Run(client, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join("nodeclients", "node_modules", filepath.FromSlash(client), "package.json")); err != nil {
				missing(t, "run `npm ci` in eventstore/wire/nodeclients first: %v", err)
			}
			_, addr := offer(t)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, node, "conformance.mjs", client, addr.String())
			cmd.Dir = "nodeclients"
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Error(err)
			}
		})
	}
}
