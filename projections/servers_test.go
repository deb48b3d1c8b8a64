package projections

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"alta/eventstore"
	"alta/projections/redistest"

	"github.com/redis/go-redis/v9"
)

// server is a redis-server process on a port of this machine.
type server struct {
	address string
	cmd     *exec.Cmd
}

// startServer starts one that ends with the test.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	path := redistest.Path(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = l.Close()
	all := append(args, "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--loglevel", "warning")
	s := &server{address, exec.Command(path, all...)}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	c := redis.NewClient(&redis.Options{Addr: address})
	defer c.Close()
	eventually(t, "redis-server answers", func() bool { return c.Ping(background).Err() == nil })
	return s
}

func (s *server) kill() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() }

// port is the number alone.
func (s *server) port() string {
	_, port, _ := net.SplitHostPort(s.address)
	return port
}

// cluster is three masters that share the slots.
func cluster(t *testing.T) (*redis.ClusterClient, []*server) {
	t.Helper()
	var nodes []*server
	var addresses []string
	for range 3 {
		bus, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, busPort, _ := net.SplitHostPort(bus.Addr().String())
		_ = bus.Close()
		s := startServer(t, "--cluster-enabled", "yes", "--cluster-port", busPort, "--save", "", "--appendonly", "no", "--cluster-node-timeout", "2000")
		nodes, addresses = append(nodes, s), append(addresses, s.address)
		c := redis.NewClient(&redis.Options{Addr: s.address})
		defer c.Close()
		i := len(nodes) - 1
		if err := c.ClusterAddSlotsRange(background, i*16384/3, (i+1)*16384/3-1).Err(); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			if err := c.Do(background, "CLUSTER", "MEET", "127.0.0.1", nodes[0].port(), clusterPort(t, nodes[0])).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addresses, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = rdb.Close() })
	for _, a := range addresses {
		c := redis.NewClient(&redis.Options{Addr: a})
		defer c.Close()
		eventually(t, "the cluster stands", func() bool {
			info, err := c.ClusterInfo(background).Result()
			return err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
		})
	}
	return rdb, nodes
}

func clusterPort(t *testing.T, s *server) string {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.address})
	defer c.Close()
	m, err := c.ConfigGet(background, "cluster-port").Result()
	if err != nil {
		t.Fatal(err)
	}
	return m["cluster-port"]
}

func TestOnAClusterEveryListIsTheSameAsOnOneServer(t *testing.T) {
	rdb, nodes := cluster(t)
	w := worldOn(t, rdb)
	w.fill(0, 120, "")
	w.run(w.runner())
	w.caughtUp()
	w.fill(120, 40, "")
	w.sameAfterRebuild()
	for _, n := range nodes {
		c := redis.NewClient(&redis.Options{Addr: n.address})
		defer c.Close()
		if keys, err := c.DBSize(background).Result(); err != nil || keys < 10 {
			t.Errorf("%d keys on %s: they are not spread", keys, n.address)
		}
	}
	alone := newWorld(t, redistest.Server(t))
	alone.fill(0, 160, "")
	if err := alone.runner().Rebuild(background); err != nil {
		t.Fatal(err)
	}
	for _, q := range Queues() {
		for _, order := range []string{"", "age", "priority"} {
			for name, f := range map[string]Filter{"": {Sort: order}, "kind": {Kind: "enterprise", Sort: order}, "nobody's": {Assignee: "none", Sort: order}} {
				got, want := w.everyRow(q, f, 7), alone.everyRow(q, f, 50)
				if fmt.Sprint(got) != fmt.Sprint(want) && fmt.Sprint(sortedIDs(got)) != fmt.Sprint(sortedIDs(want)) {
					t.Errorf("%s, %s by %q: %d rows, want %d", q, name, order, len(got), len(want))
				}
			}
		}
	}
	got, err := w.reader().Sizes(background, "reviewer-03")
	if err != nil {
		t.Fatal(err)
	}
	want, err := alone.reader().Sizes(background, "reviewer-03")
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].Total != want[i].Total || got[i].Claimed != want[i].Claimed || got[i].Breached != want[i].Breached {
			t.Errorf("%s: %+v, want %+v", got[i].Queue, got[i], want[i])
		}
	}
	for _, r := range alone.everyRow(QueueQualification, Filter{Kind: "enterprise"}, 50)[:5] {
		part := string([]rune(r.Name)[1:4])
		page, err := w.reader().Search(background, part, "", 200)
		if err != nil || len(page.Rows) == 0 {
			t.Errorf("nothing is found by %q: %v", part, err)
		}
	}
}

func TestAClusterNodeThatWasEmptiedCostsARebuildAndNoWrongList(t *testing.T) {
	rdb, nodes := cluster(t)
	w := worldOn(t, rdb)
	w.fill(0, 60, "qualification")
	w.run(w.runner())
	w.caughtUp()
	for _, n := range nodes {
		c := redis.NewClient(&redis.Options{Addr: n.address})
		if err := c.FlushAll(background).Err(); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if p, err := w.reader().Queue(background, QueueQualification, "", Filter{}, "", 100); err == nil && (len(p.Rows) != 60 || *p.Total != 60) {
			t.Errorf("%d rows of %d, and no word of a rebuild", len(p.Rows), *p.Total)
		}
		w.caughtUp()
	}
	w.sameAfterRebuild()
}

func TestOnAClusterAPausedRunnerIsFencedInEveryShard(t *testing.T) {
	rdb, _ := cluster(t)
	w := worldOn(t, rdb)
	w.fill(0, 30, "")
	r := w.runner()
	if err := r.Rebuild(background); err != nil {
		t.Fatal(err)
	}
	g, err := w.store.live(background)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := w.store.standing(background, g)
	if err != nil {
		t.Fatal(err)
	}
	stale, err := w.store.seize(background, g, seen, seen, "stale", seen[0].origin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.seize(background, g, append(standing{}, stale...), stale, "fresh", seen[0].origin); err != nil {
		t.Fatal(err)
	}
	before := w.dump()
	w.fill(30, 30, "")
	if err := w.store.write(background, &tail{generation: g, held: stale}, place{mark: eventstore.Mark{Position: w.head()}}, nil); err == nil {
		t.Error("a runner that lost its hold moved the position")
	}
	if w.dump() != before {
		t.Error("a runner that lost its hold wrote")
	}
}

func TestAfterSentinelPromotedAReplicaTheListsGoOn(t *testing.T) {
	master := startServer(t, "--save", "", "--appendonly", "no")
	startServer(t, "--save", "", "--appendonly", "no", "--replicaof", "127.0.0.1 "+master.port(), "--repl-diskless-sync-delay", "0")
	c := redis.NewClient(&redis.Options{Addr: master.address})
	defer c.Close()
	eventually(t, "the replica follows", func() bool {
		info, err := c.Info(background, "replication").Result()
		return err == nil && strings.Contains(info, "state=online")
	})
	var watchers []string
	for range 3 {
		conf := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf("sentinel monitor alta 127.0.0.1 %s 2\nsentinel down-after-milliseconds alta 500\nsentinel failover-timeout alta 3000\n", master.port())
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		watchers = append(watchers, startServer(t, conf, "--sentinel").address)
	}
	rdb := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "alta", SentinelAddrs: watchers, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = rdb.Close() })
	for _, a := range watchers {
		s := redis.NewSentinelClient(&redis.Options{Addr: a})
		defer s.Close()
		eventually(t, "the watchers know each other and the replica", func() bool {
			others, err := s.Sentinels(background, "alta").Result()
			replicas, failed := s.Replicas(background, "alta").Result()
			return err == nil && failed == nil && len(others) == 2 && len(replicas) == 1
		})
	}
	w := worldOn(t, rdb)
	w.fill(0, 30, "")
	w.run(w.runner())
	w.caughtUp()
	var wrong atomic.Int64
	master.kill()
	w.fill(30, 30, "")
	until := time.Now().Add(time.Minute)
	for at := w.head(); ; {
		if now, err := w.store.Position(background); err == nil && now.Compare(at) >= 0 {
			break
		}
		if p, err := w.reader().All(background, "", "", 100); err == nil && *p.Total < 30 {
			wrong.Add(1)
		}
		if time.Now().After(until) {
			t.Fatal("no replica was promoted within a minute")
		}
	}
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d lists were short", n)
	}
	w.sameAfterRebuild()
}
