package account

import (
	"slices"
	"time"

	"alta/domain/lang"
	"alta/domain/personal"
)

// Open begins an account: a merchant registers, an agent or an admin invites.
type Open struct {
	Account          string
	Role             Role
	Organisation     string // empty: a merchant or agent founds one of its own
	OrganisationName string
	Language         lang.Lang
	Email            string // as typed
	Name             string
	Login            string // blind index of LoginName(Email)
	Demo             bool   // one of the people that --demo makes
	By               string
	At               time.Time
}

// Decide opens the account, once.
func (c Open) Decide(s State) ([]Event, error) {
	email, err := NormalEmail(c.Email)
	if err != nil {
		return nil, err
	}
	name, ok := line(c.Name, MaxName)
	if !ok || name == "" {
		return nil, ErrText.in("name")
	}
	org, ok := line(c.OrganisationName, MaxName)
	switch {
	case !ok:
		return nil, ErrText.in("organisation_name")
	case !known(Roles(), c.Role):
		return nil, ErrRole
	case !slices.Contains(lang.All(), c.Language):
		return nil, ErrLanguage
	case c.Account == "" || c.Login == "" || c.By == "" || c.At.IsZero():
		return nil, ErrMalformed
	case c.Role.Staff() && (c.Organisation != "" || org != ""):
		return nil, ErrOrg
	}
	if c.Organisation == "" && !c.Role.Staff() {
		c.Organisation = c.Account
	}
	opened := Opened{
		Account: c.Account, Role: c.Role, Organisation: c.Organisation, OrganisationName: org, Language: c.Language,
		Email: personal.New(email), Name: personal.New(name), Login: c.Login, Demo: c.Demo, By: c.By, At: c.At,
	}
	switch {
	case s.Status == "":
		return []Event{opened}, nil
	case s.Email == opened.Email && s.Name == opened.Name && s.Role == c.Role && s.Organisation == c.Organisation && s.Status != StatusClosed:
		return nil, nil
	}
	return nil, ErrExists
}
