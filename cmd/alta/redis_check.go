package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	oldestRedis = "6.2" // ZMSCORE
	redisAsked  = 3 * time.Second
	redisEvery  = 15 * time.Second
)

// redisFit says whether a Redis may hold the lists. A policy that evicts keys makes
// lists short without a word, and a version without ZMSCORE cannot answer them.
type redisFit struct {
	client redis.UniversalClient
	logger *slog.Logger
	fault  atomic.Pointer[error] // why it is not fit, as of the last look
	said   string                // what was warned of last
}

// unfitError: this Redis must not be used as it is.
type unfitError struct{ why string }

func (e *unfitError) Error() string { return e.why }

// look asks every server. It answers *unfitError for one that must not be used. asked is
// false where not every server answered: then it is not known whether they may be.
func (f *redisFit) look(ctx context.Context) (asked bool, err error) {
	ctx, stop := context.WithTimeout(ctx, redisAsked)
	defer stop()
	var (
		mu      sync.Mutex // the masters of a Cluster are asked side by side
		warning string
	)
	ask := func(ctx context.Context, c *redis.Client) error {
		info, err := c.Info(ctx).Result()
		if err != nil {
			return err
		}
		text, err := judgeRedis(info)
		mu.Lock()
		defer mu.Unlock()
		warning = max(warning, text)
		return err
	}
	switch c := f.client.(type) {
	case *redis.ClusterClient:
		err = c.ForEachMaster(ctx, ask)
	case *redis.Client:
		err = ask(ctx, c)
	}
	asked = err == nil || errors.As(err, new(*unfitError))
	if !asked {
		if errors.As(err, new(redis.Error)) {
			warning = max(warning, "Redis does not say which version it is and whether it evicts (INFO is not permitted): make sure that it is "+oldestRedis+" or newer with maxmemory-policy noeviction")
		}
		err = nil // that it is away, others say
	}
	f.warn(warning)
	return asked, err
}

// warn says a thing once.
func (f *redisFit) warn(text string) {
	if text != "" && text != f.said {
		f.logger.Warn(text)
	}
	f.said = text
}

// run looks again and again: somebody may change a running server, and a failover
// brings another one.
func (f *redisFit) run(ctx context.Context) error {
	for pause(ctx, redisEvery) {
		f.again(ctx)
	}
	return nil
}

// again looks once more. While Redis cannot be asked what it was found to be stands.
func (f *redisFit) again(ctx context.Context) {
	asked, err := f.look(ctx)
	if !asked {
		return
	}
	if was := f.err(); (was == nil) != (err == nil) {
		if err != nil {
			f.logger.Error("Redis is not fit to hold the lists", "error", err)
		} else {
			f.logger.Info("Redis is fit to hold the lists again")
		}
	}
	if err == nil {
		f.fault.Store(nil)
	} else {
		f.fault.Store(&err)
	}
}

// err answers why Redis is not fit, as of the last look.
func (f *redisFit) err() error {
	if e := f.fault.Load(); e != nil {
		return *e
	}
	return nil
}

// judgeRedis reads what INFO answers. Fields that are not there prove nothing.
func judgeRedis(info string) (warning string, err error) {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if name, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = v
		}
	}
	if v := fields["redis_version"]; v != "" && olderThan(v, oldestRedis) {
		return "", &unfitError{fmt.Sprintf("Redis %s is too old: lists need %s or newer, or Valkey", v, oldestRedis)}
	}
	policy, limit := fields["maxmemory_policy"], fields["maxmemory"]
	switch {
	case policy == "" || policy == "noeviction":
		return "", nil
	case limit != "" && limit != "0":
		return "", &unfitError{fmt.Sprintf("Redis evicts keys (maxmemory-policy %s, maxmemory %s), so lists would lose rows: "+
			"set maxmemory-policy noeviction (CONFIG SET maxmemory-policy noeviction, and in redis.conf), or give Alta a Redis of its own", policy, limit)}
	}
	return "Redis would evict keys once maxmemory is set (maxmemory-policy " + policy + "): set maxmemory-policy noeviction", nil
}

// olderThan compares versions by their first two numbers.
func olderThan(v, than string) bool {
	a, b := majorMinor(v), majorMinor(than)
	return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
}

func majorMinor(v string) (out [2]int) {
	for i, part := range strings.SplitN(v, ".", 3) {
		if i < 2 {
			out[i], _ = strconv.Atoi(part) // what is no number is 0
		}
	}
	return out
}
