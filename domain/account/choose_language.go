package account

import (
	"slices"
	"time"

	"alta/domain/lang"
)

// ChooseLanguage sets the language of mails and screens.
type ChooseLanguage struct {
	Language lang.Lang
	At       time.Time
}

// Decide sets it.
func (c ChooseLanguage) Decide(s State) ([]Event, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	switch {
	case !slices.Contains(lang.All(), c.Language):
		return nil, ErrLanguage
	case s.Language == c.Language:
		return nil, nil
	}
	return []Event{LanguageChosen(c)}, nil
}
