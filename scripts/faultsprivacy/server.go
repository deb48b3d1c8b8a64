package main

import (
	"context"
	"errors"
	"fmt"

	"alta/scripts/faultskit"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// server is Alta as a process, with a Redis that this program can look into.
type server struct {
	*faultskit.Server
	redis *miniredis.Miniredis
	rdb   *redis.Client
}

func newServer(alta, home string, flags ...string) (*server, error) {
	s := &server{redis: miniredis.NewMiniRedis()}
	if err := s.redis.StartAddr("127.0.0.1:0"); err != nil {
		return nil, err
	}
	s.rdb = redis.NewClient(&redis.Options{Addr: s.redis.Addr()})
	var err error
	s.Server, err = faultskit.NewServer(alta, home, append([]string{"--demo", "--redis", "redis://" + s.redis.Addr(), "--registrations-per-hour", "1000"}, flags...)...)
	return s, err
}

func (s *server) close() {
	_ = s.Stop()
	_ = s.rdb.Close()
	s.redis.Close()
}

// dump reads all that Redis holds: key by key, hashes field by field.
func (s *server) dump(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	for it := s.rdb.Scan(ctx, 0, "*", 500).Iterator(); it.Next(ctx); {
		k := it.Val()
		kind, err := s.rdb.Type(ctx, k).Result()
		if err != nil {
			return nil, err
		}
		var v any
		switch kind {
		case "string":
			v, err = s.rdb.Get(ctx, k).Result()
		case "hash":
			fields, err := s.rdb.HGetAll(ctx, k).Result()
			if err != nil {
				return nil, err
			}
			for field, value := range fields {
				out[k+" "+field] = value
			}
			continue
		case "zset":
			v, err = s.rdb.ZRangeWithScores(ctx, k, 0, -1).Result()
		case "set":
			v, err = s.rdb.SMembersMap(ctx, k).Result()
		case "list":
			v, err = s.rdb.LRange(ctx, k, 0, -1).Result()
		default:
			return nil, fmt.Errorf("Redis has a %s, which is not read here", kind)
		}
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		out[k] = fmt.Sprint(v)
	}
	return out, nil
}
