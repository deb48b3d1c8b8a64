package main

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestARedisIsReachedAloneInAClusterOrThroughSentinel(t *testing.T) {
	kind := func(url string) string {
		c, err := dialRedis(url)
		if err != nil {
			return err.Error()
		}
		defer c.Close()
		switch c := c.(type) {
		case *redis.ClusterClient:
			return "cluster of " + strings.Join(c.Options().Addrs, ",")
		case *redis.Client:
			return "server " + c.Options().Addr
		}
		return "?"
	}
	for url, want := range map[string]string{
		"redis://a:1/2":                                  "server a:1",
		"rediss://a:1":                                   "server a:1",
		"redis+cluster://a:1?addr=b:2":                   "cluster of a:1,b:2",
		"rediss+cluster://a:1?addr=b:2":                  "cluster of a:1,b:2",
		"redis+sentinel://a:1?master_name=alta&addr=b:2": "server FailoverClient",
	} {
		if got := kind(url); got != want {
			t.Errorf("%s is %s, want %s", url, got, want)
		}
	}
	for _, url := range []string{"a:1", "http://a:1", "redis+other://a:1", "redis+sentinel://a:1", "redis://u:hunter2@a:1?nonsense=1"} {
		if got := kind(url); !strings.Contains(got, "--redis: must be") || strings.Contains(got, "hunter2") {
			t.Errorf("%s: %s", url, got)
		}
	}
}
