package api

import (
	"net/http"
	"slices"
	"testing"
)

// Every write takes an Idempotency-Key, but for those of which each sending is an
// act of its own or finds the act done.
func TestEveryWriteIsDoneOnceUnderAKey(t *testing.T) {
	without := []string{
		"login", "beginOIDC", "finishOIDC", "refresh", "logout", // a session each, or none; a token works once
		"activate", "requestLink", // a link works once; another one replaces it
		"stepUp", "beginOIDCStepUp", "finishOIDCStepUp", // a proof each
		"reveal", "revealSample", // a look each, which is recorded
	}
	spec, err := LoadSpec()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range spec.Operations() {
		reads := op.Method == http.MethodGet || op.Method == http.MethodHead
		if op.Key == (reads || slices.Contains(without, op.ID)) {
			t.Errorf("%s %s (%s): takes a key: %v", op.Method, op.Path, op.ID, op.Key)
		}
	}
}
