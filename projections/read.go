package projections

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"alta/domain/application"
	"alta/eventstore"

	"github.com/redis/go-redis/v9"
)

// A Reader answers the documents as they are stored. It tells "being rebuilt"
// (ErrRebuilding) from "not there" (ErrNotFound), so that nobody takes an empty
// Redis for an empty business.
type Reader struct {
	Store *Store
	Index func(kind, value string) string // the runner's blind index
	Now   func() time.Time
}

// Stored is a document's JSON and the revision it reached.
type Stored struct {
	JSON     []byte
	Revision int64
}

// Application reads the staff's document.
func (r Reader) Application(ctx context.Context, id string) (Stored, error) {
	return r.document(ctx, id, "application")
}

// Status reads the merchant's document.
func (r Reader) Status(ctx context.Context, id string) (Stored, error) {
	return r.document(ctx, id, "status")
}

func (r Reader) document(ctx context.Context, id, field string) (Stored, error) {
	g, err := r.Store.live(ctx)
	if err != nil {
		return Stored{}, err
	}
	v, err := r.Store.rdb.HMGet(ctx, g.document(id), field, "revision").Result()
	if err != nil {
		return Stored{}, fmt.Errorf("projections: %w", err)
	}
	doc, ok := v[0].(string)
	rev, _ := v[1].(string)
	if !ok {
		return Stored{}, r.missing(ctx, g)
	}
	n, err := strconv.ParseInt(rev, 10, 64)
	if err != nil {
		return Stored{}, fmt.Errorf("projections: revision of %s: %w", id, err)
	}
	return Stored{[]byte(doc), n}, nil
}

// missing tells a document that is not there from a generation that is not.
func (r Reader) missing(ctx context.Context, g generation) error {
	n, err := r.Store.rdb.Exists(ctx, g.checkpoint()).Result()
	switch {
	case err != nil:
		return fmt.Errorf("projections: %w", err)
	case n == 0:
		return ErrRebuilding
	}
	return ErrNotFound
}

// HistoryPage is a part of an application's history, oldest first.
type HistoryPage struct {
	Entries  []json.RawMessage `json:"entries"`
	Revision int64             `json:"revision"` // the last there is
	Next     int64             `json:"next,omitempty"`
}

// History reads at most limit entries from a revision on.
func (r Reader) History(ctx context.Context, id string, from int64, limit int) (HistoryPage, error) {
	g, err := r.Store.live(ctx)
	if err != nil {
		return HistoryPage{}, err
	}
	rev, err := r.Store.rdb.HGet(ctx, g.document(id), "revision").Int64()
	if errors.Is(err, redis.Nil) {
		return HistoryPage{}, r.missing(ctx, g)
	}
	if err != nil {
		return HistoryPage{}, fmt.Errorf("projections: %w", err)
	}
	page := HistoryPage{Entries: []json.RawMessage{}, Revision: rev}
	var fields []string
	for n := from; n <= rev && len(fields) < limit; n++ {
		fields = append(fields, strconv.FormatInt(n, 10))
	}
	if len(fields) == 0 {
		return page, nil
	}
	values, err := r.Store.rdb.HMGet(ctx, g.history(id), fields...).Result()
	if err != nil {
		return HistoryPage{}, fmt.Errorf("projections: %w", err)
	}
	for i, v := range values {
		s, ok := v.(string)
		if !ok {
			return HistoryPage{}, fmt.Errorf("projections: history of %s has no revision %s", id, fields[i])
		}
		page.Entries = append(page.Entries, json.RawMessage(s))
	}
	if last := from + int64(len(fields)); last <= rev {
		page.Next = last
	}
	return page, nil
}

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
}

// Page is a part of a list.
type Page struct {
	Rows    []json.RawMessage `json:"rows"`
	Next    string            `json:"next,omitempty"`
	Total   *int64            `json:"total,omitempty"`
	Claimed *int64            `json:"claimed,omitempty"`
}

const (
	chunk    = 200 // rows looked at in one step
	maxSteps = 20  // steps of one page at the most: a rare combination may need several pages
	listPage = 200
)

// ErrCursor: a cursor that this server did not make.
var ErrCursor = errors.New("projections: no such cursor")

// cursor is where a page ended: by score, then by id, so that rows which move
// meanwhile neither repeat the page nor shift it.
type cursor struct {
	score float64
	id    string
}

func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatFloat(c.score, 'g', -1, 64) + " " + c.id))
}

func parseCursor(s string) (c cursor, ok bool, err error) {
	if s == "" {
		return c, false, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	score, id, found := strings.Cut(string(b), " ")
	if err != nil || !found {
		return c, false, ErrCursor
	}
	if c.score, err = strconv.ParseFloat(score, 64); err != nil {
		return c, false, ErrCursor
	}
	c.id = id
	return c, true, nil
}

// Queue reads a page of a queue. me is the caller's account, for the queue of
// one's own claims.
func (r Reader) Queue(ctx context.Context, q Queue, me string, f Filter, after string, limit int) (Page, error) {
	base := "queue=" + string(q)
	if q == QueueMine {
		base += "|assignee=" + me
	}
	upTo := f.DueBefore
	if now := r.Now(); q == QueueBreached && (upTo.IsZero() || upTo.After(now)) {
		upTo = now
	}
	sets := []string{base}
	if q != QueueMine && q != QueueBreached {
		sets = append(sets, facetsOf(base, f)...)
	}
	keep := f.keep(r.Now())
	if q == QueueMine {
		now := r.Now()
		also := keep
		keep = func(row *Row) bool { return row.Claim != nil && row.Claim.Until.After(now) && also(row) }
	}
	reverse := false
	if f.Sort == "priority" || f.Sort == "age" {
		if q == QueueMine || q == QueueBreached {
			f.Sort = ""
		} else if len(sets) == 1 {
			sets = []string{base + "|sort=" + f.Sort}
		}
	}
	page, err := r.list(ctx, sets, upTo, keep, f.plain(), after, limit, reverse)
	if err != nil {
		return Page{}, err
	}
	g, err := r.Store.live(ctx)
	if err != nil {
		return Page{}, err
	}
	if q != QueueMine && q != QueueBreached {
		n, err := r.Store.rdb.ZCount(ctx, g.set(base+"|claimed"), score(r.Now()), "+inf").Result()
		if err != nil {
			return Page{}, fmt.Errorf("projections: %w", err)
		}
		page.Claimed = &n
	}
	return page, nil
}

func facetsOf(base string, f Filter) (sets []string) {
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
		add("round", strconv.Itoa(min(f.Round, 9)))
	}
	if f.Risk == "block" || f.Risk == "warn" {
		add("risk", f.Risk)
	}
	if f.Assignee != "none" {
		add("assignee", f.Assignee)
	}
	return sets
}

// plain reports whether the filter narrows nothing that a set does not.
func (f Filter) plain() bool {
	f.Sort = ""
	return f == Filter{}
}

func (f Filter) keep(now time.Time) func(*Row) bool {
	has := func(list []string, v string) bool {
		for _, x := range list {
			if x == v {
				return true
			}
		}
		return false
	}
	return func(r *Row) bool {
		claimed := r.Claim != nil && r.Claim.Until.After(now)
		switch {
		case f.Kind != "" && string(r.Kind) != f.Kind,
			f.Language != "" && r.Language != f.Language,
			f.Agent != "" && r.Agent != f.Agent,
			f.Round != 0 && r.Round != f.Round,
			f.Reason != "" && !has(r.Reasons, f.Reason),
			f.Risk == "block" && r.Blocks == 0,
			f.Risk == "warn" && r.Warns == 0,
			f.Risk == "hint" && r.Hints == 0,
			f.Assignee == "none" && claimed,
			f.Assignee != "" && f.Assignee != "none" && (!claimed || r.Claim.By.ID != f.Assignee),
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

func score(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

// list walks the narrowest of some sets in score order and keeps the rows that
// pass. It looks at a bounded number of rows; where that was not enough the page
// is short and names where to go on.
func (r Reader) list(ctx context.Context, sets []string, upTo time.Time, keep func(*Row) bool, plain bool, after string, limit int, reverse bool) (Page, error) {
	from, started, err := parseCursor(after)
	if err != nil {
		return Page{}, err
	}
	g, err := r.Store.live(ctx)
	if err != nil {
		return Page{}, err
	}
	set, size, err := r.narrowest(ctx, g, sets)
	if err != nil {
		return Page{}, err
	}
	page := Page{Rows: []json.RawMessage{}}
	if plain && upTo.IsZero() {
		page.Total = &size
	} else if plain {
		n, err := r.Store.rdb.ZCount(ctx, set, "-inf", score(upTo)).Result()
		if err != nil {
			return Page{}, fmt.Errorf("projections: %w", err)
		}
		page.Total = &n
	}
	limit = min(max(limit, 1), listPage)
	bound := "+inf"
	if reverse {
		bound = "-inf"
	}
	if !upTo.IsZero() {
		bound = score(upTo)
	}
	for range maxSteps {
		members, err := r.walk(ctx, set, from, started, bound, reverse)
		if err != nil {
			return Page{}, err
		}
		if len(members) == 0 {
			page.Next = ""
			return page, nil
		}
		rows, err := r.rows(ctx, g, members)
		if err != nil {
			return Page{}, err
		}
		for i, m := range members {
			from, started = cursor{m.Score, m.Member.(string)}, true
			if rows[i] == "" {
				continue // it moved between the two reads
			}
			var row Row
			if err := json.Unmarshal([]byte(rows[i]), &row); err != nil {
				return Page{}, fmt.Errorf("projections: stored row: %w", err)
			}
			if !keep(&row) {
				continue
			}
			page.Rows = append(page.Rows, json.RawMessage(rows[i]))
			if len(page.Rows) == limit {
				if i < len(members)-1 || len(members) == chunk {
					page.Next = from.String()
				}
				return page, nil
			}
		}
		if len(members) < chunk {
			return page, nil
		}
		page.Next = from.String()
	}
	return page, nil
}

// walk reads the next members after a cursor. Members of one score are ordered
// by id, so the ones up to the cursor's are passed over.
func (r Reader) walk(ctx context.Context, set string, from cursor, started bool, bound string, reverse bool) ([]redis.Z, error) {
	by := &redis.ZRangeBy{Min: "-inf", Max: bound, Count: chunk}
	if reverse {
		by = &redis.ZRangeBy{Min: bound, Max: "+inf", Count: chunk}
	}
	for {
		if started {
			s := strconv.FormatFloat(from.score, 'g', -1, 64)
			if reverse {
				by.Max = s
			} else {
				by.Min = s
			}
		}
		var members []redis.Z
		var err error
		if reverse {
			members, err = r.Store.rdb.ZRevRangeByScoreWithScores(ctx, set, by).Result()
		} else {
			members, err = r.Store.rdb.ZRangeByScoreWithScores(ctx, set, by).Result()
		}
		if err != nil {
			return nil, fmt.Errorf("projections: %w", err)
		}
		full := int64(len(members)) == by.Count
		if started {
			for len(members) > 0 && members[0].Score == from.score &&
				(!reverse && members[0].Member.(string) <= from.id || reverse && members[0].Member.(string) >= from.id) {
				members = members[1:]
			}
		}
		if len(members) > 0 || !full {
			return members, nil
		}
		by.Offset += by.Count // more rows of one score than a chunk
	}
}

func (r Reader) rows(ctx context.Context, g generation, members []redis.Z) ([]string, error) {
	cmds := make([]*redis.StringCmd, len(members))
	_, err := r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, m := range members {
			cmds[i] = p.HGet(ctx, g.document(m.Member.(string)), "row")
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("projections: %w", err)
	}
	out := make([]string, len(cmds))
	for i, c := range cmds {
		out[i] = c.Val()
	}
	return out, nil
}

func (r Reader) narrowest(ctx context.Context, g generation, sets []string) (key string, size int64, err error) {
	cmds := make([]*redis.IntCmd, len(sets))
	var there *redis.IntCmd
	_, err = r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, s := range sets {
			cmds[i] = p.ZCard(ctx, g.set(s))
		}
		there = p.Exists(ctx, g.checkpoint())
		return nil
	})
	if err != nil {
		return "", 0, fmt.Errorf("projections: %w", err)
	}
	if there.Val() == 0 {
		return "", 0, ErrRebuilding
	}
	for i, c := range cmds {
		if key == "" || c.Val() < size {
			key, size = g.set(sets[i]), c.Val()
		}
	}
	return key, size, nil
}

// Of lists the applications of one merchant account, or of one agent's
// organisation, newest first.
func (r Reader) Of(ctx context.Context, relation, id, stage, after string, limit int) (Page, error) {
	keep := func(row *Row) bool { return stage == "" || string(row.Stage) == stage }
	return r.list(ctx, []string{relation + "=" + id}, time.Time{}, keep, stage == "", after, limit, true)
}

// All lists every application, or those of one stage, latest change first.
func (r Reader) All(ctx context.Context, stage, after string, limit int) (Page, error) {
	set := "all"
	if stage != "" {
		set = "stage=" + stage
	}
	return r.list(ctx, []string{set}, time.Time{}, func(*Row) bool { return true }, true, after, limit, true)
}

// Search finds applications by a part of the company's name, or by an exact
// merchant number, domain, personal name, identity or licence number.
func (r Reader) Search(ctx context.Context, q string, limit int) (Page, error) {
	g, err := r.Store.live(ctx)
	if err != nil {
		return Page{}, err
	}
	q = Searchable(q)
	limit = min(max(limit, 1), listPage)
	var lookups []*redis.StringSliceCmd
	var named *redis.StringSliceCmd
	var there *redis.IntCmd
	_, err = r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		there = p.Exists(ctx, g.checkpoint())
		for _, kind := range append([]string{"merchant_number"}, keysOf(searched)...) {
			lookups = append(lookups, p.SRandMemberN(ctx, g.find(kind+"="+r.Index(kind, q)), int64(limit)))
		}
		part := string([]rune(q)[:min(len([]rune(q)), suffixLen)])
		named = p.ZRangeByLex(ctx, g.names(), &redis.ZRangeBy{Min: "[" + part, Max: "(" + part + "\xff", Count: int64(4 * limit)})
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return Page{}, fmt.Errorf("projections: %w", err)
	}
	if there.Val() == 0 {
		return Page{}, ErrRebuilding
	}
	var members []redis.Z
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] && len(members) < limit {
			seen[id] = true
			members = append(members, redis.Z{Member: id})
		}
	}
	for _, c := range lookups {
		for _, id := range c.Val() {
			add(id)
		}
	}
	for _, m := range named.Val() {
		if _, id, ok := strings.Cut(m, separator); ok {
			add(id)
		}
	}
	rows, err := r.rows(ctx, g, members)
	if err != nil {
		return Page{}, err
	}
	page := Page{Rows: []json.RawMessage{}}
	for _, row := range rows {
		if row != "" {
			page.Rows = append(page.Rows, json.RawMessage(row))
		}
	}
	return page, nil
}

func keysOf[K ~string](ks []K) []string {
	out := make([]string, len(ks))
	for i, k := range ks {
		out[i] = string(k)
	}
	return out
}

// QueueSize is how much waits in a queue.
type QueueSize struct {
	Queue    Queue      `json:"queue"`
	Total    int64      `json:"total"`
	Claimed  int64      `json:"claimed,omitempty"`
	Breached int64      `json:"breached,omitempty"`
	FirstDue *time.Time `json:"first_due,omitempty"`
}

// Sizes counts every queue.
func (r Reader) Sizes(ctx context.Context, me string) ([]QueueSize, error) {
	g, err := r.Store.live(ctx)
	if err != nil {
		return nil, err
	}
	now := score(r.Now())
	type counts struct {
		total, claimed, breached *redis.IntCmd
		first                    *redis.ZSliceCmd
	}
	cmds := make([]counts, 0, len(Queues()))
	var there *redis.IntCmd
	_, err = r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		there = p.Exists(ctx, g.checkpoint())
		for _, q := range Queues() {
			base := "queue=" + string(q)
			if q == QueueMine {
				base += "|assignee=" + me
			}
			set := g.set(base)
			c := counts{
				claimed:  p.ZCount(ctx, g.set(base+"|claimed"), now, "+inf"),
				breached: p.ZCount(ctx, set, "-inf", now),
				first:    p.ZRangeByScoreWithScores(ctx, set, &redis.ZRangeBy{Min: "-inf", Max: "+inf", Count: 1}),
			}
			c.total = p.ZCard(ctx, set)
			if q == QueueBreached {
				c.total = c.breached
			}
			cmds = append(cmds, c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("projections: %w", err)
	}
	if there.Val() == 0 {
		return nil, ErrRebuilding
	}
	out := make([]QueueSize, 0, len(cmds))
	for i, q := range Queues() {
		c := cmds[i]
		size := QueueSize{Queue: q, Total: c.total.Val(), Claimed: c.claimed.Val()}
		if q != QueueCorrection {
			size.Breached = c.breached.Val()
		}
		if z := c.first.Val(); len(z) > 0 && z[0].Score < never {
			due := time.UnixMilli(int64(z[0].Score)).UTC()
			size.FirstDue = &due
		}
		out = append(out, size)
	}
	return out, nil
}

// Wait answers when readers can see a position, or when the context ends.
func (r Reader) Wait(ctx context.Context, p eventstore.Position) error {
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		at, err := r.Store.Position(ctx)
		if err != nil {
			return err
		}
		if at.Compare(p) >= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Render makes every document of an application from its folded one: what an
// auditor sees of a moment in the past.
func Render(a *Application, e Entry) Moment {
	m := Moment{Entry: e, Application: a, Status: StatusOf(a)}
	if QueueOf(a.Stage) != "" {
		m.Row = RowOf(a)
	}
	return m
}

// Moment is one event and every document as it stood right after it.
type Moment struct {
	Entry       Entry        `json:"entry"`
	Application *Application `json:"application"`
	Status      *Status      `json:"status"`
	Row         *Row         `json:"row,omitempty"`
}

// StageOf is the stage in a stored row.
func StageOf(row []byte) (application.Stage, error) {
	var r struct {
		Stage application.Stage `json:"stage"`
	}
	err := json.Unmarshal(row, &r)
	return r.Stage, err
}
