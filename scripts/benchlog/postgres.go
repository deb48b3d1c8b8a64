package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// cluster is a private PostgreSQL: its own directory, a unix socket, no port.
type cluster struct {
	bin  string
	dir  string
	cmd  *exec.Cmd
	done chan error
	n    int // databases made
	uses int // subjects that have it open
}

// postgresPrograms finds the directory of initdb and postgres, the newest one.
func postgresPrograms() (string, error) {
	if os.Geteuid() == 0 {
		if _, err := user.Lookup("postgres"); err != nil {
			return "", errors.New("it does not run as root, and there is no user postgres")
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return "", errors.New("it is not installed (on Debian: apt-get install postgresql)")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// credentials are those of the user postgres when this process is root's.
func credentials() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func (c *cluster) command(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	cred, err := credentials()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, name), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGQUIT}
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd, nil
}

// start makes the cluster, if there is none yet, and runs it.
func (c *cluster) start(ctx context.Context, parent string) error {
	if c.cmd != nil {
		return nil
	}
	if c.dir == "" {
		// A socket's path is short, so the cluster lies beside the others' directories.
		c.dir = filepath.Join(filepath.Dir(parent), "pg")
		if err := os.MkdirAll(c.dir, 0o700); err != nil {
			return err
		}
		if cred, err := credentials(); err != nil {
			return err
		} else if cred != nil {
			if err := os.Chown(c.dir, int(cred.Uid), int(cred.Gid)); err != nil {
				return err
			}
		}
		cmd, err := c.command(ctx, "initdb", "--pgdata", filepath.Join(c.dir, "data"), "--auth", "trust", "--username", "postgres", "--encoding", "UTF8", "--no-locale")
		if err != nil {
			return err
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("initdb: %w: %s", err, out)
		}
	}
	// Its own settings where they concern safety; more memory than the default.
	cmd, err := c.command(context.WithoutCancel(ctx), "postgres", "-D", filepath.Join(c.dir, "data"), "-k", c.dir,
		"-c", "listen_addresses=", "-c", "max_connections=300", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB",
		"-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "full_page_writes=on", "-c", "log_min_messages=fatal")
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	c.cmd, c.done = cmd, make(chan error, 1)
	go func() { c.done <- cmd.Wait() }()
	for limit := time.Now().Add(20 * time.Second); ; {
		conn, err := pgx.Connect(ctx, c.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case werr := <-c.done:
			return fmt.Errorf("postgres ended: %w (%w)", werr, err)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(limit) {
			return errors.Join(fmt.Errorf("postgres does not answer: %w", err), c.stop())
		}
	}
}

func (c *cluster) url(database string) string {
	return fmt.Sprintf("host=%s user=postgres dbname=%s", c.dir, database)
}

// stop ends it in good order, and waits.
func (c *cluster) stop() error {
	if c.cmd == nil {
		return nil
	}
	err := c.cmd.Process.Signal(syscall.SIGINT) // fast shutdown
	select {
	case werr := <-c.done:
		err = errors.Join(err, werr)
	case <-time.After(30 * time.Second):
		err = errors.Join(err, errors.New("postgres does not end"), c.cmd.Process.Kill(), <-c.done)
	}
	c.cmd = nil
	return err
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
	conn, err := pgx.Connect(ctx, c.url("postgres"))
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
	conf, err := pgxpool.ParseConfig(p.cluster.url(p.name))
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
	if err := p.cluster.stop(); err != nil {
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
	return p.cluster.stop()
}

// version tells which PostgreSQL it is.
func (c *cluster) version() string {
	out, err := exec.Command(filepath.Join(c.bin, "postgres"), "--version").Output()
	if err != nil {
		return "PostgreSQL"
	}
	return strings.TrimSpace(string(out))
}
