package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"alta/decider"
	"alta/eventstore"
	"alta/scripts/faultskit"
	"alta/simulate/drive"
)

// What people write to each other in sentences is sealed like a personal value:
// somebody's number may stand in it. It must lie nowhere in clear: not in the
// record, not in Redis, not in a mail that lies unsealed, not in what the process
// prints.

// typedText finds the sentences that the simulated people wrote.
var typedText = regexp.MustCompile(`"(note|internal|text|statement|guide)":"([^"\\]{12,})"`)

// freeText types sentences at every door that takes them, and looks for them.
func freeText(ctx context.Context, r *run) (string, error) {
	w := r.world
	if w == nil || w.other == nil {
		return "", errNoWorld
	}
	texts, err := w.write(ctx)
	if err != nil {
		return "", err
	}
	seen := map[string]bool{}
	w.proxy.mu.Lock()
	for _, m := range typedText.FindAllSubmatch(w.proxy.sent.Bytes(), -1) {
		if !seen[string(m[2])] {
			seen[string(m[2])] = true
			texts = append(texts, canary{"free text, " + string(m[1]), bytes.Clone(m[2])})
		}
	}
	w.proxy.mu.Unlock()
	s := newSearch(texts)
	var hits []hit
	events := 0
	for rec, err := range w.log.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return "", err
		}
		events++
		hits = append(hits, s.in(rec.Type, slices.Concat([]byte(rec.Stream), rec.Meta, rec.Data))...)
	}
	keys, err := w.server.dump(ctx)
	if err != nil {
		return "", err
	}
	for k, v := range keys {
		hits = append(hits, s.in("Redis, "+k, []byte(k+"\n"+v))...)
	}
	b, err := faultskit.Fetch(ctx, "http://"+w.metrics+"/metrics")
	if err != nil {
		return "", err
	}
	hits = append(hits, s.in("the figures", b)...)
	backup := filepath.Join(r.Dir, "backup-text")
	if _, err := w.server.Do(ctx, "backup", "--data", w.server.Data(), "--to", backup); err != nil {
		return "", err
	}
	files := 0
	for _, dir := range []string{w.server.Home, backup} {
		_, n, err := s.under(dir, func(name string, b []byte) {
			hits = append(hits, s.in(name, b)...)
		})
		if err != nil {
			return "", err
		}
		files += n
	}
	return fmt.Sprintf("%d sentences written; in %d events, Redis (%d keys), mails, figures and %d files with the backup's: %d",
		len(texts), events, len(keys), files, len(hits)), report(hits)
}

// write types a sentence at each door for staff, on an application that is under
// review. Why somebody looked belongs to the record of looks, which outlives the
// person it is about; it is not sealed and not searched for.
func (w *world) write(ctx context.Context) (texts []canary, err error) {
	reviewer, lead, id := w.crew.Reviewers[0], w.crew.Leads[0], "/v1/applications/"+w.other.ID
	say := func(door string) string {
		text := fmt.Sprintf("A sentence about %s %s.", door, decider.NewID())
		texts = append(texts, canary{"free text, " + door, []byte(text)})
		return text
	}
	do := func(p *drive.Person, method, path string, body any) {
		if err != nil {
			return
		}
		var now drive.Reply
		if now, err = p.Get(ctx, id+"/actions", nil); err == nil {
			_, err = p.Do(ctx, drive.Request{Method: method, Path: id + path, Body: body, Match: &now.Revision, Key: decider.NewID().String()}, nil)
		}
	}
	reason := "/reasons/" + decider.NewID().String()
	do(lead, http.MethodPut, "/priority", map[string]any{"priority": 2, "why": say("a priority")})
	do(lead, http.MethodPut, "/assignment", map[string]any{"to": reviewer.ID, "why": say("an assignment")})
	do(reviewer, http.MethodPut, "/notes/"+decider.NewID().String(), map[string]any{"text": say("a note")})
	do(reviewer, http.MethodPut, reason, map[string]any{"code": "R03", "sub": "unclear", "target": "id_card.front", "note": say("a reason"), "internal": say("a reason, internally")})
	do(reviewer, http.MethodDelete, reason, nil)
	do(reviewer, http.MethodPost, "/reveal", map[string]any{"items": []string{"identity.number"}, "why": "the name on the card is hard to read"})
	do(reviewer, http.MethodPut, "/decline", map[string]any{"note": say("a decline"), "internal": say("a decline, internally")})
	do(reviewer, http.MethodDelete, "/claim", map[string]any{"why": say("a release")})
	do(lead, http.MethodPut, "/claim", nil)
	do(lead, http.MethodPut, "/decline/refusal", map[string]any{"why": say("a refused decline")})
	do(lead, http.MethodPut, "/deadline", map[string]any{"due": time.Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339), "why": say("an extension")})
	do(lead, http.MethodPut, "/hold", map[string]any{"why": say("a hold")})
	do(lead, http.MethodDelete, "/hold", map[string]any{"why": say("the end of a hold")})
	return texts, err
}
