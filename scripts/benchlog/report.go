package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// report collects what is printed in the end.
type report struct {
	said  map[string]bool
	goals []string
}

// say prints at once.
func (r *report) say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// once prints at once what has not been printed that way before.
func (r *report) once(text string) {
	if r.said == nil {
		r.said = make(map[string]bool)
	}
	if !r.said[text] {
		r.said[text] = true
		r.say("%s", text)
	}
}

// goal records whether a goal was met.
func (r *report) goal(what string, met bool, format string, args ...any) {
	word := "met"
	if !met {
		word = "MISSED"
	}
	r.goals = append(r.goals, fmt.Sprintf("%s\t%s\t%s", word, what, fmt.Sprintf(format, args...)))
}

func (r *report) print() {
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

// table prints rows of cells.
func table(title string, rows [][]string) {
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

// series is one figure over the rounds.
type series []float64

func (s series) median() float64 {
	if len(s) == 0 {
		return 0
	}
	c := slices.Sorted(slices.Values(s))
	return (c[(len(c)-1)/2] + c[len(c)/2]) / 2
}

// spread prints the median with the smallest and the largest value.
func (s series) spread(format string) string {
	if len(s) == 0 {
		return "–"
	}
	return fmt.Sprintf(format+" ("+format+"–"+format+")", s.median(), slices.Min(s), slices.Max(s))
}

// over divides two series round by round.
func (s series) over(other series) series {
	out := make(series, 0, len(s))
	for i := range min(len(s), len(other)) {
		out = append(out, s[i]/other[i])
	}
	return out
}

// percentile of durations, which are sorted.
func percentile(d []time.Duration, p float64) time.Duration {
	slices.Sort(d)
	return d[min(int(float64(len(d))*p), len(d)-1)]
}
