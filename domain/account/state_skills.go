package account

import (
	"regexp"
	"slices"
	"time"

	"alta/domain/lang"
)

// StateSkills says what a staff member can judge.
type StateSkills struct {
	Languages []lang.Lang
	Products  []string // the policy's words, such as "wechat_pay"
	By        string
	At        time.Time
}

var productWord = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// Decide replaces what was stated before.
func (c StateSkills) Decide(s State) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	c.Languages = slices.Compact(slices.Sorted(slices.Values(c.Languages)))
	c.Products = slices.Compact(slices.Sorted(slices.Values(c.Products)))
	bad := func(p string) bool { return !productWord.MatchString(p) }
	switch {
	case !s.Role.Staff():
		return nil, ErrNotStaff
	case !known(lang.All(), c.Languages...):
		return nil, ErrSkills.in("languages")
	case len(c.Products) > MaxSkills || slices.ContainsFunc(c.Products, bad):
		return nil, ErrSkills
	case slices.Equal(c.Languages, s.Languages) && slices.Equal(c.Products, s.Products):
		return nil, nil
	}
	return []Event{SkillsStated(c)}, nil
}
