package application

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"alta/domain/item"
)

func TestEveryRefusalHasItsOwnPermanentCodeAndASentence(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Refusals() {
		if r.Code == "" || r.Detail == "" || seen[r.Code] {
			t.Errorf("%q is empty or there twice", r.Code)
		}
		seen[r.Code] = true
		switch r.Kind {
		case Invalid, Rule, Forbidden:
		default:
			t.Errorf("%s is of no kind", r.Code)
		}
	}
}

func TestRefusalsAreListedByTheirCodes(t *testing.T) {
	if all := Refusals(); len(all) < 80 || !slices.IsSortedFunc(all, func(a, b Refusal) int { return strings.Compare(a.Code, b.Code) }) {
		t.Errorf("%d refusals are listed", len(all))
	}
}

func TestARefusalIsRecognisedHoweverItIsWrapped(t *testing.T) {
	err := fmt.Errorf("deciding: %w", ErrItemLocked.on(item.BankNumber).with("round", "1"))
	if !errors.Is(err, ErrItemLocked) || errors.Is(err, ErrStage) {
		t.Error("a refusal is its code")
	}
	var r *Refusal
	if !errors.As(err, &r) || r.Item != item.BankNumber {
		t.Error("a refusal says which item")
	}
	if ErrItemLocked.Item != "" || len(ErrItemLocked.Params) > 0 {
		t.Error("the refusal that others compare with was changed")
	}
}
