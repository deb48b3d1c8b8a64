package auth_test

import (
	"bytes"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"alta/api/auth"
)

// Nodes that share a data directory start together on an empty one, and renew the
// keys together a month later. All must sign with keys that all of them know.
func TestNodesThatStartTogetherShareOneSetOfKeys(t *testing.T) {
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for round := range 20 {
		path := filepath.Join(t.TempDir(), "auth.keys")
		nodes := make([]*auth.Keys, 5)
		together := func(do func(i int) error) {
			t.Helper()
			var wait sync.WaitGroup
			for i := range nodes {
				wait.Go(func() {
					if err := do(i); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
		}
		same := func(when string, keys int) {
			t.Helper()
			for i, n := range nodes {
				if err := n.Reload(); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(n.JWKS(), nodes[0].JWKS()) {
					t.Fatalf("round %d, %s: node %d has other keys than node 0", round, when, i)
				}
			}
			if got := bytes.Count(nodes[0].JWKS(), []byte(`"kid"`)); got != keys {
				t.Fatalf("round %d, %s: %d keys, want %d", round, when, got, keys)
			}
		}
		together(func(i int) (err error) { nodes[i], err = auth.OpenKeys(path, now); return err })
		for i, n := range nodes { // as each node read or made them, without reading again
			if !bytes.Equal(n.JWKS(), nodes[0].JWKS()) {
				t.Fatalf("round %d: node %d started with other keys than node 0", round, i)
			}
		}
		same("after the start", 1)
		together(func(i int) error { return nodes[i].Maintain(now.Add(31 * 24 * time.Hour)) })
		same("after a month", 2)
	}
}
