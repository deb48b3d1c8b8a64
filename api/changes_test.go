package api

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestThousandsWhoListenCostLittleAndAllHearEverything(t *testing.T) {
	const listeners = 2000
	h := newHub(nil, slog.New(slog.DiscardHandler))
	var all []chan *news
	for range listeners {
		l, err := h.listen()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	batch := make([]update, 50)
	for i := range batch {
		batch[i] = update{ID: fmt.Sprintf("a-%d", i), Position: fmt.Sprintf("%033d", 50-i)}
	}
	before := testing.AllocsPerRun(1, func() {})
	allocs := testing.AllocsPerRun(5, func() { h.spread(batch) }) - before
	if allocs > 400 {
		t.Errorf("%.0f allocations to tell %d listeners, as if each had a text of its own", allocs, listeners)
	}
	for _, l := range all {
		for range 6 {
			n := <-l
			if !strings.Contains(string(n.json), "a-49") || n.position != fmt.Sprintf("%033d", 50) {
				t.Fatalf("told up to %s", n.position)
			}
		}
	}
	for range 20 { // nobody reads: whoever is behind is let go, nobody is waited for
		h.spread(batch)
	}
	for _, l := range all {
		for range l {
			continue
		}
		h.leave(l)
	}
	if len(h.listeners) != 0 {
		t.Errorf("%d listeners are left", len(h.listeners))
	}
}

func TestMoreChangesThanAMessageHoldsSendEverybodyToTheLists(t *testing.T) {
	h := newHub(nil, slog.New(slog.DiscardHandler))
	pending := map[string]update{}
	for i := range maxCoalesce {
		pending[fmt.Sprint(i)] = update{ID: fmt.Sprint(i)}
	}
	l, err := h.listen()
	if err != nil {
		t.Fatal(err)
	}
	h.tell(pending)
	if n, open := <-l; !open || n == nil {
		t.Fatal("as many as a message holds are not told")
	}
	pending["one more"] = update{ID: "one more"}
	h.tell(pending)
	if _, open := <-l; open {
		t.Error("some changes were told and others left out")
	}
}
