package account

import (
	"slices"
	"time"
)

// IssueRecoveryCodes gives a person new recovery codes, with which they log in
// when the telephone is lost. The set before stops working.
type IssueRecoveryCodes struct {
	Set    string
	Hashes []string // keyed hashes of the codes
	At     time.Time
}

// Decide issues them where one-time codes are set up: without these a recovery
// code would stand in for nothing.
func (c IssueRecoveryCodes) Decide(s State) ([]Event, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	if c.Set != "" && c.Set == s.RecoverySet {
		return nil, nil
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(c.Hashes)))
	switch {
	case s.TOTP.IsZero():
		return nil, ErrNoTOTP
	case c.Set == "" || len(c.Hashes) != RecoveryCodes || len(distinct) != RecoveryCodes || distinct[0] == "":
		return nil, ErrMalformed.in("recovery_codes")
	}
	return []Event{RecoveryCodesIssued(c)}, nil
}
