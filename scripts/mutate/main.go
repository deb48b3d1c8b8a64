// Command mutate changes the domain and the decider in one small place after
// another and asks the tests whether they notice. A change that no test notices
// is a rule without a test, unless the list of harmless survivors says why it
// changes nothing. See scripts/mutants.
//
// All changes are compiled in at once and switched by a variable (package
// mutant), so that a mutant costs the running of the tests that reach it and no
// build. What a test reaches is found out first, test by test.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	sample := flag.Int("sample", 0, "try this many mutants, drawn at random; 0: all")
	seed := flag.Uint64("seed", 1, "of the draw")
	within := flag.Duration("within", 0, "begin no further mutant after so long; 0: try all that are chosen")
	again := flag.String("again", "", "try the mutants that this file names, as -write wrote them")
	only := flag.String("only", "", "try mutants whose name matches this regular expression")
	workers := flag.Int("workers", runtime.NumCPU(), "how many mutants are tried at a time")
	harmless := flag.String("harmless", "scripts/mutate/harmless.txt", "file of the survivors that change nothing, each with the reason")
	skip := flag.String("skip", "", "ask no test whose name contains this text")
	write := flag.String("write", "", "write the survivors that are not in that file to this one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	match, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	ok, err := run(ctx, options{
		sample: *sample, seed: *seed, within: *within, again: *again, only: match, workers: *workers, harmless: *harmless, skip: *skip, write: *write,
	}, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

type options struct {
	sample   int
	seed     uint64
	within   time.Duration
	again    string
	only     *regexp.Regexp
	workers  int
	harmless string
	skip     string
	write    string
}

// listed is what the go command says of a package.
type listed struct {
	ImportPath, Dir, Export   string
	GoFiles                   []string
	TestGoFiles, XTestGoFiles []string
	Standard, DepOnly         bool
}

func list(ctx context.Context, patterns []string) ([]listed, error) {
	args := append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,TestGoFiles,XTestGoFiles,Standard,DepOnly"}, patterns...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
}

// build writes the changed sources and the test binaries, and answers the points.
func build(ctx context.Context, dir string, patterns []string) ([]*point, []*binary, error) {
	packages, err := list(ctx, patterns)
	if err != nil {
		return nil, nil, err
	}
	exports := map[string]string{}
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	root, err := os.Getwd()
	if err != nil {
		return nil, nil, err
	}
	var points []*point
	overlay := map[string]string{}
	var tested []listed
	for _, p := range packages {
		if p.DepOnly || p.Standard {
			continue
		}
		tested = append(tested, p)
		var files []*ast.File
		sources := make([][]byte, len(p.GoFiles))
		for i, name := range p.GoFiles {
			if sources[i], err = os.ReadFile(filepath.Join(p.Dir, name)); err != nil {
				return nil, nil, err
			}
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), sources[i], parser.ParseComments)
			if err != nil {
				return nil, nil, err
			}
			files = append(files, f)
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
		if _, err := (&types.Config{Importer: imports}).Check(p.ImportPath, fset, files, info); err != nil {
			return nil, nil, err
		}
		for i, f := range files {
			path := filepath.Join(p.Dir, p.GoFiles[i])
			relative, err := filepath.Rel(root, path)
			if err != nil {
				return nil, nil, err
			}
			m := mutator{pkg: p.ImportPath, file: relative, src: sources[i], tok: fset.File(f.Pos()), info: info, points: &points, seen: map[string]int{}}
			changed := filepath.Join(dir, strings.ReplaceAll(relative, string(filepath.Separator), "_"))
			if err := os.WriteFile(changed, []byte(m.rewrite(f)), 0o600); err != nil {
				return nil, nil, err
			}
			overlay[path] = changed
		}
	}
	file := filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return nil, nil, err
	}
	var binaries []*binary
	for _, p := range tested {
		if len(p.TestGoFiles)+len(p.XTestGoFiles) == 0 {
			continue
		}
		bin := &binary{pkg: p.ImportPath, dir: p.Dir, path: filepath.Join(dir, strings.ReplaceAll(p.ImportPath, "/", "_")+".test")}
		cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", file, "-o", bin.path, p.ImportPath)
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, nil, fmt.Errorf("build the mutants of %s: %w\n%s", p.ImportPath, err, out)
		}
		binaries = append(binaries, bin)
	}
	return points, binaries, nil
}

// binary is the test program of one package.
type binary struct {
	pkg, dir, path string
	tests          []test
	flags          []string // that every run gets
	skip           string   // part of the names of tests that are not asked
}

// test is one top-level test and what it reaches.
type test struct {
	name    string
	took    time.Duration
	cost    time.Duration // of the processor, without what starting the program costs
	reaches []byte        // one byte a mutant
}

// patience divides the tests of a mutant by what they cost: the cheap ones are
// asked first, and the others only if those did not notice.
var patience = []time.Duration{40 * time.Millisecond, 400 * time.Millisecond, time.Hour}

// look runs every test alone, without a mutant, to learn what it reaches.
func (b *binary) look(ctx context.Context, mutants int) error {
	// Failing walks would be kept in testdata for the next run to begin with.
	// The walks are the same each time, so that a survivor stays one.
	if b.flags = []string{"-rapid.nofailfile", "-rapid.seed=1"}; b.command(ctx, "-test.list", ".").Run() != nil {
		b.flags = nil // the package has no such tests
	}
	out, err := b.command(ctx, "-test.list", ".").Output()
	if err != nil {
		return fmt.Errorf("list the tests of %s: %w", b.pkg, err)
	}
	file := b.path + ".reached"
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, "Benchmark") || name == "" || b.skip != "" && strings.Contains(name, b.skip) {
			continue
		}
		if err := os.WriteFile(file, make([]byte, mutants+1), 0o600); err != nil {
			return err
		}
		cmd := b.command(ctx, "-test.run", "^"+name+"$", "-test.timeout", "5m")
		cmd.Env = append(os.Environ(), "ALTA_MUTANTS_REACHED="+file)
		begun := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s fails without a mutant: %w\n%s", name, err, out)
		}
		t := test{name: name, took: time.Since(begun), cost: cmd.ProcessState.UserTime()}
		if t.reaches, err = os.ReadFile(file); err != nil {
			return err
		}
		b.tests = append(b.tests, t)
	}
	start := time.Hour
	for _, t := range b.tests {
		start = min(start, t.cost)
	}
	for i := range b.tests {
		b.tests[i].cost -= start
	}
	return nil
}

func (b *binary) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.path, append(args, b.flags...)...)
	cmd.Dir, cmd.Env = b.dir, os.Environ()
	return cmd
}

// notices tells whether a test fails with the mutant in force. What does not end
// has been noticed.
func (b *binary) notices(ctx context.Context, p *point) (bool, error) {
	longer := time.Duration(-1)
	for _, most := range patience {
		var names []string
		var usual time.Duration
		for _, t := range b.tests {
			if t.reaches[p.id] == 1 && t.cost > longer && t.cost <= most {
				names = append(names, t.name)
				usual += t.took
			}
		}
		longer = most
		if len(names) == 0 {
			continue
		}
		limit := 30*time.Second + 10*usual
		within, cancel := context.WithTimeout(ctx, limit+5*time.Second)
		cmd := b.command(within, "-test.run", "^("+strings.Join(names, "|")+")$", "-test.failfast", "-test.timeout", limit.String())
		cmd.Env = append(cmd.Env, fmt.Sprintf("ALTA_MUTANT=%d", p.id))
		err := cmd.Run()
		cancel()
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err != nil {
			return true, nil
		}
	}
	return false, nil
}

// result is what became of one mutant.
type result struct {
	reached, noticed bool
}

func run(ctx context.Context, o options, patterns []string) (bool, error) {
	if len(patterns) == 0 {
		patterns = []string{"./domain/...", "./decider"}
	}
	known, err := readHarmless(o.harmless)
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "alta-mutants-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	points, binaries, err := build(ctx, dir, patterns)
	if err != nil {
		return false, err
	}
	if err := eachAtOnce(o.workers, slices.Values(binaries), func(b *binary) error {
		b.skip = o.skip
		return b.look(ctx, len(points))
	}); err != nil {
		return false, err
	}
	chosen, err := choose(points, known, o)
	if err != nil {
		return false, err
	}
	results := make(map[*point]result, len(chosen))
	var mu sync.Mutex
	tried, begun := 0, time.Now()
	inTime := func(yield func(*point) bool) {
		for _, p := range chosen {
			if o.within > 0 && time.Since(begun) > o.within || !yield(p) {
				return
			}
			tried++
		}
	}
	if err := eachAtOnce(o.workers, inTime, func(p *point) error {
		r, err := try(ctx, p, binaries)
		if err == nil && !r.noticed && known[p.key()] == "" {
			fmt.Fprintln(os.Stderr, "survives:", p.key())
		}
		mu.Lock()
		defer mu.Unlock()
		results[p] = r
		return err
	}); err != nil {
		return false, err
	}
	chosen = chosen[:tried]
	return report(os.Stdout, points, chosen, results, known, o)
}

// eachAtOnce does something for each of all, so many at a time, and answers the
// first fault, after which nothing further begins.
func eachAtOnce[T any](workers int, all iter.Seq[T], do func(T) error) error {
	next := make(chan T)
	var mu sync.Mutex
	var wait sync.WaitGroup
	var failed error
	for range workers {
		wait.Go(func() {
			for one := range next {
				if err := do(one); err != nil {
					mu.Lock()
					if failed == nil {
						failed = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for one := range all {
		mu.Lock()
		over := failed != nil
		mu.Unlock()
		if over {
			break
		}
		next <- one
	}
	close(next)
	wait.Wait()
	return failed
}

// try asks the package's own tests first, then those of the others.
func try(ctx context.Context, p *point, binaries []*binary) (r result, err error) {
	for _, own := range []bool{true, false} {
		for _, b := range binaries {
			if (b.pkg == p.pkg) != own || !slices.ContainsFunc(b.tests, func(t test) bool { return t.reaches[p.id] == 1 }) {
				continue
			}
			r.reached = true
			if r.noticed, err = b.notices(ctx, p); r.noticed || err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// choose answers the mutants to be tried. A draw is from those that are not listed
// as harmless: all together try the listed ones too, and say of one that a test
// notices that it is listed wrongly.
func choose(points []*point, known map[string]string, o options) ([]*point, error) {
	again := map[string]bool{}
	if o.again != "" {
		b, err := os.ReadFile(o.again)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(b)) {
			again[strings.TrimSpace(line)] = true
		}
	}
	var chosen []*point
	for _, p := range points {
		k := p.key()
		if o.only.MatchString(k) && (o.again == "" || again[k]) && (o.sample == 0 || known[k] == "") {
			chosen = append(chosen, p)
		}
	}
	if o.sample > 0 {
		r := rand.New(rand.NewPCG(o.seed, 0))
		r.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
		chosen = chosen[:min(o.sample, len(chosen))]
	}
	return chosen, nil
}

// readHarmless reads the list: a line of the mutant's name, then an indented line
// with the reason why it changes nothing. A reason holds for the names above it
// up to the reason before.
func readHarmless(name string) (map[string]string, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return map[string]string{}, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]string{}
	var waiting []string
	for scan := bufio.NewScanner(f); scan.Scan(); {
		line := scan.Text()
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "\t"):
			for _, k := range waiting {
				out[k] = strings.TrimSpace(line)
			}
			waiting = nil
		default:
			waiting = append(waiting, line)
		}
	}
	if len(waiting) > 0 {
		return nil, fmt.Errorf("%s: %q has no reason", name, waiting[0])
	}
	return out, nil
}

// report prints a table by package and the survivors without a reason. It answers
// false where there is one, or where the list names a mutant that is no more.
func report(w io.Writer, points, chosen []*point, results map[*point]result, known map[string]string, o options) (bool, error) {
	type row struct{ tried, noticed, harmless, unreached, survived int }
	rows, order := map[string]*row{}, []string{}
	var survivors []*point
	var wrong []string
	for _, p := range chosen {
		r := rows[p.pkg]
		if r == nil {
			r = &row{}
			rows[p.pkg], order = r, append(order, p.pkg)
		}
		r.tried++
		switch _, ok := known[p.key()]; {
		case results[p].noticed && ok:
			r.noticed++
			wrong = append(wrong, "listed as harmless, but a test notices it: "+p.key())
		case results[p].noticed:
			r.noticed++
		case ok:
			r.harmless++
		default:
			r.survived++
			if !results[p].reached {
				r.unreached++
			}
			survivors = append(survivors, p)
		}
	}
	slices.Sort(order)
	fmt.Fprintf(w, "%-28s %7s %8s %9s %9s %s\n", "package", "mutants", "noticed", "harmless", "survived", "of them not reached by any test")
	for _, pkg := range order {
		r := rows[pkg]
		fmt.Fprintf(w, "%-28s %7d %8d %9d %9d %d\n", pkg, r.tried, r.noticed, r.harmless, r.survived, r.unreached)
	}
	slices.SortFunc(survivors, func(a, b *point) int { return a.id - b.id })
	var b strings.Builder
	for _, p := range survivors {
		fmt.Fprintln(&b, p.key())
	}
	fmt.Fprint(w, b.String())
	if o.write != "" {
		if err := os.WriteFile(o.write, []byte(b.String()), 0o644); err != nil {
			return false, err
		}
	}
	names := map[string]bool{}
	for _, p := range points {
		names[p.key()] = true
	}
	for k := range known {
		if !names[k] && slices.ContainsFunc(points, func(p *point) bool { return strings.HasPrefix(k, filepath.Dir(p.file)+"/") }) {
			wrong = append(wrong, "listed as harmless, but no mutant: "+k)
		}
	}
	slices.Sort(wrong)
	for _, line := range wrong {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "%d of %d mutants tried; %d survive without a reason\n", len(chosen), len(points), len(survivors))
	return len(survivors) == 0 && len(wrong) == 0, nil
}
