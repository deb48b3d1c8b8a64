package duplicate

import (
	"crypto/sha256"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/personal"
	"alta/domain/policy"

	"pgregory.net/rapid"
)

func keyed(kind, value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(kind+"="+value)))
}

func TestValuesAreComparedAsPeopleMeanThem(t *testing.T) {
	for _, c := range []struct {
		item item.Key
		a, b string
	}{
		{item.IdentityNumber, "11010519491231002x", "11010519491231002X"},
		{item.IdentityNumber, "11010519491231002X", "１１０１０５１９４９１２３１００２Ｘ"},
		{item.BankNumber, "6216 2610 0000 0000 018", "6216261000000000018"},
		{item.BankNumber, "12-345-6789", "123456789"},
		{item.ContactMobile, "+86 138 0013 8000", "13800138000"},
		{item.ContactPhone, "010-87654321", "(010) 8765 4321"},
		{item.ContactEmail, "Lina@Shop.example", "lina@shop.example"},
		{item.CompanyLicence, "91350100m000100y43", "91350100M000100Y43"},
	} {
		if Normal(c.item, c.a) != Normal(c.item, c.b) || Keyed(keyed).ValueKey(c.item, c.a) != Keyed(keyed).ValueKey(c.item, c.b) {
			t.Errorf("%s: %q and %q are compared as %q and %q", c.item, c.a, c.b, Normal(c.item, c.a), Normal(c.item, c.b))
		}
	}
	if k := Keyed(keyed).ValueKey(item.BankNumber, " "); k != "" {
		t.Errorf("no value has the key %q", k)
	}
}

// A picture whose hash differs in three bits at most is always found.
func TestAPictureThatDiffersInThreeBitsIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64().Draw(t, "hash")
		w := v
		for _, b := range rapid.SliceOfN(rapid.IntRange(0, 63), 0, 3).Draw(t, "flipped") {
			w ^= 1 << b
		}
		a, b := digits(v, 16), digits(w, 16)
		if !Near(a, b) {
			t.Fatal("not near")
		}
		found := slices.ContainsFunc(Keyed(keyed).Probes(b), func(probe string) bool {
			return slices.ContainsFunc(Keyed(keyed).PictureKeys(a), func(key string) bool { return strings.HasPrefix(key, probe) })
		})
		if !found {
			t.Fatalf("%s is not found by %s", a, b)
		}
		if strings.Contains(strings.Join(Keyed(keyed).PictureKeys(a), " "), a) {
			t.Fatal("the hash stands in the index in clear")
		}
	})
	if bits.OnesCount64(Keyed(keyed).mask()) < 8 {
		t.Error("the mask hides little")
	}
	for _, bad := range []string{"", "xyz", "00ff", "00ff00ff00ff00ff00"} {
		if Keyed(keyed).PictureKeys(bad) != nil || Near(bad, bad) {
			t.Errorf("%q is a hash", bad)
		}
	}
}

func with(merchant, agent string, kind policy.Kind, values map[item.Key]string, files map[item.Key]string) application.State {
	s := application.State{Merchant: merchant, Agent: agent, Kind: kind, Round: 1}
	for _, k := range slices.Concat(Compared, []item.Key{item.IdentityName}) {
		if v := values[k]; v != "" {
			i := &application.Item{Key: k, Value: v}
			if k.IsPersonal() {
				i.Value, i.Personal = "", personal.New(v)
			}
			s.Items = append(s.Items, i)
		}
	}
	for k, sha := range files {
		s.Items = append(s.Items, &application.Item{Key: k, Document: application.Document{ID: "d", SHA256: sha, PHash: "00ff00ff00ff00ff"}})
	}
	return s
}

func TestWhatIsSharedHasAPlainReasonOrIsAHint(t *testing.T) {
	type values = map[item.Key]string
	person := values{item.IdentityNumber: "11010519491231002X", item.IdentityName: "李娜"}
	both := func(more values) values {
		out := values{}
		for k, v := range person {
			out[k] = v
		}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	for rule, c := range map[string]struct {
		s, o application.State
		want Relation // empty: nothing is shared
	}{
		"nothing in common":                                  {with("a", "", policy.Individual, person, nil), with("b", "", policy.Individual, values{item.BankNumber: "1"}, nil), ""},
		"the same person twice is a hint":                    {with("a", "", policy.Individual, person, nil), with("b", "", policy.Individual, person, nil), Other},
		"also where one agent added both":                    {with("a", "x", policy.Individual, person, nil), with("b", "x", policy.Individual, person, nil), Other},
		"the merchant's own earlier application is none":     {with("a", "", policy.Individual, person, nil), with("a", "", policy.Individual, person, nil), Own},
		"the office of one agent is none":                    {with("a", "x", policy.Individual, values{item.ContactPhone: "010-87654321"}, nil), with("b", "x", policy.Individual, values{item.ContactPhone: "010-87654321"}, nil), SameAgent},
		"one telephone without an agent is a hint":           {with("a", "", policy.Individual, values{item.ContactPhone: "010-87654321"}, nil), with("b", "", policy.Individual, values{item.ContactPhone: "010-87654321"}, nil), Other},
		"of two agents too":                                  {with("a", "x", policy.Individual, values{item.ContactEmail: "a@b.cn"}, nil), with("b", "y", policy.Individual, values{item.ContactEmail: "a@b.cn"}, nil), Other},
		"several companies of a legal person are none":       {with("a", "", policy.Enterprise, both(values{item.ContactMobile: "13800138000"}), nil), with("b", "", policy.Enterprise, both(values{item.ContactMobile: "13800138000"}), nil), SamePerson},
		"with one identity document":                         {with("a", "", policy.Enterprise, person, map[item.Key]string{item.LegalPersonFront: "f"}), with("b", "", policy.Enterprise, person, map[item.Key]string{item.LegalPersonFront: "f"}), SamePerson},
		"two whose legal persons nobody typed are a hint":    {with("a", "", policy.Enterprise, values{item.ContactMobile: "13800138000"}, nil), with("b", "", policy.Enterprise, values{item.ContactMobile: "13800138000"}, nil), Other},
		"but one account of two companies is a hint":         {with("a", "", policy.Enterprise, both(values{item.BankNumber: "1"}), nil), with("b", "", policy.Enterprise, both(values{item.BankNumber: "1"}), nil), Other},
		"and one licence":                                    {with("a", "", policy.Enterprise, both(values{item.CompanyLicence: "9"}), nil), with("b", "", policy.Enterprise, both(values{item.CompanyLicence: "9"}), nil), Other},
		"and one number under two names":                     {with("a", "", policy.Enterprise, person, nil), with("b", "", policy.Enterprise, both(values{item.IdentityName: "王伟"}), nil), Other},
		"a person and a company of the same number are, too": {with("a", "", policy.Individual, person, nil), with("b", "", policy.Enterprise, person, nil), Other},
	} {
		t.Run(rule, func(t *testing.T) {
			for i, m := range []struct{ a, b application.State }{{c.s, c.o}, {c.o, c.s}} {
				got, ok := Compare(m.a, m.b, func(a, b application.Document) bool { return false })
				if ok != (c.want != "") || ok && got.Relation != c.want {
					t.Errorf("%d: %+v", i, got)
				}
			}
		})
	}
}

func TestHowNearPicturesAre(t *testing.T) {
	const zero = "0000000000000000"
	for hash, near := range map[string]bool{zero: true, "000000000000000f": true, "000000000000001f": false, "f000000000000000": true, "bad": false, "": false} {
		if Near(zero, hash) != near || Near(hash, zero) != near {
			t.Errorf("%q is near: %v", hash, !near)
		}
	}
	if Keyed(keyed).Probes("bad") != nil || Keyed(keyed).Probes(zero) == nil {
		t.Error("of what is no hash nothing is sought")
	}
}

func TestEmptySlotsAreNotShared(t *testing.T) {
	empty := application.State{Merchant: "a", Items: []*application.Item{{Key: item.IDCardFront}}}
	full := with("b", "", policy.Individual, nil, map[item.Key]string{item.IDCardFront: "f"})
	for _, pair := range [][2]application.State{{empty, empty}, {empty, full}, {full, empty}} {
		if m, ok := Compare(pair[0], pair[1], func(application.Document, application.Document) bool { return true }); ok {
			t.Errorf("%+v", m)
		}
	}
}

func TestFilesAndPicturesAreComparedAcrossSlots(t *testing.T) {
	s := with("a", "", policy.Individual, nil, map[item.Key]string{item.IDCardFront: "f"})
	o := with("b", "", policy.Individual, nil, map[item.Key]string{item.BankFront: "f"})
	asked := 0
	same := func(a, b application.Document) bool { asked++; return true }
	if m, ok := Compare(s, o, same); !ok || !slices.Equal(m.Shared, []Shared{{item.IDCardFront, item.BankFront, File}}) || asked != 0 {
		t.Errorf("%+v, %d pictures compared", m, asked)
	}
	o.Items[0].Document.SHA256 = "g"
	if m, ok := Compare(s, o, same); !ok || !slices.Equal(m.Shared, []Shared{{item.IDCardFront, item.BankFront, Picture}}) || asked != 1 {
		t.Errorf("%+v, %d pictures compared", m, asked)
	}
	o.Items[0].Key = item.LegalPersonBack
	if m, ok := Compare(s, o, same); ok {
		t.Errorf("emblem sides look alike: %+v", m)
	}
	o.Items[0].Key, o.Items[0].Document.Blank = item.BankFront, true
	if m, ok := Compare(s, o, same); ok {
		t.Errorf("an empty sheet is like another: %+v", m)
	}
	o.Items[0].Document.Blank, o.Items[0].Document.PHash = false, "00ff00ff00ff0000"
	if m, ok := Compare(s, o, same); ok || asked != 1 {
		t.Errorf("far apart: %+v, %d", m, asked)
	}
}
