// Package tour takes two merchants through the whole life on a running server,
// prints every step with the event that it left, and stops at the first surprise:
// an individual with a web site who wants WeChat Pay, Alipay and online banking
// and registers itself, and an enterprise with an 18-digit licence that an agent
// adds.
//
// After every write the stream must have grown by exactly one event, of the type
// that the act stands for and in the name of the person who acted; the platform's
// own events (machine checks, deadlines) are told apart by their role. After every
// look at an image or an unmasked number there must be one more access record that
// says who, what and why. Whenever the stage changes, and at the end, everybody
// must be told the same: the staff's document, the merchant's status, the rows of
// the lists and the queues, and what an auditor gets by folding the record anew.
package tour

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"alta/domain/policy"
	"alta/simulate"
	"alta/simulate/drive"
	"alta/simulate/specimen"
)

// Tour is one tour of one server.
type Tour struct {
	API    string
	People drive.LogIns
	Seed   uint64
	Day    time.Time // the merchants' today
	Small  bool      // draw papers at half size
	Out    io.Writer
}

// Surprise is something that should not be.
type Surprise struct{ Where, What string }

func (s *Surprise) Error() string { return s.Where + ": " + s.What }

// All is both lives.
func (t Tour) All(ctx context.Context) error {
	if err := t.Individual(ctx); err != nil {
		return err
	}
	return t.Enterprise(ctx)
}

// Individual registers itself, is returned with two reasons, corrects, needs two
// people for online banking, and becomes active.
func (t Tour) Individual(ctx context.Context) error {
	g := simulate.New(t.Seed, t.Day)
	m := g.At(0, policy.Individual, []policy.Product{policy.WeChat, policy.Alipay, policy.OnlineBanking}, policy.Web)
	p := drive.Plan{Merchant: m, Language: "es", Via: drive.Self}
	return t.run(ctx, "An individual with a web site wants WeChat Pay, Alipay and online banking", p,
		[]string{"r03-blurred", "r07-number", "r09-no-filing", "r12-test-account"},
		"opened", "details_filled", "document_uploaded", "consent_given", "submitted", "claimed", "items_accepted", "reason_raised", "returned",
		"resubmitted", "qualification_proposed", "claimed", "qualification_confirmed", "icp_evidence_recorded", "returned", "resubmitted",
		"icp_evidence_recorded", "icp_verified", "site_declared", "returned", "resubmitted", "site_approved", "contract_offered",
		"contract_signed", "contract_countersigned", "activated")
}

// Enterprise is added by an agent; its licence number waives two certificates.
func (t Tour) Enterprise(ctx context.Context) error {
	g := simulate.New(t.Seed, t.Day)
	for n := uint64(1); ; n++ {
		m := g.At(n, policy.Enterprise, []policy.Product{policy.WeChat, policy.Alipay}, policy.Web)
		if m.Company.Old() {
			continue // it has the certificates from before the unified code
		}
		p := drive.Plan{Merchant: m, Language: "zh-CN", Via: drive.Agent}
		return t.run(ctx, "An enterprise with an 18-digit licence is added by its agent", p, []string{"r02-swapped", "r05-address"},
			"opened", "details_filled", "document_uploaded", "consent_given", "submitted", "claimed", "reason_raised", "returned", "item_corrected",
			"document_moved", "resubmitted", "qualification_proposed", "qualification_confirmed", "icp_verified", "site_declared", "site_approved",
			"contract_offered", "contract_signed", "contract_countersigned", "activated")
	}
}

// run is one life, with what the whole of it must have contained, in this order.
func (t Tour) run(ctx context.Context, title string, p drive.Plan, faults []string, must ...string) error {
	c, err := drive.NewClient(t.API)
	if err != nil {
		return err
	}
	press, err := specimen.NewPress()
	if err != nil {
		return err
	}
	crew, err := drive.Assemble(ctx, c, t.People)
	if err != nil {
		return err
	}
	if crew.Auditor == nil || crew.Agent == nil {
		return errors.New("tour: an auditor and an agent are needed")
	}
	p.Email = p.Merchant.Fields["contact.email"]
	for _, name := range faults {
		f, err := simulate.FaultNamed(name)
		if err == nil {
			err = simulate.Inject(f, &p.Merchant)
		}
		if err != nil {
			return err
		}
	}
	if t.Small {
		p.Merchant.Restyle(func(_ key, l *specimen.Look) { l.Small = true })
	}
	p.To, p.Looks = drive.Active, true
	w := &witness{out: t.Out, crew: crew, last: -1}
	d := &drive.Driver{Client: c, Crew: crew, Press: press, Observe: w.observe}
	if err := d.Open(ctx); err != nil {
		return err
	}
	began := time.Now()
	w.print("\n%s (%s, seed %d)\n", title, p.Merchant.Name(), t.Seed)
	l, err := d.Run(ctx, p)
	if err != nil {
		return err
	}
	if err := w.agree(ctx, l); err != nil {
		return err
	}
	if missing := subsequence(w.types, must); missing != "" {
		return &Surprise{title, "the stream has no " + missing + " where the life should have one: " + fmt.Sprint(w.types)}
	}
	w.print("Active after %d events, one for each of %d acts, and %d looks, each on record (%s).\n", l.Revision+1, l.Deeds-w.silent, w.looks,
		time.Since(began).Round(10*time.Millisecond))
	return nil
}

// subsequence answers the first of must that does not occur in order, or "".
func subsequence(types, must []string) string {
	at := 0
	for _, m := range must {
		i := slices.Index(types[at:], m)
		if i < 0 {
			return m
		}
		at += i + 1
	}
	return ""
}
