package drive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"alta/domain/item"
	"alta/domain/reason"
	"alta/simulate"
)

// raised is a reason as staff see it.
type raised struct {
	ID, Code, Sub string
	Target        item.Key
	State         string
}

// is reports whether a reason is the one that a fault gives rise to.
func (r raised) is(f simulate.Fault, m *simulate.Merchant) bool {
	return r.Code == string(f.Code) && r.Sub == string(f.Sub) && r.Target == f.Target(m)
}

// claim makes sure that somebody of ours holds the application and answers who.
func (l *Life) claim(ctx context.Context, a *application, want *Person) (*Person, error) {
	if a.Claim != nil && a.Claim.Until.After(time.Now().Add(time.Minute)) {
		for _, p := range slices.Concat(l.d.Crew.Reviewers, l.d.Crew.Leads) {
			if p.ID == a.Claim.By.ID {
				return p, nil
			}
		}
		return nil, fmt.Errorf("%s %s holds it", a.Claim.By.Role, a.Claim.By.ID)
	}
	return want, l.do(ctx, want, deed{operation: "claim", what: "claims it", method: http.MethodPut, path: "/claim"})
}

// qualify judges the first submission, or a corrected one.
func (l *Life) qualify(ctx context.Context, a *application) error {
	by, err := l.claim(ctx, a, l.Reviewer)
	if err != nil || l.Plan.To == Claimed {
		return err
	}
	if err := l.inspect(ctx, a, by, "check the papers against the form", item.IdentityNumber, item.BankNumber); err != nil {
		return err
	}
	returned, err := l.judge(ctx, a, by, stageQualification)
	if returned || err != nil {
		return err
	}
	return l.do(ctx, by, deed{operation: "approveQualification", what: "approves the qualification", method: http.MethodPost, path: "/qualification", match: true})
}

// judge accepts what is in order and raises what is not; with reasons it returns
// the application to the merchant and reports so.
func (l *Life) judge(ctx context.Context, a *application, by *Person, stage string) (returned bool, err error) {
	var open []simulate.Fault
	for _, f := range l.Merchant.Injected() {
		if f.Blocks || stageOf(f) != stage {
			continue
		}
		at := slices.IndexFunc(a.Reasons, func(r raised) bool { return r.is(f, &l.Merchant) })
		if at >= 0 && a.Reasons[at].State != "open" {
			if err := simulate.Correct(f, &l.Merchant); err != nil { // an earlier run saw it put right
				return false, err
			}
			continue
		}
		open = append(open, f)
	}
	if err := l.accept(ctx, a, by, stage, open); err != nil {
		return false, err
	}
	for _, f := range open {
		if err := l.raise(ctx, a, by, f); err != nil {
			return false, err
		}
	}
	if len(open) == 0 {
		return false, nil
	}
	return true, l.sendBack(ctx, by)
}

// accept finds in order what is given, was not accepted yet and has no fault.
func (l *Life) accept(ctx context.Context, a *application, by *Person, stage string, open []simulate.Fault) error {
	var good []item.Key
	for _, i := range a.Items {
		answered := slices.ContainsFunc(a.Reasons, func(r raised) bool { return r.Target == i.Key && r.State == "addressed" })
		given := (i.State == "given" || i.State == "corrected") && i.Class != string(item.Site) && (stage != stageQualification || !later(i.Key))
		faulty := slices.ContainsFunc(open, func(f simulate.Fault) bool { return f.Target(&l.Merchant) == i.Key })
		if (given || answered) && !faulty && i.State != "accepted" {
			good = append(good, i.Key)
		}
	}
	for _, r := range a.Reasons { // an answered item can be one that the list leaves out, being empty
		if r.State == "addressed" && !slices.Contains(good, r.Target) && !slices.ContainsFunc(open, func(f simulate.Fault) bool { return f.Target(&l.Merchant) == r.Target }) {
			good = append(good, r.Target)
		}
	}
	if len(good) == 0 {
		return nil
	}
	w := deed{operation: "acceptItems", what: fmt.Sprintf("finds %d items in order", len(good)), method: http.MethodPut, path: "/acceptances", body: map[string]any{"items": good}, match: true}
	return l.do(ctx, by, w)
}

// later are the items that the look-up of the filing judges. The domain itself is
// required from the first.
func later(k item.Key) bool {
	switch k {
	case item.SiteICPNumber, item.AuthorisationSite, item.DomainCertificate:
		return true
	}
	return false
}

// raise tells the merchant one thing, and keeps for the house what gave it away.
func (l *Life) raise(ctx context.Context, a *application, by *Person, f simulate.Fault) error {
	if slices.ContainsFunc(a.Reasons, func(r raised) bool { return r.is(f, &l.Merchant) && r.State == "open" }) {
		return nil
	}
	if f.Sub == reason.CVNVisible {
		if err := l.redact(ctx, by, f.Target(&l.Merchant)); err != nil {
			return err
		}
	}
	return l.object(ctx, by, raised{Code: string(f.Code), Sub: string(f.Sub), Target: f.Target(&l.Merchant)}, f.See)
}

func (l *Life) object(ctx context.Context, by *Person, r raised, internal string) error {
	m := l.Plan.Merchant
	id := Key(m.Seed, m.Index, "reason", r.Code, r.Sub, r.Target, l.Round)
	body := map[string]any{"code": r.Code, "target": r.Target, "internal": internal}
	if r.Sub != "" {
		body["sub"] = r.Sub
	}
	return l.do(ctx, by, deed{operation: "raiseReason", what: fmt.Sprintf("raises %s/%s on %s", r.Code, r.Sub, r.Target), method: http.MethodPut, path: "/reasons/" + id, body: body, match: true})
}

// redact covers the place where cards carry their verification number.
func (l *Life) redact(ctx context.Context, by *Person, slot item.Key) error {
	body := map[string]any{"x": 0.66, "y": 0.38, "width": 0.3, "height": 0.25, "why": "the verification number shows"}
	return l.do(ctx, by, deed{operation: "redactDocument", what: "covers the verification number on " + string(slot), method: http.MethodPost, path: "/documents/" + string(slot) + "/redaction", body: body, match: true})
}

// sendBack returns the application. Where the rules find something that nobody
// has looked at, because it became necessary only now, that is asked for too.
func (l *Life) sendBack(ctx context.Context, by *Person) error {
	w := deed{operation: "return", what: "returns it with the reasons", method: http.MethodPost, path: "/return", match: true}
	err := l.do(ctx, by, w)
	var p *Problem
	if !errors.As(err, &p) || p.Code != "checklist-incomplete" {
		return err
	}
	for _, e := range p.Errors {
		k := item.Key(e.Item)
		sub, ok := reason.MissingSub(k)
		if !ok {
			return err
		}
		if err := l.object(ctx, by, raised{Code: string(reason.R01), Sub: string(sub), Target: k}, "it is needed because of what else was found"); err != nil {
			return err
		}
	}
	return l.do(ctx, by, w)
}

// confirm is the second, different person's approval.
func (l *Life) confirm(ctx context.Context, a *application) error {
	if l.Plan.To == Proposed {
		return errStop
	}
	by, err := l.claim(ctx, a, l.Lead)
	if err != nil {
		return err
	}
	if a.Proposal == nil {
		return errors.New("it waits for a second approval, but nothing is proposed")
	}
	if err := l.inspect(ctx, a, by, "second approval", item.IdentityNumber); err != nil {
		return err
	}
	return l.second(ctx, by,
		deed{operation: "confirmQualification", what: "confirms the qualification", method: http.MethodPut, path: "/qualification/confirmation", body: map[string]int64{"judged": a.Proposal.Judged}, match: true},
		deed{operation: "refuseQualification", what: "sends it back to the first desk", method: http.MethodPut, path: "/qualification/refusal", body: late, match: true})
}

// second is the second person's yes. Where something came to light after the
// first one judged, such as a late finding of the machine, nobody can say yes to
// what was judged: it is a no, and the first one judges again.
func (l *Life) second(ctx context.Context, by *Person, yes, no deed) error {
	err := l.do(ctx, by, yes)
	if refused(err, "evidence-changed") {
		return l.do(ctx, by, no)
	}
	return err
}

// late is why the second person refuses.
var late = map[string]string{"why": "something came to light after it was judged"}

// decline is the two people's no.
func (l *Life) decline(ctx context.Context, a *application) error {
	if a.Decline == nil {
		by, err := l.claim(ctx, a, l.Reviewer)
		if err != nil {
			return err
		}
		note := map[string]string{
			"zh-CN": "贵方经营的商品不在本平台支持的范围内。", "es": "Los bienes que vende no están entre los que esta plataforma admite.",
			"en": "The goods that you sell are not among those that this platform supports.",
		}[l.Plan.Language]
		body := map[string]string{"note": note, "internal": "business category outside the risk appetite"}
		return l.do(ctx, by, deed{operation: "proposeDecline", what: "proposes to decline for good", method: http.MethodPut, path: "/decline", body: body, match: true})
	}
	by, err := l.claim(ctx, a, l.Lead)
	if err != nil {
		return err
	}
	return l.second(ctx, by,
		deed{operation: "confirmDecline", what: "declines for good", method: http.MethodPut, path: "/decline/confirmation", body: map[string]int64{"judged": a.Decline.Judged}, match: true},
		deed{operation: "refuseDecline", what: "takes the decline back", method: http.MethodPut, path: "/decline/refusal", body: late, match: true})
}

// inspect opens the images and unmasks numbers, as somebody does who compares
// papers with the form.
func (l *Life) inspect(ctx context.Context, a *application, by *Person, why string, numbers ...item.Key) error {
	if !l.Plan.Looks {
		return nil
	}
	for _, i := range a.Items {
		if i.Document == nil || i.State == "accepted" {
			continue
		}
		if err := l.open(ctx, by, i.Key, i.Document.ID); err != nil {
			return err
		}
	}
	return l.reveal(ctx, by, why, numbers...)
}

func (l *Life) open(ctx context.Context, by *Person, slot item.Key, document string) error {
	reply, err := by.Get(ctx, "/v1/applications/"+l.ID+"/files/"+document, nil)
	if err != nil {
		return err
	}
	if len(reply.Body) == 0 {
		return fmt.Errorf("the image of %s is empty", slot)
	}
	return l.tell(ctx, Deed{Operation: "documentImage", By: by, What: "opens the image of " + string(slot), Reply: reply})
}

func (l *Life) reveal(ctx context.Context, by *Person, why string, items ...item.Key) error {
	r := Request{Method: http.MethodPost, Path: "/v1/applications/" + l.ID + "/reveal", Body: map[string]any{"items": items, "why": why},
		Key: Key(l.Plan.Merchant.Seed, l.Plan.Merchant.Index, "reveal", by.ID, l.Revision, why)}
	var shown struct{ Values map[string]string }
	reply, err := by.Do(ctx, r, &shown)
	if err != nil {
		return err
	}
	for _, k := range items {
		if shown.Values[string(k)] == "" {
			return fmt.Errorf("%s was to be unmasked and is empty", k)
		}
	}
	return l.tell(ctx, Deed{Operation: "reveal", By: by, What: fmt.Sprintf("unmasks %v", items), Reply: reply})
}
