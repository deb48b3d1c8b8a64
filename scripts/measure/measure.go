// Package measure prints what a measurement found: tables, and goals that were met
// or missed.
package measure

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// Report collects what is printed in the end.
type Report struct {
	// Short says that too little is measured for a goal to mean anything.
	Short bool

	said  map[string]bool
	goals []string
}

// Say prints at once.
func (r *Report) Say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// Once prints at once what has not been printed that way before.
func (r *Report) Once(text string) {
	if r.said == nil {
		r.said = make(map[string]bool)
	}
	if !r.said[text] {
		r.said[text] = true
		r.Say("%s", text)
	}
}

// Goal records whether a goal was met.
func (r *Report) Goal(what string, met bool, format string, args ...any) {
	if r.Short {
		return
	}
	word := "met"
	if !met {
		word = "MISSED"
	}
	r.goals = append(r.goals, fmt.Sprintf("%s\t%s\t%s", word, what, fmt.Sprintf(format, args...)))
}

// Print prints the goals.
func (r *Report) Print() {
	if len(r.goals) == 0 {
		return
	}
	fmt.Println("\ngoals")
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, g := range r.goals {
		fmt.Fprintln(w, "  "+g)
	}
	_ = w.Flush() // standard output
}

// Table prints rows of cells.
func Table(title string, rows [][]string) {
	fmt.Println("\n" + title)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		for _, cell := range row {
			fmt.Fprint(w, cell, "\t")
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // standard output
}

// Series is one figure over the rounds.
type Series []float64

// Median is the middle one.
func (s Series) Median() float64 {
	if len(s) == 0 {
		return 0
	}
	c := slices.Sorted(slices.Values(s))
	return (c[(len(c)-1)/2] + c[len(c)/2]) / 2
}

// Spread prints the median with the smallest and the largest value.
func (s Series) Spread(format string) string {
	if len(s) == 0 {
		return "–"
	}
	return fmt.Sprintf(format+" ("+format+"–"+format+")", s.Median(), slices.Min(s), slices.Max(s))
}

// Over divides two series round by round.
func (s Series) Over(other Series) Series {
	out := make(Series, 0, len(s))
	for i := range min(len(s), len(other)) {
		out = append(out, s[i]/other[i])
	}
	return out
}

// Percentile is that of some durations, which it sorts; p is between 0 and 1.
func Percentile(d []time.Duration, p float64) time.Duration {
	slices.Sort(d)
	return d[min(int(float64(len(d))*p), len(d)-1)]
}
