package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/personal"
	"alta/eventstore"
	"alta/evidence"
	"alta/scripts/faultskit"
	"alta/simulate/drive"
	"alta/vault"

	"golang.org/x/mod/sumdb/tlog"
)

// system is the platform itself.
var system = application.Actor{ID: "faults", Role: application.RoleSystem}

// shredded ends the terms of all three merchants, and tries everything that was
// ever sealed for them.
func shredded(ctx context.Context, r *run) (string, error) {
	w := r.world
	if w == nil || len(w.lives) < 2 || w.draft == nil {
		return "", errNoWorld
	}
	root, err := w.tree(ctx, -1)
	if err != nil {
		return "", err
	}
	if err := w.endTerms(ctx); err != nil {
		return "", err
	}
	lives := append(slices.Clone(w.lives), w.draft)
	var subjects []string
	for _, l := range lives {
		st, _, err := w.applications().Load(ctx, l.ID)
		if err != nil {
			return "", err
		}
		subjects = append(subjects, l.ID, st.Merchant)
	}
	for _, s := range subjects {
		if err := faultskit.Until(ctx, "the key of "+s+" is destroyed", func() (bool, error) { return w.vault.Erased(ctx, s) }); err != nil {
			return "", fmt.Errorf("%w; %s", err, w.server.LastWords())
		}
	}
	w.erased = subjects
	after, err := w.tree(ctx, root.N)
	if err != nil {
		return "", err
	}
	if after != root {
		return "", fmt.Errorf("the first %d events had root %v and have %v now", root.N, root.Hash, after.Hash)
	}
	tried, err := w.tryAll(ctx, subjects)
	if err != nil {
		return "", err
	}
	told, err := w.replay(ctx, lives)
	if err != nil {
		return "", err
	}
	rebuilt, err := w.rebuild(ctx, r)
	if err != nil {
		return "", err
	}
	// The others are as they were.
	reply, err := w.unmask(ctx, w.other.ID, nil, item.IdentityNumber)
	if err != nil {
		return "", err
	}
	if !strings.Contains(string(reply.Body), w.other.Merchant.Fields[item.IdentityNumber]) {
		return "", errors.New("the values of a merchant who was not erased are gone")
	}
	figures, err := w.searchAll(ctx, r, newSearch(w.canaries), "second")
	return fmt.Sprintf("%s; root of %d events unchanged, log check passes; %s; %s; again %s", tried, root.N, told, rebuilt, figures), err
}

// endTerms lets the terms of the three merchants end: of the draft, which was never
// submitted, by a restriction that cannot be taken back any more; of the enterprise because it is restricted by a policy that
// keeps nothing; of the individual, which waits ten years, by what the platform
// will then record.
func (w *world) endTerms(ctx context.Context) error {
	apps := w.applications()
	do := func(l *drive.Life, name string, decide func(application.State) ([]application.Event, error)) error {
		cmd := decider.Command{ID: decider.NewID(), Actor: system.ID, Role: string(system.Role), Operation: name}
		_, err := apps.Transact(ctx, l.ID, cmd, nil, decide)
		return err
	}
	now := application.Header{By: system, At: time.Now().UTC().Truncate(time.Millisecond)}
	err := do(w.lives[1], "restrict", func(application.State) ([]application.Event, error) {
		return []application.Event{application.Restricted{Header: now, Why: "erasure request", Until: now.At}}, nil
	})
	if err == nil {
		err = do(w.lives[0], "shred", func(s application.State) ([]application.Event, error) {
			if !s.Restricted {
				return nil, errors.New("P3 has not restricted it")
			}
			return application.Shred{Why: "the retention term ended", By: system, At: s.Retain}.Decide(s)
		})
	}
	if err != nil {
		return err
	}
	return do(w.draft, "restrict", func(application.State) ([]application.Event, error) {
		return []application.Event{application.Restricted{Header: now, Why: "no longer wanted", Until: now.At, Back: now.At}}, nil
	})
}

// tree is that of the first n events, or of all with -1.
func (w *world) tree(ctx context.Context, n int64) (tlog.Tree, error) {
	var b evidence.Builder
	for rec, err := range w.log.ReadAll(ctx, eventstore.Start, int(n)) {
		if err != nil {
			return tlog.Tree{}, err
		}
		b.Add(evidence.LeafHash(rec))
	}
	return b.Tree(), nil
}

var sealedValue = regexp.MustCompile(`"sealed":"([A-Za-z0-9+/=]+)"`)

// tryAll opens, with the keys that are left, every value, file and mail that was
// sealed for the erased, and seals something new for them.
func (w *world) tryAll(ctx context.Context, subjects []string) (string, error) {
	v, err := vault.Open(vault.Config{Dir: filepath.Join(w.server.Data(), "vault")})
	if err != nil {
		return "", err
	}
	values, files, mails := 0, 0, 0
	for rec, err := range w.log.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return "", err
		}
		_, subject, _ := strings.Cut(rec.Stream, "-")
		if !slices.Contains(subjects, subject) {
			continue
		}
		for _, m := range sealedValue.FindAllSubmatch(rec.Data, -1) {
			if _, err := v.Open(ctx, subject, rec.ID, "any", string(m[1])); !errors.Is(err, vault.ErrErased) {
				return "", fmt.Errorf("a value of %s at revision %d: %v", rec.Stream, rec.Revision, err)
			}
			values++
		}
		if !strings.HasPrefix(rec.Stream, "application-") {
			continue
		}
		e, err := application.Decode(rec.Type, rec.Data, nil)
		if err != nil {
			return "", err
		}
		if up, ok := e.(application.DocumentUploaded); ok {
			for _, blob := range up.Document.Blobs {
				if _, err := v.Blobs().Get(ctx, subject, blob); !errors.Is(err, vault.ErrErased) {
					return "", fmt.Errorf("a file of %s: %v", rec.Stream, err)
				}
				files++
			}
		}
	}
	dir := filepath.Join(w.server.Data(), "mail")
	spool, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, f := range spool {
		parts := sealedMail.FindStringSubmatch(f.Name())
		if parts == nil {
			continue
		}
		notice, err := decider.ParseID(parts[2])
		if err != nil {
			return "", err
		}
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return "", err
		}
		for _, s := range subjects {
			if _, err := v.Open(ctx, s, notice, "mail", string(b)); !errors.Is(err, vault.ErrErased) {
				return "", fmt.Errorf("a mail: %v", err)
			}
		}
		mails++
	}
	for _, s := range subjects {
		if _, err := v.Seal(ctx, s, decider.NewID(), "any", "new"); !errors.Is(err, vault.ErrErased) {
			return "", fmt.Errorf("a new value is sealed for the erased %s: %v", s, err)
		}
	}
	if values == 0 || files == 0 || mails == 0 {
		return "", fmt.Errorf("%d values, %d files, %d mails: nothing to try", values, files, mails)
	}
	return fmt.Sprintf("%d values, %d files, %d mails of %d keys tried, 0 open", values, files, mails, len(subjects)), nil
}

// replay reads the histories as an auditor, moment by moment.
func (w *world) replay(ctx context.Context, lives []*drive.Life) (string, error) {
	masked := []canary{}
	for _, c := range w.canaries {
		if m := personal.Mask(string(c.value)); strings.HasPrefix(c.name, "merchant") && strings.Trim(m, "*") != m && len(strings.Trim(m, "*")) >= 4 {
			masked = append(masked, canary{"masked " + c.name, []byte(m)})
		}
	}
	s := newSearch(append(masked, w.canaries...))
	moments, erased := 0, 0
	var hits []hit
	why := "why=" + url.QueryEscape(reason)
	for _, l := range lives {
		at := "/v1/applications/" + l.ID
		var page struct{ Entries []struct{ Type string } }
		if err := faultskit.Until(ctx, "the history tells of the end", func() (bool, error) {
			reply, err := w.crew.Auditor.Get(ctx, at+"/history?limit=200&"+why, &page)
			hits = s.in("the history", reply.Body)
			return len(page.Entries) > 0 && page.Entries[len(page.Entries)-1].Type == "shredded", err
		}); err != nil {
			return "", err
		}
		for n := range page.Entries {
			reply, err := w.crew.Auditor.Get(ctx, fmt.Sprintf("%s/history/%d?%s", at, n, why), nil)
			if err != nil {
				return "", err
			}
			moments++
			erased += strings.Count(string(reply.Body), `"erased"`)
			hits = append(hits, s.in("a moment of the history", reply.Body)...)
		}
		for _, path := range []string{"", "/status"} {
			reply, err := w.crew.Auditor.Get(ctx, at+path+"?"+why, nil)
			if err != nil {
				return "", err
			}
			hits = append(hits, s.in("the document", reply.Body)...)
		}
		reply, err := w.unmask(ctx, l.ID, nil, item.IdentityNumber)
		if err != nil {
			return "", err
		}
		if strings.Contains(string(reply.Body), `"values":{"`) {
			return "", errors.New("an erased value is revealed")
		}
		if l.Self != nil {
			if _, err := w.client.LogIn(ctx, l.Plan.Email, "any"); err == nil {
				return "", errors.New("an erased merchant logs in")
			}
		}
	}
	if erased == 0 {
		return "", errors.New("no value reads as erased")
	}
	return fmt.Sprintf("%d moments of %d histories replayed, %d times \"erased\"", moments, len(lives), erased), report(hits)
}

var generation = regexp.MustCompile(`^alta:projections:[^:]+:[^:]+:`)

// documents is what Redis holds of the projections, whatever the build.
func (w *world) documents(ctx context.Context) (map[string]string, error) {
	all, err := w.server.dump(ctx)
	out := map[string]string{}
	for k, v := range all {
		if rest := generation.ReplaceAllString(k, ""); rest != k && !strings.Contains(rest, "checkpoint") {
			out[rest] = v
		}
	}
	return out, err
}

// rebuild loses Redis, and compares what is built from the record anew.
func (w *world) rebuild(ctx context.Context, r *run) (string, error) {
	before, err := w.documents(ctx)
	if err != nil {
		return "", err
	}
	if err := w.log.Close(); err != nil {
		return "", err
	}
	w.log = nil
	if err := w.server.Stop(); err != nil {
		return "", err
	}
	if said, err := w.server.Do(ctx, "log", "check", "--data", w.server.Data()); err != nil {
		return "", fmt.Errorf("%w: %s", err, said)
	}
	if err := w.server.rdb.FlushAll(ctx).Err(); err != nil {
		return "", err
	}
	if err := w.server.Start(ctx); err != nil {
		return "", err
	}
	if err := w.connect(r); err != nil {
		return "", err
	}
	var after map[string]string
	err = faultskit.Until(ctx, "the documents are built anew", func() (bool, error) {
		if after, err = w.documents(ctx); err != nil {
			return false, err
		}
		return maps.Equal(before, after), nil
	})
	if err != nil {
		var differ []string
		for k := range before {
			if before[k] != after[k] {
				differ = append(differ, k)
			}
		}
		return "", fmt.Errorf("%w: %d keys before, %d after, different: %s", err, len(before), len(after), strings.Join(differ[:min(len(differ), 5)], ", "))
	}
	return fmt.Sprintf("%d Redis keys built anew are equal", len(after)), nil
}

// olderBackup puts the backup of before the erasures in the place of the record,
// and starts.
func olderBackup(ctx context.Context, r *run) (string, error) {
	w := r.world
	if w == nil || len(w.erased) == 0 {
		return "", errNoWorld
	}
	if err := w.log.Close(); err != nil {
		return "", err
	}
	w.log = nil
	if err := w.server.Stop(); err != nil {
		return "", err
	}
	if _, err := w.server.Do(ctx, "restore", "--data", w.server.Data(), "--from", filepath.Join(r.Dir, "backup-first"), "--accept-loss"); err != nil {
		return "", err
	}
	if err := w.server.rdb.FlushAll(ctx).Err(); err != nil {
		return "", err
	}
	if err := w.server.Start(ctx); err != nil {
		return "", err
	}
	if err := w.connect(r); err != nil {
		return "", err
	}
	tried, err := w.tryAll(ctx, w.erased)
	if err != nil {
		return "", err
	}
	l := w.lives[0]
	var told struct{ Values map[string]string }
	if err := faultskit.Until(ctx, "the application is there again", func() (bool, error) {
		_, err := w.unmask(ctx, l.ID, &told, item.IdentityNumber, item.BankNumber)
		return err == nil, err
	}); err != nil {
		return "", err
	}
	if len(told.Values) > 0 {
		return "", errors.New("an erased value is revealed")
	}
	return tried + ", 0 revealed", nil
}

// unmask asks for personal values as an auditor who states a reason and proves to
// be present. Of a draft nobody sees any.
func (w *world) unmask(ctx context.Context, id string, into any, items ...item.Key) (drive.Reply, error) {
	proof, err := w.crew.Auditor.Prove(ctx, "unmask")
	if err != nil {
		return drive.Reply{}, err
	}
	reply, err := w.crew.Auditor.Do(ctx, drive.Request{Method: http.MethodPost, Path: "/v1/applications/" + id + "/reveal", Proof: proof,
		Body: map[string]any{"items": items, "why": reason}}, into)
	var p *drive.Problem
	if errors.As(err, &p) && p.Code == "draft-masked" {
		return drive.Reply{}, nil
	}
	return reply, err
}
