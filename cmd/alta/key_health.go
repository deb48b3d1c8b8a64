package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"alta/vault"
)

// keyHealth remembers whether personal values could be sealed and opened when it
// was last tried. A token of the key service that ran out would otherwise show
// only in the request that needs a new key.
type keyHealth struct {
	mu   sync.Mutex
	last error
}

const (
	keyProbeEvery = 10 * time.Second
	keyProbeTakes = 5 * time.Second
)

// err is why sealed writes are refused now; nil while they work.
func (h *keyHealth) err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// watchKeys tries the keys again and again, and logs each change.
func (p *program) watchKeys(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, keyProbeTakes)
	defer cancel()
	err := p.vault.Probe(within)
	switch {
	case ctx.Err() != nil:
		return
	case err == nil:
	case errors.Is(err, vault.ErrUnavailable), errors.Is(err, vault.ErrDamaged):
	default:
		err = fmt.Errorf("%w: %w", vault.ErrUnavailable, err)
	}
	p.keyState.mu.Lock()
	was := p.keyState.last
	p.keyState.last = err
	p.keyState.mu.Unlock()
	switch {
	case err != nil && was == nil:
		p.logger.Error("personal values cannot be sealed or opened: writes of them are refused", "error", err)
	case err == nil && was != nil:
		p.logger.Info("personal values can be sealed and opened again")
	}
}
