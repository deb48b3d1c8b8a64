package reason

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"alta/domain/item"
	"alta/domain/lang"
)

// Params fill a template. Values of natural persons must come masked: what
// Render returns is mailed and stored. Expected and Seen may name an item by its
// key, as a document in the wrong slot does; they read as its label then.
type Params struct {
	Item     item.Key  // {item}: the target, shown by its label
	Value    string    // {value}: what the merchant supplied, masked; left out where it is a code
	Expected string    // {expected}: what it should be or where it belongs
	Seen     string    // {seen}: what the reviewer or the machine saw instead
	Deadline time.Time // {deadline}: in the zone to be shown; zero where no deadline runs
}

// Message is what a merchant is told about one reason. It never holds a word of
// the internal text.
type Message struct {
	Code  Code      `json:"code"`
	Sub   Sub       `json:"sub"`
	Item  item.Key  `json:"item"`
	Label string    `json:"label"`
	Lang  lang.Lang `json:"lang"`
	Title string    `json:"title"`
	What  string    `json:"what"`
	Fix   string    `json:"fix"`
	By    string    `json:"by,omitempty"`
}

// Render fills the merchant's texts of the row in language l.
//
// In a template {name} is a parameter and […] is a passage that is left out when
// one of its parameters is empty, so that no sentence ever ends in a gap.
func (e Entry) Render(l lang.Lang, p Params) Message {
	l = lang.Match(string(l))
	w := e.Wording(l)
	return Message{
		Code: e.Code, Sub: e.Sub, Item: p.Item, Label: ItemLabel(p.Item, l), Lang: l,
		Title: fill(w.Title, l, p), What: fill(w.What, l, p), Fix: fill(w.Fix, l, p), By: fill(w.By, l, p),
	}
}

// Internal fills the text for reviewers and auditors, which never goes to the
// merchant.
func (e Entry) Internal(l lang.Lang, p Params) string {
	return fill(e.Wording(l).Internal, l, p)
}

// Render finds the row and fills it; where this version does not know the row,
// the fallback row speaks, so that a reason recorded by a newer version is still
// shown with its item and its deadline.
func Render(c Code, s Sub, l lang.Lang, p Params) Message {
	e, ok := Lookup(c, s)
	if !ok {
		e = Fallback(c, s)
	}
	return e.Render(l, p)
}

// Fallback is the row for a code or sub-code that this version does not know. It
// applies to nothing: it can be shown, never raised.
func Fallback(c Code, s Sub) Entry {
	e := fallback
	e.Code, e.Sub = c, s
	return e
}

var passage = regexp.MustCompile(`\[[^\]]*\]`)

func fill(template string, l lang.Lang, p Params) string {
	if p.Item.IsCode() {
		p.Value = ""
	}
	values := map[string]string{
		"{item}": ItemLabel(p.Item, l), "{value}": p.Value, "{expected}": ItemLabel(item.Key(p.Expected), l),
		// People end what they saw with a full stop, and so does the template.
		"{seen}": strings.TrimRight(ItemLabel(item.Key(p.Seen), l), " .。"), "{deadline}": Until(p.Deadline, l),
	}
	out := passage.ReplaceAllStringFunc(template, func(s string) string {
		for name, v := range values {
			if v == "" && strings.Contains(s, name) {
				return ""
			}
		}
		return s[1 : len(s)-1]
	})
	// One pass over the template: a value that happens to look like a parameter
	// stays as it is.
	return parameter.ReplaceAllStringFunc(out, func(name string) string {
		return cmp.Or(values[name], "–")
	})
}

var parameter = regexp.MustCompile(`\{[a-z]+\}`)

// Moment writes a moment as people of the language read it, in the moment's own
// zone; the zero time is the empty string.
func Moment(t time.Time, l lang.Lang) string {
	if t.IsZero() {
		return ""
	}
	zone := zoneWords(t)
	switch lang.Match(string(l)) {
	case lang.Chinese:
		return fmt.Sprintf("%s（%s）", t.Format("2006年1月2日 15:04"), zone.Zh)
	case lang.Spanish:
		return fmt.Sprintf("%d de %s de %d a las %s (%s)", t.Day(), spanishMonths[t.Month()-1], t.Year(), t.Format("15:04"), zone.Es)
	}
	return fmt.Sprintf("%s (%s)", t.Format("2 January 2006, 15:04"), zone.En)
}

// Until tells the end of a period. One that ends at midnight is told by its last
// day: nobody reads "17 December, 00:00" as the sixteenth.
func Until(t time.Time, l lang.Lang) string {
	if t.IsZero() || t.Hour() != 0 || t.Minute() != 0 || t.Second() != 0 || t.Nanosecond() != 0 {
		return Moment(t, l)
	}
	last := t.AddDate(0, 0, -1)
	zone := zoneWords(t)
	switch lang.Match(string(l)) {
	case lang.Chinese:
		return fmt.Sprintf("%s24:00（%s）", last.Format("2006年1月2日"), zone.Zh)
	case lang.Spanish:
		return fmt.Sprintf("final del %d de %s de %d (%s)", last.Day(), spanishMonths[last.Month()-1], last.Year(), zone.Es)
	}
	return fmt.Sprintf("the end of %s (%s)", last.Format("2 January 2006"), zone.En)
}

// zoneWords names a moment's zone.
func zoneWords(t time.Time) lang.Text {
	if _, offset := t.Zone(); offset == 8*3600 {
		return lang.Text{Zh: "北京时间", Es: "hora de Pekín", En: "Beijing time"}
	}
	offset := "UTC" + t.Format("-07:00")
	return lang.Text{Zh: offset, Es: offset, En: offset}
}

var spanishMonths = [...]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio",
	"agosto", "septiembre", "octubre", "noviembre", "diciembre"}
