package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"alta/decider"
	"alta/eventstore"
	"alta/simulate/drive"
)

// What people write to each other in sentences is not sealed (docs/operations.md).
// It is in the record and its copies, which this row shows, and must be nowhere
// else: not in Redis, not in a mail that lies unsealed, not in what the process
// prints.

// typedText finds the sentences that the simulated people wrote.
var typedText = regexp.MustCompile(`"(note|internal|text|statement|guide|why)":"([^"\\]{12,})"`)

// freeText types sentences at every door that takes them, and says where they lie.
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
	inLog := map[string]bool{}
	fields := map[string]bool{}
	for rec, err := range w.log.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return "", err
		}
		for _, h := range s.in(rec.Type, rec.Data) {
			inLog[h.canary] = true
			fields[strings.TrimPrefix(rec.Type, "application.")] = true
		}
		if hits := s.in("the envelope of "+rec.Type, slices.Concat([]byte(rec.Stream), rec.Meta)); len(hits) > 0 {
			return "", report(hits)
		}
	}
	var hits []hit
	keys, err := w.server.dump(ctx)
	if err != nil {
		return "", err
	}
	for k, v := range keys {
		hits = append(hits, s.in("Redis, "+k, []byte(k+"\n"+v))...)
	}
	b, err := fetch(ctx, "http://"+w.metrics+"/metrics")
	if err != nil {
		return "", err
	}
	hits = append(hits, s.in("the figures", b)...)
	backup := filepath.Join(r.dir, "backup-text")
	if _, err := w.server.do(ctx, "backup", "--data", w.server.data(), "--to", backup); err != nil {
		return "", err
	}
	files := 0
	for _, dir := range []string{w.server.home, backup} {
		_, n, err := s.under(dir, func(name string, b []byte) {
			if !strings.Contains(name, "/log/") {
				hits = append(hits, s.in(name, b)...)
			}
		})
		if err != nil {
			return "", err
		}
		files += n
	}
	if len(inLog) == 0 {
		return "", errors.New("not even the record holds what was written: the search is blind")
	}
	in := make([]string, 0, len(fields))
	for f := range fields {
		in = append(in, f)
	}
	slices.Sort(in)
	return fmt.Sprintf("%d sentences written; in the record and its backup in clear, as meant: in %s; in Redis (%d keys), mails, figures and %d other files: %d",
		len(texts), strings.Join(in, ", "), len(keys), files, len(hits)), report(hits)
}

// write types a sentence at each door for staff, on an application that is under
// review.
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
	do(reviewer, http.MethodPost, "/reveal", map[string]any{"items": []string{"identity.number"}, "why": say("a look")})
	do(reviewer, http.MethodPut, "/decline", map[string]any{"note": say("a decline"), "internal": say("a decline, internally")})
	do(reviewer, http.MethodDelete, "/claim", map[string]any{"why": say("a release")})
	do(lead, http.MethodPut, "/claim", nil)
	do(lead, http.MethodPut, "/decline/refusal", map[string]any{"why": say("a refused decline")})
	do(lead, http.MethodPut, "/deadline", map[string]any{"due": time.Now().AddDate(0, 1, 0).UTC().Format(time.RFC3339), "why": say("an extension")})
	do(lead, http.MethodPut, "/hold", map[string]any{"why": say("a hold")})
	do(lead, http.MethodDelete, "/hold", map[string]any{"why": say("the end of a hold")})
	return texts, err
}
