// Package alta_test holds the one law about the whole tree: which package may
// import which. Everything else is tested where it lives.
package alta_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// directions says what each package may import of this module. A key ending in
// /... covers the packages below it; the longest key counts. What is not listed
// may import nothing of ours.
var directions = map[string][]string{
	"alta/durable":                {},
	"alta/eventstore":             {},
	"alta/eventstore/...":         {"alta/eventstore"},
	"alta/eventstore/esdb":        {"alta/eventstore", "alta/eventstore/fanout"},
	"alta/domain/...":             {"alta/domain/..."},
	"alta/domain/account":         {"alta/domain/...", "alta/eventstore"}, // its codec names the event that binds a sealed value
	"alta/decider":                {"alta/eventstore"},
	"alta/evidence":               {"alta/durable", "alta/eventstore"},
	"alta/vault/...":              {"alta/durable", "alta/eventstore", "alta/domain/personal", "alta/vault"},
	"alta/documents":              {"alta/vault"},
	"alta/documents/bombtest":     {},
	"alta/duplicates":             {"alta/documents", "alta/domain/...", "alta/eventstore", "alta/projections", "alta/vault"},
	"alta/projections":            {"alta/domain/...", "alta/eventstore", "alta/projections/replay", "alta/vault"},
	"alta/projections/replay":     {"alta/eventstore"},
	"alta/projections/redistest":  {},
	"alta/projections/statistics": {"alta/domain/...", "alta/eventstore", "alta/projections", "alta/projections/replay"},
	"alta/reactions/...":          {"alta/domain/...", "alta/decider", "alta/eventstore", "alta/vault", "alta/reactions/..."},
	"alta/api/auth":               {"alta/domain/...", "alta/decider", "alta/durable", "alta/eventstore"},
	"alta/api":                    {"alta/api/auth", "alta/decider", "alta/documents", "alta/domain/...", "alta/duplicates", "alta/eventstore", "alta/evidence", "alta/projections/...", "alta/vault"},
	"alta/frontend":               {},
	"alta/simulate":               {"alta/domain/...", "alta/simulate/specimen"},
	"alta/simulate/specimen":      {},
	"alta/simulate/drive":         {"alta/domain/...", "alta/simulate", "alta/simulate/specimen"},
	"alta/simulate/tour":          {"alta/domain/...", "alta/simulate", "alta/simulate/drive", "alta/simulate/specimen"},
	"alta/simulate/direct":        {"alta/decider", "alta/domain/...", "alta/eventstore", "alta/simulate", "alta/simulate/specimen"},
	"alta/cmd/...":                {"alta/..."},
	"alta/scripts/...":            {"alta/..."},

	"alta/eventstore/wire/nodetest": {"alta/eventstore", "alta/eventstore/embedded", "alta/eventstore/wire", "alta/evidence"}, // a cluster for tests
}

// pure are the packages that may import the standard library, x/net/idna,
// x/net/publicsuffix and x/text only.
const pure = "alta/domain/"

// impure are the standard packages that a pure one must not touch: clocks are
// handed in, and so is everything else from outside.
var impure = []string{"net", "net/http", "os", "os/exec", "syscall", "math/rand", "math/rand/v2", "crypto/rand", "database/sql", "log", "log/slog"}

type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	GoFiles      []string
	Standard     bool
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,GoFiles", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func covers(pattern, path string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == below || strings.HasPrefix(path, below+"/")
	}
	return pattern == path
}

func allowed(path string) ([]string, bool) {
	best, found := "", false
	for pattern := range directions {
		if covers(pattern, path) && len(pattern) > len(best) {
			best, found = pattern, true
		}
	}
	return directions[best], found
}

func TestImportsRunOneWay(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		may, known := allowed(p.ImportPath)
		if !known {
			t.Errorf("%s is not on the map: say in imports_test.go what it may import", p.ImportPath)
			continue
		}
		for _, i := range p.Imports {
			if !strings.HasPrefix(i, "alta/") || i == p.ImportPath {
				continue
			}
			if !slices.ContainsFunc(may, func(pattern string) bool { return covers(pattern, i) }) {
				t.Errorf("%s imports %s, which is against the direction", p.ImportPath, i)
			}
		}
	}
}

func TestTheDomainIsPure(t *testing.T) {
	lawful := []string{"golang.org/x/net/idna", "golang.org/x/net/publicsuffix"}
	for _, p := range packages(t) {
		if !strings.HasPrefix(p.ImportPath, pure) {
			continue
		}
		for _, i := range p.Imports {
			outside := strings.Contains(strings.SplitN(i, "/", 2)[0], ".")
			reader := p.ImportPath == "alta/domain/strictjson" && covers("github.com/go-json-experiment/json/...", i)
			if outside && !reader && !slices.Contains(lawful, i) && !strings.HasPrefix(i, "golang.org/x/text/") {
				t.Errorf("%s imports %s: the domain knows the standard library, x/net/idna, x/net/publicsuffix and x/text only, and strictjson its reader", p.ImportPath, i)
			}
			// personal.Text must be able to mask itself in structured logs.
			if slices.Contains(impure, i) && (p.ImportPath != "alta/domain/personal" || i != "log/slog") {
				t.Errorf("%s imports %s: the domain has no clock, no chance and no outside", p.ImportPath, i)
			}
		}
	}
}

func TestTestHelpersDoNotShip(t *testing.T) {
	helpers := []string{"testing", "alta/eventstore/eventstoretest", "alta/eventstore/embedded/brokendisk", "pgregory.net/rapid"}
	for _, p := range packages(t) {
		if strings.HasSuffix(p.ImportPath, "test") || p.ImportPath == "alta/scripts/faultslog" {
			continue
		}
		for _, i := range p.Imports {
			if slices.Contains(helpers, i) {
				t.Errorf("%s ships with %s", p.ImportPath, i)
			}
		}
	}
}
