package projections

import "context"

// OpenClaims counts how many applications each of some people holds, in their
// order.
func (r Reader) OpenClaims(ctx context.Context, people []string) (counts []int64, err error) {
	err = r.reading(ctx, func(g generation) error {
		ask := make([]tally, len(people))
		for i, who := range people {
			ask[i] = tally{facet: "queue=" + string(QueueMine) + "|assignee=" + who + "|claimed", from: "(" + score(r.Now()), to: "+inf"}
		}
		counts, err = r.tally(ctx, g, ask)
		return err
	})
	return counts, err
}
