package projections

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Filter narrows a list. Zero fields do not narrow.
type Filter struct {
	Kind      string
	Product   string
	Language  string
	Agent     string
	Round     int
	Reason    string
	Risk      string
	Assignee  string // an account, or "none"
	DueBefore time.Time
	Sort      string // due (default), priority, age

	// Free leaves only what nobody holds; a lease that ran out counts from its
	// release on, which follows within a minute. Moved leaves of these what has a
	// priority, sorted by it. Neither is for a queue without a stage.
	Free, Moved bool
}

// Page is a part of a list.
type Page struct {
	Rows    []json.RawMessage `json:"rows"`
	Next    string            `json:"next,omitempty"`
	Total   *int64            `json:"total,omitempty"` // of the whole list, where one set holds exactly it
	Claimed *int64            `json:"claimed,omitempty"`
}

const (
	listPage = 200
	chunk    = 1000 // members of a set looked at in one step at the most
	looked   = 2000 // and for one page: a rare combination may need several pages
	readRows = 800  // rows read for one page, some megabyte
	fewRows  = 100  // rows that are read at once although fewer are wanted
)

// Queue reads a page of a queue. me is the caller's account, for the queue of
// one's own claims.
func (r Reader) Queue(ctx context.Context, q Queue, me string, f Filter, after string, limit int) (page Page, err error) {
	err = r.reading(ctx, func(g generation) error {
		page, err = r.queue(ctx, g, q, me, f, after, limit)
		return err
	})
	return page, err
}

func (r Reader) queue(ctx context.Context, g generation, q Queue, me string, f Filter, after string, limit int) (Page, error) {
	now := r.Now()
	base, counted := "queue="+string(q), ""
	upTo, belongs := f.DueBefore, func(row *Row) bool { return row.queue() == q }
	switch q {
	case QueueMine:
		base += "|assignee=" + me
		f.Sort = ""
		belongs = func(row *Row) bool { return row.claimedBy(me, now) }
	case QueueBreached:
		if f.Sort = ""; upTo.IsZero() || upTo.After(now) {
			upTo = now
		}
		belongs = func(row *Row) bool { return row.queue() != "" && row.Due != nil && row.Due.Before(now) }
	}
	facets, exact := f.facets(base)
	if q == QueueMine || q == QueueBreached {
		facets, exact = nil, f.plain()
	}
	if exact {
		counted = base
		if len(facets) == 1 {
			counted = facets[0]
		}
	}
	walked, bound := base, ""
	switch {
	case f.Free:
		walked, counted = base+"|free", ""
		if f.Moved {
			walked += "|moved"
		} else if !upTo.IsZero() {
			bound = "(" + score(upTo)
		}
	case f.Sort == "priority" || f.Sort == "age":
		walked += "|sort=" + f.Sort
	default:
		var err error
		if walked, err = r.narrowest(ctx, g, append(slices.Clone(facets), base)); err != nil {
			return Page{}, err
		}
		if !upTo.IsZero() {
			bound = "(" + score(upTo)
		}
	}
	keep := f.keep(now)
	others := slices.DeleteFunc(facets, func(s string) bool { return s == walked })
	l := listing{facet: walked, others: others, bound: bound, needles: f.needles(), keep: func(row *Row) bool { return belongs(row) && keep(row) }}
	page, err := r.list(ctx, g, l, after, limit)
	if err != nil {
		return Page{}, err
	}
	unheld := f.unheld() && q != QueueMine && q != QueueBreached
	if unheld {
		counted = base
	}
	if err := r.count(ctx, g, &page, q, base, counted, upTo, now); err != nil {
		return Page{}, err
	}
	switch {
	case unheld:
		*page.Total = max(0, *page.Total-*page.Claimed)
	case page.Total == nil && after == "" && page.Next == "":
		n := int64(len(page.Rows)) // it was gone through whole
		page.Total = &n
	}
	return page, nil
}

// count adds the totals to a page of a queue.
func (r Reader) count(ctx context.Context, g generation, page *Page, q Queue, base, counted string, upTo, now time.Time) error {
	claims := tally{facet: base + "|claimed", from: "(" + score(now), to: "+inf"}
	ask := []tally{claims}
	switch {
	case counted == "", q == QueueMine && !upTo.IsZero():
	case q == QueueMine:
		ask = append(ask, claims)
	case upTo.IsZero():
		ask = append(ask, tally{facet: counted})
	default:
		ask = append(ask, tally{facet: counted, from: "-inf", to: "(" + score(upTo)})
	}
	n, err := r.tally(ctx, g, ask)
	if err != nil {
		return err
	}
	if len(n) > 1 {
		page.Total = &n[1]
	}
	if q != QueueMine && q != QueueBreached {
		page.Claimed = &n[0]
	}
	return nil
}

// tally asks how many rows stand in a set: all, or those between two scores.
type tally struct{ facet, from, to string }

// tally counts, over all shards, in one round trip.
func (r Reader) tally(ctx context.Context, g generation, ask []tally) ([]int64, error) {
	var counted func() []int64
	_, err := r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		counted = r.Store.askCounts(ctx, p, g, ask)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	return counted(), nil
}

// askCounts puts the questions into a pipeline; what it answers gives the answers
// once the pipeline has run.
func (s *Store) askCounts(ctx context.Context, p redis.Pipeliner, g generation, ask []tally) func() []int64 {
	shards := s.each(g)
	cmds := make([]*redis.IntCmd, 0, len(ask)*len(shards))
	for _, a := range ask {
		for _, k := range shards {
			if a.to == "" {
				cmds = append(cmds, p.ZCard(ctx, k.set(a.facet)))
			} else {
				cmds = append(cmds, p.ZCount(ctx, k.set(a.facet), a.from, a.to))
			}
		}
	}
	return func() []int64 {
		out := make([]int64, len(ask))
		for i, c := range cmds {
			out[i/len(shards)] += c.Val()
		}
		return out
	}
}

// facets lists the sets that hold everything the filter lets through, and says
// whether one of them (the base, where there is none) holds exactly that.
func (f Filter) facets(base string) (sets []string, exact bool) {
	add := func(name, v string) {
		if v != "" {
			sets = append(sets, base+"|"+name+"="+v)
		}
	}
	add("kind", f.Kind)
	add("product", f.Product)
	add("language", f.Language)
	add("agent", f.Agent)
	add("reason", f.Reason)
	if f.Round > 0 {
		add("round", strconv.Itoa(min(f.Round, manyRounds)))
	}
	add("risk", f.Risk)
	exact = len(sets) <= 1 && f.Round < manyRounds && f.Assignee == ""
	if f.Assignee != "none" {
		add("assignee", f.Assignee) // with leases that ran out
	}
	return sets, exact
}

// plain reports whether the filter narrows nothing but the due time.
func (f Filter) plain() bool {
	f.Sort, f.DueBefore = "", time.Time{}
	return f == Filter{}
}

// unheld reports whether the filter leaves what nobody holds, and that whole.
func (f Filter) unheld() bool {
	none := f.Assignee == "none"
	f.Sort, f.Assignee = "", ""
	return none && f == Filter{}
}

// needles are texts that the JSON of every row has which the filter lets through.
func (f Filter) needles() (out []string) {
	add := func(name, v string) {
		if v != "" {
			value, _ := json.Marshal(v) // a string can always be written
			out = append(out, name+string(value))
		}
	}
	add(`"kind":`, f.Kind)
	add(`"language":`, f.Language)
	add(`"agent":`, f.Agent)
	add("", f.Product)
	add("", f.Reason)
	if f.Risk != "" {
		out = append(out, `"`+f.Risk+`s":`)
	}
	return out
}

func (f Filter) keep(now time.Time) func(*Row) bool {
	return func(r *Row) bool {
		switch {
		case f.Kind != "" && string(r.Kind) != f.Kind,
			f.Language != "" && r.Language != f.Language,
			f.Agent != "" && r.Agent != f.Agent,
			f.Round != 0 && r.Round != f.Round,
			f.Reason != "" && !slices.Contains(r.Reasons, f.Reason),
			f.Risk == "block" && r.Blocks == 0,
			f.Risk == "warn" && r.Warns == 0,
			f.Risk == "hint" && r.Hints == 0,
			f.Assignee == "none" && r.claimed(now),
			f.Assignee != "" && f.Assignee != "none" && !r.claimedBy(f.Assignee, now),
			f.Free && r.Claim != nil, f.Moved && r.Priority == 0,
			!f.DueBefore.IsZero() && (r.Due == nil || !r.Due.Before(f.DueBefore)):
			return false
		}
		if f.Product == "" {
			return true
		}
		for _, p := range r.Products {
			if string(p) == f.Product {
				return true
			}
		}
		return false
	}
}

// claimed reports whether somebody's lease is running.
func (r *Row) claimed(now time.Time) bool { return r.Claim != nil && r.Claim.Until.After(now) }

func (r *Row) claimedBy(who string, now time.Time) bool {
	return r.claimed(now) && r.Claim.By.ID == who
}

func score(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// OfMerchant lists the applications of one merchant account, newest first,
// without what is internal.
func (r Reader) OfMerchant(ctx context.Context, account, stage, q, after string, limit int) (Page, error) {
	return r.latest(ctx, listing{merchant: account, outside: true}, stage, q, stage == "" && Searchable(q) == "", after, limit)
}

// OfAgent lists the applications that one agent's organisation added, newest
// first, without what is internal.
func (r Reader) OfAgent(ctx context.Context, organisation, stage, q, after string, limit int) (Page, error) {
	return r.latest(ctx, listing{facet: "agent=" + organisation, outside: true}, stage, q, stage == "" && Searchable(q) == "", after, limit)
}

// All lists every application, or those of one stage, latest change first.
func (r Reader) All(ctx context.Context, stage, after string, limit int) (Page, error) {
	set := "all"
	if stage != "" {
		set = "stage=" + stage
	}
	return r.latest(ctx, listing{facet: set}, stage, "", true, after, limit)
}

// latest walks a set from its end and keeps one stage, or every one, and what q
// finds, if it is given: by what the row shows, or exactly by what it is indexed
// under. counted where the set holds exactly what is shown.
func (r Reader) latest(ctx context.Context, l listing, stage, q string, counted bool, after string, limit int) (page Page, err error) {
	name, words := nameForm(q), Searchable(q)
	l.reverse = true
	err = r.reading(ctx, func(g generation) error {
		var exactly []string
		if words != "" {
			if exactly, _, err = r.found(ctx, g, q, "", listPage); err != nil {
				return err
			}
		}
		l.keep = func(row *Row) bool {
			return (stage == "" || string(row.Stage) == stage) && (words == "" || slices.Contains(exactly, row.ID) ||
				name != "" && strings.Contains(nameForm(row.Name), name) || strings.Contains(row.MerchantNumber, words) || strings.Contains(Searchable(row.Domain), words))
		}
		if page, err = r.list(ctx, g, l, after, limit); err != nil || !counted {
			return err
		}
		n, err := r.size(ctx, g, l)
		page.Total = &n
		return err
	})
	return page, err
}

// size is how many rows a listing walks past, all together.
func (r Reader) size(ctx context.Context, g generation, l listing) (int64, error) {
	if l.merchant != "" {
		return r.countOwned(ctx, g, l.merchant)
	}
	n, err := r.tally(ctx, g, []tally{{facet: l.facet}})
	if err != nil {
		return 0, err
	}
	return n[0], nil
}

// listing is a walk along one sorted set.
type listing struct {
	facet    string
	others   []string // sets in which every row that is kept stands as well
	merchant string   // walks the owners' index instead of the facet's set, in reverse
	bound    string   // where it ends; empty for the end
	reverse  bool
	keep     func(*Row) bool // which rows are shown
	outside  bool            // for people who are not staff
	needles  []string        // texts that every row that is kept has in its JSON
}

// holds reports whether a stored row has all the texts. It spares decoding most of
// the rows that a rare combination of filters walks past.
func holds(row string, needles []string) bool {
	for _, n := range needles {
		if !strings.Contains(row, n) {
			return false
		}
	}
	return true
}

// list walks a set in score order and keeps the rows that pass. It looks at a
// bounded number of members, and reads a bounded number of rows; where that was not
// enough the page is short and names where to go on.
func (r Reader) list(ctx context.Context, g generation, l listing, after string, limit int) (Page, error) {
	page, err := r.page(ctx, g, l, after, limit)
	if err == nil && len(page.Rows) == 0 {
		err = r.intact(ctx, g, l) // a key that is lost looks like nothing
	}
	return page, err
}

func (r Reader) page(ctx context.Context, g generation, l listing, after string, limit int) (Page, error) {
	from, err := parseCursor(after)
	if err != nil {
		return Page{}, err
	}
	limit = min(max(limit, 1), listPage)
	page := Page{Rows: []json.RawMessage{}}
	step := limit + 1
	if len(l.others) > 0 {
		step *= 4
	}
	for seen, read := 0, 0; seen < looked && read < readRows; step *= 4 {
		count := min(step, chunk)
		if len(l.others) == 0 {
			count = min(count, max(readRows-read, limit+1))
		}
		members, more, err := r.walk(ctx, g, l, from, count)
		if err != nil {
			return Page{}, err
		}
		seen += len(members)
		found, err := r.within(ctx, g, l.others, members)
		if err != nil {
			return Page{}, err
		}
		for len(found) > 0 && read < readRows {
			some := found[:min(len(found), max(limit+1-len(page.Rows), fewRows))]
			found, read = found[len(some):], read+len(some)
			rows, err := r.rows(ctx, g, idsOf(some))
			if err != nil {
				return Page{}, err
			}
			for i, m := range some {
				from = cursorAt(m)
				shown, err := l.show(rows[i])
				if err != nil {
					return Page{}, err
				}
				if shown == nil {
					continue
				}
				if page.Rows = append(page.Rows, shown); len(page.Rows) == limit {
					if more || i < len(some)-1 || len(found) > 0 {
						page.Next = from.String()
					}
					return page, nil
				}
			}
		}
		if len(found) > 0 {
			break // enough was read
		}
		if !more {
			return page, nil
		}
		if len(members) > 0 {
			from = cursorAt(members[len(members)-1])
		}
	}
	if from != nil {
		page.Next = from.String()
	}
	return page, nil
}

// show is what a listing shows of a stored row; nil for one that is shown to nobody
// any more, that moved since its set was read, or that was not asked for.
func (l listing) show(stored string) (json.RawMessage, error) {
	if stored == "" || !holds(stored, l.needles) {
		return nil, nil
	}
	var row Row
	if err := json.Unmarshal([]byte(stored), &row); err != nil {
		return nil, fmt.Errorf("projections: stored row: %w", err)
	}
	if row.ID == "" || !l.keep(&row) {
		return nil, nil
	}
	if !l.outside {
		return json.RawMessage(stored), nil
	}
	shown, err := json.Marshal(row.outside())
	if err != nil {
		return nil, fmt.Errorf("projections: row: %w", err)
	}
	return shown, nil
}

func idsOf(members []redis.Z) []string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = m.Member.(string)
	}
	return out
}

// narrowest is the smallest of some sets.
func (r Reader) narrowest(ctx context.Context, g generation, facets []string) (string, error) {
	if len(facets) == 1 {
		return facets[0], nil
	}
	ask := make([]tally, len(facets))
	for i, f := range facets {
		ask[i] = tally{facet: f}
	}
	n, err := r.tally(ctx, g, ask)
	if err != nil {
		return "", err
	}
	return facets[slices.Index(n, slices.Min(n))], nil
}

// ErrCursor: a cursor that this server did not make.
var ErrCursor = errors.New("projections: no such cursor")

// cursor is where a page ended: by score, then by id, so that rows which move
// meanwhile neither repeat the page nor shift it.
type cursor struct {
	score float64
	id    string
}

func cursorAt(z redis.Z) *cursor { return &cursor{z.Score, z.Member.(string)} }

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatFloat(c.score, 'g', -1, 64) + " " + c.id))
}

func parseCursor(s string) (*cursor, error) {
	if s == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	at, id, found := strings.Cut(string(b), " ")
	if err != nil || !found {
		return nil, ErrCursor
	}
	n, err := strconv.ParseFloat(at, 64)
	if err != nil || n != n {
		return nil, ErrCursor
	}
	return &cursor{n, id}, nil
}

// passed reports whether a member does not come after the cursor.
func (c *cursor) passed(z redis.Z, reverse bool) bool {
	if c == nil || z.Score != c.score {
		return c != nil && (z.Score < c.score) != reverse
	}
	id := z.Member.(string)
	return id == c.id || (id < c.id) != reverse
}
