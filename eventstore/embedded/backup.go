package embedded

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Backup writes a consistent copy of the store to a directory that must not
// exist yet, while the log goes on. On the same disk it takes no space to speak
// of, because files that never change are linked. The copy holds at least
// everything that was durable when Backup was called. It is not verified here:
// open it with Options.ReadOnly and check it.
func (l *Log) Backup(ctx context.Context, dir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.enter(); err != nil {
		return err
	}
	defer l.closing.RUnlock()
	var how []pebble.CheckpointOption
	if !l.opt.ReadOnly {
		how = append(how, pebble.WithFlushedWAL())
	}
	if err := l.db.Checkpoint(dir, how...); err != nil {
		return fmt.Errorf("embedded: back up to %s: %w", dir, err)
	}
	return nil
}
