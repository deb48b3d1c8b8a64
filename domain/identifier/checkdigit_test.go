package identifier_test

import (
	"strings"
	"testing"

	"alta/domain/identifier"
)

// Of what has not its form there is no check character.
func TestCheckCharactersAreOfWholeNumbersOnly(t *testing.T) {
	for name, k := range map[string]struct {
		check func(string) byte
		right string
		want  byte
		wrong []string
	}{
		"resident ID":       {identifier.ResidentIDCheck, "11010519491231002", 'X', []string{"", "1101051949123100", "110105194912310021", "1101051949123100A", "1101051949123100/"}},
		"USCC":              {identifier.USCCCheck, "91350100M000100Y4", '3', []string{"", "91350100M000100Y", "91350100M000100Y43", "91350100I000100Y4", "91350100m000100Y4"}},
		"organisation code": {identifier.OrgCodeCheck, "M000100Y", '4', []string{"", "M000100", "M000100Y4", "M000100y", "M000100[", "M000100@", "M000100/", "M000100:"}},
		"ISO 7064 mod 11":   {identifier.Mod1110Check, "35010010000001", '7', []string{"", "3501001000000A"}},
		"licence":           {identifier.LicenceCheck, "35010010000001", '7', []string{"", "3501001000000", "350100100000017", "3501001000000A"}},
		"CNAPS":             {identifier.CNAPSCheck, "40271335494", '1', []string{"", "4027133549", "402713354941", "4027133549A"}},
		"Luhn":              {identifier.LuhnCheck, "621626100000000001", '8', []string{"", "62162610000000000A"}},
	} {
		if got := k.check(k.right); got != k.want {
			t.Errorf("%s: %c, want %c", name, got, k.want)
		}
		for _, wrong := range k.wrong {
			if got := k.check(wrong); got != 0 {
				t.Errorf("%s of %q: %c", name, wrong, got)
			}
		}
	}
	for _, payload := range []string{"0", "1", "4", "5", "9", "59", "95", "00", "123456789"} { // doubled digits below, at and above ten
		if c := identifier.LuhnCheck(payload); !luhn(payload + string(c)) {
			t.Errorf("%s%c does not sum up to a multiple of ten", payload, c)
		}
	}
	for branch, known := range map[string]bool{"": false, "10": false, "102": true, "102100099996": true, "999": false} {
		if b, ok := identifier.BankOf(branch); ok != known || known && b.Code != branch[:3] {
			t.Errorf("the bank of %q: %+v, %v", branch, b, ok)
		}
	}
	all := identifier.Codes()
	if len(all) < 60 || !strings.HasPrefix(all[0], "bank-card") {
		t.Errorf("%d codes, from %s", len(all), all[0])
	}
	for i := range all {
		if i > 0 && all[i-1] >= all[i] {
			t.Errorf("%s stands behind %s", all[i-1], all[i])
		}
	}
}

func TestWhichAddressesNeedAModernMailServer(t *testing.T) {
	for address, needs := range map[string]bool{"chen@example.cn": false, "ch\x7fen@example.cn": false, "ch\u0080en@example.cn": true, "陈@example.cn": true, "chen@例子.cn": false, "": false, "陈": false} {
		if got := identifier.NeedsSMTPUTF8(address); got != needs {
			t.Errorf("%q needs SMTPUTF8: %v", address, got)
		}
	}
}

func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		v := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			v *= 2
			v = v/10 + v%10
		}
		sum += v
	}
	return sum%10 == 0
}

func TestNumbersArePastedWithSignsThatNobodySees(t *testing.T) {
	for value, want := range map[string]string{"\u200bab\u2060": "AB", "\ufeff 1２": "12", "x\u3000": "X"} {
		if got := identifier.Normalise(value); got != want {
			t.Errorf("%+q becomes %+q, want %+q", value, got, want)
		}
	}
}
