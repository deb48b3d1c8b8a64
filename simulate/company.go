package simulate

import (
	"fmt"
	"time"

	"alta/domain/identifier"
)

// Company is an invented enterprise.
type Company struct {
	Name      string
	Brand     string
	Licence   string // unified social credit code, or the 15-digit number of before
	TaxNumber string
	OrgCode   string // with its dash
	Type      string
	Capital   string
	Founded   string // YYYY-MM-DD
	Address   string
	Scope     string

	seat place
}

// Old reports whether the company still has the three certificates from before
// the unified code.
func (c Company) Old() bool { return len(c.Licence) == 15 }

var capitals = []string{"人民币伍拾万元整", "人民币壹佰万元整", "人民币叁佰万元整", "人民币伍佰万元整", "人民币壹仟万元整"}

// company makes the nth company: one in six has a licence number of 15 digits.
func (g *Generator) company(r *source, n uint64, seat place, brand string, in industry) Company {
	c := Company{
		Brand: brand, Name: seat.short() + brand + in.name + "有限公司",
		Type: pick(r, []string{"有限责任公司（自然人投资或控股）", "有限责任公司（自然人独资）"}), Capital: pick(r, capitals),
		Address: seat.address(r), Scope: in.scope, seat: seat,
	}
	today := civil(g.at)
	if r.chance(17) {
		first14 := seat.code + fmt.Sprintf("%08d", spread(g.seed, n, 1e8))
		c.Licence = first14 + string(rune(identifier.LicenceCheck(first14)))
		first8 := fmt.Sprintf("%08d", spread(g.seed^1, n, 1e8))
		check := string(rune(identifier.OrgCodeCheck(first8)))
		c.OrgCode = first8 + "-" + check
		c.TaxNumber = seat.code + first8 + check
		c.Founded = time.Date(r.between(2001, 2014), time.Month(r.between(1, 12)), r.between(1, 28), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		return c
	}
	first8 := "MA" + base31(spread(g.seed, n, 31*31*31*31*31*31), 6)
	org := first8 + string(rune(identifier.OrgCodeCheck(first8)))
	first17 := identifier.ClassCompany + seat.code + org
	c.Licence = first17 + string(rune(identifier.USCCCheck(first17)))
	c.TaxNumber, c.OrgCode = c.Licence[2:17], first8+"-"+org[8:]
	c.Founded = today.AddDate(0, 0, -r.between(400, 4000)).Format(time.DateOnly)
	return c
}

// base31 writes n in the alphabet of the unified code, which leaves out letters
// that look like others.
func base31(n uint64, length int) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	b := make([]byte, length)
	for i := length - 1; i >= 0; i-- {
		b[i] = alphabet[n%31]
		n /= 31
	}
	return string(b)
}

// account is a settlement account.
type account struct {
	bank   bank
	number string
	branch string // 12-digit branch code
	name   string // of the branch, in full
}

// account makes the nth settlement account: a debit card's number for a person,
// a plain account number for a company.
func (g *Generator) account(r *source, n uint64, seat place, corporate bool) account {
	b := pick(r, banks)
	a := account{bank: b, name: b.formal + seat.short() + seat.district[:len(seat.district)-len("区")] + "支行"}
	first11 := b.code + seat.cnaps + fmt.Sprintf("%04d", r.between(1, 9999))
	a.branch = first11 + string(rune(identifier.CNAPSCheck(first11)))
	if corporate {
		a.number = b.code + seat.cnaps + fmt.Sprintf("%010d", spread(g.seed, n, 1e10)) + "01"
		return a
	}
	bin := pick(r, b.bins)
	free := b.length - 1 - len(bin)
	first := bin + fmt.Sprintf("%0*d", free, spread(g.seed, n, pow10(min(free, 11))))
	a.number = first + string(rune(identifier.LuhnCheck(first)))
	return a
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
