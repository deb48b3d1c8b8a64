package identifier

import (
	"strings"
	"unicode/utf8"
)

// Bank is a bank as the first three digits of a branch code name it.
type Bank struct {
	Code string // three digits
	Name string // in Chinese
	// Group says that the code is shared by many banks (city commercial banks,
	// rural banks …), so that the bank's own name cannot be told from it.
	Group bool
	short []string // other spellings, upper case
}

// banks are the bank codes of the People's Bank's payment systems that merchants
// meet. An unknown code is no error: the list is the operator's to know, not
// ours to be complete.
var banks = []Bank{
	{Code: "001", Name: "中国人民银行", short: []string{"PBOC", "PBC", "人民银行"}},
	{Code: "102", Name: "中国工商银行", short: []string{"ICBC", "工商银行", "工行"}},
	{Code: "103", Name: "中国农业银行", short: []string{"ABC", "农业银行", "农行"}},
	{Code: "104", Name: "中国银行", short: []string{"BOC", "中行"}},
	{Code: "105", Name: "中国建设银行", short: []string{"CCB", "建设银行", "建行"}},
	{Code: "201", Name: "国家开发银行", short: []string{"CDB", "国开行"}},
	{Code: "202", Name: "中国进出口银行", short: []string{"EXIM", "进出口银行"}},
	{Code: "203", Name: "中国农业发展银行", short: []string{"ADBC", "农业发展银行", "农发行"}},
	{Code: "301", Name: "交通银行", short: []string{"BOCOM", "COMM", "交行"}},
	{Code: "302", Name: "中信银行", short: []string{"CITIC", "CNCB"}},
	{Code: "303", Name: "中国光大银行", short: []string{"CEB", "光大银行"}},
	{Code: "304", Name: "华夏银行", short: []string{"HXB"}},
	{Code: "305", Name: "中国民生银行", short: []string{"CMBC", "民生银行"}},
	{Code: "306", Name: "广发银行", short: []string{"CGB", "GDB", "广东发展银行"}},
	{Code: "307", Name: "平安银行", short: []string{"PAB", "SPABANK"}},
	{Code: "308", Name: "招商银行", short: []string{"CMB", "招行"}},
	{Code: "309", Name: "兴业银行", short: []string{"CIB"}},
	{Code: "310", Name: "上海浦东发展银行", short: []string{"SPDB", "浦发银行", "浦发"}},
	{Code: "313", Name: "城市商业银行", Group: true},
	{Code: "314", Name: "农村商业银行", Group: true},
	{Code: "315", Name: "恒丰银行", short: []string{"EGB"}},
	{Code: "316", Name: "浙商银行", short: []string{"CZB"}},
	{Code: "317", Name: "农村合作银行", Group: true},
	{Code: "318", Name: "渤海银行", short: []string{"CBHB", "BOHAIB"}},
	{Code: "319", Name: "徽商银行", short: []string{"HSB"}},
	{Code: "320", Name: "村镇银行", Group: true},
	{Code: "322", Name: "上海农村商业银行", short: []string{"SRCB", "上海农商银行", "上海农商行"}},
	{Code: "325", Name: "上海银行", short: []string{"BOSC"}},
	{Code: "401", Name: "城市信用社", Group: true},
	{Code: "402", Name: "农村信用社", Group: true, short: []string{"RCC", "农信社"}},
	{Code: "403", Name: "中国邮政储蓄银行", short: []string{"PSBC", "邮政储蓄银行", "邮储银行", "邮储"}},
	{Code: "501", Name: "汇丰银行", short: []string{"HSBC"}},
	{Code: "502", Name: "东亚银行", short: []string{"BEA"}},
	{Code: "504", Name: "恒生银行", short: []string{"HASE"}},
	{Code: "531", Name: "花旗银行", short: []string{"CITI", "CITIBANK"}},
	{Code: "671", Name: "渣打银行", short: []string{"SCB"}},
}

// Banks lists the known banks by code.
func Banks() []Bank { return append([]Bank(nil), banks...) }

// BankOf is the bank that a branch code's first three digits name.
func BankOf(branch string) (Bank, bool) {
	if len(branch) < 3 {
		return Bank{}, false
	}
	for _, b := range banks {
		if b.Code == branch[:3] {
			return b, true
		}
	}
	return Bank{}, false
}

// FindBank finds a bank by its three digits, its Chinese name (with or without
// 股份有限公司 and the like) or its usual abbreviation.
func FindBank(name string) (Bank, bool) {
	s := nameForm(name)
	for _, tail := range []string{"股份有限公司", "有限责任公司", "有限公司", "(中国)"} {
		s = strings.TrimSuffix(s, tail)
	}
	for _, b := range banks {
		if s == b.Code || s == b.Name {
			return b, true
		}
		for _, n := range b.short {
			if s == n {
				return b, true
			}
		}
	}
	return Bank{}, false
}

// CNAPS checks a branch code of 12 digits: bank 3, area 4, branch 4, check 1.
// The form blocks; the check digit warns. With a chosen bank (its three digits,
// Chinese name or abbreviation) a code of another bank is a warning.
func CNAPS(value, chosen string) Result {
	r, s, ok := begin("cnaps", value, grouped)
	if !ok {
		return r
	}
	if len(s) != 12 || !digits(s) {
		if what := oddity(s, ""); what != "" {
			r.add(Block, "cnaps-form", "a branch code is 12 digits: %s", what)
		} else {
			r.add(Block, "cnaps-form", "a branch code is 12 digits, not %d", len(s))
		}
		return r
	}
	r.Canonical = s
	if oneDigit(s) {
		r.add(Warn, "cnaps-degenerate", "%s", degenerateDetail)
	}
	if s[11] != CNAPSCheck(s[:11]) {
		r.add(Warn, "cnaps-checksum", "the last digit does not follow from the first 11")
	}
	compareBank(&r, s[:3], chosen)
	return r
}

func compareBank(r *Result, code, chosen string) {
	switch {
	case utf8.RuneCountInString(chosen) > longest:
		r.add(Hint, "cnaps-bank-unknown", "the chosen bank's name is longer than %d characters", longest)
		return
	case fold(chosen) == "":
		return
	}
	branch, known := BankOf(code)
	bank, found := FindBank(chosen)
	if digitsOnly := Normalise(chosen); !found && len(digitsOnly) == 3 && digits(digitsOnly) {
		bank, found = Bank{Code: digitsOnly, Name: "bank " + digitsOnly}, true
	}
	switch {
	case found && bank.Code == code:
	case !found && known && !branch.Group:
		r.add(Warn, "cnaps-bank", "the code belongs to %s (%s), and the chosen bank is %q", branch.Name, code, fold(chosen))
	case !found:
		r.add(Hint, "cnaps-bank-unknown", "the code's first three digits, %s, and the chosen bank %q cannot be compared by machine", code, fold(chosen))
	case known:
		r.add(Warn, "cnaps-bank", "the code belongs to %s (%s), and the chosen bank is %s (%s)", branch.Name, code, bank.Name, bank.Code)
	default:
		r.add(Warn, "cnaps-bank", "the code's first three digits are %s, and those of the chosen bank, %s, are %s", code, bank.Name, bank.Code)
	}
}
