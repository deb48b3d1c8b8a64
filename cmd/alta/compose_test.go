package main

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/eventstore/esdb"
	"alta/reactions/mail"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/redis/go-redis/v9"
)

// root is the repository's.
const root = "../.."

// composition parses and validates docker-compose.yml as Docker does: against the
// schema, with its variables filled in and its references resolved.
func composition(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	o, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithWorkingDirectory(root), cli.WithProfiles(profiles), cli.WithDiscardEnvFile)
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheCompositionHasTheServicesItPromises(t *testing.T) {
	trial := []string{"alta", "eventstore", "mailpit", "redis"}
	cluster := []string{"alta-cluster", "certificates", "node1.eventstore", "node2.eventstore", "node3.eventstore"}
	if got := slices.Sorted(maps.Keys(composition(t).Services)); !slices.Equal(got, trial) {
		t.Errorf("without a profile: %v", got)
	}
	want := append(slices.Clone(trial), cluster...)
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(composition(t, "cluster").Services)); !slices.Equal(got, want) {
		t.Errorf("with the cluster: %v", got)
	}
}

func TestEveryVariableTheCompositionSetsIsOneThatAltaReadsAndUnderstands(t *testing.T) {
	c := defaults()
	var known []string
	for _, s := range c.settings() {
		known = append(known, s.env)
	}
	composed := 0
	for name, service := range composition(t, "cluster").Services {
		if service.Build == nil {
			continue
		}
		composed++
		t.Run(name, func(t *testing.T) {
			for variable, value := range service.Environment {
				if !slices.Contains(known, variable) {
					t.Errorf("Alta reads no %s", variable)
				} else if value == nil {
					t.Errorf("%s has no value", variable)
				} else {
					t.Setenv(variable, *value)
				}
			}
			got, err := parseConfig("serve", nil, io.Discard, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := mail.NewSMTP(got.SMTP, got.MailFrom, time.Now); err != nil {
				t.Errorf("ALTA_SMTP, ALTA_MAIL_FROM: %v", err)
			}
			if _, err := redis.ParseURL(got.Redis); err != nil {
				t.Errorf("ALTA_REDIS: %v", err)
			}
			// The authority's certificate is made on the first start.
			log, err := esdb.Open(strings.Replace(got.EventStore, "?tlsCaFile=/certs/ca/ca.crt", "", 1), esdb.Options{})
			if err != nil {
				t.Fatalf("ALTA_EVENTSTORE: %v", err)
			}
			if err := log.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	if composed != 2 {
		t.Errorf("%d services are built from this repository, want 2", composed)
	}
}

func TestTheCompositionNamesOnlyWhatIsThereAndOpensNothingToOthers(t *testing.T) {
	p := composition(t, "cluster")
	for name, s := range p.Services {
		if s.Build == nil {
			if _, tag, ok := strings.Cut(s.Image, ":"); !ok || tag == "latest" {
				t.Errorf("%s: the image %s names no version", name, s.Image)
			}
		} else if !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s is not confined", name)
		}
		if strings.HasPrefix(s.Image, "eventstore/eventstore:") && s.Restart != types.RestartPolicyAlways {
			t.Errorf("%s: restart is %q: a deposed leader ends with code 0 and must come back", name, s.Restart)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s: port %s is open to others", name, port.Published)
			}
		}
		for host := range hosts(s) {
			if _, ok := p.Services[host]; !ok {
				t.Errorf("%s speaks of %s, which is no service", name, host)
			}
		}
		for dependency := range s.DependsOn {
			if d := p.Services[dependency]; s.DependsOn[dependency].Condition == types.ServiceConditionHealthy && d.HealthCheck == nil {
				t.Errorf("%s waits for the health of %s, which has no check", name, dependency)
			}
		}
	}
}

// hosts finds the services that a service's environment names.
func hosts(s types.ServiceConfig) map[string]bool {
	found := make(map[string]bool)
	for variable, value := range s.Environment {
		switch variable {
		case "ALTA_EVENTSTORE", "ALTA_REDIS", "ALTA_SMTP", "EVENTSTORE_GOSSIP_SEED", "EVENTSTORE_NODE_HOST_ADVERTISE_AS":
		default:
			continue
		}
		_, rest, ok := strings.Cut(*value, "://")
		if !ok {
			rest = *value
		}
		if _, after, ok := strings.Cut(rest, "@"); ok {
			rest = after
		}
		rest, _, _ = strings.Cut(rest, "?")
		rest, _, _ = strings.Cut(rest, "/")
		for _, address := range strings.Split(rest, ",") {
			host, _, _ := strings.Cut(address, ":")
			found[host] = true
		}
	}
	return found
}

func TestTheImageIsEmptyButForAltaAndRunsAsNobody(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	stages := make(map[string]bool)
	last := make(map[string]string) // of the stage that runs
	joined := strings.ReplaceAll(string(text), "\\\n", " ")
	for line := range strings.Lines(joined) {
		words := strings.Fields(line)
		if len(words) < 2 || strings.HasPrefix(words[0], "#") {
			continue
		}
		switch words[0] {
		case "FROM":
			last = map[string]string{"FROM": words[1]}
			if len(words) == 4 {
				stages[words[3]] = true
			}
			if _, tag, ok := strings.Cut(words[1], ":"); words[1] != "scratch" && (!ok || tag == "latest") {
				t.Errorf("%s names no version", words[1])
			}
		case "COPY":
			sources := words[1 : len(words)-1]
			if from, ok := strings.CutPrefix(sources[0], "--from="); ok {
				if !stages[from] {
					t.Errorf("%s: there is no stage %s", strings.TrimSpace(line), from)
				}
				continue
			}
			for _, s := range sources {
				if _, err := os.Stat(filepath.Join(root, s)); err != nil {
					t.Errorf("%s: %v", strings.TrimSpace(line), err)
				}
			}
		default:
			last[words[0]] = strings.Join(words[1:], " ")
		}
	}
	for instruction, want := range map[string]string{
		"FROM": "scratch", "USER": "65532:65532", "ENTRYPOINT": `["/alta"]`, "CMD": `["serve"]`, "EXPOSE": "8080",
	} {
		if last[instruction] != want {
			t.Errorf("%s is %q, want %q", instruction, last[instruction], want)
		}
	}
	if len(stages) != 2 {
		t.Errorf("%d stages build, want 2", len(stages))
	}
	if err := run(context.Background(), []string{"config"}, io.Discard, io.Discard); err != nil {
		t.Error(err)
	}
}
