package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver
)

// lite is SQLite in WAL mode that syncs every commit. It has one writer at a time.
type lite struct {
	db     *sql.DB
	insert *sql.Stmt
	file   string
}

func openSQLite(ctx context.Context, dir string) (subject, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	l := &lite{file: filepath.Join(dir, "events.sqlite")}
	return l, l.open(ctx)
}

func (l *lite) open(ctx context.Context) (err error) {
	l.db, err = sql.Open("sqlite", "file:"+l.file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	l.db.SetMaxOpenConns(1)
	if _, err := l.db.ExecContext(ctx, `create table if not exists events (
		pos integer primary key, stream text not null, rev integer not null, id blob not null,
		type text not null, meta blob not null, data blob not null, unique (stream, rev))`); err != nil {
		return err
	}
	l.insert, err = l.db.PrepareContext(ctx, `insert into events (stream, rev, id, type, meta, data) values (?, ?, ?, ?, ?, ?)`)
	return err
}

func (l *lite) append(ctx context.Context, writer, n int) error {
	return l.put(ctx, l.insert, writer, n)
}

func (l *lite) put(ctx context.Context, insert *sql.Stmt, writer, n int) error {
	e := payload(writer, n)
	stream, expected := place(writer, n)
	_, err := insert.ExecContext(ctx, stream, int64(expected)+1, e.ID[:], e.Type, e.Meta, e.Data)
	return err
}

func (l *lite) scan(ctx context.Context) (n int, err error) {
	rows, err := l.db.QueryContext(ctx, `select pos, stream, rev, id, type, meta, data from events order by pos`)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var pos, rev int64
	var stream, typ string
	var id, meta, data []byte
	for rows.Next() {
		if err := rows.Scan(&pos, &stream, &rev, &id, &typ, &meta, &data); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

func (l *lite) fill(ctx context.Context, n int) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	insert := tx.StmtContext(ctx, l.insert)
	for i := range n {
		if err := l.put(ctx, insert, 1000, i); err != nil {
			return errors.Join(fmt.Errorf("event %d: %w", i, err), tx.Rollback())
		}
	}
	return tx.Commit()
}

func (l *lite) restart(ctx context.Context) error {
	return errors.Join(l.close(), l.open(ctx))
}

func (l *lite) close() error { return errors.Join(l.insert.Close(), l.db.Close()) }
