//go:build neighbours

// Package vulnerabilities asks govulncheck, over an offline copy of the Go
// vulnerability base, which known holes the program carries.
package vulnerabilities

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"alta/scripts/neighbours/neighbourtest"
)

// answered reads answered.txt: an id, a blank, and why Alta is not reached by it
// or what it waits for.
func answered(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("answered.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]string{}
	for scan := bufio.NewScanner(f); scan.Scan(); {
		if line := strings.TrimSpace(scan.Text()); line != "" && !strings.HasPrefix(line, "#") {
			id, why, _ := strings.Cut(line, " ")
			if why == "" {
				t.Errorf("%s has no answer", id)
			}
			out[id] = why
		}
	}
	return out
}

// message is what govulncheck -format json prints, as far as it is read here.
type message struct {
	OSV *struct {
		ID, Summary string
	}
	Finding *struct {
		OSV   string
		Trace []struct{ Module, Version, Function string }
	}
}

func TestEveryKnownHoleOfTheProgramIsAnswered(t *testing.T) {
	base := os.Getenv("VULNERABILITIES") // a folder of OSV files
	cmd := exec.Command(neighbourtest.Program(t, "govulncheck"), "-db", "file://"+base, "-format", "json", "-mode", "binary", neighbourtest.Binary(t))
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("govulncheck: %v\n%s", err, complaints.String())
	}
	summaries, found := map[string]string{}, map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m message
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if m.OSV != nil {
			summaries[m.OSV.ID] = m.OSV.Summary
		}
		if f := m.Finding; f != nil && len(f.Trace) > 0 {
			found[f.OSV] = f.Trace[0].Module + " " + f.Trace[0].Version
		}
	}
	if len(summaries) == 0 {
		t.Fatal("the base answered no entry at all: is it indexed?")
	}
	known := answered(t)
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if known[id] == "" {
			t.Errorf("%s in %s is not answered: %s", id, found[id], summaries[id])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		if found[id] == "" {
			t.Logf("%s is answered, and no longer found", id)
		}
	}
	t.Logf("%d known holes in the program, each answered in answered.txt", len(found))
}
