package drive_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"alta/domain/policy"
	"alta/simulate/drive"
)

var day = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func plans(t *testing.T, w drive.Wish) []drive.Plan {
	t.Helper()
	w.Day = day
	out, err := drive.Plans(w)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheSameWishGivesTheSamePlans(t *testing.T) {
	w := drive.Wish{Seed: 4, Count: 60, Faults: []string{"R03"}}
	a, b := plans(t, w), plans(t, w)
	for i := range a {
		if a[i].Email != b[i].Email || a[i].To != b[i].To || a[i].Via != b[i].Via || a[i].Language != b[i].Language ||
			!reflect.DeepEqual(a[i].Merchant.Fields, b[i].Merchant.Fields) || !reflect.DeepEqual(names(a[i]), names(b[i])) {
			t.Errorf("plan %d differs: %+v and %+v", i, a[i], b[i])
		}
	}
	w.First, w.Count = 40, 1
	if got := plans(t, w)[0]; got.Email != a[40].Email || got.To != a[40].To {
		t.Error("the fortieth merchant depends on how many are wished for")
	}
}

func names(p drive.Plan) (out []string) {
	for _, f := range p.Merchant.Injected() {
		out = append(out, f.Name)
	}
	return out
}

func TestFortyMerchantsAreSpreadOverEveryStageKindLanguageAndWayIn(t *testing.T) {
	to, kinds, languages, vias := map[drive.Target]int{}, map[policy.Kind]int{}, map[string]int{}, map[drive.Via]int{}
	for _, p := range plans(t, drive.Wish{Seed: 7, Count: 40}) {
		to[p.To]++
		kinds[p.Merchant.Kind]++
		languages[p.Language]++
		vias[p.Via]++
	}
	for _, x := range drive.Targets() {
		if to[x] == 0 {
			t.Errorf("nobody is to be %s", x)
		}
	}
	if len(kinds) != 2 || len(languages) != 3 || len(vias) != 2 {
		t.Errorf("kinds %v, languages %v, ways in %v", kinds, languages, vias)
	}
}

func TestWhoeverIsToBeReturnedHasSomethingThatAReviewerCanFind(t *testing.T) {
	for _, to := range []drive.Target{drive.Returned, drive.Resubmitted} {
		for _, p := range plans(t, drive.Wish{Seed: 2, Count: 30, To: to}) {
			found := false
			for _, f := range p.Merchant.Injected() {
				found = found || !f.Blocks
			}
			if !found {
				t.Errorf("merchant %d is to be %s and has nothing wrong", p.Merchant.Index, to)
			}
		}
	}
}

func TestAWishThatCannotBeGrantedNamesItsField(t *testing.T) {
	for field, w := range map[string]drive.Wish{
		"count":    {},
		"to":       {Count: 1, To: "heaven"},
		"kind":     {Count: 1, Kind: "charity"},
		"site":     {Count: 1, Site: "stall"},
		"via":      {Count: 1, Via: "friend"},
		"products": {Count: 1, Products: []policy.Product{"cheque"}},
		"fault":    {Count: 1, Faults: []string{"R99"}},
	} {
		_, err := drive.Plans(w)
		var bad *drive.WishError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := drive.Plans(drive.Wish{Count: 1, Day: day, Site: policy.Offline, Faults: []string{"r11-unreachable"}}); err == nil {
		t.Error("an offline merchant cannot have an unreachable site")
	}
}

func TestAKeyIsAUUIDThatFollowsFromItsParts(t *testing.T) {
	k := drive.Key(1, "claim", 7)
	if k != drive.Key(1, "claim", 7) || k == drive.Key(1, "claim", 8) || len(k) != 36 || k[14] != '5' {
		t.Errorf("key %s", k)
	}
}
