package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/policy"
	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/scripts/faultskit"
	"alta/simulate/drive"
	"alta/vault"
)

// killedUploads kills Alta in the middle of uploads, at every step from the first
// byte to the answer, and looks what is left: every event has its files, whole and
// readable; what has no event is there for less than a day.
func killedUploads(ctx context.Context, r *run) (figures string, err error) {
	ctx, stop := context.WithTimeout(ctx, 10*time.Minute)
	defer stop()
	home := filepath.Join(r.Dir, "uploads")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", err
	}
	u := &uploads{wire: filepath.Join(home, "wire"), sent: map[string]string{}}
	metrics, err := faultskit.FreePort()
	if err != nil {
		return "", err
	}
	if u.server, err = newServer(r.Alta, home, "--wire", "unix:"+u.wire, "--metrics", metrics, "--limit-factor", "1000"); err != nil {
		return "", err
	}
	defer u.server.close()
	if err := u.open(ctx); err != nil {
		return "", err
	}
	// The whole one shows how many objects an upload has, and how long it takes.
	begun := time.Now()
	if status, err := u.upload(ctx, u.pages(0)); err != nil || status != http.StatusCreated {
		return "", fmt.Errorf("an upload is answered %d (%w)", status, err)
	}
	took, objects := time.Since(begun), u.objects()
	points := r.Times(20, 6)
	orphans := 0
	for n := range points {
		was, err := u.kill(ctx, n, points, took, objects)
		if err != nil {
			return "", fmt.Errorf("kill %d of %d: %w", n+1, points, err)
		}
		if was < orphans {
			return "", fmt.Errorf("kill %d of %d: young files that have no event were removed: %d, there were %d", n+1, points, was, orphans)
		}
		orphans = was
	}
	events, files, err := u.check(ctx)
	if err != nil {
		return "", err
	}
	if orphans == 0 || events == 0 {
		return "", fmt.Errorf("%d orphans, %d events: the kills hit nothing", orphans, events)
	}
	pieces, err := u.halfADayLater(ctx, "http://"+metrics+"/metrics", orphans)
	return fmt.Sprintf("%d kills; %d events, each of its %d files whole, readable and of the hash that was sent; %d files without an event and %d pieces were there, and all gone %v hours later",
		points, events, files, orphans, pieces, later.Hours()), err
}

// uploads is one application to which files are uploaded.
type uploads struct {
	server *server
	wire   string
	agent  *drive.Person
	id     string
	sent   map[string]string // digest of each file that was sent → what became of it
}

// open logs in at the server, which has a new address after each start.
func (u *uploads) open(ctx context.Context) error {
	if err := u.server.Start(ctx); err != nil {
		return err
	}
	c, err := drive.NewClient(u.server.Address)
	if err != nil {
		return err
	}
	demo := drive.DemoLogIns()
	if u.agent, err = c.LogIn(ctx, demo.Agent, demo.Password); err != nil || u.id != "" {
		return err
	}
	var added struct{ ID string }
	_, err = u.agent.Do(ctx, drive.Request{Method: http.MethodPost, Path: "/v1/merchants", Key: decider.NewID().String(), Body: map[string]any{
		"email": "uploads@merchant.example", "kind": policy.Individual, "products": []policy.Product{policy.WeChat}, "site": policy.Web, "language": "en",
	}}, &added)
	u.id = added.ID
	return err
}

// pages is a PDF of six pages, another one for each number.
func (u *uploads) pages(number int) []byte {
	const count = 6
	var b bytes.Buffer
	var at []int
	object := func(format string, args ...any) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(at))
		fmt.Fprintf(&b, format+"\nendobj\n", args...)
	}
	b.WriteString("%PDF-1.4\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	var kids []string
	for n := range count {
		kids = append(kids, fmt.Sprintf("%d 0 R", 3+2*n))
	}
	object("<< /Type /Pages /Count %d /Kids [%s] >>", count, strings.Join(kids, " "))
	for n := range count {
		draw := fmt.Sprintf("0.%d 0.4 0.7 rg 40 %d 300 200 re f", n+1, 40+7*number)
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R >>", 4+2*n)
		object("<< /Length %d >>\nstream\n%s\nendstream", len(draw), draw)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, xref)
	return b.Bytes()
}

// upload sends a file once. The answer is 0 when the connection ended before it.
func (u *uploads) upload(ctx context.Context, file []byte) (int, error) {
	sum := sha256.Sum256(file)
	digest := hex.EncodeToString(sum[:])
	u.sent[digest] = "sent"
	token, err := u.agent.Token(ctx)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, u.server.Address+"/v1/applications/"+u.id+"/documents/id_card.front", bytes.NewReader(file))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/pdf")
	req.Header.Set("Idempotency-Key", decider.NewID().String())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil //nolint:nilerr // the server was killed: that is the point
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusCreated {
		u.sent[digest] = "acknowledged"
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode, nil
}

// kill ends the process at one of the points of an upload: in the first of them
// while the file is read and decoded, by the time that takes; then whenever so many
// objects are stored; last when all are, and after the answer.
func (u *uploads) kill(ctx context.Context, n, points int, took time.Duration, objects int) (orphans int, err error) {
	before := u.objects()
	answered := make(chan error, 1)
	go func() {
		_, err := u.upload(ctx, u.pages(n+1))
		answered <- err
	}()
	early := points / 5
	if n < early {
		select {
		case err := <-answered: // quicker than the first one: this is a kill after the answer
			answered <- err
		case <-time.After(took * time.Duration(n) / time.Duration(4*early)):
		}
	} else {
		want := before + 1 + (objects-1)*(n-early)/(points-early-2)
		for deadline := time.Now().Add(time.Minute); u.objects() < want; {
			select {
			case err := <-answered: // the last point: after the answer
				answered <- err
				want = 0
			default:
				if time.Now().After(deadline) {
					return 0, errors.New("the upload stands still")
				}
			}
		}
	}
	if err := errors.Join(u.server.Kill(), <-answered, u.open(ctx)); err != nil {
		return 0, err
	}
	if _, _, err := u.check(ctx); err != nil {
		return 0, err
	}
	return u.orphans(ctx)
}

// objects is how many there are in the store.
func (u *uploads) objects() int {
	n := 0
	_ = u.eachObject(func(string) error { n++; return nil })
	return n
}

func (u *uploads) eachObject(visit func(path string) error) error {
	root := filepath.Join(u.server.Data(), "vault", "objects", "blobs")
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			return err
		}
		return visit(path)
	})
}

// look visits the events that bring files.
func (u *uploads) look(ctx context.Context, v *vault.Vault, visit func(application.DocumentUploaded) error) error {
	log, err := esdb.Open("unix:"+u.wire, esdb.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // it was only read
	for rec, err := range log.ReadAll(ctx, eventstore.Start, -1) {
		if err != nil {
			return err
		}
		if rec.Stream != "application-"+u.id {
			continue
		}
		e, err := application.Decode(rec.Type, rec.Data, func(field, ciphertext string) (string, bool, error) {
			clear, err := v.Open(ctx, u.id, rec.ID, field, ciphertext)
			return clear, false, err
		})
		if err != nil {
			return err
		}
		if up, ok := e.(application.DocumentUploaded); ok {
			if err := visit(up); err != nil {
				return err
			}
		}
	}
	return nil
}

// check reads every file of every event, and looks for an event of everything that
// was acknowledged.
func (u *uploads) check(ctx context.Context) (events, files int, err error) {
	v, err := vault.Open(vault.Config{Dir: filepath.Join(u.server.Data(), "vault")})
	if err != nil {
		return 0, 0, err
	}
	recorded := map[string]bool{}
	err = u.look(ctx, v, func(up application.DocumentUploaded) error {
		d := up.Document
		events++
		recorded[d.SHA256] = true
		if u.sent[d.SHA256] == "" || len(d.Blobs) != 1+2*d.Pages {
			return fmt.Errorf("an event of a file that was never sent, or not whole: %d blobs of %d pages", len(d.Blobs), d.Pages)
		}
		for i, id := range d.Blobs {
			r, err := v.Blobs().Get(ctx, u.id, id)
			if err != nil {
				return fmt.Errorf("file %d of an event: %w", i, err)
			}
			sum := sha256.New()
			n, err := io.Copy(sum, r)
			if err = errors.Join(err, r.Close()); err != nil {
				return fmt.Errorf("file %d of an event: %w", i, err)
			}
			if i == 0 && (hex.EncodeToString(sum.Sum(nil)) != d.SHA256 || n != d.Size) {
				return errors.New("the stored file is not the one of the event")
			}
			files++
		}
		return nil
	})
	for digest, what := range u.sent {
		if err == nil && what == "acknowledged" && !recorded[digest] {
			err = errors.New("an acknowledged upload has no event")
		}
	}
	return events, files, err
}

// orphans counts the complete files that no event speaks of.
func (u *uploads) orphans(ctx context.Context) (int, error) {
	v, err := vault.Open(vault.Config{Dir: filepath.Join(u.server.Data(), "vault")})
	if err != nil {
		return 0, err
	}
	var known []string
	if err := u.look(ctx, v, func(up application.DocumentUploaded) error { known = append(known, up.Document.Blobs...); return nil }); err != nil {
		return 0, err
	}
	n := 0
	return n, v.Blobs().EachWhole(ctx, func(w vault.Whole) error {
		if !slices.Contains(known, w.ID) {
			n++
		}
		return nil
	})
}

// later is when a program that sweeps every hour has swept what is old enough. The
// fault table asks for a day.
const later = vault.SafeAge + 30*time.Minute

// halfADayLater makes everything that is stored older, starts the program, and
// waits until it has swept. It answers how many pieces of files there were.
func (u *uploads) halfADayLater(ctx context.Context, metrics string, orphans int) (pieces int, err error) {
	before := u.objects()
	if err := u.server.Stop(); err != nil {
		return 0, err
	}
	then := time.Now().Add(-later)
	if err := u.eachObject(func(path string) error { return os.Chtimes(path, then, then) }); err != nil {
		return 0, err
	}
	if err := u.open(ctx); err != nil {
		return 0, err
	}
	told := fmt.Sprintf("alta_orphans_removed_total %d\n", orphans)
	if err := faultskit.Until(ctx, "orphans are swept, and counted", func() (bool, error) {
		b, err := faultskit.Fetch(ctx, metrics)
		return bytes.Contains(b, []byte(told)), err
	}); err != nil {
		return 0, err
	}
	left, err := u.orphans(ctx)
	if err == nil && left > 0 {
		err = fmt.Errorf("%d files without an event are left", left)
	}
	if err != nil {
		return 0, err
	}
	// What is left is whole and has its event.
	v, err := vault.Open(vault.Config{Dir: filepath.Join(u.server.Data(), "vault")})
	if err != nil {
		return 0, err
	}
	_, files, err := u.check(ctx)
	if err != nil {
		return 0, err
	}
	whole, damaged := 0, 0
	if err := v.Blobs().EachWhole(ctx, func(w vault.Whole) error { whole++; return nil }); err != nil {
		return 0, err
	}
	if err := v.Blobs().Scrub(ctx, func(string) { damaged++ }); err != nil || damaged > 0 || whole != files {
		return 0, fmt.Errorf("%d objects are damaged, %d files are there of %d (%w)", damaged, whole, files, err)
	}
	return before - u.objects() - 2*orphans, nil
}
