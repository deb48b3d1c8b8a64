package mail

import (
	"bytes"
	_ "embed"
	"html/template"
	"strings"

	"alta/domain/lang"
)

// letter is a mail's content before it is laid out.
type letter struct {
	Lang      lang.Lang
	Subject   string
	Preheader string // what a mailbox shows beside the subject
	Heading   string
	Greeting  string
	Body      []string
	Code      string // a one-time code, in large digits
	Facts     []fact
	Groups    []group
	Button    *button
	After     []string

	action string
}

type fact struct{ Label, Value string }

type button struct{ Label, URL string }

// group is what is wrong with one item.
type group struct {
	Label   string
	Value   string // what is there now, masked
	Reasons []why
}

type why struct{ Title, What, Fix, Note string }

// params fill {name} in a text.
type params map[string]string

type text lang.Text

// In is the text in a language.
func (t text) In(l lang.Lang) string { return lang.Text(t).In(l) }

func (t text) in(l lang.Lang, p params) string { return p.fill(lang.Text(t).In(l)) }

// fill replaces in one pass: a value that looks like a parameter stays as it is.
// Values are isolated, since people typed some of them.
func (p params) fill(s string) string {
	pairs := make([]string, 0, 2*len(p))
	for k, v := range p {
		pairs = append(pairs, "{"+k+"}", isolated(v))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// write fills a template's texts. A paragraph with a parameter that is empty is
// left out, so that no sentence ends in a gap.
func write(t Template, l lang.Lang, p params) letter {
	w := wordings[t]
	x := letter{Lang: l, Subject: w.subject.in(l, p), Heading: w.heading.in(l, p), action: w.action.In(l), Greeting: greeting.In(l)}
	x.Body, x.After = p.paragraphs(l, w.body), p.paragraphs(l, w.after)
	if len(x.Body) > 0 {
		x.Preheader = x.Body[0]
	}
	for _, f := range w.facts {
		if v := p[f.param]; v != "" {
			x.Facts = append(x.Facts, fact{f.label.In(l), isolated(v)})
		}
	}
	return x
}

func (p params) paragraphs(l lang.Lang, texts []text) []string {
	var out []string
next:
	for _, t := range texts {
		s := t.In(l)
		for rest := s; ; {
			_, after, found := strings.Cut(rest, "{")
			if !found {
				break
			}
			name, tail, _ := strings.Cut(after, "}")
			if p[name] == "" {
				continue next
			}
			rest = tail
		}
		out = append(out, p.fill(s))
	}
	return out
}

// message lays the letter out, as text and as HTML.
func (x letter) message() Message {
	return Message{Lang: x.Lang, Subject: x.Subject, Text: x.text(), HTML: x.html()}
}

// text is the plain part: the same words, for people and machines that show no
// HTML.
func (x letter) text() string {
	var b strings.Builder
	line := func(s string) { b.WriteString(s + "\n") }
	line("ALTA")
	line("")
	line(x.Heading)
	line("")
	line(x.Greeting)
	for _, s := range x.Body {
		line("")
		line(s)
	}
	if x.Code != "" {
		line("")
		line("    " + x.Code)
	}
	if len(x.Facts) > 0 {
		line("")
	}
	for _, f := range x.Facts {
		line(f.Label + colon(x.Lang) + f.Value)
	}
	for _, g := range x.Groups {
		line("")
		line("■ " + capital(g.Label))
		if g.Value != "" {
			line("  " + labelValue.In(x.Lang) + colon(x.Lang) + g.Value)
		}
		for _, r := range g.Reasons {
			line("  • " + r.What)
			line("    " + labelFix.In(x.Lang) + colon(x.Lang) + r.Fix)
			if r.Note != "" {
				line("    " + labelNote.In(x.Lang) + colon(x.Lang) + r.Note)
			}
		}
	}
	if x.Button != nil {
		line("")
		line(x.Button.Label + colon(x.Lang))
		line(x.Button.URL)
	}
	for _, s := range x.After {
		line("")
		line(s)
	}
	line("")
	line("-- ")
	line(footer.In(x.Lang))
	return b.String()
}

func colon(l lang.Lang) string {
	if l == lang.Chinese {
		return "："
	}
	return ": "
}

// capital begins a label like a sentence.
func capital(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

//go:embed letter.html
var layout string

var page = template.Must(template.New("letter").Funcs(template.FuncMap{"capital": capital}).Parse(layout))

func (x letter) html() string {
	var b bytes.Buffer
	// It cannot fail: the template is tested with every letter, and a buffer
	// takes everything.
	_ = page.Execute(&b, struct {
		letter
		Value, Fix, Note, Footer, Link string
	}{x, labelValue.In(x.Lang), labelFix.In(x.Lang), labelNote.In(x.Lang), footer.In(x.Lang), labelLink.In(x.Lang)})
	return b.String()
}
