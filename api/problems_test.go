package api

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	rewrite    = flag.Bool("update", false, "write problems.tsv anew")
	ofHandlers = regexp.MustCompile(`problem\(http\.Status\w+, "([a-z0-9-]+)", "((?:[^"\\]|\\.)*)"`)
	ofRules    = regexp.MustCompile(`\w+\((?:\w+, )?"([a-z][a-z0-9-]+[a-z0-9])", "((?:[^"\\]|\\.)*)"`)
)

// Every code that a problem can have has a page of its own under /problems/: the
// list is compared with the sources. `go test ./api -run Problem -update` writes it.
func TestEveryProblemCodeIsListed(t *testing.T) {
	found := map[string]string{}
	harvest := func(pattern *regexp.Regexp, files ...string) {
		for _, glob := range files {
			names, err := filepath.Glob(glob)
			if err != nil || len(names) == 0 {
				t.Fatalf("%s: %v, %v", glob, names, err)
			}
			for _, name := range names {
				if strings.HasSuffix(name, "_test.go") {
					continue
				}
				source, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range pattern.FindAllStringSubmatch(string(source), -1) {
					if _, there := found[m[1]]; !there {
						found[m[1]] = sentence(strings.TrimSuffix(strings.ReplaceAll(m[2], `\"`, `"`), "."))
					}
				}
			}
		}
	}
	harvest(ofHandlers, "problem.go", "*.go")
	harvest(ofRules, "../domain/application/refusal.go", "../domain/account/refusal.go", "auth/*.go")
	var want strings.Builder
	codes := make([]string, 0, len(found))
	for code := range found {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		fmt.Fprintf(&want, "%s\t%s\n", code, found[code])
	}
	if *rewrite {
		if err := os.WriteFile("problems.tsv", []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, code := range codes {
		if !strings.Contains("\n"+problemList, "\n"+code+"\t") {
			t.Errorf("problems.tsv lacks %s: go test ./api -run EveryProblemCode -update", code)
		}
	}
	if len(codes) < 100 {
		t.Errorf("only %d codes were found in the sources", len(codes))
	}
}
