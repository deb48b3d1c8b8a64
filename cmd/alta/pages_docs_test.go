package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A line that the program logs, and one that the page on EventStoreDB explains.
var (
	loggedLine    = regexp.MustCompile(`(?:ogger|log)\.(Error|Warn|Info)\(\s*"((?:[^"\\]|\\.)+)"`)
	explainedLine = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|[^|]+\\|[^|]+\\|$")
)

// logged are the lines of a package's source, by level.
func logged(t *testing.T, files ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range files {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", pattern, names, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			source, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range loggedLine.FindAllStringSubmatch(string(source), -1) {
				out[m[2]] = m[1]
			}
		}
	}
	return out
}

func TestThePageOnEventStoreDBExplainsTheLinesThatThereAre(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs/eventstoredb.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "## What the lines in the log mean")
	if !found {
		t.Fatal("the page has no list of lines")
	}
	var explained []string
	for _, m := range explainedLine.FindAllStringSubmatch(table, -1) {
		explained = append(explained, m[1])
	}
	all := logged(t, "cmd/alta/*.go", "evidence/*.go", "eventstore/esdb/*.go", "reactions/*.go", "projections/*.go")
	for _, line := range explained {
		if _, there := all[line]; !there {
			t.Errorf("the page explains a line that nothing logs: %s", line)
		}
	}
	must := logged(t, "evidence/*.go", "eventstore/esdb/*.go", "cmd/alta/server_log.go", "cmd/alta/health.go", "cmd/alta/control.go", "cmd/alta/hands.go")
	for line, level := range must {
		if level != "Info" && !slices.Contains(explained, line) {
			t.Errorf("the page does not explain the %s %q", strings.ToLower(level), line)
		}
	}
	if len(must) < 15 || len(explained) < 15 {
		t.Errorf("%d lines were found in the source and %d on the page", len(must), len(explained))
	}
}
