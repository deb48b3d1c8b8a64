package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
)

// probeName binds what Probe wraps, so that it can never pass for a subject's key.
const probeName = "probe"

// Probe asks the key store and the key service for what every sealed write needs
// of them: it reads a stored key and unwraps it, then wraps a new one and unwraps
// that. Nothing is kept. A write in several steps asks it first, so that a key
// service that is away leaves nothing half done. The error is ErrUnavailable or says
// what is damaged.
func (v *Vault) Probe(ctx context.Context) error {
	if _, err := v.indexKey(ctx); err != nil {
		return err
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return err
	}
	record, err := v.wrap(ctx, probeName, raw)
	if err != nil {
		return err
	}
	again, err := v.unwrap(ctx, probeName, record)
	if err == nil && !bytes.Equal(raw, again) {
		err = fmt.Errorf("%w: the key service unwraps another key than it wrapped", ErrDamaged)
	}
	return err
}
