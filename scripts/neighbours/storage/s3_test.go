//go:build neighbours

// Package storage keeps documents and keys in foreign S3 servers, and has uploads
// looked at by the real clamd.
package storage

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"alta/eventstore"
	"alta/scripts/neighbours/neighbourtest"
	"alta/simulate/drive"
	"alta/vault"
	"alta/vault/s3"
)

const accessKey, secretKey = "altakey", "altasecret12"

// gateway is versitygw over a folder, with TLS and versions kept.
type gateway struct {
	*neighbourtest.Process
	authority neighbourtest.Authority
	port      int
	dir       string // objects lie in dir/objects/docs, older versions in dir/versions
}

func newGateway(t *testing.T) *gateway {
	g := &gateway{authority: neighbourtest.NewAuthority(t), port: neighbourtest.FreePort(t), dir: t.TempDir()}
	for _, d := range []string{"objects/docs", "versions"} {
		if err := os.MkdirAll(filepath.Join(g.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	g.start(t)
	return g
}

func (g *gateway) start(t *testing.T) {
	cmd := exec.Command(neighbourtest.Program(t, "versitygw"), "-port", fmt.Sprintf("127.0.0.1:%d", g.port), "-access", accessKey, "-secret", secretKey,
		"-cert", g.authority.Cert, "-key", g.authority.Key, "-versions", filepath.Join(g.dir, "versions"), filepath.Join(g.dir, "objects"))
	cmd.Dir = g.dir
	g.Process = neighbourtest.Start(t, cmd, neighbourtest.Answers(g.port))
}

func (g *gateway) address() string {
	return fmt.Sprintf("s3://%s:%s@127.0.0.1:%d/docs/alta?region=us-east-1", accessKey, secretKey, g.port)
}

func (g *gateway) trust() []string { return []string{"SSL_CERT_FILE=" + g.authority.CA} }

// files are the paths below a folder of the gateway that contain text.
func (g *gateway) files(t *testing.T, folder, text string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(filepath.Join(g.dir, folder), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.Contains(path, text) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A whole life with looks: every document and key lies in the foreign server,
// sealed; a restarted Alta reads them; with the server gone /readyz says so, and
// it says so no longer once the server is back.
func TestALifeWithItsDocumentsInAForeignS3Server(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	data := t.TempDir()
	flags := []string{"--demo", "--dev", "--blobs", g.address(), "--limit-factor", "100"}
	a := neighbourtest.Serve(t, data, g.trust(), flags...)
	life := neighbourtest.Merchant(t, a.Driver(t), drive.Wish{To: drive.Active, Looks: true})

	objects := g.files(t, "objects", "/objects/")
	if len(objects) == 0 || len(g.files(t, "objects", "/keys/")) == 0 {
		t.Fatal("the gateway holds no documents or no keys")
	}
	for _, name := range objects {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("\xff\xd8\xff")) && bytes.HasPrefix(b, []byte("\xff\xd8\xff")) || bytes.HasPrefix(b, []byte("%PDF")) || bytes.HasPrefix(b, []byte("\x89PNG")) {
			t.Errorf("%s is stored in clear", name)
		}
	}
	if local, err := filepath.Glob(filepath.Join(data, "vault", "objects", "*")); err != nil || len(local) > 0 {
		t.Errorf("documents lie in the data directory too: %v, %v", local, err)
	}

	a.Stop()
	a = neighbourtest.Serve(t, data, g.trust(), flags...)
	crew := a.Driver(t).Crew
	var entry struct{ Kind string }
	if _, err := crew.Leads[0].Get(t.Context(), "/v1/applications/"+life.ID, &entry); err != nil {
		t.Errorf("after a restart the application cannot be read: %v", err)
	}

	g.Kill()
	ready(t, a, http.StatusServiceUnavailable)
	g.start(t)
	ready(t, a, http.StatusOK)
}

func ready(t *testing.T, a *neighbourtest.Alta, want int) {
	t.Helper()
	neighbourtest.Eventually(t, fmt.Sprintf("/readyz answers %d", want), 40*time.Second, func() error {
		res, err := http.Get(a.URL + "/readyz")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != want {
			return errors.New(res.Status)
		}
		return nil
	})
}

// What is erased is gone from a store that keeps versions, and cannot come back.
func TestErasureReachesTheVersionsOfAForeignS3Server(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	pool, err := g.authority.Pool()
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	store, err := s3.Open(t.Context(), s3.Config{
		Endpoint: fmt.Sprintf("127.0.0.1:%d", g.port), Secure: true, Region: "us-east-1", Bucket: "docs", Prefix: "v/",
		AccessKey: accessKey, SecretKey: secretKey, Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(vault.Config{Dir: t.TempDir(), Objects: s3.Objects{Store: store}, Keys: s3.Keys{Store: store}, Fences: s3.Fences{Store: store}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	before := len(g.files(t, ".", "/keys/"))
	sealed, err := v.Seal(ctx, "merchant-1", eventstore.ID{1}, "name", "陈伟")
	if err != nil {
		t.Fatal(err)
	}
	if len(g.files(t, ".", "/keys/")) != before+1 {
		t.Fatal("the key does not lie in the gateway")
	}
	if err := v.Shred(ctx, "merchant-1"); err != nil {
		t.Fatal(err)
	}
	if left := g.files(t, ".", "/keys/"); len(left) != before {
		t.Errorf("after the erasure the gateway still holds %d files of keys, not %d: %v", len(left), before, left)
	}
	if clear, err := v.Open(ctx, "merchant-1", eventstore.ID{1}, "name", sealed); !errors.Is(err, vault.ErrErased) {
		t.Errorf("an erased value opens: %q, %v", clear, err)
	}
	if _, err := v.Seal(ctx, "merchant-1", eventstore.ID{2}, "name", "陈伟"); !errors.Is(err, vault.ErrErased) {
		t.Errorf("an erased person gets a new key: %v", err)
	}
}

// A server that overwrites where it should refuse would lose keys. Alta does not
// start on it, and says why in a sentence.
func TestAStoreWithoutConditionalWritesIsRefused(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), neighbourtest.FreePort(t)
	if err := os.Mkdir(filepath.Join(dir, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	server := filepath.Join(neighbourtest.Root(t), "scripts", "neighbours", "storage", "s3rver", "node_modules", ".bin", "s3rver")
	neighbourtest.Start(t, exec.Command(server, "--directory", dir, "--address", "127.0.0.1", "--port", fmt.Sprint(port), "--configure-bucket", "docs"), neighbourtest.Answers(port))

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, neighbourtest.Binary(t), "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(),
		"--blobs", fmt.Sprintf("s3://S3RVER:S3RVER@127.0.0.1:%d/docs/alta?tls=off&region=us-east-1", port))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() <= 0 {
		t.Fatalf("alta serve did not refuse: %v\n%s", err, out)
	}
	if !bytes.Contains(out, []byte("use a store with conditional writes")) || bytes.Contains(out, []byte("%!")) {
		t.Errorf("the refusal does not say why:\n%s", out)
	}
}
