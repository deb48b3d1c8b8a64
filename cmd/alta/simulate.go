package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"alta/domain/policy"
	"alta/simulate"
	"alta/simulate/drive"
	"alta/simulate/specimen"
)

// outcome is what became of one simulated merchant.
type outcome struct {
	Index    uint64        `json:"index"`
	ID       string        `json:"id,omitempty"`
	Number   string        `json:"merchant_number,omitempty"`
	Name     string        `json:"name"`
	Email    string        `json:"email"`
	Kind     policy.Kind   `json:"kind"`
	Products []string      `json:"products"`
	Site     string        `json:"site"`
	Via      drive.Via     `json:"via"`
	Language string        `json:"language"`
	To       drive.Target  `json:"to"`
	Stage    string        `json:"stage,omitempty"`
	Round    int           `json:"round"`
	Revision int64         `json:"revision"`
	Writes   int           `json:"writes"`
	Faults   []string      `json:"faults"`
	Password string        `json:"password,omitempty"` // where the merchant has set one
	Took     time.Duration `json:"took_ns"`
	Error    string        `json:"error,omitempty"`
}

// simulateFlags is what the command line of simulate says.
type simulateFlags struct {
	api, to, kind, products, site, via, language, fault, day string
	seed, first                                              uint64
	count, concurrency                                       int
	timeout                                                  time.Duration
	small, looks, asJSON, faults                             bool
	people                                                   drive.LogIns
}

func runSimulate(ctx context.Context, args []string, out, errOut io.Writer) error {
	if slices.ContainsFunc(args, func(a string) bool { return strings.TrimLeft(a, "-") == "direct" && strings.HasPrefix(a, "-") }) {
		return runSimulateDirect(ctx, args, out, errOut)
	}
	var f simulateFlags
	fs := flag.NewFlagSet("alta simulate", flag.ContinueOnError)
	fs.SetOutput(errOut)
	fs.StringVar(&f.api, "api", env("ALTA_API", "http://127.0.0.1:8080"), "address of the server, or of several nodes at one log, separated by commas (ALTA_API); they must run with --dev, because links and codes come by mail")
	fs.Uint64Var(&f.seed, "seed", 1, "the same seed makes the same merchants")
	fs.Uint64Var(&f.first, "first", 0, "index of the first merchant")
	fs.IntVar(&f.count, "count", 10, "how many merchants")
	fs.StringVar(&f.to, "to", "mix", "how far: mix, "+words(drive.Targets()))
	fs.StringVar(&f.fault, "fault", "", "faults by name or reason, separated by commas, such as r03-blurred,R05")
	fs.Bool("direct", false, "append to the log of an installation that does not run, for volume; see alta simulate --direct --help")
	fs.BoolVar(&f.faults, "faults", false, "list the faults and end")
	fs.StringVar(&f.kind, "kind", "", "individual or enterprise; empty: either")
	fs.StringVar(&f.products, "products", "", "wechat, alipay, online_banking; separated by commas; empty: any")
	fs.StringVar(&f.site, "site", "", "web, app or offline; empty: any")
	fs.StringVar(&f.via, "via", "", "self or agent; empty: either")
	fs.StringVar(&f.language, "language", "", "zh-CN, es or en; empty: any")
	fs.StringVar(&f.day, "day", "", "the merchants' today, YYYY-MM-DD; empty: today")
	fs.IntVar(&f.concurrency, "concurrency", 2, "how many merchants at once")
	fs.DurationVar(&f.timeout, "timeout", 30*time.Minute, "stop after this time")
	fs.BoolVar(&f.small, "small", false, "draw papers at half size: faster, for load")
	fs.BoolVar(&f.looks, "looks", false, "have reviewers open images and unmask numbers, each of which is recorded")
	fs.BoolVar(&f.asJSON, "json", false, "print one JSON object per merchant")
	peopleFlags(fs, &f.people)
	if err := fs.Parse(args); err != nil {
		return errUsage("%s", err)
	}
	if fs.NArg() > 0 {
		return errUsage("simulate takes no argument %q", fs.Arg(0))
	}
	if f.faults {
		return listFaults(out)
	}
	plans, err := f.plans()
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, f.timeout)
	defer stop()
	d, err := openDriver(ctx, f.api, f.people)
	if err != nil {
		return err
	}
	outcomes := simulateAll(ctx, d, plans, f.concurrency, func(o outcome) {
		if f.asJSON {
			_ = json.NewEncoder(out).Encode(o)
		} else if o.Error != "" {
			fmt.Fprintf(errOut, "alta simulate: %s\n", o.Error)
		}
	})
	if !f.asJSON {
		if err := printOutcomes(out, outcomes); err != nil {
			return err
		}
	}
	failed := 0
	for _, o := range outcomes {
		if o.Error != "" {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("simulate: %d of %d merchants did not get where they should", failed, len(outcomes))
	}
	return nil
}

// peopleFlags are the log-ins of the platform's people.
func peopleFlags(fs *flag.FlagSet, l *drive.LogIns) {
	demo := drive.DemoLogIns()
	for _, x := range []struct {
		flag, env string
		into      *string
		is, usage string
	}{
		{"password", "ALTA_SIMULATE_PASSWORD", &l.Password, demo.Password, "password of all the platform's people"},
		{"reviewer", "ALTA_SIMULATE_REVIEWER", &l.Reviewer, demo.Reviewer, "log-in of a reviewer"},
		{"reviewer2", "ALTA_SIMULATE_REVIEWER2", &l.Reviewer2, demo.Reviewer2, "log-in of another reviewer; empty: none"},
		{"lead", "ALTA_SIMULATE_LEAD", &l.Lead, demo.Lead, "log-in of a lead"},
		{"lead2", "ALTA_SIMULATE_LEAD2", &l.Lead2, demo.Lead2, "log-in of another lead; empty: none"},
		{"auditor", "ALTA_SIMULATE_AUDITOR", &l.Auditor, demo.Auditor, "log-in of an auditor; empty: none"},
		{"agent", "ALTA_SIMULATE_AGENT", &l.Agent, demo.Agent, "log-in of an agent; empty: none"},
	} {
		fs.StringVar(x.into, x.flag, env(x.env, x.is), x.usage+" ("+x.env+")")
	}
}

// env is a variable's value, or a default.
func env(name, otherwise string) string {
	if v, ok := os.LookupEnv(name); ok {
		return v
	}
	return otherwise
}

func words[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}

func split(s string) []string {
	return slices.DeleteFunc(strings.Split(s, ","), func(x string) bool { return x == "" })
}

func (f simulateFlags) plans() ([]drive.Plan, error) {
	day := time.Now()
	if f.day != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, f.day); err != nil {
			return nil, errUsage("--day must be YYYY-MM-DD")
		}
	}
	if f.concurrency < 1 || f.concurrency > 256 {
		return nil, errUsage("--concurrency must be between 1 and 256")
	}
	w := drive.Wish{
		Seed: f.seed, Day: day, First: f.first, Count: f.count, Kind: policy.Kind(f.kind), Site: policy.SiteType(f.site),
		Via: drive.Via(f.via), Language: f.language, Faults: split(f.fault), Small: f.small, Looks: f.looks,
	}
	if f.to != "mix" {
		w.To = drive.Target(f.to)
	}
	for _, p := range split(f.products) {
		w.Products = append(w.Products, policy.Product(p))
	}
	plans, err := drive.Plans(w)
	if bad := (*drive.WishError)(nil); errors.As(err, &bad) {
		return nil, errUsage("--%s", bad)
	}
	return plans, err
}

func openDriver(ctx context.Context, api string, people drive.LogIns) (*drive.Driver, error) {
	c, err := drive.NewClient(api)
	if err != nil {
		return nil, errUsage("--api: %s", err)
	}
	press, err := specimen.NewPress()
	if err != nil {
		return nil, err
	}
	crew, err := drive.Assemble(ctx, c, people)
	if err != nil {
		return nil, err
	}
	d := &drive.Driver{Client: c, Crew: crew, Press: press}
	return d, d.Open(ctx)
}

// simulateAll runs the plans, some at once, and tells of each as it ends.
func simulateAll(ctx context.Context, d *drive.Driver, plans []drive.Plan, concurrency int, tell func(outcome)) []outcome {
	out := make([]outcome, len(plans))
	next := make(chan int)
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range min(concurrency, len(plans)) {
		wait.Go(func() {
			for i := range next {
				began := time.Now()
				l, err := d.Run(ctx, plans[i])
				o := outcomeOf(plans[i], l, err)
				o.Took = time.Since(began)
				mu.Lock()
				out[i] = o
				tell(o)
				mu.Unlock()
			}
		})
	}
	for i := range plans {
		next <- i
	}
	close(next)
	wait.Wait()
	return out
}

func outcomeOf(p drive.Plan, l *drive.Life, err error) outcome {
	m := p.Merchant
	o := outcome{
		Index: m.Index, ID: l.ID, Number: l.Number, Name: m.Name(), Email: p.Email, Kind: m.Kind, Site: string(m.Site), Via: p.Via,
		Language: p.Language, To: p.To, Stage: l.Stage, Round: l.Round, Revision: l.Revision, Writes: l.Deeds, Faults: []string{},
	}
	for _, x := range m.Products {
		o.Products = append(o.Products, string(x))
	}
	if l.Self != nil {
		o.Password = l.Password()
	}
	for _, f := range m.Injected() {
		o.Faults = append(o.Faults, f.Name)
	}
	if err != nil {
		o.Error = err.Error()
	}
	return o
}

func printOutcomes(out io.Writer, all []outcome) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MERCHANT NO.\tKIND\tSITE\tVIA\tLANGUAGE\tSTAGE\tROUND\tEVENTS\tFAULTS\tE-MAIL")
	stages, events, took := map[string]int{}, int64(0), time.Duration(0)
	for _, o := range all {
		state := o.Stage
		if o.Error != "" {
			state += " (failed)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n", o.Number, o.Kind, o.Site, o.Via, o.Language, state, o.Round,
			o.Revision+1, strings.Join(o.Faults, " "), o.Email)
		stages[o.Stage]++
		events += o.Revision + 1
		took += o.Took
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d merchants, %d events, %s each on average:", len(all), events, (took / time.Duration(len(all))).Round(time.Millisecond))
	for _, s := range slices.Sorted(maps.Keys(stages)) {
		fmt.Fprintf(out, " %s %d", s, stages[s])
	}
	fmt.Fprintln(out)
	for _, o := range logIns(all) {
		fmt.Fprintf(out, "merchant log-in: %s  password %s  (%s, %s)\n", o.Email, o.Password, o.Stage, o.Language)
	}
	return nil
}

// logIns picks merchants to log in as: one at each stage where the merchant has
// something to see, those with something to do first.
func logIns(all []outcome) []outcome {
	var out []outcome
	for _, stage := range []string{"correction", "signature", "website", "active", "qualification", "declined"} {
		at := slices.IndexFunc(all, func(o outcome) bool { return o.Stage == stage && o.Password != "" && o.Error == "" })
		if at >= 0 {
			out = append(out, all[at])
		}
	}
	return out
}

func listFaults(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FAULT\tREASON\tTHE FORM REFUSES IT\tWHAT THERE IS TO SEE")
	for _, f := range simulate.Faults() {
		refuses := ""
		if f.Blocks {
			refuses = "yes"
		}
		fmt.Fprintf(w, "%s\t%s/%s\t%s\t%s\n", f.Name, f.Code, f.Sub, refuses, f.See)
	}
	return w.Flush()
}
