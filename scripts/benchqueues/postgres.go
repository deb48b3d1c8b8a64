package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"alta/domain/application"
	"alta/projections"
	"alta/scripts/measure"
	"alta/scripts/pgserver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// schema is what a good engineer would make of the same lists: one table, an
// index for every order and facet that screens offer, trigrams for names.
const schema = `
create extension if not exists pg_trgm;
create table rows (
	id text primary key, queue text not null, holder text not null, kind text not null, language text not null, agent text not null,
	round int not null, priority int not null, products text[] not null, reasons text[] not null, blocks int not null, warns int not null,
	hints int not null, name text not null, merchant_number text not null, domain text not null, opened timestamptz not null,
	updated timestamptz not null, due timestamptz, claimed_by text, claimed_until timestamptz, doc text not null)`

var indexes = []string{
	"create index on rows (queue, due, id)", "create index on rows (queue, priority desc, due, id)", "create index on rows (queue, opened, id)",
	"create index on rows (queue, kind, due, id)", "create index on rows (queue, language, due, id)", "create index on rows (queue, agent, due, id)",
	"create index on rows (queue, round, due, id)", "create index on rows using gin (products)", "create index on rows using gin (reasons)",
	"create index on rows (queue, due, id) where warns > 0", "create index on rows (due) where holder = 'platform'",
	"create index on rows (updated desc, id)", "create index on rows (merchant_number)", "create index on rows (domain)",
	"create index on rows using gin (name gin_trgm_ops)", "create index on rows (claimed_by, due)", "vacuum (analyze) rows",
}

// compare asks PostgreSQL for the same lists under the same load.
func compare(ctx context.Context, s sizes, dir string, server *redisServer, lists []*list, r *measure.Report) (err error) {
	pg, err := pgserver.New()
	if err != nil {
		r.Say("PostgreSQL is left out: %v", err)
		return nil
	}
	if err := pg.Start(ctx, dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Stop()) }()
	pool, err := pgxpool.New(ctx, pg.URL("postgres"))
	if err != nil {
		return err
	}
	defer pool.Close()
	ids, err := fillTable(ctx, pool, server)
	if err != nil {
		return err
	}
	updating, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- update(updating, pool, ids, s.commands) }()
	rows := [][]string{{"", "Alta p50", "p99", "most", "PostgreSQL p50", "p99", "most"}}
	for _, l := range lists {
		took, err := ask(ctx, pool, l, s.short)
		if err != nil {
			stop()
			return errors.Join(fmt.Errorf("PostgreSQL: %s: %w", l.name, err), <-ended)
		}
		row := []string{l.name, ms(measure.Percentile(l.took, .5)), ms(measure.Percentile(l.took, .99)), ms(measure.Percentile(l.took, 1))}
		if len(took) == 0 {
			rows = append(rows, append(row, "", "", ""))
		} else {
			rows = append(rows, append(row, ms(measure.Percentile(took, .5)), ms(measure.Percentile(took, .99)), ms(measure.Percentile(took, 1))))
		}
	}
	stop()
	if err := <-ended; err != nil {
		return err
	}
	if s.short {
		r.Say("PostgreSQL: answers the same lists")
		return nil
	}
	measure.Table(fmt.Sprintf("a page of fifty with its total, at %d commands a second; Alta through its interface, PostgreSQL asked directly", s.commands), rows)
	return nil
}

// fillTable copies the rows from Redis.
func fillTable(ctx context.Context, pool *pgxpool.Pool, server *redisServer) (ids []string, err error) {
	if _, err := pool.Exec(ctx, schema); err != nil {
		return nil, err
	}
	var some [][]any
	flush := func() error {
		_, err := pool.CopyFrom(ctx, pgx.Identifier{"rows"}, []string{
			"id", "queue", "holder", "kind", "language", "agent", "round", "priority", "products", "reasons", "blocks", "warns", "hints", "name",
			"merchant_number", "domain", "opened", "updated", "due", "claimed_by", "claimed_until", "doc",
		}, pgx.CopyFromRows(some))
		some = some[:0]
		return err
	}
	seen := map[string]bool{}
	var failed error
	err = server.eachRow(ctx, func(id, raw string) bool {
		if seen[id] {
			return true
		}
		seen[id] = true
		row, err := decode(raw)
		if err != nil {
			failed = err
			return false
		}
		if row.ID == "" {
			return true
		}
		ids = append(ids, id)
		some = append(some, columns(row, raw))
		if len(some) == 5000 {
			failed = flush()
		}
		return failed == nil
	})
	if err := errors.Join(err, failed, flush()); err != nil {
		return nil, err
	}
	for _, x := range indexes {
		if _, err := pool.Exec(ctx, x); err != nil {
			return nil, fmt.Errorf("%s: %w", x, err)
		}
	}
	return ids, nil
}

func columns(row projections.Row, raw string) []any {
	queue := projections.QueueOf(row.Stage)
	if row.Stage == application.Website && row.Holder == application.Merchant {
		queue = projections.QueueCorrection
	}
	products := make([]string, len(row.Products))
	for i, p := range row.Products {
		products[i] = string(p)
	}
	reasons := append([]string{}, row.Reasons...)
	var by *string
	var until *time.Time
	if row.Claim != nil {
		by, until = &row.Claim.By.ID, &row.Claim.Until
	}
	return []any{
		row.ID, string(queue), string(row.Holder), string(row.Kind), row.Language, row.Agent, row.Round, row.Priority, products, reasons, row.Blocks,
		row.Warns, row.Hints, row.Name, row.MerchantNumber, row.Domain, row.OpenedAt, row.UpdatedAt, row.Due, by, until, raw,
	}
}

// update changes rows at the pace of the commands.
func update(ctx context.Context, pool *pgxpool.Pool, ids []string, perSecond int) error {
	beat := time.NewTicker(time.Second / time.Duration(perSecond))
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
		_, err := pool.Exec(ctx, "update rows set updated = now(), doc = doc || ' ' where id = $1", ids[rand.IntN(len(ids))])
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// ask reads a list and its total, again and again for some seconds.
func ask(ctx context.Context, pool *pgxpool.Pool, l *list, short bool) (took []time.Duration, err error) {
	if l.where == "" {
		return nil, nil
	}
	span := 4 * time.Second
	if short {
		span = 50 * time.Millisecond
	}
	page := "select doc from rows where " + l.where + " order by " + l.order + " limit 51"
	count := "select count(*) from rows where " + l.where
	for begun := time.Now(); time.Since(begun) < span; {
		at := time.Now()
		rows, err := pool.Query(ctx, page, l.args...)
		if err != nil {
			return nil, err
		}
		if _, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return nil, err
		}
		var n int64
		if err := pool.QueryRow(ctx, count, l.args...).Scan(&n); err != nil {
			return nil, err
		}
		took = append(took, time.Since(at))
	}
	return took, nil
}
