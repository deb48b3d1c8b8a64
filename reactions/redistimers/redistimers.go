// Package redistimers keeps the deadline reaction's timers in Redis, so that
// several workers share them.
//
// They are one sorted set: an application's id, scored by the moment of the next
// look in Unix milliseconds. A claim pushes the score by a lease instead of
// removing the member, so that a worker that ends leaves nothing behind. Two
// workers that look at one application at once ask the log for the same event
// under the same id, and get it once.
//
// Redis may lose the set. A member that sorts after all others says that the set
// was complete once; where it is missing, Claim answers
// reactions.ErrTimersLost, and the reaction fills the set again from the log.
// Only commands that miniredis has are used.
package redistimers

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/redis/go-redis/v9"

	"alta/reactions"
)

// Timers implements reactions.Timers.
type Timers struct {
	rdb redis.UniversalClient
	key string
}

// New keeps the timers in the sorted set of that key.
func New(rdb redis.UniversalClient, key string) *Timers { return &Timers{rdb, key} }

// complete is the member that says that nothing was lost. No application has it
// for an id.
const complete = "complete"

// Complete implements what the reaction asks for once every timer is set.
func (t *Timers) Complete(ctx context.Context) error {
	return t.rdb.Do(ctx, "ZADD", t.key, "+inf", complete).Err()
}

// Set implements reactions.Timers.
func (t *Timers) Set(ctx context.Context, application string, at time.Time) error {
	return t.rdb.ZAdd(ctx, t.key, redis.Z{Score: float64(at.UnixMilli()), Member: application}).Err()
}

// Drop implements reactions.Timers.
func (t *Timers) Drop(ctx context.Context, application string) error {
	return t.rdb.ZRem(ctx, t.key, application).Err()
}

// claim answers false where the set is not complete, an empty list where nothing
// is due.
var claim = redis.NewScript(`
if not redis.call('ZSCORE', KEYS[1], ARGV[3]) then return {'lost'} end
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1)
if #due == 0 then return {'none'} end
redis.call('ZADD', KEYS[1], ARGV[2], due[1])
return {'due', due[1]}`)

// Claim implements reactions.Timers.
func (t *Timers) Claim(ctx context.Context, now time.Time, lease time.Duration) (string, bool, error) {
	answer, err := claim.Run(ctx, t.rdb, []string{t.key}, now.UnixMilli(), now.Add(lease).UnixMilli(), complete).StringSlice()
	switch {
	case err != nil:
		return "", false, fmt.Errorf("redistimers: claim: %w", err)
	case len(answer) == 2:
		return answer[1], true, nil
	case len(answer) == 1 && answer[0] == "none":
		return "", false, nil
	}
	return "", false, reactions.ErrTimersLost
}

// Next implements reactions.Timers.
func (t *Timers) Next(ctx context.Context) (time.Time, error) {
	first, err := t.rdb.ZRangeByScoreWithScores(ctx, t.key, &redis.ZRangeBy{Min: "-inf", Max: "+inf", Count: 1}).Result()
	if err != nil || len(first) == 0 || math.IsInf(first[0].Score, 1) {
		return time.Time{}, err
	}
	return time.UnixMilli(int64(first[0].Score)), nil
}
