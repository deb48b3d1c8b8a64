package esdb_test

import (
	"testing"

	"alta/eventstore/esdb"
	"alta/eventstore/eventstoretest"
	"alta/eventstore/wire/nodetest"
)

// cluster starts one that ends with the test.
func cluster(t testing.TB, opt nodetest.Options) *nodetest.Cluster {
	t.Helper()
	opt.Dir = t.TempDir()
	c, err := nodetest.Start(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close the cluster: %v", err)
		}
	})
	return c
}

func TestAClusterObeysEveryLaw(t *testing.T) {
	c := cluster(t, nodetest.Options{Nodes: 3, Facts: nodetest.Facts{Offsets: true, Metadata: true}})
	l := open(t, c.Connection(), esdb.Options{})
	eventstoretest.Run(t, func(*testing.T) eventstoretest.Log { return l })
}
