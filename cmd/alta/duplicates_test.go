package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"alta/domain/item"
	"alta/simulate/drive"

	"golang.org/x/image/draw"
)

// match is another application as the case's page names it.
type match struct {
	Application, Relation, Name, Stage string
	MerchantNumber                     string `json:"merchant_number"`
	Shared                             []struct{ Item, With, Kind string }
}

func (m match) shares() (out []string) {
	for _, s := range m.Shared {
		out = append(out, s.Kind+" "+s.Item)
	}
	slices.Sort(out)
	return out
}

// matches asks until the answer is as wanted, because the index follows the record
// by a moment.
func (w *world) matches(t *testing.T, by *drive.Person, id string, good func([]match) bool) []match {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		var found struct{ Matches []match }
		_, err := by.Get(t.Context(), "/v1/applications/"+id+"/duplicates", &found)
		if err == nil && good(found.Matches) || time.Now().After(deadline) {
			if err != nil {
				t.Fatal(err)
			}
			return found.Matches
		}
	}
}

// errBefore ends a life before the submission.
var errBefore = errors.New("not submitted yet")

func named(id string) func([]match) bool {
	return func(all []match) bool {
		return slices.ContainsFunc(all, func(m match) bool { return m.Application == id })
	}
}

func TestAnotherMerchantWithTheSameNumbersAndPapersIsNamedToReviewersAndToNobodyElse(t *testing.T) {
	c := demoConfig(t)
	w := start(t, c)
	d := w.driver(t)
	reviewer, lead, auditor := w.as(t, "reviewer"), w.as(t, "lead"), w.as(t, "auditor")
	run := func(wish drive.Wish, change func(*drive.Plan)) *drive.Life {
		t.Helper()
		wish.Seed, wish.Count, wish.Small, wish.Kind, wish.To, wish.Day = 47, 1, true, "individual", drive.Submitted, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		plans, err := drive.Plans(wish)
		if err != nil {
			t.Fatal(err)
		}
		if change != nil {
			change(&plans[0])
		}
		l, err := d.Run(t.Context(), plans[0])
		if err != nil && !errors.Is(err, errBefore) {
			t.Fatal(err)
		}
		return l
	}
	first := run(drive.Wish{First: 0, Via: drive.Self, Site: "web"}, nil)
	stranger := run(drive.Wish{First: 1, Via: drive.Self}, nil)
	numbers := []item.Key{item.IdentityNumber, item.BankNumber, item.ContactMobile, item.ContactEmail, item.SiteDomain}
	second := run(drive.Wish{First: 2, Via: drive.Self, Site: "web"}, func(p *drive.Plan) {
		for _, k := range numbers {
			p.Merchant.Fields[k] = first.Merchant.Fields[k]
		}
		p.Merchant.Documents[item.BankFront] = first.Merchant.Documents[item.BankFront] // the same bytes
		// She does all but submit: her consents come last.
		consents := 0
		d.Observe = func(_ context.Context, _ *drive.Life, deed drive.Deed) error {
			if deed.Operation == "consent" {
				consents++
			}
			if consents == 2 {
				return errBefore
			}
			return nil
		}
	})
	d.Observe = nil
	// Her identity card is the first one's, as a messenger passes it on: smaller and
	// saved anew.
	card, err := d.Press.Picture(first.Merchant.Documents[item.IDCardFront])
	if err != nil {
		t.Fatal(err)
	}
	small := image.NewRGBA(image.Rect(0, 0, card.Rect.Dx()*4/5, card.Rect.Dy()*4/5))
	draw.BiLinear.Scale(small, small.Rect, card, card.Rect, draw.Src, nil)
	var again bytes.Buffer
	if err := jpeg.Encode(&again, small, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	path := "/v1/applications/" + second.ID
	if _, err := second.Self.Do(t.Context(), drive.Request{Method: http.MethodPut, Path: path + "/documents/id_card.front",
		Body: again.Bytes(), Media: "image/jpeg", Key: drive.Key("again")}, nil); err != nil {
		t.Fatal(err)
	}
	revision := w.revision(t, second.ID, second.Self)
	if _, err := second.Self.Do(t.Context(), drive.Request{Method: http.MethodPost, Path: path + "/submission", Match: &revision, Key: drive.Key("submit")}, nil); err != nil {
		t.Fatal(err)
	}
	shared := func(of item.Key) []string {
		want := []string{"file bank_card.front", "picture " + string(of)}
		for _, k := range numbers {
			want = append(want, "value "+string(k))
		}
		slices.Sort(want)
		return want
	}
	want := shared(item.IDCardFront)
	found := w.matches(t, reviewer, second.ID, named(first.ID))
	if len(found) != 1 || found[0].Relation != "other" || found[0].MerchantNumber != first.Number || !slices.Equal(found[0].shares(), want) {
		t.Errorf("the later one's page: %+v", found)
	}
	// The earlier one's page names the later one, and a stranger's nobody.
	if found := w.matches(t, lead, first.ID, named(second.ID)); len(found) != 1 || !slices.Equal(found[0].shares(), shared(item.IDCardFront)) {
		t.Errorf("the earlier one's page: %+v", found)
	}
	if found := w.matches(t, auditor, stranger.ID, func(all []match) bool { return len(all) == 0 }); len(found) > 0 {
		t.Errorf("a stranger's page: %+v", found)
	}

	// The machine check put hints on record, which name nobody.
	hints := func(id string) (codes []string, record string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !strings.Contains(record, "precheck") && time.Now().Before(deadline); {
			history, err := auditor.Get(t.Context(), "/v1/applications/"+id+"/history?limit=200", nil)
			if err != nil {
				t.Fatal(err)
			}
			record = string(history.Body)
		}
		var app struct {
			Findings []struct{ Code, Severity string }
		}
		reply, err := reviewer.Get(t.Context(), "/v1/applications/"+id, &app)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range app.Findings {
			if strings.HasPrefix(f.Code, "duplicate-") {
				codes = append(codes, f.Code)
			}
		}
		slices.Sort(codes)
		return codes, string(reply.Body) + record
	}
	codes, record := hints(second.ID)
	if want := []string{"duplicate-account", "duplicate-contact", "duplicate-contact", "duplicate-document", "duplicate-domain", "duplicate-number", "duplicate-picture"}; !slices.Equal(codes, want) {
		t.Errorf("on record: %v", codes)
	}
	if strings.Contains(record, first.ID) || strings.Contains(record, first.Number) {
		t.Error("the record names the other application")
	}
	if codes, _ := hints(first.ID); len(codes) > 0 {
		t.Errorf("on the earlier one's record: %v", codes)
	}

	// Merchants and agents are told nothing.
	for name, p := range map[string]*drive.Person{"the merchant": second.Self, "the other merchant": first.Self, "an agent": w.as(t, "agent"), "an admin": w.as(t, "admin")} {
		if a := w.send(t, p, request{method: http.MethodGet, path: "/v1/applications/" + second.ID + "/duplicates"}); a.status != http.StatusForbidden && a.status != http.StatusNotFound {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	for _, path := range []string{"/status", "/form", "/findings", "/actions"} {
		reply, err := second.Self.Get(t.Context(), "/v1/applications/"+second.ID+path, nil)
		if err != nil || strings.Contains(string(reply.Body), "duplicate") || strings.Contains(string(reply.Body), first.ID) {
			t.Errorf("the merchant's %s: %v", path, err)
		}
	}

	// What has a plain reason is named as such and is no hint on record.
	one := run(drive.Wish{First: 3, Via: drive.Agent}, nil)
	two := run(drive.Wish{First: 4, Via: drive.Agent}, func(p *drive.Plan) {
		p.Merchant.Fields[item.ContactPhone] = one.Merchant.Fields[item.ContactPhone]
	})
	if found := w.matches(t, reviewer, two.ID, named(one.ID)); len(found) != 1 || found[0].Relation != "same_agent" {
		t.Errorf("two of one agent: %+v", found)
	}
	if codes, _ := hints(two.ID); len(codes) > 0 {
		t.Errorf("an agent's office telephone is on record as %v", codes)
	}

	// A rebuild gives the same.
	var out bytes.Buffer
	if err := runRebuild(t.Context(), []string{"--data", c.Data}, &out, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if found := w.matches(t, reviewer, second.ID, named(first.ID)); len(found) != 1 || !slices.Equal(found[0].shares(), want) {
		t.Errorf("after a rebuild: %+v", found)
	}

	// Whoever asked for erasure is not named any more, at once.
	w.restrict(t, first)
	if found := w.matches(t, reviewer, second.ID, func([]match) bool { return true }); len(found) > 0 {
		t.Errorf("after the restriction: %+v", found)
	}
	reply, err := auditor.Get(t.Context(), "/v1/applications/"+first.ID+"/duplicates?why=inquiry", nil)
	if err != nil || strings.Contains(string(reply.Body), second.ID) {
		t.Errorf("restricted data were compared: %s, %v", reply.Body, err)
	}

	// And is named again when it was taken back.
	w.lift(t, first)
	if found := w.matches(t, reviewer, second.ID, named(first.ID)); len(found) != 1 || !slices.Equal(found[0].shares(), want) {
		t.Errorf("after the restriction was lifted: %+v", found)
	}
}

// While Redis is away, submissions are checked without the others, and the page
// says so; when it is back, they are compared.
func TestASubmissionIsCheckedWhileRedisIsAway(t *testing.T) {
	c := demoConfig(t)
	store := miniredis.RunT(t)
	c.Redis = "redis://" + store.Addr()
	w := start(t, c)
	d := w.driver(t)
	day := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	first := w.merchant(t, d, drive.Wish{Seed: 48, First: 0, Small: true, Kind: "individual", To: drive.Submitted, Via: drive.Self, Day: day})
	plans, err := drive.Plans(drive.Wish{Seed: 48, First: 1, Count: 1, Small: true, Kind: "individual", To: drive.Submitted, Via: drive.Self, Day: day})
	if err != nil {
		t.Fatal(err)
	}
	plans[0].Merchant.Fields[item.BankNumber] = first.Merchant.Fields[item.BankNumber]
	consents := 0
	d.Observe = func(_ context.Context, _ *drive.Life, deed drive.Deed) error { // she does all but submit
		if deed.Operation == "consent" {
			consents++
		}
		if consents == 2 {
			return errBefore
		}
		return nil
	}
	second, err := d.Run(t.Context(), plans[0])
	if !errors.Is(err, errBefore) {
		t.Fatal(err)
	}
	auditor := w.as(t, "auditor")
	revision := w.revision(t, second.ID, second.Self)
	store.SetError("LOADING Redis is loading the dataset in memory")
	if _, err := second.Self.Do(t.Context(), drive.Request{Method: http.MethodPost, Path: "/v1/applications/" + second.ID + "/submission", Match: &revision, Key: drive.Key("submit")}, nil); err != nil {
		t.Fatal(err)
	}
	history := func() string {
		a, err := auditor.Get(t.Context(), "/v1/applications/"+second.ID+"/history?limit=200", nil)
		if err != nil {
			return err.Error()
		}
		return string(a.Body)
	}
	within(t, time.Minute, "a check while Redis is away", func() bool { return strings.Contains(history(), "duplicates-unknown") })
	store.SetError("")
	within(t, 2*time.Minute, "the comparison when it is back", func() bool { return strings.Contains(history(), "duplicate-account") })
}
