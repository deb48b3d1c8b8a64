package auth

import (
	"cmp"
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// Limit allows Rate attempts per Period, Burst of them at once.
type Limit struct {
	Rate, Burst int
	Period      time.Duration
}

// The brute-force limits. One address and one account together are limited most,
// so that an attacker elsewhere can hardly lock a person out; the account alone
// bounds what many addresses can try; the address alone bounds what one can try
// on many accounts.
var (
	limitPair    = Limit{Rate: 10, Burst: 10, Period: 15 * time.Minute}
	limitAccount = Limit{Rate: 60, Burst: 60, Period: time.Hour}
	limitAddress = Limit{Rate: 60, Burst: 60, Period: 10 * time.Minute}
	limitMail    = Limit{Rate: 3, Burst: 3, Period: time.Hour}
	limitCode    = Limit{Rate: 10, Burst: 10, Period: 15 * time.Minute}
	limitRefresh = Limit{Rate: 120, Burst: 120, Period: time.Minute}
)

// Limiter counts attempts by the generic cell rate algorithm, in Redis so that
// all nodes count together, and in this process while Redis does not answer.
// A flush of Redis resets the counts, nothing else.
type Limiter struct {
	// Factor multiplies every limit; 0 is 1. It is for load tests, where one
	// address stands for many people. Set it before the first use.
	Factor int
	// Patience is how long Redis may take to count one attempt; a tenth of a second
	// when 0. Set it before the first use.
	Patience time.Duration

	shared *redis_rate.Limiter
	now    func() time.Time

	mu    sync.Mutex
	away  time.Time            // until when Redis is not asked
	cells map[string]time.Time // theoretical arrival times of the local counts
}

const (
	redisPatience = 100 * time.Millisecond
	redisRest     = 5 * time.Second
	maxCells      = 100_000
)

// NewLimiter makes a limiter; without Redis (nil) it counts in this process.
func NewLimiter(rdb redis.UniversalClient, now func() time.Time) *Limiter {
	l := &Limiter{now: now, cells: map[string]time.Time{}}
	if rdb != nil {
		l.shared = redis_rate.NewLimiter(rdb)
	}
	return l
}

// Shared reports whether attempts are counted in Redis, with all nodes.
func (l *Limiter) Shared() bool { return l.ask() }

// Allow counts one attempt. When it is one too many it answers how long to wait,
// otherwise zero.
func (l *Limiter) Allow(ctx context.Context, key string, limit Limit) time.Duration {
	if l.Factor > 1 {
		limit.Rate, limit.Burst = limit.Rate*l.Factor, limit.Burst*l.Factor
	}
	if l.ask() {
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(l.Patience, redisPatience))
		r, err := l.shared.Allow(ctx, key, redis_rate.Limit{Rate: limit.Rate, Burst: limit.Burst, Period: limit.Period})
		cancel()
		if err == nil {
			if r.Allowed > 0 {
				return 0
			}
			return max(r.RetryAfter, time.Second)
		}
		l.rest()
	}
	return l.local(key, limit)
}

// Reset forgets the attempts under a key, after a success.
func (l *Limiter) Reset(ctx context.Context, key string) {
	l.mu.Lock()
	delete(l.cells, key)
	l.mu.Unlock()
	if l.ask() {
		ctx, cancel := context.WithTimeout(ctx, cmp.Or(l.Patience, redisPatience))
		defer cancel()
		if l.shared.Reset(ctx, key) != nil {
			l.rest()
		}
	}
}

func (l *Limiter) ask() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shared != nil && !l.now().Before(l.away)
}

func (l *Limiter) rest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = l.now().Add(redisRest)
}

func (l *Limiter) local(key string, limit Limit) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if len(l.cells) >= maxCells {
		for k, t := range l.cells {
			if t.Before(now) {
				delete(l.cells, k)
			}
		}
		if len(l.cells) >= maxCells {
			clear(l.cells) // an attack with that many keys is not stopped by counting
		}
	}
	step := limit.Period / time.Duration(limit.Rate)
	tat := l.cells[key]
	if tat.Before(now) {
		tat = now
	}
	if wait := tat.Add(step).Sub(now) - step*time.Duration(limit.Burst); wait > 0 {
		return max(wait, time.Second)
	}
	l.cells[key] = tat.Add(step)
	return 0
}

// limited counts one attempt under each key and refuses if one is over.
func (s *Service) limited(ctx context.Context, attempts ...attempt) error {
	for _, a := range attempts {
		if wait := s.limits.Allow(ctx, a.key, a.limit); wait > 0 {
			return &LimitedError{wait}
		}
	}
	return nil
}

// counted counts what an account does about itself under the session, or the API
// key, and the device that the account trusts there; never under the account. So
// nobody who got hold of a session uses up what its owner may try elsewhere, nor
// what she may try in the browser that the session was taken from.
func (s *Service) counted(ctx context.Context, what string, p Principal, device string, limit Limit) error {
	return s.limited(ctx, attempt{what + ":" + p.Session + p.APIKey + ":" + device, limit})
}

type attempt struct {
	key   string
	limit Limit
}

// addressKey hides a network address, which is personal, behind the keyed hash.
// An IPv6 customer has a whole /64, so that is what counts.
func (s *Service) addressKey(ip string) string {
	if a, err := netip.ParseAddr(ip); err == nil {
		a = a.Unmap().WithZone("")
		if a.Is6() {
			if p, err := a.Prefix(64); err == nil {
				a = p.Addr()
			}
		}
		ip = a.String()
	}
	return s.vault.Index("address", ip)
}
