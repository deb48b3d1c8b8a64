package main

import (
	"errors"
	"strings"
	"testing"
)

func TestARedisThatEvictsOrIsTooOldIsRefusedWithWhatMendsIt(t *testing.T) {
	info := func(version, limit, policy string) string {
		return "# Server\r\nredis_version:" + version + "\r\n# Memory\r\nmaxmemory:" + limit + "\r\nmaxmemory_policy:" + policy + "\r\n"
	}
	for _, c := range []struct{ info, refused, warned string }{
		{info("7.0.15", "0", "noeviction"), "", ""},
		{info("7.0.15", "4194304", "noeviction"), "", ""},
		{info("6.2.0", "0", "noeviction"), "", ""},
		{info("10.1.0", "0", "noeviction"), "", ""},
		{info("6.0.20", "0", "noeviction"), "Redis 6.0.20 is too old", ""},
		{info("5.0.14", "0", "noeviction"), "6.2 or newer", ""},
		{info("7.0.15", "4194304", "allkeys-lru"), "CONFIG SET maxmemory-policy noeviction", ""},
		{info("7.0.15", "4194304", "volatile-ttl"), "volatile-ttl", ""},
		{info("7.0.15", "0", "allkeys-lfu"), "", "would evict"},
		{"# Clients\r\nconnected_clients:1\r\n", "", ""},
	} {
		warned, err := judgeRedis(c.info)
		if (err == nil) != (c.refused == "") || err != nil && (!strings.Contains(err.Error(), c.refused) || !errors.As(err, new(*unfitError))) {
			t.Errorf("%q: refused with %v, want %q", c.info, err, c.refused)
		}
		if (warned == "") != (c.warned == "") || !strings.Contains(warned, c.warned) {
			t.Errorf("%q: warned %q, want %q", c.info, warned, c.warned)
		}
	}
}
