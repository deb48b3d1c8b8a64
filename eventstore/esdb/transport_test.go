package esdb_test

import (
	"context"
	"sync/atomic"
	"testing"

	"alta/eventstore/esdb"
)

// Comparing the log is two questions to the server, so it must not be done for each
// append; and it must be done when a server was started again.
func TestTheLogIsComparedBeforeTheFirstAppendOfEachConnectionAlone(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) (connection string, again func()){
		"at a port": func(t *testing.T) (string, func()) {
			c := cluster(t, 1, real())
			return c.Connection(), func() {
				c.Kill(0)
				if err := c.Restart(0); err != nil {
					t.Fatal(err)
				}
			}
		},
		"at a socket": func(t *testing.T) (string, func()) {
			s := &switchable{t: t, addr: "unix:" + socket(t), log: engine(t)}
			s.up()
			t.Cleanup(func() { s.down() })
			return s.addr, func() { s.down(); s.up() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			connection, again := start(t)
			var compared atomic.Int64
			log := open(t, connection, esdb.Options{Verify: func(context.Context) error { compared.Add(1); return nil }})
			for n := range 20 {
				keeps(t, log, n)
			}
			if n := compared.Load(); n != 1 {
				t.Fatalf("the log was compared %d times for 20 appends over one connection", n)
			}
			again()
			keeps(t, log, 20)
			after := compared.Load()
			if after < 2 {
				t.Error("the log was not compared with the server that was started again")
			}
			for n := 21; n < 40; n++ {
				keeps(t, log, n)
			}
			if n := compared.Load(); n != after {
				t.Errorf("the log was compared %d times more for 19 appends over one connection", n-after)
			}
		})
	}
}
