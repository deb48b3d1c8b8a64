package statistics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"alta/domain/calendar"
	"alta/domain/reason"
	"alta/projections"

	"github.com/redis/go-redis/v9"
)

// MaxDays is the longest time that one report tells of.
const MaxDays = 400

const (
	topAgents    = 20
	topReviewers = 50
	candidates   = 50 // members of one bucket that are looked at as possibly among the busiest
)

// Reader reads the sums.
type Reader struct {
	Store    *Store
	Calendar func() calendar.Calendar
}

// ErrRange: a report of more than MaxDays days, or of less than one.
var ErrRange = errors.New("statistics: the range is empty or too long")

// Own is what one reviewer did from one day to another, both counted.
// projections.ErrRebuilding where nothing is counted yet.
func (r Reader) Own(ctx context.Context, from, to calendar.Date, account string) (Report, error) {
	return r.read(ctx, from, to, func(q *question) error { return q.own(ctx, account) })
}

// Everything is the whole report, with the load of whoever asks.
func (r Reader) Everything(ctx context.Context, from, to calendar.Date, account string) (Report, error) {
	return r.read(ctx, from, to, func(q *question) error {
		for _, part := range []func(context.Context) error{q.series, q.agents, q.reviewers} {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return q.own(ctx, account)
	})
}

// Waiting is a sample that waits for a verdict.
type Waiting struct {
	ID    string
	Place string // among the others: what is due first comes first
}

// Samples are at most so many of those that wait for a verdict, after a place or
// from the first on, and how many wait in all. projections.ErrCursor where the
// place is none.
func (r Reader) Samples(ctx context.Context, after string, limit int) (out []Waiting, all int64, err error) {
	from := "-"
	if after != "" {
		if _, ok := idAt(after); !ok {
			return nil, 0, projections.ErrCursor
		}
		from = "(" + after
	}
	err = r.within(ctx, func(g generation, _ checkpoint) error {
		var page *redis.StringSliceCmd
		var count *redis.IntCmd
		_, err := r.Store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			page = p.ZRangeByLex(ctx, g.samples(), &redis.ZRangeBy{Min: from, Max: "+", Count: int64(limit)})
			count = p.ZCard(ctx, g.samples())
			return nil
		})
		if err != nil {
			return failed(err)
		}
		out, all = make([]Waiting, 0, limit), count.Val()
		for _, place := range page.Val() {
			if id, ok := idAt(place); ok {
				out = append(out, Waiting{id, place})
			}
		}
		return nil
	})
	return out, all, err
}

// question is one report under way.
type question struct {
	*Report
	store *Store
	g     generation
	from  calendar.Date
}

// within has a build read. Where that was retired meanwhile, what was read may be
// incomplete, and the new one is asked.
func (r Reader) within(ctx context.Context, use func(generation, checkpoint) error) error {
	for range 3 {
		g, err := r.Store.live(ctx)
		if err != nil {
			return err
		}
		c, err := checkpointIn(ctx, r.Store.rdb, g)
		if errors.Is(err, errLost) {
			continue
		}
		if err != nil {
			return err
		}
		if !strings.HasSuffix(c.origin, " "+r.Calendar().Version) {
			return projections.ErrRebuilding // counted by another calendar
		}
		if err := use(g, c); err != nil {
			return err
		}
		there, err := r.Store.rdb.Exists(ctx, g.checkpoint()).Result()
		if err != nil {
			return failed(err)
		}
		if there == 1 {
			return nil
		}
	}
	return projections.ErrRebuilding
}

// read reads a report from one build.
func (r Reader) read(ctx context.Context, from, to calendar.Date, fill func(*question) error) (out Report, err error) {
	cal := r.Calendar()
	err = r.within(ctx, func(g generation, c checkpoint) error {
		q := &question{store: r.Store, g: g, from: from, Report: &Report{
			From: from.String(), To: to.String(), Zone: cal.Zone().String(), Calendar: cal.Version, Position: c.mark.Position.String(),
		}}
		for d := from; !to.Before(d); d = d.Next() {
			if q.Days = append(q.Days, d.String()); len(q.Days) > MaxDays {
				return ErrRange
			}
		}
		if len(q.Days) == 0 {
			return ErrRange
		}
		if err := fill(q); err != nil {
			return err
		}
		out = *q.Report
		return nil
	})
	return out, err
}

// series reads what is counted of everybody.
func (q *question) series(ctx context.Context) error {
	cmds := make([]*redis.MapStringStringCmd, len(q.Days))
	_, err := q.store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, d := range q.Days {
			cmds[i] = p.HGetAll(ctx, q.g.sums(hash{everybody, d}))
		}
		return nil
	})
	if err != nil {
		return failed(err)
	}
	cells := map[string][]int64{}
	for i, cmd := range cmds {
		for field, text := range cmd.Val() {
			if cells[field] == nil {
				cells[field] = make([]int64, len(q.Days))
			}
			if cells[field][i], err = strconv.ParseInt(text, 10, 64); err != nil {
				return fmt.Errorf("statistics: %s of %s: %w", field, q.Days[i], err)
			}
		}
	}
	of := func(cell string) []int64 {
		if s := cells[cell]; s != nil {
			return s
		}
		return make([]int64, len(q.Days))
	}
	q.Flow = &Flow{
		Opened: of(cellOpened), Submitted: of(cellSubmitted), Resubmitted: of(cellResubmitted), Returned: of(cellReturned),
		Activated: of(cellActivated), Declined: of(cellDeclined), Withdrawn: of(cellWithdrawn), Expired: of(cellExpired),
	}
	q.FirstRound = &FirstRound{of(cellAccepted), of(cellRejected)}
	q.Samples = &Samples{of(cellDrawn), of(cellSampled), of(cellAgreed), of(cellShared), of(cellNamed)}
	q.Turns = turns(of)
	q.Reasons = []ReasonSeries{}
	for _, cell := range slices.Sorted(maps.Keys(cells)) {
		if code, ok := strings.CutPrefix(cell, cellReason); ok {
			q.Reasons = append(q.Reasons, ReasonSeries{reason.Code(code), cells[cell]})
		}
	}
	before, err := q.before(ctx)
	if err != nil {
		return err
	}
	for _, name := range Queues() {
		s := QueueSeries{
			Queue: name, In: of(cellIn + string(name)), Out: of(cellOut + string(name)), Done: of(cellDone + string(name)),
			Met: of(cellMet + string(name)), Missed: of(cellMissed + string(name)), Depth: make([]int64, len(q.Days)),
		}
		depth := before[name]
		for i := range s.Depth {
			depth += s.In[i] - s.Out[i]
			s.Depth[i] = depth
		}
		q.Queues = append(q.Queues, s)
	}
	return nil
}

func turns(of func(string) []int64) (out []TurnSeries) {
	for _, turn := range Turns() {
		s := TurnSeries{
			Turn: turn, Ended: of(cellTurns + string(turn)), BusinessSeconds: of(cellBusiness + string(turn)), PlainSeconds: of(cellPlain + string(turn)),
		}
		for i, upTo := range append(turn.Bounds(), 0) {
			c := Class{UpTo: int64(upTo / time.Second)}
			for _, n := range of(cellBin + string(turn) + " " + strconv.Itoa(i)) {
				c.Turns += n
			}
			s.Classes = append(s.Classes, c)
		}
		s.Median, s.Ninetieth = quantile(s.Classes, 0.5), quantile(s.Classes, 0.9)
		out = append(out, s)
	}
	return out
}

// before is how many waited in each queue when the first day began: what came in
// less what went, in all years, months and days before.
func (q *question) before(ctx context.Context) (map[projections.Queue]int64, error) {
	years, err := q.store.rdb.SMembers(ctx, q.g.years()).Result()
	if err != nil {
		return nil, failed(err)
	}
	first, buckets := q.from.String(), []string(nil)
	for _, y := range years {
		if y < first[:4] {
			buckets = append(buckets, y)
		}
	}
	for m := 1; m < int(q.from.Month); m++ {
		buckets = append(buckets, fmt.Sprintf("%s-%02d", first[:4], m))
	}
	for d := 1; d < q.from.Day; d++ {
		buckets = append(buckets, fmt.Sprintf("%s-%02d", first[:7], d))
	}
	var fields []string
	for _, name := range Queues() {
		fields = append(fields, cellIn+string(name), cellOut+string(name))
	}
	found, err := q.totals(ctx, everybody, buckets, fields)
	out := map[projections.Queue]int64{}
	for i, name := range Queues() {
		out[name] = found[2*i] - found[2*i+1]
	}
	return out, err
}

// totals sums fields over buckets.
func (q *question) totals(ctx context.Context, k kind, buckets, fields []string) ([]int64, error) {
	out := make([]int64, len(fields))
	if len(buckets) == 0 || len(fields) == 0 {
		return out, nil
	}
	cmds := make([]*redis.SliceCmd, len(buckets))
	_, err := q.store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, b := range buckets {
			cmds[i] = p.HMGet(ctx, q.g.sums(hash{k, b}), fields...)
		}
		return nil
	})
	if err != nil {
		return out, failed(err)
	}
	for _, cmd := range cmds {
		for i, v := range cmd.Val() {
			n, err := number(v)
			if err != nil {
				return out, failed(err)
			}
			out[i] += n
		}
	}
	return out, nil
}

// cover is the days of the report in as few buckets as there are: whole years and
// months where they fit.
func (q *question) cover() (out []string) {
	for i := 0; i < len(q.Days); {
		d := q.Days[i]
		for _, size := range []int{4, 7, 10} {
			bucket := d[:size]
			if n := span(bucket); strings.TrimSuffix(d, "-01-01") == bucket || strings.TrimSuffix(d, "-01") == bucket || size == 10 {
				if i+n <= len(q.Days) {
					out, i = append(out, bucket), i+n
					break
				}
			}
		}
	}
	return out
}

// span is how many days a bucket has.
func span(bucket string) int {
	switch len(bucket) {
	case len("2026"):
		first, _ := time.Parse("2006", bucket)
		return first.AddDate(1, 0, -1).YearDay()
	case len("2026-11"):
		first, _ := time.Parse("2006-01", bucket)
		return first.AddDate(0, 1, -1).Day()
	}
	return 1
}

// busiest finds the members of a kind that had most to do, in the order of that.
// Somebody who was never among the first of any day, month or year of the report
// is not among them.
func (q *question) busiest(ctx context.Context, k kind, most int) ([]string, error) {
	buckets := q.cover()
	cmds := make([]*redis.ZSliceCmd, len(buckets))
	_, err := q.store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, b := range buckets {
			cmds[i] = p.ZRevRangeWithScores(ctx, q.g.ranks(hash{k, b}), 0, candidates-1)
		}
		return nil
	})
	if err != nil {
		return nil, failed(err)
	}
	sum := map[string]float64{}
	for _, cmd := range cmds {
		for _, z := range cmd.Val() {
			sum[z.Member.(string)] += z.Score
		}
	}
	out := slices.SortedFunc(maps.Keys(sum), func(a, b string) int { return cmp.Or(cmp.Compare(sum[b], sum[a]), cmp.Compare(a, b)) })
	return out[:min(len(out), most)], nil
}

// members reads the same cells of several members.
func (q *question) members(ctx context.Context, k kind, who, cells []string) ([][]int64, error) {
	var fields []string
	for _, m := range who {
		for _, c := range cells {
			fields = append(fields, m+separator+c)
		}
	}
	all, err := q.totals(ctx, k, q.cover(), fields)
	out := make([][]int64, len(who))
	for i := range who {
		out[i] = all[i*len(cells) : (i+1)*len(cells)]
	}
	return out, err
}

func (q *question) agents(ctx context.Context) error {
	who, err := q.busiest(ctx, agents, topAgents)
	if err != nil {
		return err
	}
	cells := []string{cellOpened, cellSubmitted, cellAccepted, cellRejected}
	var codes []reason.Code
	for _, r := range q.Reasons {
		codes, cells = append(codes, r.Code), append(cells, cellReason+string(r.Code))
	}
	found, err := q.members(ctx, agents, who, cells)
	if err != nil {
		return err
	}
	q.Agents = []Agent{}
	for i, n := range found {
		a := Agent{Organisation: who[i], Opened: n[0], Submitted: n[1], AcceptedFirst: n[2], NotAcceptedFirst: n[3], Reasons: []ReasonTotal{}}
		for j, code := range codes {
			if told := n[4+j]; told > 0 {
				a.Reasons = append(a.Reasons, ReasonTotal{code, told})
			}
		}
		slices.SortStableFunc(a.Reasons, func(a, b ReasonTotal) int { return cmp.Compare(b.Told, a.Told) })
		q.Agents = append(q.Agents, a)
	}
	return nil
}

// ownCells are a reviewer's, in the order of Reviewer and Load.
var ownCells = []string{
	cellClaimed, cellDecided, cellReturned, cellReasons, cellHeld, cellSampled, cellAgreed, cellShared, cellNamed,
}

func (q *question) reviewers(ctx context.Context) error {
	who, err := q.busiest(ctx, reviewers, topReviewers)
	if err != nil {
		return err
	}
	found, err := q.members(ctx, reviewers, who, ownCells)
	if err != nil {
		return err
	}
	q.Reviewers = []Reviewer{}
	for i, n := range found {
		q.Reviewers = append(q.Reviewers, Reviewer{who[i], n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]})
	}
	return nil
}

func (q *question) own(ctx context.Context, account string) error {
	fields := make([]string, len(ownCells))
	for i, c := range ownCells {
		fields[i] = account + separator + c
	}
	series := make([][]int64, len(ownCells))
	for i := range series {
		series[i] = make([]int64, len(q.Days))
	}
	cmds := make([]*redis.SliceCmd, len(q.Days))
	_, err := q.store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, d := range q.Days {
			cmds[i] = p.HMGet(ctx, q.g.sums(hash{reviewers, d}), fields...)
		}
		return nil
	})
	if err != nil {
		return failed(err)
	}
	for day, cmd := range cmds {
		for i, v := range cmd.Val() {
			if series[i][day], err = number(v); err != nil {
				return failed(err)
			}
		}
	}
	q.Own = &Load{series[0], series[1], series[2], series[3], series[4], series[5], series[6], series[7], series[8]}
	return nil
}
