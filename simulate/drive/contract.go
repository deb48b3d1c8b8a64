package drive

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"alta/domain/item"
)

// offer lays the contract ready.
func (l *Life) offer(ctx context.Context, a *application) error {
	by, err := l.claim(ctx, a, l.Reviewer)
	if err != nil {
		return err
	}
	return l.do(ctx, by, deed{operation: "offerContract", what: "offers the contract", method: http.MethodPost, path: "/contract/offer", match: true})
}

// signTries is how often a code is asked for: the newest mail may still be that
// of an earlier code.
const signTries = 3

// sign reads the contract, asks for the code and signs with it.
func (l *Life) sign(ctx context.Context) error {
	if err := l.logIn(ctx); err != nil {
		return err
	}
	var text struct{ SHA256, Text string }
	if _, err := l.Self.Get(ctx, "/v1/applications/"+l.ID+"/contract", &text); err != nil {
		return err
	}
	if got := sum(text.Text); got != text.SHA256 {
		return fmt.Errorf("the contract's text has the digest %s, not %s", got, text.SHA256)
	}
	for try := 1; ; try++ {
		if err := l.do(ctx, l.Self, deed{operation: "contractCode", what: "asks for a signing code", method: http.MethodPost, path: "/contract/code"}); err != nil {
			return err
		}
		code, err := l.d.Client.signingCode(ctx, l.Merchant.Fields[item.ContactEmail])
		if err != nil {
			return err
		}
		body := map[string]string{"sha256": text.SHA256, "name": l.Merchant.Fields[item.IdentityName], "code": code}
		err = l.do(ctx, l.Self, deed{operation: "signContract", what: "signs the contract", method: http.MethodPut, path: "/contract/signature", body: body, match: true})
		if !refused(err, "code-wrong") || try == signTries {
			return err
		}
	}
}

// countersign is the platform's signature: of somebody who did not approve the
// qualification, a lead where there is one, so that it is never that of the person
// who offered.
func (l *Life) countersign(ctx context.Context, a *application) error {
	by, err := l.claim(ctx, a, l.countersigner(a))
	if err != nil {
		return err
	}
	return l.do(ctx, by, deed{operation: "countersignContract", what: "countersigns", method: http.MethodPut, path: "/contract/countersignature", match: true})
}

func (l *Life) countersigner(a *application) *Person {
	for _, p := range slices.Concat([]*Person{l.Lead}, l.d.Crew.Leads, l.d.Crew.Reviewers) {
		if p != l.Reviewer && !a.approvedBy(p.ID) {
			return p
		}
	}
	return l.Lead
}

func (l *Life) activate(ctx context.Context, a *application) error {
	by, err := l.claim(ctx, a, l.Reviewer)
	if err != nil {
		return err
	}
	return l.do(ctx, by, deed{operation: "activateMerchant", what: "switches the merchant on", method: http.MethodPut, path: "/activation", match: true})
}
