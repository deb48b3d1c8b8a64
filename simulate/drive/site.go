package drive

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/reason"
	"alta/simulate/specimen"
)

// verifyFiling looks the filing up, writes down what the register showed, and
// finds it good or returns the application.
func (l *Life) verifyFiling(ctx context.Context, a *application) error {
	by, err := l.claim(ctx, a, l.Reviewer)
	if err != nil {
		return err
	}
	id, body := l.lookUp()
	if a.ICP == nil || a.ICP.ID != id {
		w := deed{operation: "recordICPEvidence", what: "records what the filing register showed", method: http.MethodPut, path: "/icp/evidence/" + id, body: body, match: true}
		if err := l.do(ctx, by, w); err != nil {
			return err
		}
	}
	returned, err := l.judge(ctx, a, by, stageICP)
	if returned || err != nil {
		return err
	}
	return l.do(ctx, by, deed{operation: "verifyICP", what: "verifies the filing", method: http.MethodPost, path: "/icp/verification", match: true})
}

// lookUp is what the register answers about the merchant, and an id for that
// answer.
func (l *Life) lookUp() (id string, body map[string]string) {
	m := l.Merchant
	shot, _ := m.Web.Filing.Paper.(specimen.ICPScreenshot)
	body = map[string]string{"status": "found", "domain": m.Fields[item.SiteDomain]}
	switch {
	case shot.Number == "":
		body["status"] = "none"
		for _, f := range m.Injected() {
			if f.Sub == reason.Cancelled {
				body["status"] = "cancelled"
			}
		}
	case strings.HasSuffix(shot.Number, "A"):
		body["status"] = "app_only"
	}
	if shot.Number != "" {
		body["number"], body["subject"], body["subject_kind"] = shot.Number, shot.Subject, "individual"
		if m.Kind == policy.Enterprise {
			body["subject_kind"] = "enterprise"
		}
	}
	return Key(m.Seed, m.Index, "evidence", body["status"], body["number"], body["subject"], body["domain"], l.Round), body
}

// approveSite has the merchant declare the site, walks through it, and approves
// it or returns the application.
func (l *Life) approveSite(ctx context.Context, a *application) error {
	if a.Site == nil {
		return l.declareSite(ctx)
	}
	by, err := l.claim(ctx, a, l.Reviewer)
	if err != nil {
		return err
	}
	if l.Plan.Looks {
		if err := l.reveal(ctx, by, "walk through a purchase", item.SiteTestAccount); err != nil {
			return err
		}
	}
	returned, err := l.judge(ctx, a, by, stageWebsite)
	if returned || err != nil {
		return err
	}
	checklist := map[string]bool{}
	for _, r := range l.d.reference.SiteRequirements {
		checklist[r.ID] = true
	}
	return l.do(ctx, by, deed{operation: "approveSite", what: "approves the site", method: http.MethodPost, path: "/site/approval", body: map[string]any{"checklist": checklist}, match: true})
}

func (l *Life) declareSite(ctx context.Context) error {
	w := l.Merchant.Web
	if w == nil {
		return errors.New("a site is to be declared, but the merchant has none")
	}
	guide := map[string]string{
		"zh-CN": "登录后选择商品，加入购物车并结算。", "es": "Entre, elija un producto, póngalo en el carrito y pague.",
		"en": "Log in, choose a product, put it into the cart and check out.",
	}[l.Plan.Language]
	body := map[string]string{"url": w.URL, "test_user": w.TestUser, "test_password": w.TestPassword, "guide": guide}
	return l.do(ctx, l.Supplier, deed{operation: "declareSite", what: "declares the site and its test account", method: http.MethodPut, path: "/site", body: body})
}
