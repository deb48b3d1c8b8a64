package calendar

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	// The zone must be found on machines that have no zone database, too.
	_ "time/tzdata"

	"alta/domain/strictjson"
)

// Document is a calendar as it is stored and imported, in JSON. In an import
// everything but the version and at least one of years and official_through may
// be left out, and then stays as it was.
type Document struct {
	Version  string   `json:"version"`
	Zone     string   `json:"zone,omitempty"`     // IANA name: Asia/Shanghai
	Open     string   `json:"open,omitempty"`     // 09:00
	Close    string   `json:"close,omitempty"`    // 18:00
	Weekdays []string `json:"weekdays,omitempty"` // mon tue wed thu fri
	// Statutory names the days off by law that count in a year without a table:
	// cn, the thirteen of mainland China, or none, plain weekdays, which is what no
	// value means in a stored document.
	Statutory       string `json:"statutory,omitempty"`
	OfficialThrough Date   `json:"official_through,omitzero"` // 2026-12-31
	Years           []Year `json:"years,omitempty"`           // ascending
}

// Year is the table of one year.
type Year struct {
	Year int `json:"year"`
	// Off and Work may reach into the December before and the January after, as
	// published tables do.
	Off    []string `json:"off"`              // 2026-01-01, or a range 2026-02-15..2026-02-23
	Work   []string `json:"work,omitempty"`   // weekends on which people work
	Source string   `json:"source,omitempty"` // where the table was published
}

// DocumentError says which field of a document is wrong.
type DocumentError struct {
	Field  string // years[2026].off; of what cannot be read as a year, the index from 0: years[0].off
	Reason string
}

func (e *DocumentError) Error() string { return "calendar: " + e.Field + ": " + e.Reason }

func wrong(field, format string, args ...any) error {
	return &DocumentError{field, fmt.Sprintf(format, args...)}
}

// maxDocument bounds a document, in bytes.
const maxDocument = 1 << 20

//go:embed cn.json
var builtIn []byte

//go:embed cn-2026.1.json
var builtIn2026 []byte

// BuiltIn lists the documents that the program had built in, the present one
// last: deadlines that were computed with an earlier one can be computed again.
func BuiltIn() []Calendar {
	former, err := Parse(builtIn2026)
	if err != nil {
		panic(err) // part of the program and proven by its tests
	}
	return []Calendar{former, Default()}
}

var parseBuiltIn = sync.OnceValues(func() (Calendar, error) { return Parse(builtIn) })

// Default is the built-in calendar of mainland China. The document is part of
// the program and proven by its tests, so it always parses.
func Default() Calendar {
	c, err := parseBuiltIn()
	if err != nil {
		panic(err)
	}
	return c
}

// Parse reads a whole document. Errors are a *[DocumentError] that names the
// field.
func Parse(data []byte) (Calendar, error) {
	doc, err := decode(data)
	if err != nil {
		return Calendar{}, err
	}
	return build(doc)
}

// Import reads a document with a new version and lays it over the calendar: its
// years replace those of the same number, and all others stay. Official
// coverage can grow but not shrink: what was published stays published. Errors
// are a *[DocumentError].
func (c Calendar) Import(data []byte) (Calendar, error) {
	if c.shapes == nil {
		return Calendar{}, ErrEmpty
	}
	add, err := decode(data)
	if err != nil {
		return Calendar{}, err
	}
	if add.Version == c.Version {
		return Calendar{}, wrong("version", "%q is the version that is in place; an import makes a new one", add.Version)
	}
	if len(add.Years) == 0 && add.OfficialThrough.IsZero() {
		return Calendar{}, wrong("years", "an import brings a year or a later official_through")
	}
	doc := c.Document()
	doc.Version = add.Version
	doc.Zone = or(add.Zone, doc.Zone)
	doc.Open = or(add.Open, doc.Open)
	doc.Close = or(add.Close, doc.Close)
	doc.Statutory = or(add.Statutory, doc.Statutory)
	if doc.Statutory == "" && doc.Zone == "Asia/Shanghai" {
		doc.Statutory = ChinaDaysOff // a document from before the field existed
	}
	if len(add.Weekdays) > 0 {
		doc.Weekdays = add.Weekdays
	}
	if !add.OfficialThrough.IsZero() {
		if add.OfficialThrough.Before(c.OfficialThrough) {
			return Calendar{}, wrong("official_through", "%s comes before %s, which is in place", add.OfficialThrough, c.OfficialThrough)
		}
		doc.OfficialThrough = add.OfficialThrough
	}
	for _, y := range add.Years {
		doc.Years = slices.DeleteFunc(doc.Years, func(have Year) bool { return have.Year == y.Year })
	}
	doc.Years = append(doc.Years, add.Years...)
	slices.SortStableFunc(doc.Years, func(a, b Year) int { return a.Year - b.Year })
	return build(doc)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Document is the calendar as data, for storing and for showing.
func (c Calendar) Document() Document {
	doc := c.doc
	doc.Weekdays = slices.Clone(doc.Weekdays)
	doc.Years = slices.Clone(doc.Years)
	return doc
}

// Table is the table of one year, where the calendar has one.
func (c Calendar) Table(year int) (Year, bool) {
	i := slices.IndexFunc(c.doc.Years, func(y Year) bool { return y.Year == year })
	if i < 0 {
		return Year{}, false
	}
	return c.doc.Years[i], true
}

func decode(data []byte) (Document, error) {
	if len(data) > maxDocument {
		return Document{}, wrong("document", "longer than %d bytes", maxDocument)
	}
	var doc Document
	if err := strictjson.Unmarshal(data, &doc); err != nil {
		at := (*strictjson.Error)(nil)
		if !errors.As(err, &at) {
			return Document{}, err
		}
		return Document{}, wrong(cmp.Or(at.Field, "document"), "%s", at.Why)
	}
	if doc.Version == "" || len(doc.Version) > 100 {
		return Document{}, wrong("version", "a version has 1 to 100 characters")
	}
	return doc, nil
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func build(doc Document) (Calendar, error) {
	c := Calendar{Version: doc.Version, OfficialThrough: doc.OfficialThrough, doc: doc, years: map[int]days{}}
	var err error
	if c.zone, err = loadZone(doc.Zone); err != nil {
		return Calendar{}, err
	}
	if c.open, err = clockTime("open", doc.Open); err != nil {
		return Calendar{}, err
	}
	if c.close, err = clockTime("close", doc.Close); err != nil {
		return Calendar{}, err
	}
	if c.close-c.open < time.Hour {
		return Calendar{}, wrong("close", "a day is open for at least an hour")
	}
	var w week
	for _, name := range doc.Weekdays {
		i := slices.Index(weekdays, name)
		if i < 0 || w[i] {
			return Calendar{}, wrong("weekdays", "%q is no weekday (sun mon tue wed thu fri sat), or stands there twice", name)
		}
		w[i] = true
	}
	if w == (week{}) {
		return Calendar{}, wrong("weekdays", "at least one weekday is worked")
	}
	c.week, c.shapes = w, w.shapes()
	switch doc.Statutory {
	case ChinaDaysOff:
		c.lawful = w.lawful()
	case "", "none":
	default:
		return Calendar{}, wrong("statutory", "%q is neither cn nor none", doc.Statutory)
	}
	if err := c.layTables(doc.Years); err != nil {
		return Calendar{}, err
	}
	return c, c.setFirst()
}

// layTables lays the tables over the years that they speak of. A year's own
// table comes over what the one before says of its January, and under what the
// one after says of its December: the newer table holds.
func (c *Calendar) layTables(list []Year) error {
	tables := map[int]table{}
	years := map[int]bool{}
	for _, y := range list {
		if _, ok := tables[y.Year]; ok {
			return wrong("years", "%d stands there twice", y.Year)
		}
		t, err := c.week.table(y)
		if err != nil {
			return err
		}
		tables[y.Year] = t
		years[y.Year] = true
		for d := range t.free {
			years[d.Year] = true
		}
	}
	for year := range years {
		_, own := tables[year]
		off, work := map[Date]bool{}, map[Date]bool{}
		if law, ok := c.week.statutory(year); ok && !own && c.lawful != nil {
			off = law
		}
		for _, from := range []int{year - 1, year, year + 1} {
			for d, free := range tables[from].free {
				if d.Year == year {
					delete(work, d)
					if free {
						off[d] = true
					} else {
						work[d] = true
					}
				}
			}
		}
		counts := c.week.counts(year, off, work)
		// A table that empties the year, such as a range with a slip in its month,
		// would move every deadline by months. No country has 60 public holidays.
		if plain := c.shapes.of(year).total(); own && (counts.total() < plain-60 || counts.total() > plain) {
			return wrong(fmt.Sprintf("years[%d]", year), "%d business days are not credible: there would be %d without any holiday", counts.total(), plain)
		}
		c.years[year] = counts
	}
	return nil
}

// setFirst checks that published tables lie next to each other up to
// OfficialThrough, and finds the first.
func (c *Calendar) setFirst() error {
	if c.OfficialThrough.IsZero() {
		return nil
	}
	year := c.OfficialThrough.Year
	own := map[int]bool{}
	for _, y := range c.doc.Years {
		own[y.Year] = true
	}
	if !own[year] {
		return wrong("official_through", "there is no table of %d", year)
	}
	for _, y := range slices.Sorted(maps.Keys(own)) {
		if !own[y+1] && y < year {
			return wrong("years", "the table of %d is missing between official ones", y+1)
		}
		if c.first.IsZero() {
			c.first = dateAt(y, 0)
		}
	}
	return nil
}

// loadZone refuses "Local" and the empty name, whose meaning would depend on
// the machine.
func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, wrong("zone", "an IANA zone is named, such as Asia/Shanghai")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, wrong("zone", "%q is no IANA zone such as Asia/Shanghai", name)
	}
	return zone, nil
}

func clockTime(field, s string) (time.Duration, error) {
	if s == "24:00" {
		return 0, wrong(field, "business hours end before midnight")
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, wrong(field, "%q is no clock time such as 09:00", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// table is the days that a year's table speaks of: free or worked.
type table struct{ free map[Date]bool }

// table checks the table of one year.
func (w week) table(y Year) (table, error) {
	field := fmt.Sprintf("years[%d]", y.Year)
	if y.Year < 1992 || y.Year > 2200 {
		return table{}, wrong(field, "tables are for the years 1992 to 2200")
	}
	free, err := y.dates(field+".off", y.Off)
	if err != nil {
		return table{}, err
	}
	work, err := y.dates(field+".work", y.Work)
	if err != nil {
		return table{}, err
	}
	for d := range work {
		if free[d] {
			return table{}, wrong(field+".work", "%s is a day off as well", d)
		}
		if w[d.midnight().Weekday()] {
			return table{}, wrong(field+".work", "%s is a working weekday anyway", d)
		}
	}
	for d := range work {
		free[d] = false
	}
	return table{free}, nil
}

// dates expands single days and ranges, all of which lie in the year, the
// December before or the January after.
func (y Year) dates(field string, list []string) (map[Date]bool, error) {
	set := map[Date]bool{}
	for _, text := range list {
		from, to, isRange := strings.Cut(text, "..")
		if !isRange {
			to = from
		}
		a, err := ParseDate(from)
		if err != nil {
			return nil, wrong(field, "%s", err)
		}
		b, err := ParseDate(to)
		if err != nil {
			return nil, wrong(field, "%s", err)
		}
		first, last := Date{y.Year - 1, time.December, 1}, Date{y.Year + 1, time.January, 31}
		if a.Before(first) || last.Before(b) || b.Before(a) {
			return nil, wrong(field, "%q is no day or ascending range of %d, the December before or the January after", text, y.Year)
		}
		for d := a; !b.Before(d); d = d.Next() {
			if set[d] {
				return nil, wrong(field, "%s stands there twice", d)
			}
			set[d] = true
		}
	}
	return set, nil
}
