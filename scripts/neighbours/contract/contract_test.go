//go:build neighbours

// Package contract has other people's tools read openapi.yaml: linters find no
// error, and generators make clients that compile.
package contract

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"alta/scripts/neighbours/neighbourtest"
)

func run(t *testing.T, tool string, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join("node_modules", ".bin", tool), args...)
	cmd.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", "SCARF_ANALYTICS=false")
	return cmd.CombinedOutput()
}

func TestOthersReadTheContract(t *testing.T) {
	contract := filepath.Join(neighbourtest.Root(t), "api", "openapi.yaml")
	if err := os.RemoveAll("out"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll("out") })
	for _, tool := range [][]string{
		{"redocly", "lint", contract, "--max-problems", "5"},
		{"spectral", "lint", "--ruleset", "spectral.yaml", "--fail-severity", "error", "--display-only-failures", contract},
		{"openapi-ts", "--input", contract, "--output", "out/openapi-ts"},
		{"orval", "--config", "orval.config.mjs"},
		{"tsc", "--project", "."},
	} {
		t.Run(tool[0], func(t *testing.T) {
			if out, err := run(t, tool[0], tool[1:]...); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// Rules of IBM's validator that are its own house style, or older than OpenAPI 3.1.
var notOurs = map[string]string{
	"ibm-integer-attributes":                    "counts and revisions have no largest value that would be true",
	"ibm-etag-header":                           "If-Match names the revision of the application, whatever the path of the decision",
	"ibm-property-casing-convention":            "items are named with dots, such as identity.name",
	"ibm-enum-casing-convention":                "codes are permanent",
	"ibm-path-segment-casing-convention":        "paths are kebab-case throughout",
	"ibm-required-array-properties-in-response": "an absent list says that it does not apply, an empty one that there is none",
	"ibm-required-enum-properties-in-response":  "likewise",
	"ibm-operation-summary-length":              "a sentence is as long as it needs to be",
	"ibm-schema-type-format":                    "JSON Schema 2020-12 has more formats than the rule knows",
	"ibm-schema-keywords":                       "const is a keyword of OpenAPI 3.1",
	"no-$ref-siblings":                          "OpenAPI 3.1 allows a description beside $ref",
}

func TestIBMsValidatorFindsNoErrorThatIsOurs(t *testing.T) {
	out, err := run(t, "lint-openapi", "--errors-only", "--json", filepath.Join(neighbourtest.Root(t), "api", "openapi.yaml"))
	at := bytes.IndexByte(out, '{')
	if at < 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	var report struct {
		Error struct {
			Results []struct {
				Rule, Message string
				Path          []any
				Line          int
			}
		}
	}
	if err := json.NewDecoder(bytes.NewReader(out[at:])).Decode(&report); err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Error.Results {
		if notOurs[r.Rule] == "" {
			t.Errorf("line %d: %s (%s) at %v", r.Line, r.Message, r.Rule, r.Path)
		}
	}
}
