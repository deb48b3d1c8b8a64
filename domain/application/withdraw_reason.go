package application

import "time"

// WithdrawReason takes a reason back that should not have been raised. After a
// return the merchant need not answer it any more; what it unlocked stays
// unlocked.
type WithdrawReason struct {
	Reason string
	Why    string
	By     Actor
	At     time.Time
}

// Decide answers ReasonWithdrawn.
func (c WithdrawReason) Decide(s State) ([]Event, error) {
	r, ok := s.Reason(c.Reason)
	if ok && r.Status == StatusWithdrawn && s.exists() == nil {
		return nil, nil
	}
	if err := first(s.judge(c.By, c.At, append(judged[:len(judged):len(judged)], Correction)...), text("why", c.Why, maxText)); err != nil {
		return nil, err
	}
	if !ok || r.Status == StatusSettled {
		return nil, ErrReasonGone.with("reason", c.Reason)
	}
	return []Event{ReasonWithdrawn{Header: s.head(c.By, c.At), Reason: c.Reason, Why: c.Why}}, nil
}
