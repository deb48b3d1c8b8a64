package embedded

import "sync/atomic"

// counters are kept by the syncer and the subscriptions.
type counters struct {
	rounds, events, subscribers atomic.Int64
}

func (c *counters) round(rd *round) {
	c.rounds.Add(1)
	c.events.Add(int64(len(rd.records)))
}

// Stats are figures for metrics and health pages.
type Stats struct {
	Events      int64  // durable events in the log
	Appended    int64  // events appended since it was opened
	Rounds      int64  // syncs since it was opened; Appended/Rounds is the group size
	Queued      int    // requests that wait for the writer
	Subscribers int64  // open subscriptions
	DiskBytes   uint64 // what the store occupies
	CacheBytes  int64  // what the block cache holds
	DiskFree    uint64 // bytes free on the store's disk
	DiskTold    bool   // the disk says how full it is; DiskFree means nothing where it does not
}

// Stats answers present figures.
func (l *Log) Stats() Stats {
	if l.enter() != nil {
		return Stats{}
	}
	defer l.closing.RUnlock()
	m := l.db.Metrics()
	s := Stats{
		Events: l.TreeSize(), Appended: l.count.events.Load(), Rounds: l.count.rounds.Load(),
		Queued: len(l.queue), Subscribers: l.count.subscribers.Load(),
		DiskBytes: m.DiskSpaceUsage(), CacheBytes: m.BlockCache.Size,
	}
	if u, err := l.opt.FS.GetDiskUsage(l.dir); err == nil && u.TotalBytes > 0 {
		s.DiskFree, s.DiskTold = u.AvailBytes, true
	}
	return s
}
