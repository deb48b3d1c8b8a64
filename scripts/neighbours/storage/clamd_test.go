//go:build neighbours

package storage

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"alta/domain/policy"
	"alta/scripts/neighbours/neighbourtest"
	"alta/simulate/drive"
)

// eicar is the harmless text that every scanner calls a virus, in two halves so
// that no scanner objects to this file.
var eicar = []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`)

// startClamd runs the real clamd with a signature base of two lines.
func startClamd(t *testing.T, more ...string) (*neighbourtest.Process, string) {
	t.Helper()
	dir, port := t.TempDir(), neighbourtest.FreePort(t)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("db/own.hdb", fmt.Sprintf("%x:%d:Eicar-Test-Hash\n", md5.Sum(eicar), len(eicar)))
	write("db/own.ndb", "Eicar-Test-Body:0:*:"+hex.EncodeToString(eicar[:40])+"\n")
	conf := append([]string{
		"DatabaseDirectory " + filepath.Join(dir, "db"), "TCPAddr 127.0.0.1", fmt.Sprintf("TCPSocket %d", port),
		"TemporaryDirectory " + dir, "Foreground yes", "MaxScanSize 100M", "MaxFileSize 25M", "StreamMaxLength 30M", "MaxRecursion 10",
	}, more...)
	config := write("clamd.conf", strings.Join(conf, "\n")+"\n")
	// Debian's clamd would change to its own user, who may not read the test's folder.
	return neighbourtest.Start(t, exec.Command(neighbourtest.Program(t, "clamd"), "-c", config), neighbourtest.Answers(port)), fmt.Sprintf("127.0.0.1:%d", port)
}

// photograph is a picture with a comment in it.
func photograph(t *testing.T, comment []byte) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 1200, 900))
	for y := range 900 {
		for x := range 1200 {
			img.Set(x, y, color.RGBA{uint8(x ^ y), uint8(x), uint8(y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	if comment == nil {
		return b.Bytes()
	}
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xfe}, uint16(2+len(comment)))
	segment = append(segment, comment...)
	return append(append(b.Bytes()[:2:2], segment...), b.Bytes()[2:]...)
}

// put uploads a file once and answers how it is refused.
func put(t *testing.T, p *drive.Person, application string, file []byte) error {
	t.Helper()
	_, err := p.Do(t.Context(), drive.Request{
		Method: http.MethodPut, Path: "/v1/applications/" + application + "/documents/id_card.front", Body: file, Media: "image/jpeg", Once: true,
	}, nil)
	return err
}

func code(err error) string {
	var p *drive.Problem
	if errors.As(err, &p) {
		return fmt.Sprint(p.Status, " ", p.Code)
	}
	return fmt.Sprint(err)
}

func TestTheRealClamdLooksAtEveryUpload(t *testing.T) {
	t.Parallel()
	clamd, address := startClamd(t, "AlertExceedsMax yes")
	a := neighbourtest.Serve(t, "", nil, "--demo", "--dev", "--clamav", address, "--limit-factor", "100")
	life := neighbourtest.Merchant(t, a.Driver(t), drive.Wish{To: drive.Draft, Via: drive.Self, Kind: policy.Individual})

	if err := put(t, life.Supplier, life.ID, photograph(t, nil)); err != nil {
		t.Errorf("a clean picture is refused: %v", err)
	}
	if got := code(put(t, life.Supplier, life.ID, photograph(t, eicar))); !strings.HasPrefix(got, "422 ") {
		t.Errorf("a picture with EICAR in it: %s, want 422", got)
	}
	clamd.Kill()
	if got := code(put(t, life.Supplier, life.ID, photograph(t, []byte("nobody looks")))); !strings.HasPrefix(got, "503 ") {
		t.Errorf("with clamd gone: %s, want 503", got)
	}
	if strings.Contains(a.Output(), "EICAR-STANDARD") {
		t.Error("the log holds what was uploaded")
	}
}

// Without AlertExceedsMax clamd calls clean what it did not look through; no file
// is taken on its word.
func TestAClamdThatHidesItsLimitsIsNotBelieved(t *testing.T) {
	t.Parallel()
	_, address := startClamd(t, "AlertExceedsMax no")
	a := neighbourtest.Serve(t, "", nil, "--demo", "--dev", "--clamav", address, "--limit-factor", "100")
	agent, application := a.Opened(t, "opened@shop.example")
	if got := code(put(t, agent, application, photograph(t, nil))); !strings.HasPrefix(got, "503 ") {
		t.Errorf("a file is taken on the word of such a clamd: %s, want 503", got)
	}
	if !strings.Contains(a.Output(), "AlertExceedsMax") {
		t.Error("the log does not name the setting that is missing")
	}
}
