package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"alta/domain/lang"
	"alta/domain/policy"
	"alta/domain/reason"
)

// runPolicy is `alta policy show` and `alta policy explain`: the rules by
// which applications are judged, for people and (--json) for scripts.
func runPolicy(_ context.Context, args []string, out, _ io.Writer) error {
	if len(args) == 0 {
		return errUsage("policy: want `show` or `explain`; `alta policy help` explains both")
	}
	switch args[0] {
	case "show":
		return policyShow(args[1:], out)
	case "explain":
		return policyExplain(args[1:], out)
	case "help", "-h", "--help", "-help":
		fmt.Fprint(out, policyHelp)
		return nil
	}
	return errUsage("policy: there is no %q; want `show` or `explain`", args[0])
}

const policyHelp = `usage: alta policy show    [--version V] [--lang L] [--dir D] [--json]
       alta policy explain --kind K --products P[,P…] --site S [--licence N]
                           [--identity-type T] [--differs D[,D…]]
                           [--version V] [--lang L] [--dir D] [--json]

show prints a whole version of the policy; explain prints what one merchant
needs, what is waived, and why.

  --kind           individual, enterprise
  --products       wechat, alipay, online_banking (or bank, banking), comma-separated
  --site           web, app, offline (or none)
  --licence        the enterprise's licence number: 18-character code or 15 digits
  --identity-type  resident_id, residence_permit, permanent_residence, passport, travel_permit
  --differs        exceptions claimed: contact, settlement, registrant
  --version        a version of the policy; default: the newest
  --lang           en, es, zh-CN; default: en
  --dir            a directory with versions/ and texts/ instead of the built-in policy
  --json           print JSON
`

// policyFlags are the flags that both forms have.
type policyFlags struct {
	set          *flag.FlagSet
	version, dir *string
	language     *string
	json         *bool
}

func newPolicyFlags(name string) policyFlags {
	set := flag.NewFlagSet("policy "+name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return policyFlags{
		set:      set,
		version:  set.String("version", "", ""),
		dir:      set.String("dir", "", ""),
		language: set.String("lang", "en", ""),
		json:     set.Bool("json", false, ""),
	}
}

// parse answers the version that is asked for and the language to speak; a nil
// policy without error means that help was asked for and given.
func (f policyFlags) parse(args []string, out io.Writer) (*policy.Policy, lang.Lang, error) {
	if err := f.set.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, policyHelp)
		return nil, "", nil
	} else if err != nil {
		return nil, "", errUsage("%s: %v; `alta policy help` lists the flags", f.set.Name(), err)
	}
	if f.set.NArg() > 0 {
		return nil, "", errUsage("%s: unexpected argument %q; lists are comma-separated without spaces", f.set.Name(), f.set.Arg(0))
	}
	l := lang.Lang(*f.language)
	if *f.language == "zh" {
		l = lang.Chinese
	}
	if !slices.Contains(lang.All(), l) {
		return nil, "", errUsage("--lang %q is not known: want one of zh-CN, es, en", *f.language)
	}
	book := policy.Default
	if *f.dir != "" {
		b, err := policy.Load(os.DirFS(*f.dir))
		if err != nil {
			return nil, "", fmt.Errorf("--dir %s: %w", *f.dir, err)
		}
		book = func() *policy.Book { return b }
	}
	p := book().Latest()
	if *f.version != "" {
		var ok bool
		if p, ok = book().At(*f.version); !ok {
			return nil, "", errUsage("--version %q is not known: want one of %s", *f.version, strings.Join(book().Versions(), ", "))
		}
	}
	return &p, l, nil
}

func policyShow(args []string, out io.Writer) error {
	f := newPolicyFlags("show")
	p, l, err := f.parse(args, out)
	if err != nil || p == nil {
		return err
	}
	if *f.json {
		return printJSON(out, p)
	}
	w := &sheet{out, l}
	w.line("Policy %s, in effect from %s. %s", p.Version, p.Effective, p.Summary.In(l))

	w.heading("Products")
	for _, r := range p.Products {
		w.line("  %-18s %s; sold at: %s", r.Product, r.Name.In(l), commaList(r.Sites))
	}
	w.heading("Stages")
	for _, s := range p.Stages {
		w.line("  %-18s %s: %s", s.Stage, condition(s.When), s.Why.In(l))
	}
	w.heading("Items (the first rule that matches counts)")
	for _, i := range p.Items {
		need := "optional"
		if i.Required {
			need = "required"
		}
		w.line("  %-26s %s for %s, %s: %s", i.Item, need, i.Stage, condition(i.When), i.Why.In(l))
		w.accepts(i.Accepts)
	}
	w.heading("Waivers")
	for _, v := range p.Waivers {
		from := ""
		if d := v.Derive; d != nil {
			from = fmt.Sprintf(" Value: %s[%d:%d].", d.From, d.Start, d.End)
		}
		w.line("  %-26s %s: %s%s", v.Item, condition(v.When), v.Because.In(l), from)
	}
	w.heading("Two people")
	for _, r := range p.FourEyes {
		w.line("  %-26s %s: %s", "qualification", condition(r.When), r.Why.In(l))
	}
	for _, r := range p.Acts {
		w.line("  %-26s always: %s", r.Act, r.Why.In(l))
	}
	w.terms(p.Terms)
	w.heading("Texts")
	for _, t := range p.Texts {
		w.line("  %-18s version %s; SHA-256 (zh-CN) %s", t.Name, t.Version, t.SHA256[lang.Chinese])
	}
	w.heading("Answers of the ICP register")
	for _, s := range p.ICP {
		then := "wait"
		switch {
		case s.Reason != "" && len(s.Satisfies) > 0:
			then = fmt.Sprintf("good for %s, otherwise R09 %s", commaList(s.Satisfies), s.Reason)
		case s.Reason != "":
			then = fmt.Sprintf("R09 %s", s.Reason)
		case len(s.Satisfies) > 0:
			then = "good for " + commaList(s.Satisfies)
		}
		w.line("  %-18s %s: %s", s.Status, s.Name.In(l), then)
	}
	w.heading("Website review")
	for i, c := range p.Checklist {
		w.line("  %d. %s (%s)", i+1, c.Title.In(l), commaList(c.Items))
		for _, s := range c.Steps {
			w.line("     - %s", s.In(l))
		}
	}
	w.heading("Banks of the online banking gateway")
	for _, b := range p.Banks {
		w.line("  %s  %s", b.Code, b.Name.In(l))
	}
	return nil
}

func policyExplain(args []string, out io.Writer) error {
	f := newPolicyFlags("explain")
	kind := f.set.String("kind", "", "")
	products := f.set.String("products", "", "")
	site := f.set.String("site", "", "")
	licence := f.set.String("licence", "", "")
	identity := f.set.String("identity-type", "", "")
	differs := f.set.String("differs", "", "")
	p, l, err := f.parse(args, out)
	if err != nil || p == nil {
		return err
	}
	facts := policy.Facts{Licence: *licence, IdentityType: *identity}
	if facts.Kind, err = policy.ParseKind(*kind); err != nil {
		return errUsage("--%v", err)
	}
	if facts.Site, err = policy.ParseSiteType(*site); err != nil {
		return errUsage("--%v", err)
	}
	for _, word := range strings.Split(*products, ",") {
		product, err := policy.ParseProduct(word)
		if err != nil {
			return errUsage("--%v", err)
		}
		if !slices.Contains(facts.Products, product) {
			facts.Products = append(facts.Products, product)
		}
	}
	if *licence != "" && policy.FormOf(*licence) == policy.NoLicence {
		return errUsage("--licence %q is neither an 18-character unified social credit code nor a 15-digit licence number", *licence)
	}
	if *licence != "" && facts.Kind == policy.Individual {
		return errUsage("--licence is for --kind enterprise: an individual has no business licence")
	}
	if *identity != "" && !slices.Contains(policy.IdentityTypes(), *identity) {
		return errUsage("--identity-type %q is not known: want one of %s", *identity, strings.Join(policy.IdentityTypes(), ", "))
	}
	if *differs != "" {
		for _, word := range strings.Split(*differs, ",") {
			d := policy.Difference(strings.TrimSpace(word))
			if !slices.Contains(policy.Differences(), d) {
				return errUsage("--differs %q is not known: want one of %s", word, commaList(policy.Differences()))
			}
			facts.Differs = append(facts.Differs, d)
		}
	}
	if err := p.Check(facts); err != nil {
		return errUsage("--%v", err)
	}
	r := p.Requirements(facts)
	if *f.json {
		return printJSON(out, r)
	}
	w := &sheet{out, l}
	w.explain(p, facts, r)
	return nil
}

// sheet writes for people.
type sheet struct {
	out  io.Writer
	lang lang.Lang
}

func (s *sheet) line(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s *sheet) heading(title string) { s.line("\n%s", title) }

func (s *sheet) accepts(texts []lang.Text) {
	for _, t := range texts {
		s.line("  %-26s accepted in its place: %s", "", t.In(s.lang))
	}
}

func (s *sheet) explain(p *policy.Policy, f policy.Facts, r policy.Requirements) {
	s.line("Policy %s: %s, %s, site %s", r.Policy, f.Kind, commaList(f.Products), f.Site)
	if f.Licence != "" {
		s.line("Licence number %s has the form %s.", f.Licence, policy.FormOf(f.Licence))
	}
	for _, stage := range policy.Stages() {
		s.items("Required before the "+string(stage)+" review", r.Items, func(q policy.Requirement) bool { return q.Required && q.Stage == stage })
	}
	s.items("Optional", r.Items, func(q policy.Requirement) bool { return !q.Required })

	s.heading("Waived")
	for _, v := range r.Waived {
		derived := ""
		if v.Derived != "" {
			derived = fmt.Sprintf(" Its value is %s.", v.Derived)
		}
		s.line("  %-26s %s: %s%s", v.Item, reason.ItemLabel(v.Item, s.lang), v.Because.In(s.lang), derived)
	}
	if len(r.Waived) == 0 {
		s.line("  nothing")
	}
	s.heading("Stages, in order")
	for _, t := range r.Stages {
		s.line("  %-26s %s (%s)", t.Stage, t.Why.In(s.lang), inBusinessDays(p.Terms.Of(t.Stage)))
	}
	for _, t := range r.Absent {
		if t.Why.Complete() {
			s.line("  %-26s not on the way: %s", t.Stage, t.Why.In(s.lang))
		}
	}
	s.heading("Two people")
	if !r.FourEyes {
		s.line("  not needed for the qualification")
	}
	for _, why := range r.FourEyesWhy {
		s.line("  %s", why.In(s.lang))
	}
}

func (s *sheet) items(title string, all []policy.Requirement, keep func(policy.Requirement) bool) {
	first := true
	for _, q := range all {
		if !keep(q) {
			continue
		}
		if first {
			s.heading(title)
			first = false
		}
		s.line("  %-26s %s: %s", q.Item, reason.ItemLabel(q.Item, s.lang), q.Why.In(s.lang))
		s.accepts(q.Accepts)
	}
}

func (s *sheet) terms(t policy.Terms) {
	s.heading("Terms")
	for _, stage := range policy.Stages() {
		name := string(stage)
		if stage == policy.StageContract {
			name = "countersignature"
		}
		s.line("  %-26s %s", name, inBusinessDays(t.Of(stage)))
	}
	reminders := make([]string, len(t.CorrectionReminders))
	for i, d := range t.CorrectionReminders {
		reminders[i] = fmt.Sprint(d)
	}
	s.line("  %-26s at %d %% of a term", "warning", t.WarnPercent)
	s.line("  %-26s %d calendar days, reminders %s before the end", "correction", t.CorrectionDays, strings.Join(reminders, ", "))
	s.line("  %-26s after %d calendar days of silence", "expiry", t.ExpiryDays)
	s.line("  %-26s %d calendar days to sign", "contract offer", t.OfferDays)
	s.line("  %-26s %s", "calendar days end", periodWords(t))
	from, to := t.NoticeHours()
	s.line("  %-26s reminders go out from %s to %s", "notices", clockWords(from), clockWords(to))
	s.line("  %-26s %d minutes without activity", "claim", t.LeaseMinutes)
	s.line("  %-26s at most %d calendar days old when the contract is signed", "ICP evidence", t.ICPEvidenceDays)
	s.line("  %-26s %d years", "minimum age", t.MinimumAge)
	s.line("  %-26s a document that ends within %d calendar days is flagged", "validity warning", t.ValidityWarningDays)
	s.line("  %-26s %d years after the relationship ends", "retention", t.RetentionYears)
	s.line("  %-26s %d attempts, %d minutes apart", "site probe", t.ProbeAttempts, t.ProbeIntervalMinutes)
}

// periodWords says how a period in calendar days ends.
func periodWords(t policy.Terms) string {
	words := "at 24:00 of the last day"
	if t.Ends() == policy.SameInstant {
		return "at the time of day at which they began"
	}
	if t.RollsOver() {
		words += ", and where that is a day off, of the next business day"
	}
	return words
}

func clockWords(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute)
}

func inBusinessDays(t policy.Term) string {
	s := fmt.Sprintf("%d business days", t.BusinessDays)
	if t.BusinessDays == 1 {
		s = "1 business day"
	}
	if t.Target > 0 {
		s += fmt.Sprintf(", target %d", t.Target)
	}
	return s
}

// condition says in words when a rule holds.
func condition(w policy.When) string {
	var parts []string
	if len(w.Kinds) > 0 {
		parts = append(parts, commaList(w.Kinds))
	}
	if len(w.Products) > 0 {
		parts = append(parts, "with "+commaList(w.Products))
	}
	if len(w.Sites) > 0 {
		parts = append(parts, "site "+commaList(w.Sites))
	}
	if w.Licence != "" {
		parts = append(parts, "licence number "+string(w.Licence))
	}
	if len(w.IdentityTypes) > 0 {
		parts = append(parts, "identity document "+strings.Join(w.IdentityTypes, " or "))
	}
	if w.Differs != "" {
		parts = append(parts, "where the "+string(w.Differs)+" differs")
	}
	if len(parts) == 0 {
		return "everybody"
	}
	return strings.Join(parts, ", ")
}

func commaList[W ~string](words []W) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}

func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
