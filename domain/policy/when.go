package policy

import (
	"slices"
	"strings"
)

// When is a condition: every part that is present must hold. The empty
// condition always holds.
type When struct {
	Kinds    []Kind     `json:"kinds,omitempty"`    // the merchant is one of these
	Products []Product  `json:"products,omitempty"` // it wants at least one of these
	Sites    []SiteType `json:"sites,omitempty"`    // it sells at one of these

	Licence       LicenceForm `json:"licence,omitempty"`        // its licence number has this form
	IdentityTypes []string    `json:"identity_types,omitempty"` // the identity document is one of these
	Differs       Difference  `json:"differs,omitempty"`        // this exception is claimed
}

// Difference is a lawful exception that needs a proof.
type Difference string

// The differences.
const (
	ContactDiffers    Difference = "contact"    // the contact is not the holder or legal person
	SettlementDiffers Difference = "settlement" // the settlement account has another name
	RegistrantDiffers Difference = "registrant" // the domain or its filing has another name
)

// LicenceForm is what a licence number looks like.
type LicenceForm string

// The forms. NoLicence is what is neither, for example not filled in yet.
const (
	USCC      LicenceForm = "uscc"     // 18 characters: unified social credit code, GB 32100
	FifteenD  LicenceForm = "15-digit" // the licence number from before the three-in-one reform
	NoLicence LicenceForm = ""
)

// FormOf tells the form of a licence number as people type it: spaces, small
// letters and full-width characters do not matter. The check digit does not
// either: lawful numbers of the pilot era fail it.
func FormOf(licence string) LicenceForm { return formOfNormal(normalLicence(licence)) }

// usccLetters are those of GB 32100: no I, O, S, V and Z.
const usccLetters = "ABCDEFGHJKLMNPQRTUWXY"

func formOfNormal(l string) LicenceForm {
	digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	switch {
	case len(l) == 15 && digits(l):
		return FifteenD
	case len(l) == 18 && digits(l[2:8]) && strings.Trim(l, "0123456789"+usccLetters) == "":
		return USCC
	}
	return NoLicence
}

func normalLicence(s string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '\u3000' || r == '\t':
			return -1
		case r >= '０' && r <= 'ｙ': // full-width digits and letters; no code has a z
			return r - '！' + '!'
		}
		return r
	}, s))
}

func contains[T comparable](list []T, t T) bool { return slices.Contains(list, t) }
