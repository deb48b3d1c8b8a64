package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/eventstore"
	"alta/eventstore/esdb"
	"alta/scripts/faultskit"
	"alta/simulate"
	"alta/simulate/drive"
	"alta/simulate/specimen"
	"alta/vault"
)

// world is one running Alta, the people at it, and what they typed.
type world struct {
	server   *server
	metrics  string // address of its figures
	vault    *vault.Vault
	proxy    *proxy
	log      *esdb.Log // the record, read as an official client does
	client   *drive.Client
	crew     *drive.Crew
	press    *specimen.Press
	lives    []*drive.Life
	draft    *drive.Life
	other    *drive.Life // is never erased
	erased   []string    // subjects: applications and accounts; from P4 on
	canaries []canary
	sealed   []canary // fields of companies: pages show them, and the log holds them sealed
}

func (w *world) close() {
	if w.log != nil {
		_ = w.log.Close()
	}
	if w.proxy != nil {
		w.proxy.Close()
	}
	w.server.close()
}

func openWorld(ctx context.Context, r *run) (w *world, err error) {
	w = &world{}
	home, opened := filepath.Join(r.Dir, "kept"), filepath.Join(r.Dir, "opened")
	if err := errors.Join(os.MkdirAll(home, 0o700), os.MkdirAll(opened, 0o700)); err != nil {
		return nil, err
	}
	if w.metrics, err = faultskit.FreePort(); err != nil {
		return nil, err
	}
	if w.server, err = newServer(r.Alta, home, "--wire", "unix:"+filepath.Join(r.Dir, "wire"), "--metrics", w.metrics); err != nil {
		return nil, err
	}
	r.world = w // closed with it from here on
	if err := w.server.Start(ctx); err != nil {
		return nil, err
	}
	if w.vault, err = vault.Open(vault.Config{Dir: filepath.Join(w.server.Data(), "vault")}); err != nil {
		return nil, err
	}
	if err := w.connect(r); err != nil {
		return nil, err
	}
	w.proxy = newProxy(w.server, w.vault, opened)
	if w.client, err = drive.NewClient(w.proxy.URL); err != nil {
		return nil, err
	}
	if w.crew, err = drive.Assemble(ctx, w.client, drive.DemoLogIns()); err != nil {
		return nil, err
	}
	w.proxy.ids = w.subjects
	w.press, err = specimen.NewPress()
	return w, err
}

// connect opens the record.
func (w *world) connect(r *run) (err error) {
	w.log, err = esdb.Open("unix:"+filepath.Join(r.Dir, "wire"), esdb.Options{})
	return err
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// subjects are the ids of all applications and of their merchants.
func (w *world) subjects(ctx context.Context) ([]string, error) {
	reply, err := w.crew.Leads[0].Get(ctx, "/v1/applications?limit=200", nil)
	return uuid.FindAllString(string(reply.Body), -1), err
}

// wholeLife types and uploads, lives, and searches.
func wholeLife(ctx context.Context, r *run) (string, error) {
	ctx, stop := context.WithTimeout(ctx, 10*time.Minute)
	defer stop()
	w, err := openWorld(ctx, r)
	if err != nil {
		return "", err
	}
	if err := w.live(ctx, r); err != nil {
		return "", err
	}
	if err := w.knock(ctx); err != nil {
		return "", err
	}
	typed := len(w.canaries)
	w.canaries = append(w.canaries, w.proxy.hidden...)
	w.canaries = append(w.canaries, canary{"any PNG", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")},
		canary{"any JPEG", []byte("\xff\xd8\xff\xdb\x00\x84\x00")})
	if len(w.canaries) < 40 {
		return "", fmt.Errorf("only %d values were typed and uploaded", len(w.canaries))
	}
	s := newSearch(w.canaries)
	// A control: the mails in clear, which only this program has, hold some.
	if hits, _, err := s.under(filepath.Join(r.Dir, "opened")); err != nil || len(hits) == 0 {
		return "", errors.Join(errors.New("not even the opened mails hold a value: the search is blind"), err)
	}
	figures, err := w.searchAll(ctx, r, s, "first")
	return fmt.Sprintf("%d values typed, %d in files and headers, in up to 14 forms each (%d byte strings); %s",
		typed, len(w.canaries)-typed, s.needles, figures), err
}

// live takes the merchants through the whole life.
func (w *world) live(ctx context.Context, r *run) error {
	g := simulate.New(r.Seed, time.Now())
	d := &drive.Driver{Client: w.client, Crew: w.crew, Press: w.press}
	if err := d.Open(ctx); err != nil {
		return err
	}
	plan := func(n uint64, kind policy.Kind, products []policy.Product, via drive.Via, to drive.Target, faults ...string) error {
		m := g.At(n, kind, products, policy.Web)
		p := drive.Plan{Email: m.Fields[item.ContactEmail], Language: "es", Via: via, To: to, Looks: true}
		for _, name := range faults {
			f, err := simulate.FaultNamed(name)
			if err == nil && f.Fits(&m) {
				err = simulate.Inject(f, &m)
			}
			if err != nil {
				return err
			}
		}
		m.Restyle(func(_ item.Key, l *specimen.Look) { l.Small = l.Encoding != specimen.PDF })
		p.Merchant = m
		w.typed(fmt.Sprintf("merchant %d, with its mistakes", n), m)
		l, err := d.Run(ctx, p)
		if err != nil {
			return err
		}
		w.typed(fmt.Sprintf("merchant %d", n), l.Merchant)
		switch to {
		case drive.Draft:
			w.draft = l
		case drive.Submitted:
			w.other = l
		default:
			w.lives = append(w.lives, l)
		}
		return nil
	}
	all := []policy.Product{policy.WeChat, policy.Alipay, policy.OnlineBanking}
	// An active merchant cannot ask for erasure, so this one waits for the countersignature.
	err := plan(0, policy.Individual, all, drive.Self, drive.Signed, "r07-number", "r12-test-account")
	if err == nil {
		err = plan(1, policy.Enterprise, all[:2], drive.Agent, drive.Active, "r05-address")
	}
	if err == nil {
		err = plan(3, policy.Individual, all[:1], drive.Self, drive.Draft)
	}
	if err == nil {
		err = plan(4, policy.Individual, all[:1], drive.Agent, drive.Submitted)
	}
	if err != nil {
		return err
	}
	w.onlyTyped()
	return nil
}

// typed takes a merchant's personal values as canaries.
func (w *world) typed(who string, m simulate.Merchant) {
	var open strings.Builder // what is no secret, such as the company's name and city
	for k, v := range m.Fields {
		if !k.IsPersonal() {
			open.WriteString(v + "\n")
		}
	}
	add := func(door, value string) {
		if len(value) >= shortest && !strings.Contains(open.String(), value) {
			w.canaries = append(w.canaries, canary{who + ": " + door, []byte(value)})
		}
	}
	for k, v := range m.Fields {
		if k.IsPersonal() && k != item.IdentityValidFrom && k != item.IdentityValidTo { // dates are everywhere
			add(string(k), v)
		}
		if k.OfCompany() && len(v) >= shortest {
			w.sealed = append(w.sealed, canary{who + ": " + string(k), []byte(v)})
		}
	}
	if m.Web != nil {
		add("test user", m.Web.TestUser)
		add("test password", m.Web.TestPassword)
	}
}

// secrets are the log-in secrets in what went in.
var secrets = regexp.MustCompile(`"(password|token|code)":"([^"]{8,})"`)

// onlyTyped drops what did not go in after all, drops repetitions, and adds the
// secrets that went in.
func (w *world) onlyTyped() {
	w.proxy.mu.Lock()
	defer w.proxy.mu.Unlock()
	sent := w.proxy.sent.Bytes()
	for _, m := range secrets.FindAllSubmatch(sent, -1) {
		if string(m[2]) != drive.DemoLogIns().Password {
			w.canaries = append(w.canaries, canary{"secret " + string(m[1]), bytes.Clone(m[2])})
		}
	}
	seen := map[string]bool{}
	kept := w.canaries[:0]
	for _, c := range w.canaries {
		if !seen[string(c.value)] && bytes.Contains(sent, c.value) {
			seen[string(c.value)] = true
			kept = append(kept, c)
		}
	}
	w.canaries = kept
}

// knock types values where they are refused: what is refused must not be kept
// either.
func (w *world) knock(ctx context.Context) error {
	refused := func(name, value string, r drive.Request) error {
		_, err := w.client.Do(ctx, r, nil)
		var p *drive.Problem
		if err != nil && !errors.As(err, &p) {
			return fmt.Errorf("%s: %w", name, err)
		}
		if p != nil && p.Status >= 500 {
			return fmt.Errorf("%s: %w", name, err)
		}
		w.canaries = append(w.canaries, canary{name, []byte(value)})
		return nil
	}
	lead, err := w.crew.Leads[0].Token(ctx)
	if err != nil {
		return err
	}
	draft := w.draft
	self, err := draft.Self.Token(ctx)
	if err != nil {
		return err
	}
	at := "/v1/applications/" + draft.ID
	post := func(path string, body map[string]any) drive.Request {
		return drive.Request{Method: http.MethodPost, Path: path, Body: body}
	}
	for _, d := range []struct {
		name, value string
		request     drive.Request
	}{
		{"log-in of nobody", "nobody.canary@nowhere.example", post("/v1/auth/login", map[string]any{"email": "nobody.canary@nowhere.example", "password": "x"})},
		{"wrong password", "canary wrong horse 77", post("/v1/auth/login", map[string]any{"email": draft.Plan.Email, "password": "canary wrong horse 77"})},
		{"link for nobody", "lost.canary@nowhere.example", post("/v1/auth/links", map[string]any{"email": "lost.canary@nowhere.example"})},
		{"made-up link", "canary-token-000102030405", post("/v1/auth/activation", map[string]any{"token": "canary-token-000102030405", "password": "x"})},
		{"made-up bearer", "canary-bearer-0a0b0c", drive.Request{Method: http.MethodGet, Path: "/v1/me", Token: "canary-bearer-0a0b0c"}},
		{"search", "寻人启事丁二狗", drive.Request{Method: http.MethodGet, Path: "/v1/applications?q=" + url.QueryEscape("寻人启事丁二狗"), Token: lead}},
		{"path", "canary-path-93aa01", drive.Request{Method: http.MethodGet, Path: "/v1/applications/canary-path-93aa01", Token: lead}},
		{"unknown parameter", "canary-param-93aa02", drive.Request{Method: http.MethodGet, Path: "/v1/queues/icp?sort=canary-param-93aa02", Token: lead}},
		{"refused number", "11010519491231002Y", drive.Request{Method: http.MethodPut, Path: at + "/details", Token: self, Body: map[string]any{"values": map[string]string{"identity.number": "11010519491231002Y"}}}},
		{"unknown field", "canary-field-93aa03", drive.Request{Method: http.MethodPut, Path: at + "/details", Token: self, Body: map[string]any{"values": map[string]string{"no.such": "canary-field-93aa03"}}}},
		{"no JSON", "canary-body-93aa04", drive.Request{Method: http.MethodPut, Path: at + "/details", Token: self, Media: "application/json", Body: []byte(`{"values": canary-body-93aa04`)}},
		{"no picture", "canary-file-93aa05", drive.Request{Method: http.MethodPut, Path: at + "/documents/id_card.front", Token: self, Media: "image/png", Body: []byte("<svg>canary-file-93aa05</svg>")}},
		{"bad signature", "老佛爷陛下万岁", drive.Request{Method: http.MethodPut, Path: at + "/contract/signature", Token: self, Body: map[string]any{"sha256": "00", "name": "老佛爷陛下万岁", "code": "000000"}}},
		{"bad Idempotency-Key", "canary-match-93aa06", drive.Request{Method: http.MethodPost, Path: at + "/submission", Token: self, Key: "canary-match-93aa06"}},
	} {
		if err := refused(d.name, d.value, d.request); err != nil {
			return err
		}
	}
	return nil
}

// digest is a SHA-256 as it is written everywhere.
var digest = regexp.MustCompile(`[0-9a-f]{64}`)

// searchAll reads every byte that is kept, after a backup and a stop of the
// process, and starts it again.
func (w *world) searchAll(ctx context.Context, r *run, s *search, round string) (string, error) {
	var hits []hit
	total := 0
	look := func(where string, data []byte) {
		total += len(data)
		hits = append(hits, s.in(where, data)...)
	}
	if len(w.sealed) == 0 {
		return "", errors.New("nothing was said of a company")
	}
	sealed := newSearch(w.sealed)
	events := 0
	for rec, err := range w.log.ReadAll(ctx, eventstore.Start, -1) { // the files may be compressed
		if err != nil {
			return "", err
		}
		events++
		hits = append(hits, sealed.in("the record, "+rec.Type, rec.Data)...)
		if strings.HasPrefix(rec.Type, "application.document-") && digest.Match(rec.Data) {
			hits = append(hits, hit{"the digest of a paper", "hexadecimal", "the record, " + rec.Type})
		}
		look("the record, "+rec.Type, bytes.Join([][]byte{[]byte(rec.Stream), []byte(rec.Type), rec.Data, rec.Meta}, []byte("\n")))
	}
	keys, err := w.server.dump(ctx)
	if err != nil {
		return "", err
	}
	for k, v := range keys {
		look("Redis, "+k, []byte(k+"\n"+v))
	}
	// How the parts stand is looked at once a second, also after a start.
	if err := faultskit.Until(ctx, "/readyz answers 200", func() (bool, error) {
		_, err := faultskit.Fetch(ctx, w.server.Address+"/readyz")
		return err == nil, err
	}); err != nil {
		return "", err
	}
	figures := 0
	for _, address := range []string{"http://" + w.metrics + "/metrics", w.server.Address + "/healthz", w.server.Address + "/readyz"} {
		b, err := faultskit.Fetch(ctx, address)
		if err != nil {
			return "", err
		}
		figures += len(b)
		look("what the process tells at "+address, b)
	}
	backup := filepath.Join(r.Dir, "backup-"+round)
	if _, err := w.server.Do(ctx, "backup", "--data", w.server.Data(), "--to", backup); err != nil {
		return "", err
	}
	for _, dir := range []string{filepath.Join(w.server.Data(), "log"), filepath.Join(backup, "log")} {
		found, _, err := sealed.under(dir)
		if err != nil {
			return "", err
		}
		hits = append(hits, found...)
	}
	files := 0
	for _, dir := range []string{w.server.Home, backup} {
		found, n, err := s.under(dir, look)
		if err != nil {
			return "", err
		}
		hits = append(hits, found...)
		files += n
	}
	return fmt.Sprintf("%d events, %d Redis keys, %d files, %d kB of metrics, %.0f MB read: %d hits", events, len(keys), files, figures/1000, float64(total)/1e6, len(hits)), report(hits)
}

// under looks through all files below a directory, and at their names. The log of
// a running process is read as its files stand.
func (s *search) under(dir string, instead ...func(string, []byte)) (hits []hit, files int, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		files++
		name, _ := filepath.Rel(filepath.Dir(dir), path)
		b = append(b, "\n"+name...)
		if len(instead) > 0 {
			instead[0](name, b)
			return nil
		}
		hits = append(hits, s.in(name, b)...)
		return nil
	})
	return hits, files, err
}
