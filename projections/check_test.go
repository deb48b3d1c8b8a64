package projections

import "testing"

func TestCheckingFindsASingleChangedByteAndLeavesTheListsAlone(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		l := w.fill(0, 30, "")[0]
		r := w.runner()
		w.run(r)
		w.caughtUp()
		c, err := w.runner().Check(background)
		if err != nil || !c.Equal() || c.Live["rows"].Entries != 30 || c.Position != w.log.Head() {
			t.Fatalf("%+v: %v", c, err)
		}
		w.fill(30, 5, "") // the runner goes on
		w.caughtUp()
		g, err := w.store.live(background)
		if err != nil {
			t.Fatal(err)
		}
		rows := w.store.keys(g, 0).rows()
		row, err := w.rdb.HGet(background, rows, l.ID).Result()
		if err != nil {
			t.Fatal(err)
		}
		if err := w.rdb.HSet(background, rows, l.ID, row+" ").Err(); err != nil {
			t.Fatal(err)
		}
		c, err = w.runner().Check(background)
		if err != nil || c.Equal() || c.Live["rows"] == c.Rebuilt["rows"] || c.Live["set"] != c.Rebuilt["set"] {
			t.Errorf("a changed byte: equal is %v, %v", c.Equal(), err)
		}
		eventually(t, "the check left nothing behind", func() bool {
			n, err := w.rdb.SCard(background, w.store.generations()).Result()
			return err == nil && n == 1
		})
	})
}
