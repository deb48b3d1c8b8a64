package application

import (
	"fmt"
	"maps"
	"slices"

	"alta/domain/personal"
)

// visit hands every personal value of an event, with the name of its field, to
// change, and answers the event with what came back. The event that was given
// stays as it was.
func visit(e Event, change func(field string, t personal.Text) (personal.Text, error)) (Event, error) {
	var err error
	on := func(field string, t *personal.Text) {
		if err == nil {
			*t, err = change(field, *t)
		}
	}
	switch e := e.(type) {
	case DetailsFilled:
		if e.Personal = maps.Clone(e.Personal); e.Personal != nil {
			for _, k := range slices.Sorted(maps.Keys(e.Personal)) {
				t := e.Personal[k]
				on("personal."+string(k), &t)
				e.Personal[k] = t
			}
		}
		return e, err
	case ConsentGiven:
		on("address", &e.Address)
		return e, err
	case ConsentWithdrawn:
		on("address", &e.Address)
		return e, err
	case ItemCorrected:
		if e.Personal != nil {
			t := *e.Personal
			on("personal", &t)
			e.Personal = &t
		}
		return e, err
	case ICPEvidenceRecorded:
		on("evidence.subject", &e.Evidence.Subject)
		return e, err
	case SiteDeclared:
		on("test_user", &e.TestUser)
		on("test_password", &e.TestPassword)
		return e, err
	case ContractOffered:
		on("terms", &e.Terms)
		return e, err
	case ContractSigned:
		on("name", &e.Name)
		on("address", &e.Address)
		return e, err
	default: // nothing personal; a test looks for what was forgotten here
		return e, nil
	}
}

// sealed is the event with every clear value sealed.
func sealed(e Event, seal func(field, clear string) (string, error)) (Event, error) {
	return visit(e, func(field string, t personal.Text) (personal.Text, error) {
		if t.Clear() == "" {
			return t, nil
		}
		if seal == nil {
			return t, fmt.Errorf("%s: %w", field, personal.ErrClear)
		}
		c, err := seal(field, t.Clear())
		if err != nil {
			return t, fmt.Errorf("%s: %w", field, err)
		}
		return personal.Sealed(c), nil
	})
}

// opened is the event with every sealed value in clear, or erased.
func opened(e Event, open func(field, ciphertext string) (string, bool, error)) (Event, error) {
	return visit(e, func(field string, t personal.Text) (personal.Text, error) {
		if t.Ciphertext() == "" {
			return t, nil
		}
		clear, erased, err := open(field, t.Ciphertext())
		switch {
		case err != nil:
			return t, fmt.Errorf("%s: %w", field, err)
		case erased:
			return personal.Erased(), nil
		}
		return personal.New(clear), nil
	})
}

// Erase is the event as it reads once its subject's data were destroyed.
func Erase(e Event) Event {
	e, _ = visit(e, func(_ string, t personal.Text) (personal.Text, error) { return gone(t), nil })
	e, _ = sentences(e, func(string, string) (string, error) { return personal.Erased().Masked(), nil })
	e, _ = mapIdentifying(e, func(field, _ string) (string, error) { return erasedIdentifying(field), nil })
	return e
}
