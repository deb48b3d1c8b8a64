package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"alta/decider"
	"alta/domain/account"
	"alta/reactions"
)

// upkeep is what a program that runs for months does beside its work. It starts
// what this process is for and no more: decoders where files are uploaded, the
// care of stored files where reactions run, the keys of the sessions everywhere.
func (p *program) startUpkeep(background background) {
	if p.cfg.does("api") {
		background("warm the decoders", p.intake.Warm)
	}
	if p.cfg.KMS != "" || p.cfg.Blobs != "" { // keys on this machine's disk do not go away
		background("keys", func(ctx context.Context) error { return every(ctx, keyProbeEvery, p.watchKeys) })
	}
	if p.cfg.does("reactions") {
		p.orphans = reactions.NewOrphans(reactions.OrphansConfig{Log: p.log, Files: p.vault.Blobs(), Now: p.now, Logger: p.logger})
		one := func(name string, interval time.Duration, work func(context.Context)) {
			background(name, p.oneAtATime(name, new(atomic.Bool), func(ctx context.Context) error { return every(ctx, interval, work) }))
		}
		one("sweep", time.Hour, p.sweep)
		one("scrub", 24*time.Hour, p.scrub)
	}
	background("session keys", func(ctx context.Context) error { return every(ctx, 24*time.Hour, p.maintainKeys) })
}

// every does the work now and then again and again, one interval after it ended.
func every(ctx context.Context, interval time.Duration, work func(context.Context)) error {
	for {
		work(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(interval):
		}
	}
}

// sweep removes what interrupted uploads left: pieces of files, and whole files
// whose event was never written.
func (p *program) sweep(ctx context.Context) {
	pieces, err := p.vault.Blobs().Sweep(ctx, 0)
	if err != nil && ctx.Err() == nil {
		p.logger.Error("what interrupted uploads left cannot be swept", "error", err)
	}
	files := 0
	if p.hidden.nothing() { // after a scavenge no event speaks of the files of a hidden stream
		files, err = p.orphans.Sweep(ctx)
	}
	if err != nil && ctx.Err() == nil {
		p.logger.Error("files that no event speaks of cannot be swept", "error", err)
	}
	if pieces > 0 || files > 0 {
		p.logger.Info("what interrupted uploads left was swept", "pieces", pieces, "files", files)
	}
}

// scrub reads every stored file and says loudly which must be restored.
func (p *program) scrub(ctx context.Context) {
	began, damaged := p.now(), 0
	err := p.vault.Blobs().Scrub(ctx, func(name string) {
		damaged++
		p.logger.Error("A STORED FILE IS DAMAGED: restore it from a backup", "object", name)
	})
	switch {
	case ctx.Err() != nil:
	case err != nil:
		p.logger.Error("the stored files cannot be checked", "error", err)
	case damaged > 0:
		p.logger.Error("STORED FILES ARE DAMAGED", "objects", damaged, "took", p.now().Sub(began))
	default:
		p.logger.Info("every stored file was read and is whole", "took", p.now().Sub(began))
	}
}

func (p *program) maintainKeys(context.Context) {
	if err := p.keys.Maintain(p.now()); err != nil {
		p.logger.Error("the keys of the sessions cannot be renewed", "error", err)
	}
}

// newErase makes the reaction that destroys what was decided to be destroyed.
func (p *program) newErase() *reactions.Erase {
	return reactions.NewErase(reactions.EraseConfig{
		Log: p.log, Destroy: p.vault.Shred, Discard: p.vault.Blobs().Destroy, Now: p.now, Logger: p.logger,
		CloseAccount: func(ctx context.Context, cmd decider.Command, id string) error {
			err := p.auth.CloseAccount(ctx, cmd, id, "all data of the merchant were erased")
			if errors.Is(err, account.ErrNoAccount) {
				return nil
			}
			return err
		},
		Forget: func(subject string) {
			p.applications.Forget(subject)
			p.auth.Forget(subject)
		},
	})
}
