package esdb

import (
	"errors"
	"strings"
	"testing"

	"alta/eventstore"
)

func TestConnectionStringsOfBothNamesAreUnderstood(t *testing.T) {
	for connection, want := range map[string]struct {
		address   string
		seeds     int
		discover  bool
		plaintext bool
		user      string
	}{
		"esdb://localhost:2113?tls=false":                 {address: "localhost:2113", plaintext: true},
		"kurrentdb://db.example":                          {address: "db.example:2113"},
		"esdb+discover://cluster.example:2113":            {address: "cluster.example:2113", discover: true},
		"kurrentdb+discover://u:p@cluster.example":        {address: "cluster.example:2113", discover: true, user: "u"},
		"esdb://admin:s3cret@a:2113,b:2113,c:2113":        {seeds: 3, user: "admin"},
		"esdb://a:1,b:2?nodePreference=follower":          {seeds: 2},
		"unix:/run/alta/wire.sock":                        {address: "unix:/run/alta/wire.sock", plaintext: true},
		"unix:///run/alta/wire.sock":                      {address: "unix:/run/alta/wire.sock", plaintext: true},
		"esdb://localhost:2113?tls=true&gossipTimeout=30": {address: "localhost:2113"},
	} {
		c, err := parse(connection)
		if err != nil {
			t.Errorf("%s: %v", connection, err)
			continue
		}
		if c.Address != want.address || len(c.GossipSeeds) != want.seeds || c.DnsDiscover != want.discover ||
			c.DisableTLS != want.plaintext || c.Username != want.user {
			t.Errorf("%s: %+v", connection, c)
		}
		if c.MaxDiscoverAttempts != 1 {
			t.Errorf("%s: the client would try %d times in a loop that cannot be stopped", connection, c.MaxDiscoverAttempts)
		}
	}
}

func TestWrongConnectionStringsAreRefusedWithoutTellingThePassword(t *testing.T) {
	for _, connection := range []string{
		"", "localhost:2113", "http://localhost", "unix:", "unix:/s?tls=false", "esdb://", "esdb://u:s3cret@host:port",
		"esdb://u:s3cret@localhost:2113?tls=false", "esdb://u:s3cret@localhost/path", "esdb://u:s3cret@h?tls=perhaps",
		"esdb://u:s3cret@h?userCertFile=/nowhere/c&userKeyFile=/nowhere/k", "esdb://u:s3cret@h?userCertFile=/nowhere/c",
		"esdb://u:s3cret@%zz", "esdb://u:s3cret@h?tlsCaFile=/nowhere/ca", "esdb://u:s3cret@a:1,b:x",
	} {
		_, err := Open(connection, Options{})
		if !errors.Is(err, eventstore.ErrInvalid) {
			t.Errorf("%q: %v", connection, err)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: the error tells the password: %v", connection, err)
		}
	}
}
