package projections

import "testing"

func TestCheckingFindsASingleChangedByteAndLeavesTheListsAlone(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		l := w.fill(0, 30, "")[0]
		r := w.runner()
		w.run(r)
		w.caughtUp()
		c, err := w.runner().Check(background)
		if err != nil || !c.Equal() || c.Live["doc"].Keys != 30 || c.Position != w.log.Head() {
			t.Fatalf("%+v: %v", c, err)
		}
		w.fill(30, 5, "") // the runner goes on
		w.caughtUp()
		g, err := w.store.live(background)
		if err != nil {
			t.Fatal(err)
		}
		status, err := w.rdb.HGet(background, g.document(l.ID), "status").Result()
		if err != nil {
			t.Fatal(err)
		}
		if err := w.rdb.HSet(background, g.document(l.ID), "status", status+" ").Err(); err != nil {
			t.Fatal(err)
		}
		c, err = w.runner().Check(background)
		if err != nil || c.Equal() || c.Live["doc"] == c.Rebuilt["doc"] || c.Live["set"] != c.Rebuilt["set"] {
			t.Errorf("a changed byte: equal is %v, %v", c.Equal(), err)
		}
		eventually(t, "the check left nothing behind", func() bool {
			n, err := w.rdb.SCard(background, generations).Result()
			return err == nil && n == 1
		})
	})
}
