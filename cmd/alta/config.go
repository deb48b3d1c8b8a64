package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"alta/api"
	"alta/api/auth"
	"alta/domain/application"
)

// config is everything that an operator can set, by flag or by variable. A flag
// wins over its variable, and a variable over the default.
type config struct {
	Listen           string
	Data             string
	EventStore       string
	Redis            string
	SMTP             string
	SMTPHello        string
	MailFrom         string
	Blobs            string
	Origin           string
	Parts            string
	Wire             string
	Calendar         string
	KMS              string
	ClamAV           string
	OIDCIssuer       string
	OIDCClient       string
	OIDCSecretFile   string
	OIDCName         string
	OIDCTrustEmail   bool
	OIDCStrongACR    string
	Demo             bool
	Dev              bool
	TrustProxy       bool
	MaxRegistrations int
	MailRate         int
	LimitFactor      int
	Metrics          string
	HoursBack        int
	OpenClaims       int
	SamplePercent    int
	Quotas           api.Quotas
	Looks            api.Looks

	// Only tests set these: the program that decodes uploads, this one by default,
	// and where its compiled PDF renderer is kept, by default in Data; what a password
	// hash costs.
	worker, rendererCache string
	passwords             auth.Argon2
}

// setting binds one field to its names.
type setting struct {
	flag, env string
	text      *string
	truth     *bool
	number    *int
	usage     string
}

func (c *config) settings() []setting {
	return []setting{
		{"listen", "ALTA_LISTEN", &c.Listen, nil, nil, "address of the HTTP interface"},
		{"data", "ALTA_DATA", &c.Data, nil, nil, "data directory: log, keys, documents, mail"},
		{"eventstore", "ALTA_EVENTSTORE", &c.EventStore, nil, nil, "esdb://… of an EventStoreDB or KurrentDB; empty: the embedded log in the data directory"},
		{"redis", "ALTA_REDIS", &c.Redis, nil, nil, "redis://host:port, redis+cluster://host:port?addr=…, redis+sentinel://host:port?master_name=…; rediss… with TLS; empty: a private redis-server, else one in this process"},
		{"smtp", "ALTA_SMTP", &c.SMTP, nil, nil, "smtp://user:password@host:port; empty: mails are kept as files in the data directory"},
		{"smtp-hello", "ALTA_SMTP_HELLO", &c.SMTPHello, nil, nil, "name in EHLO: a full domain name or [address]; empty: the origin's host, else this machine's full name, else its address"},
		{"mail-from", "ALTA_MAIL_FROM", &c.MailFrom, nil, nil, "sender of all mails"},
		{"blobs", "ALTA_BLOBS", &c.Blobs, nil, nil, "s3://access:secret@host/bucket; empty: sealed files in the data directory"},
		{"origin", "ALTA_ORIGIN", &c.Origin, nil, nil, "where people reach the pages, for links in mails; empty: http:// and the listening address"},
		{"parts", "ALTA_PARTS", &c.Parts, nil, nil, "what this process does: api, projector, reactions, sequencer (keeps the evidence of a log on a server; the embedded log keeps its own); separated by commas"},
		{"wire", "ALTA_WIRE", &c.Wire, nil, nil, "offer the embedded log to official clients at unix:/path or 127.0.0.1:port; empty: no"},
		{"calendar", "ALTA_CALENDAR", &c.Calendar, nil, nil, "file of an imported calendar; empty: the one that ships"},
		{"metrics", "ALTA_METRICS", &c.Metrics, nil, nil, "serve figures for Prometheus at this address of this machine, such as 127.0.0.1:9090; empty: no"},
		{"kms", "ALTA_KMS", &c.KMS, nil, nil, "https://host:port/transit/key?token-file=path of a key service; empty: a key file in the data directory"},
		{"clamav", "ALTA_CLAMAV", &c.ClamAV, nil, nil, "address of clamd; empty: no virus scanner"},
		{"oidc-issuer", "ALTA_OIDC_ISSUER", &c.OIDCIssuer, nil, nil, "https://… of an OpenID Connect provider that staff can log in through, which sends them back to <origin>/oidc; empty: none"},
		{"oidc-client", "ALTA_OIDC_CLIENT", &c.OIDCClient, nil, nil, "this installation's client id there"},
		{"oidc-secret-file", "ALTA_OIDC_SECRET_FILE", &c.OIDCSecretFile, nil, nil, "file with the client's secret; empty: a public client"},
		{"oidc-name", "ALTA_OIDC_NAME", &c.OIDCName, nil, nil, "what people call the provider, for the button; empty: its host"},
		{"oidc-trust-email", "ALTA_OIDC_TRUST_EMAIL", nil, &c.OIDCTrustEmail, nil, "take the provider's e-mail addresses although it does not say that they were verified; only where its administrator hands the addresses out, as with Entra ID or AD FS"},
		{"oidc-strong-acr", "ALTA_OIDC_STRONG_ACR", &c.OIDCStrongACR, nil, nil, "values of acr, separated by commas, with which the provider says that it asked for two factors, where it names no methods in amr; empty: none"},
		{"demo", "ALTA_DEMO", nil, &c.Demo, nil, "make demo people, who may do without one-time codes"},
		{"dev", "ALTA_DEV", nil, &c.Dev, nil, "development: mails readable at /dev/mail, every answer checked against the contract"},
		{"trust-proxy", "ALTA_TRUST_PROXY", nil, &c.TrustProxy, nil, "believe X-Forwarded-Proto, and the last entry of X-Forwarded-For, of the proxy in front, which must set both"},
		{"clock-hours-back", "ALTA_CLOCK_HOURS_BACK", nil, nil, &c.HoursBack, "development: how far the clock is put back, to make demonstration data with a past"},
		{"limit-factor", "ALTA_LIMIT_FACTOR", nil, nil, &c.LimitFactor, "how many times the usual number of log-ins, links and codes is let through; for load tests, where one address stands for many people"},
		{"open-claims", "ALTA_OPEN_CLAIMS", nil, nil, &c.OpenClaims, "how many applications one person may hold and still be handed the next one, 1 to 50"},
		{"sample-percent", "ALTA_SAMPLE_PERCENT", nil, nil, &c.SamplePercent, "how many of a hundred qualification decisions are drawn for a blind second look; -1: as many as the plan says"},
		{"mails-per-second", "ALTA_MAILS_PER_SECOND", nil, nil, &c.MailRate, "how fast mails are sent at most"},
		{"quota-megabytes", "ALTA_QUOTA_MEGABYTES", nil, nil, &c.Quotas.Megabytes, "how many megabytes of files one application may have kept, every version counted; 0: any number"},
		{"quota-versions", "ALTA_QUOTA_VERSIONS", nil, nil, &c.Quotas.Versions, "how many files may be put into one slot of an application; 0: any number"},
		{"quota-open", "ALTA_QUOTA_OPEN", nil, nil, &c.Quotas.Open, "how many applications that one merchant opened may be under way at once; 0: any number"},
		{"quota-events-per-hour", "ALTA_QUOTA_EVENTS_PER_HOUR", nil, nil, &c.Quotas.Events, "how many writes one merchant may make in an hour, and how many merchant and agent may make on one application; 0: any number"},
		{"quota-documents-per-hour", "ALTA_QUOTA_DOCUMENTS_PER_HOUR", nil, nil, &c.Quotas.Documents, "how many files one merchant may upload in an hour; 0: any number"},
		{"quota-claims-per-minute", "ALTA_QUOTA_CLAIMS_PER_MINUTE", nil, nil, &c.Quotas.Claims, "how many applications one person may claim in a minute; 0: any number"},
		{"looks-per-hour", "ALTA_LOOKS_PER_HOUR", nil, nil, &c.Looks.Most, "how many personal values and images one person of the staff may open in an hour; 0: any number"},
		{"looks-outside-per-hour", "ALTA_LOOKS_OUTSIDE_PER_HOUR", nil, nil, &c.Looks.Outside, "how many of them of applications that the person does not hold; 0: any number"},
		{"looks-alarm-percent", "ALTA_LOOKS_ALARM_PERCENT", nil, nil, &c.Looks.Alarm, "from how much of these numbers on leads and auditors are told, 1 to 100"},
		{"quota-duplicates-per-minute", "ALTA_QUOTA_DUPLICATES_PER_MINUTE", nil, nil, &c.Quotas.Duplicates, "how often one person may have an application compared with all others in a minute; 0: any number"},
		{"quota-agents-factor", "ALTA_QUOTA_AGENTS_FACTOR", nil, nil, &c.Quotas.AgentsFactor, "how many times a merchant's rates an agent has, who acts for many"},
		{"registrations-per-hour", "ALTA_REGISTRATIONS_PER_HOUR", nil, nil, &c.MaxRegistrations, "how many merchants one address may register in an hour"},
	}
}

func defaults() config {
	return config{
		Listen: "127.0.0.1:8080", Data: "data", MailFrom: "Alta <no-reply@alta.example>",
		Parts: "api,projector,reactions,sequencer", MaxRegistrations: 20, MailRate: 10, LimitFactor: 1, OpenClaims: application.DefaultOpenClaims, SamplePercent: -1, Quotas: api.DefaultQuotas(), Looks: api.DefaultLooks(),
	}
}

// parseConfig reads variables and flags.
func parseConfig(name string, args []string, errOut io.Writer, more func(*flag.FlagSet)) (config, error) {
	c := defaults()
	if unknown := c.unknownVariables(os.Environ()); len(unknown) > 0 {
		fmt.Fprintf(errOut, "there is no setting %s; alta config lists them\n", strings.Join(unknown, ", "))
	}
	fs := flag.NewFlagSet("alta "+name, flag.ContinueOnError)
	fs.SetOutput(errOut)
	for _, s := range c.settings() {
		v, set := os.LookupEnv(s.env)
		usage := s.usage + " (" + s.env + ")"
		switch {
		case s.text != nil:
			if set {
				*s.text = v
			}
			fs.StringVar(s.text, s.flag, *s.text, usage)
		case s.truth != nil:
			if set {
				b, err := strconv.ParseBool(v)
				if err != nil {
					return c, errUsage("%s must be true or false", s.env)
				}
				*s.truth = b
			}
			fs.BoolVar(s.truth, s.flag, *s.truth, usage)
		default:
			if set {
				n, err := strconv.Atoi(v)
				if err != nil {
					return c, errUsage("%s must be a whole number", s.env)
				}
				*s.number = n
			}
			fs.IntVar(s.number, s.flag, *s.number, usage)
		}
	}
	if more != nil {
		more(fs)
	}
	if err := fs.Parse(args); err != nil {
		return c, errUsage("%s", err)
	}
	if fs.NArg() > 0 {
		return c, errUsage("%s takes no argument %q", name, fs.Arg(0))
	}
	return c, c.check()
}

// unknownVariables lists ALTA_… variables that no setting reads: a misspelt one
// would otherwise be ignored without a word.
func (c *config) unknownVariables(environment []string) (unknown []string) {
	for _, pair := range environment {
		name, _, _ := strings.Cut(pair, "=")
		known := slices.ContainsFunc(c.settings(), func(s setting) bool { return s.env == name })
		if strings.HasPrefix(name, "ALTA_") && !known && !slices.ContainsFunc(elsewhere, func(p string) bool { return strings.HasPrefix(name, p) }) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// elsewhere are the beginnings of variables that other subcommands, scripts and
// tests read.
var elsewhere = []string{"ALTA_API", "ALTA_BIN", "ALTA_CLUSTER_", "ALTA_E2E_", "ALTA_MUTANT", "ALTA_SIMULATE_", "ALTA_TEST_", "ALTA_TLS_", "ALTA_URL"}

// parts that a process can do.
var parts = []string{"api", "projector", "reactions", "sequencer"}

func (c *config) check() error {
	if c.Origin != "" {
		u, err := url.Parse(c.Origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			return errUsage("--origin must be an address such as https://alta.example.cn, without a path")
		}
		c.Origin = strings.TrimRight(c.Origin, "/")
	}
	if c.LimitFactor < 1 {
		return errUsage("--limit-factor must be 1 or more")
	}
	if c.HoursBack != 0 && !c.Dev || c.HoursBack < 0 {
		return errUsage("--clock-hours-back is for --dev, and goes back only")
	}
	if c.OpenClaims < 1 || c.OpenClaims > api.MaxOpenClaims {
		return errUsage("--open-claims must lie between 1 and %d", api.MaxOpenClaims)
	}
	for _, n := range []int{c.Quotas.Megabytes, c.Quotas.Versions, c.Quotas.Open, c.Quotas.Events, c.Quotas.Documents, c.Quotas.Claims, c.Quotas.Duplicates, c.Quotas.AgentsFactor} {
		if n < 0 {
			return errUsage("a quota is a number from 0 on")
		}
	}
	if c.Looks.Most < 0 || c.Looks.Outside < 0 || c.Looks.Alarm < 1 || c.Looks.Alarm > 100 {
		return errUsage("--looks-per-hour and --looks-outside-per-hour are numbers from 0 on, --looks-alarm-percent lies between 1 and 100")
	}
	if c.SamplePercent < -1 || c.SamplePercent > 100 {
		return errUsage("--sample-percent must lie between 0 and 100, or be -1")
	}
	for _, p := range strings.Split(c.Parts, ",") {
		if !slices.Contains(parts, p) {
			return errUsage("--parts: there is no part %q; the parts are %s", p, strings.Join(parts, ", "))
		}
	}
	if (c.OIDCIssuer == "") != (c.OIDCClient == "") {
		return errUsage("--oidc-issuer and --oidc-client go together")
	}
	if c.OIDCIssuer != "" && c.Origin == "" {
		return errUsage("--oidc-issuer needs --origin, where the provider sends people back to")
	}
	if c.Wire != "" && c.EventStore != "" {
		return errUsage("--wire offers the embedded log, and --eventstore says that there is none")
	}
	return nil
}

func (c *config) does(part string) bool { return slices.Contains(strings.Split(c.Parts, ","), part) }

// clock is the time by which everything is decided: the machine's, unless a past
// is being made up.
func (c *config) clock() time.Time { return time.Now().Add(-time.Duration(c.HoursBack) * time.Hour) }

// runConfig prints what is in force, secrets left out.
func runConfig(_ context.Context, args []string, out, errOut io.Writer) error {
	c, err := parseConfig("config", args, errOut, nil)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VARIABLE\tFLAG\tVALUE\tMEANING")
	for _, s := range c.settings() {
		v := ""
		switch {
		case s.text != nil:
			v = withoutSecret(*s.text)
		case s.truth != nil:
			v = strconv.FormatBool(*s.truth)
		default:
			v = strconv.Itoa(*s.number)
		}
		fmt.Fprintf(w, "%s\t--%s\t%s\t%s\n", s.env, s.flag, v, s.usage)
	}
	return w.Flush()
}

// withoutSecret hides what stands before the @ of a URL.
func withoutSecret(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.User == nil {
		return s
	}
	u.User = url.User("***")
	return u.String()
}
