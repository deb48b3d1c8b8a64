package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"alta/decider"
	"alta/projections"
	"alta/scripts/measure"
	"alta/simulate/drive"

	"golang.org/x/text/unicode/norm"
)

// list is something that a reviewer clicks on.
type list struct {
	name string
	path string
	// where, order and args are the same list on PostgreSQL; empty where there is
	// nothing to compare with.
	where, order string
	args         []any
	took         []time.Duration
}

// reply is a page of a list.
type reply struct {
	Rows  []projections.Row `json:"rows"`
	Next  string            `json:"next"`
	Total *int64            `json:"total"`
}

// measure reads lists under a load of commands.
func (i *installation) measure(ctx context.Context, server *redisServer, s sizes, r *measure.Report) ([]*list, error) {
	client, err := drive.NewClient(i.base)
	if err != nil {
		return nil, err
	}
	crew, err := drive.Assemble(ctx, client, drive.DemoLogIns())
	if err != nil {
		return nil, err
	}
	lists, err := clicks(ctx, crew)
	if err != nil {
		return nil, err
	}
	ids, err := server.some(ctx, 20_000)
	if err != nil {
		return nil, err
	}
	for _, id := range ids[:min(len(ids), 10)] { // one application's page
		lists = append(lists, &list{name: "an application", path: "/v1/applications/" + id})
		lists = append(lists, &list{name: "its history", path: "/v1/applications/" + id + "/history?limit=100"})
	}
	loading, stop := context.WithCancel(ctx)
	defer stop()
	l := &load{people: slices.Concat(crew.Reviewers, crew.Leads), ids: ids, perSecond: s.commands}
	var writing, reading sync.WaitGroup
	writing.Go(func() { l.run(loading) })
	var first atomic.Pointer[error]
	end := time.Now().Add(s.span)
	for reader := range 4 {
		reading.Go(func() {
			who := l.people[reader%len(l.people)]
			for n := reader; n < len(lists) || time.Now().Before(end); n += 4 { // each at least once
				if err := lists[n%len(lists)].click(ctx, who); err != nil {
					first.CompareAndSwap(nil, &err)
					return
				}
				pause(ctx, 20*time.Millisecond)
			}
		})
	}
	reading.Wait()
	stop()
	writing.Wait()
	if err := first.Load(); err != nil {
		return nil, *err
	}
	if err := l.failed(); err != nil {
		return nil, err
	}
	memory, err := i.memory()
	if err != nil {
		return nil, err
	}
	return tell(lists, l, memory, i.applications, r)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

var clicking sync.Mutex

func (l *list) click(ctx context.Context, who *drive.Person) error {
	begun := time.Now()
	_, err := who.Get(ctx, l.path, nil)
	took := time.Since(begun)
	if err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	clicking.Lock()
	defer clicking.Unlock()
	l.took = append(l.took, took)
	return nil
}

// clicks are the lists, with filters that find something.
func clicks(ctx context.Context, crew *drive.Crew) ([]*list, error) {
	lead := crew.Leads[0]
	var out []*list
	add := func(name, path, where, order string, args ...any) {
		out = append(out, &list{name: name, path: path, where: where, order: order, args: args})
	}
	add("sizes of all queues", "/v1/queues", "", "")
	for _, q := range projections.Queues() {
		where, args := "queue = $1", []any{string(q)}
		switch q {
		case projections.QueueBreached:
			where, args = "due < now() and holder = 'platform'", nil
		case projections.QueueMine:
			where, args = "", nil
		}
		add("queue "+string(q), "/v1/queues/"+string(q)+"?limit=50", where, "due, id", args...)
	}
	const q = "/v1/queues/qualification?limit=50&"
	add("by priority", q+"sort=priority", "queue = 'qualification'", "priority desc, due, id")
	add("by age", q+"sort=age", "queue = 'qualification'", "opened, id")
	soon := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	for _, f := range []struct{ name, query, where string }{
		{"kind", "kind=individual", "kind = 'individual'"},
		{"product", "product=online_banking", "products @> '{online_banking}'"},
		{"language", "language=es", "language = 'es'"},
		{"agent", "agent=agency-3", "agent = 'agency-3'"},
		{"round", "round=2", "round = 2"},
		{"reason", "reason=R03", "reasons @> '{R03}'"},
		{"risk", "risk=warn", "warns > 0"},
		{"nobody's", "assignee=none", "(claimed_until is null or claimed_until < now())"},
		{"due within two days", "due_before=" + url.QueryEscape(soon), "due < now() + interval '48 hours'"},
		{"kind, language", "kind=enterprise&language=es", "kind = 'enterprise' and language = 'es'"},
		{"agent, product, round", "agent=agency-3&product=wechat&round=2", "agent = 'agency-3' and products @> '{wechat}' and round = 2"},
		{"hint, reason, language", "risk=hint&reason=R03&language=en", "hints > 0 and reasons @> '{R03}' and language = 'en'"},
		{"agent, reason, language", "agent=agency-3&reason=R03&language=es", "agent = 'agency-3' and reasons @> '{R03}' and language = 'es'"},
		{"nobody's, hint, reason", "assignee=none&risk=hint&reason=R03", "(claimed_until is null or claimed_until < now()) and hints > 0 and reasons @> '{R03}'"},
	} {
		add("filter "+f.name, q+f.query, "queue = 'qualification' and "+f.where, "due, id")
	}
	add("breached, hint, reason, language", "/v1/queues/breached?limit=50&risk=hint&reason=R03&language=en",
		"due < now() and holder = 'platform' and hints > 0 and reasons @> '{R03}' and language = 'en'", "due, id")
	var page reply
	cursor := ""
	for range 20 {
		page = reply{}
		if _, err := lead.Get(ctx, "/v1/queues/qualification?limit=200&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return nil, err
		}
		if page.Next == "" {
			break
		}
		cursor = page.Next
	}
	if cursor != "" {
		add("a page far down", "/v1/queues/qualification?limit=50&cursor="+url.QueryEscape(cursor), "", "")
	}
	add("all applications", "/v1/applications?limit=50", "true", "updated desc, id")
	for _, row := range page.Rows {
		if row.Kind != "enterprise" || len([]rune(row.Name)) < 6 {
			continue
		}
		name := []rune(norm.NFKC.String(row.Name))
		add("search a part of a name", "/v1/applications?limit=50&q="+url.QueryEscape(string(name[2:4])), "name like $1", "id", "%"+string(name[2:4])+"%")
		add("search a merchant number", "/v1/applications?limit=50&q="+row.MerchantNumber, "merchant_number = $1", "id", row.MerchantNumber)
		if row.Domain != "" {
			add("search a domain", "/v1/applications?limit=50&q="+url.QueryEscape(row.Domain), "domain = $1", "id", row.Domain)
		}
		break
	}
	return out, nil
}

// load is commands that come in at a steady pace: remarks, which need no claim and
// change a row like any other act.
type load struct {
	people    []*drive.Person
	ids       []string
	perSecond int

	mu      sync.Mutex
	took    []time.Duration // a command
	visible []time.Duration // from its acknowledgement until a list shows it
	err     error
}

// callers is how many people write at once.
const callers = 16

func (l *load) run(ctx context.Context) {
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			beat := time.NewTicker(time.Second * callers / time.Duration(l.perSecond))
			defer beat.Stop()
			who := l.people[n%len(l.people)]
			for i := 0; ; i++ {
				select {
				case <-ctx.Done():
					return
				case <-beat.C:
				}
				if err := l.command(ctx, who, i%8 == 0); err != nil && ctx.Err() == nil {
					l.mu.Lock()
					l.err = err
					l.mu.Unlock()
					return
				}
			}
		})
	}
	all.Wait()
}

func (l *load) command(ctx context.Context, who *drive.Person, watch bool) error {
	note := decider.NewID().String()
	path := "/v1/applications/" + l.ids[rand.IntN(len(l.ids))] + "/notes/" + note
	begun := time.Now()
	reply, err := who.Do(ctx, drive.Request{Method: http.MethodPut, Path: path, Body: map[string]string{"text": "called back, no answer"}, Key: note}, nil)
	if err != nil {
		return err
	}
	acknowledged := time.Now()
	shown := time.Duration(-1)
	if watch {
		if _, err := who.Get(ctx, "/v1/queues?after="+reply.Position, nil); err != nil {
			return err
		}
		shown = time.Since(acknowledged)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, acknowledged.Sub(begun))
	if shown >= 0 {
		l.visible = append(l.visible, shown)
	}
	return nil
}

func (l *load) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil && len(l.visible) == 0 {
		return errors.New("no command was made")
	}
	return l.err
}

// tell prints the figures of all lists; those of one name become one.
func tell(lists []*list, l *load, memory int64, applications int, r *measure.Report) ([]*list, error) {
	var merged []*list
	for _, x := range lists {
		if i := slices.IndexFunc(merged, func(m *list) bool { return m.name == x.name }); i >= 0 {
			merged[i].took = append(merged[i].took, x.took...)
		} else {
			merged = append(merged, x)
		}
	}
	for _, x := range merged {
		if len(x.took) == 0 {
			return nil, fmt.Errorf("%s was never read", x.name)
		}
	}
	if r.Short {
		r.Say("lists: each of %d answered under load; %d commands, each visible", len(merged), len(l.took))
		return merged, nil
	}
	r.Say("the program holds %.0f MB, %.0f bytes an application", float64(memory)/1e6, float64(memory)/float64(applications))
	r.Say("commands: %d, p50 %s, p99 %s", len(l.took), ms(measure.Percentile(l.took, .5)), ms(measure.Percentile(l.took, .99)))
	worst, which := time.Duration(0), ""
	for _, x := range merged {
		if p := measure.Percentile(x.took, .99); p > worst {
			worst, which = p, x.name
		}
	}
	lag := measure.Percentile(l.visible, .99)
	r.Goal("every click ≤ 100 ms at p99", worst <= 100*time.Millisecond, "the slowest, %s: %s", which, ms(worst))
	r.Goal(fmt.Sprintf("visible ≤ 50 ms at p99 at %d commands/s", l.perSecond), lag <= 50*time.Millisecond,
		"p50 %s, p99 %s, from the acknowledgement until the queues' sizes with it were answered", ms(measure.Percentile(l.visible, .5)), ms(lag))
	return merged, nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }

// some lists ids of applications.
func (s *redisServer) some(ctx context.Context, n int) (ids []string, err error) {
	err = s.eachRow(ctx, func(id, _ string) bool {
		ids = append(ids, id)
		return len(ids) < n
	})
	return ids, err
}

// eachRow visits the stored rows until it is told to stop.
func (s *redisServer) eachRow(ctx context.Context, visit func(id, row string) bool) error {
	var keys []string
	for cursor := uint64(0); ; {
		page, next, err := s.client.Scan(ctx, cursor, "alta:projections:*:rows", 100_000).Result()
		if err != nil {
			return err
		}
		keys = append(keys, page...)
		if cursor = next; cursor == 0 {
			break
		}
	}
	for _, k := range keys {
		for cursor := uint64(0); ; {
			page, next, err := s.client.HScan(ctx, k, cursor, "*", 1000).Result()
			if err != nil {
				return err
			}
			for i := 0; i+1 < len(page); i += 2 {
				if !visit(page[i], page[i+1]) {
					return nil
				}
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
	}
	return nil
}

// decode reads a stored row.
func decode(raw string) (projections.Row, error) {
	var row projections.Row
	err := json.NewDecoder(strings.NewReader(raw)).Decode(&row)
	return row, err
}
