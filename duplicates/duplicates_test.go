package duplicates

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"alta/domain/application"
	"alta/domain/duplicate"
	"alta/domain/item"
	"alta/projections"
	"alta/vault"
)

// The index itself, the log and the files are tested with the whole program
// (cmd/alta/duplicates_test.go); here are the bounds and what decides.

type index struct {
	rows  []projections.Row
	more  bool
	asked []string
	err   error
}

func (x *index) Sharing(_ context.Context, keys []string, _ int) ([]projections.Row, bool, error) {
	x.asked = keys
	return slices.Clone(x.rows), x.more, x.err
}

type record map[string]application.State

func (r record) load(_ context.Context, id string) (application.State, error) { return r[id], nil }

func keyed(kind, value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(kind+"="+value)))
}

func state(merchant string, domain string) application.State {
	return application.State{Merchant: merchant, Round: 1, Items: []*application.Item{{Key: item.SiteDomain, Value: domain}}}
}

func TestTheIndexProposesAndTheRecordDecides(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	x, r := &index{}, record{}
	add := func(id string, submitted bool, s application.State) {
		row := projections.Row{ID: id, Merchant: s.Merchant, MerchantNumber: "no. " + id}
		if submitted {
			row.SubmittedAt = &at
		}
		x.rows, r[id] = append(x.rows, row), s
	}
	mine := state("me", "shop.cn")
	add("mine", true, mine)
	add("same", true, state("other", "shop.cn"))
	add("replaced", true, state("other", "elsewhere.cn"))
	add("draft", false, state("other", "shop.cn"))
	restricted, erased := state("other", "shop.cn"), state("other", "shop.cn")
	restricted.Restricted, erased.Shredded = true, true
	add("restricted", true, restricted)
	add("erased", true, erased)
	add("earlier", true, state("me", "shop.cn"))

	f := &Finder{Index: x, Load: r.load, Keyed: keyed}
	found, err := f.Find(t.Context(), "mine", mine)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range found.Matches {
		got = append(got, m.Application+" "+string(m.Relation)+" "+m.MerchantNumber)
	}
	if want := []string{"same other no. same", "earlier own no. earlier"}; !slices.Equal(got, want) || found.More {
		t.Errorf("%q, more %v", got, found.More)
	}
	if len(x.asked) != 1 || !strings.HasPrefix(x.asked[0], "site.domain=") || strings.Contains(x.asked[0], "shop.cn") {
		t.Errorf("asked for %q", x.asked)
	}
	for _, s := range []application.State{restricted, erased} {
		x.asked = nil
		if found, err := f.Find(t.Context(), "mine", s); err != nil || len(found.Matches) > 0 || x.asked != nil {
			t.Errorf("data that may not be processed were compared: %v, %v", found, err)
		}
	}
	x.err = errors.New("Redis is away")
	if _, err := f.Find(t.Context(), "mine", mine); !errors.Is(err, x.err) {
		t.Errorf("an index that is away passes for an empty one: %v", err)
	}
}

func TestOneAnswerComparesABoundedNumberOthersAndTheNewestFirst(t *testing.T) {
	x, r := &index{}, record{}
	loads := 0
	for i := range 100 {
		id, at := fmt.Sprintf("%03d", i), time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC)
		s := state("merchant "+id, "shop.cn")
		if i >= 90 {
			s.Merchant = "me" // her own are the newest
		}
		x.rows, r[id] = append(x.rows, projections.Row{ID: id, Merchant: s.Merchant, SubmittedAt: &at}), s
	}
	f := &Finder{Index: x, Keyed: keyed, Load: func(ctx context.Context, id string) (application.State, error) {
		loads++
		return r.load(ctx, id)
	}}
	found, err := f.Find(t.Context(), "mine", state("me", "shop.cn"))
	if err != nil || len(found.Matches) != compared || loads != compared || !found.More {
		t.Fatalf("%d matches of %d loads, more %v, %v", len(found.Matches), loads, found.More, err)
	}
	for i, m := range found.Matches {
		if m.Application != fmt.Sprintf("%03d", 89-i) || m.Relation != duplicate.Other {
			t.Fatalf("match %d is %s, %s", i, m.Application, m.Relation)
		}
	}
}

func TestPicturesAreReadOnceAndAFewAtATime(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	pictures := func(merchant string, n int) application.State {
		s := application.State{Merchant: merchant, Round: 1}
		for i := range n {
			s.Items = append(s.Items, &application.Item{Key: item.IDCardFront, Document: application.Document{
				ID: "d", SHA256: fmt.Sprint(merchant, i), PHash: "00ff00ff00ff00ff", Blobs: []string{"o", "v", fmt.Sprint(merchant, i)},
			}})
		}
		return s
	}
	mine := pictures("me", 20)
	x, r := &index{rows: []projections.Row{{ID: "other", Merchant: "other", SubmittedAt: &at}}}, record{"other": pictures("other", 20)}
	read := 0
	f := &Finder{Index: x, Load: r.load, Keyed: keyed, File: func(context.Context, string, string) ([]byte, error) {
		read++
		return nil, nil
	}}
	found, err := f.Find(t.Context(), "mine", mine)
	if err != nil || !found.More || read != 2*looks {
		t.Errorf("%d thumbnails read, more %v, %v", read, found.More, err)
	}
	if len(x.asked) == 0 || len(x.asked) > 20*70 {
		t.Errorf("%d keys asked for", len(x.asked))
	}
}

// One thumbnail that is gone or damaged is like nothing. A store that is away is a
// fault, so that the machine check is tried again.
func TestADamagedFileDoesNotStopTheComparison(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	with := func(merchant string) application.State {
		s := state(merchant, "shop.cn")
		s.Items = append(s.Items, &application.Item{Key: item.IDCardFront, Document: application.Document{
			ID: "d", SHA256: merchant, PHash: "00ff00ff00ff00ff", Blobs: []string{"o", "v", merchant},
		}})
		return s
	}
	x, r := &index{rows: []projections.Row{{ID: "other", Merchant: "other", SubmittedAt: &at}}}, record{"other": with("other")}
	for fault, goesOn := range map[error]bool{vault.ErrErased: true, vault.ErrNotFound: true, vault.ErrDamaged: true, vault.ErrUnavailable: false} {
		f := &Finder{Index: x, Load: r.load, Keyed: keyed, File: func(context.Context, string, string) ([]byte, error) { return nil, fault }}
		found, err := f.Find(t.Context(), "mine", with("me"))
		switch {
		case goesOn && (err != nil || len(found.Matches) != 1):
			t.Errorf("%v: %d matches, %v", fault, len(found.Matches), err)
		case !goesOn && !errors.Is(err, fault):
			t.Errorf("%v passes for a difference: %v", fault, err)
		}
	}
}

// One application whose key is lost must not stop the machine check of all others;
// that something was not compared is said.
func TestAStreamThatCannotBeOpenedDoesNotStopTheComparison(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	x := &index{rows: []projections.Row{{ID: "broken", Merchant: "broken", SubmittedAt: &at}, {ID: "other", Merchant: "other", SubmittedAt: &at}}}
	r := record{"other": state("other", "shop.cn")}
	for fault, goesOn := range map[error]bool{vault.ErrDamaged: true, vault.ErrNoKey: true, vault.ErrUnavailable: false} {
		f := &Finder{Index: x, Keyed: keyed, Load: func(ctx context.Context, id string) (application.State, error) {
			if id == "broken" {
				return application.State{}, fault
			}
			return r.load(ctx, id)
		}}
		found, err := f.Find(t.Context(), "mine", state("me", "shop.cn"))
		switch {
		case goesOn && (err != nil || len(found.Matches) != 1 || !found.More):
			t.Errorf("%v: %d matches, more %t, %v", fault, len(found.Matches), found.More, err)
		case !goesOn && !errors.Is(err, fault):
			t.Errorf("%v is passed over: %v", fault, err)
		}
	}
}
