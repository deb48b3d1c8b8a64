package application

import (
	"time"

	"alta/domain/personal"
)

// Shred ends the keeping of personal data: the subject's key is destroyed because
// of it, so that the values can never be read again.
type Shred struct {
	Why string
	By  Actor // an admin, or the platform when the term ends
	At  time.Time
}

// Decide answers Shredded: only for restricted data, when the retention term is
// over and no legal hold keeps them.
func (c Shred) Decide(s State) ([]Event, error) {
	if c.By.Role != RoleSystem {
		if err := keeper(s, c.By); err != nil {
			return nil, err
		}
	}
	h := s.head(c.By, c.At)
	switch {
	case !s.Opened():
		return nil, ErrNotOpened
	case s.Shredded:
		return nil, nil
	case !s.Restricted:
		return nil, ErrNotRestricted
	case s.Hold:
		return nil, ErrHold
	case h.At.Before(s.Retain):
		return nil, ErrRetention.with("until", s.Retain.Format(time.RFC3339))
	}
	return []Event{Shredded{Header: h, Why: c.Why}}, nil
}

// shredded is the state without any personal value. What was shredded reads as
// erased from this event on, also in the moment before the key is destroyed, or
// where a restored backup brought a key back.
func (s State) shredded() State {
	s.Shredded = true
	s.Items = s.each(func(i *Item) {
		i.Personal = gone(i.Personal)
		if i.Former != nil {
			f := *i.Former
			f.Personal = gone(f.Personal)
			i.Former = &f
		}
	})
	s.Offer.Terms = gone(s.Offer.Terms)
	s.Evidence.Subject = gone(s.Evidence.Subject)
	s.Declaration.User, s.Declaration.Password = gone(s.Declaration.User), gone(s.Declaration.Password)
	return s
}

func gone(t personal.Text) personal.Text {
	if t.IsZero() {
		return t
	}
	return personal.Erased()
}
