package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"alta/vault"
)

const keysUsage = `usage: alta keys status
       alta keys rotate
       alta keys retire VERSION

The key-encryption key wraps the key of every person. rotate makes a new version of
it in the key file and wraps every key anew with it, of a running installation too;
no ciphertext changes. With --kms rotate in the key service first: then rotate wraps
every key with the service's newest version. retire drops an old version for good:
keys in backups from before the rotation can never be opened again. Keep the new key
file apart from the data (docs/operations.md).`

// keysRequest is what an operator wants of the key-encryption key.
type keysRequest struct {
	Verb    string
	Version int
}

// runKeys looks after the key-encryption key.
func runKeys(ctx context.Context, args []string, out, errOut io.Writer) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprintln(out, keysUsage)
		return nil
	}
	r := keysRequest{Verb: args[0]}
	args = args[1:]
	switch r.Verb {
	case "status", "rotate":
	case "retire":
		if len(args) == 0 || strings.HasPrefix(args[0], "-") {
			return errUsage("keys retire: name the version")
		}
		n, err := strconv.Atoi(args[0])
		if err != nil || n < 1 {
			return errUsage("keys retire: the version is a number, as in alta keys status")
		}
		r.Version, args = n, args[1:]
	default:
		return errUsage("keys: there is no %q\n%s", r.Verb, keysUsage)
	}
	cfg, err := parseConfig("keys", args, errOut, nil)
	if err != nil {
		return err
	}
	if cfg.EventStore == "" {
		if runs, err := inUse(ctx, cfg); err != nil {
			return err
		} else if runs {
			return handOver(ctx, cfg.Data, "keys", r, out)
		}
	}
	if _, err := os.Stat(vaultDir(cfg.Data)); err != nil && cfg.Blobs == "" {
		return fmt.Errorf("there are no keys in %s: %w", cfg.Data, err)
	}
	p := &program{cfg: cfg, now: cfg.clock, logger: slog.New(slog.NewTextHandler(errOut, nil))}
	if err := p.openVault(ctx); err != nil {
		return errors.Join(err, p.Close())
	}
	return errors.Join(p.keysOf(ctx, r, out), p.Close())
}

// keysOf does what an operator asks for.
func (p *program) keysOf(ctx context.Context, r keysRequest, out io.Writer) error {
	file := p.vault.KeyFile()
	switch r.Verb {
	case "rotate":
		if file != nil {
			if _, err := file.Rotate(); err != nil {
				return err
			}
		}
		n, err := p.vault.Rewrap(ctx)
		if err != nil {
			return fmt.Errorf("%d keys were wrapped anew before this; repeat the command: %w", n, err)
		}
		fmt.Fprintf(out, "%d keys were wrapped anew\n", n)
	case "retire":
		if err := p.vault.Retire(ctx, r.Version); errors.Is(err, vault.ErrInUse) {
			return fmt.Errorf("%w; run alta keys rotate first", err)
		} else if err != nil {
			return err
		}
		fmt.Fprintf(out, "version %d is gone for good\n", r.Version)
	}
	count, err := p.vault.Wrappings(ctx)
	if err != nil {
		return err
	}
	if file != nil {
		fmt.Fprintf(out, "current version: %d\n", file.Version())
	}
	for _, version := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(out, "%d keys are wrapped with %s\n", count[version], version)
	}
	return nil
}
