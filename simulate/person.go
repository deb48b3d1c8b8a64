package simulate

import (
	"fmt"
	"time"

	"alta/domain/identifier"
)

// Person is an invented natural person.
type Person struct {
	Name      string
	Latin     string // the name in Latin letters, such as wang.zihan
	Sex       string // 男 or 女
	Ethnicity string
	Birth     string // YYYY-MM-DD
	Address   string
	Number    string // of the resident ID card, 18 characters
	Authority string // that issued the card
	ValidFrom string // YYYY-MM-DD
	ValidTo   string // YYYY-MM-DD or "long-term"

	place place
}

// LongTerm stands where a document has no end.
const LongTerm = "long-term"

const (
	youngest, oldest = 20, 63 // years of age
	sequences        = 999    // 001–999 in an ID number
)

// person makes the nth person. Places, days of birth and sequence numbers are
// numbered through, so that the first 480 million people of a seed have
// different ID numbers.
func (g *Generator) person(r *source, n uint64) Person {
	today := civil(g.at)
	first := today.AddDate(-oldest, 0, 0)
	days := uint64(today.AddDate(-youngest, 0, 0).Sub(first) / (24 * time.Hour))
	i := spread(g.seed, n, uint64(len(places))*days*sequences)
	seq := i%sequences + 1
	birth := first.AddDate(0, 0, int(i/sequences%days))
	home := places[i/sequences/days]

	first17 := home.code + birth.Format("20060102") + fmt.Sprintf("%03d", seq)
	p := Person{
		Sex: "女", Ethnicity: pick(r, ethnicities), Birth: birth.Format(time.DateOnly), Address: home.address(r),
		Number:    first17 + string(rune(identifier.ResidentIDCheck(first17))),
		Authority: home.city + "公安局" + home.district[:len(home.district)-len("区")] + "分局",
		place:     home,
	}
	if home.district == "浦东新区" {
		p.Authority = home.city + "公安局浦东分局"
	}
	given, last := womenFirst, womenLast
	if seq%2 == 1 {
		p.Sex, given, last = "男", menFirst, menLast
	}
	surname, a, b := pick(r, surnames), pick(r, given), pick(r, last)
	p.Name, p.Latin = surname.han+a.han+b.han, surname.latin+"."+a.latin+b.latin
	if a == b || r.chance(18) {
		p.Name, p.Latin = surname.han+b.han, surname.latin+"."+b.latin
	}
	p.ValidFrom, p.ValidTo = g.validity(r, birth)
	return p
}

// validity picks the period of a card that is valid today and for at least
// another year, as long as the Resident Identity Card Law (art. 5) gives it at
// the holder's age at issue: 10 years from 16, 20 years from 26, for ever from 46.
func (g *Generator) validity(r *source, birth time.Time) (from, to string) {
	today := civil(g.at)
	issued := today.AddDate(0, 0, -r.between(40, 16*365))
	for range 4 {
		age := identifier.Age(birth, issued)
		until := issued.AddDate(10, 0, 0)
		switch {
		case age >= 46:
			return issued.Format(time.DateOnly), LongTerm
		case age >= 26:
			until = issued.AddDate(20, 0, 0)
		}
		if age >= 16 && until.After(today.AddDate(1, 0, 0)) {
			return issued.Format(time.DateOnly), until.Format(time.DateOnly)
		}
		// Too old a card, or its holder too young then: a newer one.
		issued = issued.Add(today.Sub(issued) * 2 / 3).Truncate(24 * time.Hour)
	}
	issued = today.AddDate(0, 0, -45)
	return issued.Format(time.DateOnly), issued.AddDate(10, 0, 0).Format(time.DateOnly)
}

// civil is the date at that moment in Beijing, as midnight UTC.
func civil(at time.Time) time.Time {
	y, m, d := at.In(time.FixedZone("UTC+8", 8*3600)).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// mobile is the nth mobile number.
func (g *Generator) mobile(n uint64) string {
	i := spread(g.seed, n, uint64(len(mobilePrefixes))*1e8)
	return mobilePrefixes[i/1e8] + fmt.Sprintf("%08d", i%1e8)
}

// email is the nth address, under a domain that is reserved for examples (RFC
// 2606): whatever is sent there reaches nobody.
func (p Person) email(seed, n uint64) string {
	return fmt.Sprintf("%s.%x@example.com", p.Latin, spread(seed, n, 1<<32))
}
