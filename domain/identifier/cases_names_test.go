package identifier_test

import (
	"slices"
	"strings"
	"testing"

	"alta/domain/identifier"
)

// The public cases about names, by id, and others of the same kinds.
func TestCasesOfNames(t *testing.T) {
	const (
		eq, like, other = identifier.Equal, identifier.ProbablySame, identifier.Different
	)
	for _, k := range []struct {
		id, a, b string
		want     identifier.Verdict
		why      []identifier.Likeness
	}{
		{"C018 a radical of the supplement", "⻢云⻰", "马云龙", eq, nil},
		{"C018 a Kangxi radical", "⾺雲⿓", "馬雲龍", eq, nil},
		{"C018 a stroke", "㇐㇑", "一丨", eq, nil},
		{"C020 a company's name from a PDF", "上海⻩⾦有限公司", "上海黄金有限公司", eq, nil},
		{"C023 private use of GB 18030-2000", "王\ue863", "王䶮", eq, nil},
		{"C023 private use of a plane 2 ideograph", "王\ue83b", "王𢦏", eq, nil},
		{"C023 private use of GB 18030-2005", "王\ue854", "王龺", eq, nil},
		{"C023 private use of a radical", "\ue81c金", "刀金", eq, nil},
		{"C023 private use of a letter", "\ue7c8", "Ǹ", eq, nil},
		{"C023 private use that stands for nothing is another name", "王\ue000", "王䶮", other, nil},
		{"C025 an ideographic variation selector", "葛\U000e0100红", "葛红", eq, nil},
		{"C025 a standardised variation selector", "葛\ufe00红", "葛红", eq, nil},
		{"C027 Hangul filler", "李\u3164娜", "李娜", eq, nil},
		{"C027 Braille blank", "李\u2800娜", "李娜", eq, nil},
		{"C027 combining grapheme joiner", "李\u034f娜", "李娜", eq, nil},
		{"C027 Hangul choseong filler", "李\u115f娜", "李娜", eq, nil},
		{"C027 half-width Hangul filler", "李\uffa0娜", "李娜", eq, nil},
		{"C027 no-break space", "李\u00a0娜", "李娜", eq, nil},
		{"C027 ideographic space", "李\u3000娜", "李娜", eq, nil},
		{"C027 word joiner", "李\u2060娜", "李娜", eq, nil},
		{"C027 right-to-left override", "\u202e李娜\u202c", "李娜", eq, nil},
		{"C027 tag character", "李\U000e0041娜", "李娜", eq, nil},
		{"C027 replacement of an object", "李\ufffc娜", "李娜", eq, nil},
		{"C027 backspace", "李\u0008娜", "李娜", eq, nil},
		{"C029 full stop of Chinese", "买买提。艾力", "买买提·艾力", eq, nil},
		{"C029 half-width full stop of Chinese", "买买提｡艾力", "买买提·艾力", eq, nil},
		{"C029 Hangul letter araea", "买买提ㆍ艾力", "买买提·艾力", eq, nil},
		{"C029 small square", "买买提▪艾力", "买买提·艾力", eq, nil},
		{"C029 raised dot", "买买提⸳艾力", "买买提·艾力", eq, nil},
		{"C029 dash", "买买提—艾力", "买买提·艾力", eq, nil},
		{"C029 double dash", "买买提——艾力", "买买提·艾力", eq, nil},
		{"C029 hyphen", "买买提-艾力", "买买提·艾力", eq, nil},
		{"C029 full stop", "买买提.艾力", "买买提·艾力", eq, nil},
		{"C029 one dot leader", "买买提․艾力", "买买提·艾力", eq, nil},
		{"C029 dot above", "买买提˙艾力", "买买提·艾力", eq, nil},
		{"C029 comma of enumeration", "买买提、艾力", "买买提·艾力", eq, nil},
		{"C029 comma", "买买提，艾力", "买买提·艾力", eq, nil},
		{"C029 low line", "买买提_艾力", "买买提·艾力", eq, nil},
		{"C029 dot between spaces", "买买提 · 艾力", "买买提·艾力", eq, nil},
		{"C029 stroke typed for a dot", "买买提丶艾力", "买买提·艾力", eq, nil},
		{"C029 katakana dot", "买买提・艾力", "买买提･艾力", eq, nil},
		{"C029 the dot is where it is", "买买·提艾力", "买买提·艾力", like, []identifier.Likeness{identifier.LikeSigns}},
		{"C030 a bank drops the dot", "买买提艾力", "买买提·艾力", like, []identifier.Likeness{identifier.LikeSigns}},
		{"C030 a space for the dot", "买买提 艾力", "买买提·艾力", like, []identifier.Likeness{identifier.LikeSigns}},
		{"C032 typographic apostrophe", "O’BRIEN", "O'BRIEN", eq, nil},
		{"C032 ʻokina", "Lanaʻi", "Lana'i", eq, nil},
		{"C032 modifier apostrophe", "Oʼbrien", "O'BRIEN", eq, nil},
		{"C032 prime", "O′Brien", "O`Brien", eq, nil},
		{"C032 acute accent", "O´Brien", "O＇Brien", eq, nil},
		{"C032 the apostrophe dropped", "OBRIEN", "O'BRIEN", like, []identifier.Likeness{identifier.LikeSigns}},
		{"an accent missing", "JOSE GARCIA", "José García", like, []identifier.Likeness{identifier.LikeAccents}},
		{"an accent that is a character of its own", "Jose\u0301", "José", eq, nil},
		{"ü as a passport writes it", "MUELLER", "Müller", like, []identifier.Likeness{identifier.LikeAccents}},
		{"ü as a passport of China writes it", "LYU JIE", "Lü Jie", like, []identifier.Likeness{identifier.LikeAccents}},
		{"ü as a keyboard of China writes it", "LV JIE", "Lü Jie", like, []identifier.Likeness{identifier.LikeAccents}},
		{"ß", "STRASSER", "Straßer", eq, nil},
		{"ø", "SORENSEN", "Sørensen", like, []identifier.Likeness{identifier.LikeAccents}},
		{"đ", "DO THI", "Đỗ Thị", like, []identifier.Likeness{identifier.LikeAccents}},
		{"ł and an accent", "LUKASZ WOJCIK", "Łukasz Wójcik", like, []identifier.Likeness{identifier.LikeAccents}},
		{"dotless ı", "ISIK", "Işık", like, []identifier.Likeness{identifier.LikeAccents}},
		{"accents and an apostrophe", "NUNEZ OBRIEN", "Núñez O'Brien", like, []identifier.Likeness{identifier.LikeSigns, identifier.LikeAccents}},
		{"a hyphen is a space", "Jean Pierre", "Jean-Pierre", like, []identifier.Likeness{identifier.LikeSigns}},
		{"kinds of hyphens", "Jean‐Pierre", "Jean-Pierre", eq, nil},
		{"the family name first", "SMITH JOHN", "John Smith", like, []identifier.Likeness{identifier.LikeOrder}},
		{"the family name first, with a comma", "Smith, John", "John Smith", like, []identifier.Likeness{identifier.LikeOrder}},
		{"the family name first, written together", "ZHANG SANFENG", "San Feng Zhang", like, []identifier.Likeness{identifier.LikeOrder}},
		{"a name in Chinese has one order", "李娜", "娜李", other, nil},
		{"traditional characters", "馬雲龍", "马云龙", like, []identifier.Likeness{identifier.LikeVariants}},
		{"traditional characters and a dot", "買買提艾力", "买买提·艾力", like, []identifier.Likeness{identifier.LikeSigns, identifier.LikeVariants}},
		{"brackets of a company", "甲（北京）有限公司", "甲(北京)有限公司", eq, nil},
		{"a legal form is no small thing", "甲有限公司", "甲股份有限公司", other, nil},
		{"a middle name is a name", "John Smith", "John Adam Smith", other, nil},
		{"a masked name is none", "张*三", "张三", other, nil},
		{"no name is equal to nothing", "·", "。", other, nil},
		{"only characters that nobody sees", "\u3164", "\u2800", other, nil},
	} {
		for _, p := range [][2]string{{k.a, k.b}, {k.b, k.a}} {
			c := identifier.CompareNames(p[0], p[1])
			if c.Verdict != k.want || !slices.Equal(c.Why, k.why) {
				t.Errorf("%s: %q and %q are %s %v, want %s %v", k.id, p[0], p[1], c.Verdict, c.Why, k.want, k.why)
			}
		}
		// What the comparison calls one name, a search finds by the other spelling.
		if k.want == eq || k.want == like && !slices.Contains(k.why, identifier.LikeOrder) && !strings.HasPrefix(k.id, "ü ") {
			if a, b := identifier.NameSearch(k.a), identifier.NameSearch(k.b); a != b || a == "" {
				t.Errorf("%s: looked for as %q and %q", k.id, a, b)
			}
		}
	}
}

// A reviewer is told what the eye cannot see.
func TestMarksCountWhatNobodySees(t *testing.T) {
	for s, want := range map[string]identifier.Marks{
		"李娜":                {},
		"李　娜\u00a0\t\n":     {},
		"葛\U000e0100红":      {Invisible: 1},
		"李\u3164\u2800娜":    {Invisible: 2},
		"\u202e李娜\u202c":    {Invisible: 2},
		"王\ue863\U000f0000": {PrivateUse: 2},
	} {
		if got := identifier.Marked(s); got != want {
			t.Errorf("%q: %+v, want %+v", s, got, want)
		}
	}
}

// The rules of the comparison, whatever the names.
func FuzzCompareNames(f *testing.F) {
	for _, s := range []string{"买买提·艾力", "O’Brien", "⻢云⻰", "王\ue863", "葛\U000e0100红", "Jean-Pierre", "Straße ﬁ ŉ", "ͅ", "ΐ", "甲。", "丶丶", "\xff"} {
		f.Add(s, "买买提ㆍ艾力")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := identifier.CompareNames(a, b), identifier.CompareNames(b, a)
		if x.Verdict != y.Verdict || !slices.Equal(x.Why, y.Why) {
			t.Fatalf("%q and %q are %s %v, the other way round %s %v", a, b, x.Verdict, x.Why, y.Verdict, y.Why)
		}
		if again := identifier.CompareNames(a, a); again.NormalA != "" && again.Verdict != identifier.Equal {
			t.Fatalf("%q is not equal to itself", a)
		}
		if again := identifier.CompareNames(x.NormalA, a); again.NormalA != x.NormalA {
			t.Fatalf("%q becomes %q, and that %q", a, x.NormalA, again.NormalA)
		}
		if (x.Verdict == identifier.ProbablySame) != (len(x.Why) > 0) {
			t.Fatalf("%q and %q: %s because of %v", a, b, x.Verdict, x.Why)
		}
		if s := identifier.NameSearch(a); identifier.NameSearch(s) != s {
			t.Fatalf("%q is looked for as %q, and that as %q", a, s, identifier.NameSearch(s))
		}
	})
}
