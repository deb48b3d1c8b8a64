package main

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"alta/scripts/pgserver"
)

// cluster is the server that the subjects of PostgreSQL share.
type cluster struct {
	*pgserver.Server
	n    int // databases made
	uses int // subjects that have it open
}

// start runs it beside the subjects' directories: a socket's path is short.
func (c *cluster) start(ctx context.Context, dir string) error {
	return c.Start(ctx, filepath.Dir(dir))
}

// postgres is one table of events.
type postgres struct {
	cluster *cluster
	parent  string
	name    string
	pool    *pgxpool.Pool
	queue   chan *waiting // of the group writer; nil without one
	ended   chan struct{}
}

const insertOne = `insert into events (stream, rev, id, type, meta, data) values ($1, $2, $3, $4, $5, $6)`

const insertMany = `insert into events (stream, rev, id, type, meta, data)
	select * from unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::bytea[], $6::bytea[])`

func openPostgres(ctx context.Context, c *cluster, dir string, group bool) (subject, error) {
	if err := c.start(ctx, dir); err != nil {
		return nil, err
	}
	c.n++
	c.uses++
	p := &postgres{cluster: c, parent: dir, name: "bench" + strconv.Itoa(c.n)}
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "create database "+p.name)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return nil, err
	}
	if err := p.connect(ctx); err != nil {
		return nil, err
	}
	if _, err = p.pool.Exec(ctx, `create table events (
		pos bigint generated always as identity primary key, stream text not null, rev bigint not null, id uuid not null,
		type text not null, meta bytea not null, data bytea not null, unique (stream, rev))`); err != nil {
		return nil, err
	}
	if group {
		p.queue, p.ended = make(chan *waiting, 1024), make(chan struct{})
		go p.write(context.WithoutCancel(ctx))
	}
	return p, nil
}

func (p *postgres) connect(ctx context.Context) error {
	conf, err := pgxpool.ParseConfig(p.cluster.URL(p.name))
	if err != nil {
		return err
	}
	conf.MaxConns = 128 // one for each writer
	p.pool, err = pgxpool.NewWithConfig(ctx, conf)
	return err
}

// waiting is an append in the group writer's queue.
type waiting struct {
	writer, n int
	done      chan error
}

func (p *postgres) append(ctx context.Context, writer, n int) error {
	if p.queue != nil {
		w := &waiting{writer, n, make(chan error, 1)}
		p.queue <- w
		return <-w.done
	}
	e := payload(writer, n)
	stream, expected := place(writer, n)
	_, err := p.pool.Exec(ctx, insertOne, stream, int64(expected)+1, [16]byte(e.ID), e.Type, e.Meta, e.Data)
	return err
}

// write is the group writer: it takes all that is queued into one statement, which
// is one transaction and one sync.
func (p *postgres) write(ctx context.Context) {
	defer close(p.ended)
	for first := range p.queue {
		group := []*waiting{first}
	more:
		for len(group) < 512 {
			select {
			case w, ok := <-p.queue:
				if !ok {
					break more
				}
				group = append(group, w)
			default:
				break more
			}
		}
		err := p.insert(ctx, group)
		for _, w := range group {
			w.done <- err
		}
	}
}

func (p *postgres) insert(ctx context.Context, group []*waiting) error {
	var streams, types []string
	var revs []int64
	var ids [][16]byte
	var metas, datas [][]byte
	for _, w := range group {
		e := payload(w.writer, w.n)
		stream, expected := place(w.writer, w.n)
		streams, types, revs = append(streams, stream), append(types, e.Type), append(revs, int64(expected)+1)
		ids, metas, datas = append(ids, e.ID), append(metas, e.Meta), append(datas, e.Data)
	}
	_, err := p.pool.Exec(ctx, insertMany, streams, revs, ids, types, metas, datas)
	return err
}

func (p *postgres) scan(ctx context.Context) (n int, err error) {
	rows, err := p.pool.Query(ctx, `select pos, stream, rev, id, type, meta, data from events order by pos`)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var pos, rev int64
	var id [16]byte
	var stream, typ string
	var meta, data []byte
	for rows.Next() {
		if err := rows.Scan(&pos, &stream, &rev, &id, &typ, &meta, &data); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

func (p *postgres) fill(ctx context.Context, n int) error {
	for from := 0; from < n; from += 1000 {
		var group []*waiting
		for i := from; i < min(from+1000, n); i++ {
			group = append(group, &waiting{writer: 1000, n: i})
		}
		if err := p.insert(ctx, group); err != nil {
			return err
		}
	}
	_, err := p.pool.Exec(ctx, "vacuum (analyze) events")
	return err
}

func (p *postgres) restart(ctx context.Context) error {
	p.pool.Close()
	if err := p.cluster.Stop(); err != nil {
		return err
	}
	if err := p.cluster.start(ctx, p.parent); err != nil {
		return err
	}
	return p.connect(ctx)
}

func (p *postgres) close() error {
	if p.queue != nil {
		close(p.queue)
		<-p.ended
	}
	p.pool.Close()
	if p.cluster.uses--; p.cluster.uses > 0 {
		return nil
	}
	return p.cluster.Stop()
}
