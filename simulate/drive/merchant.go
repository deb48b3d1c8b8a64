package drive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/simulate"
	"alta/simulate/specimen"
)

// Password is the merchant's: it follows from the seed, so that a later run can
// go on.
func (l *Life) Password() string {
	return fmt.Sprintf("Merchant-%s!", Key(l.Plan.Merchant.Seed, l.Plan.Merchant.Index, "password"))
}

// arrive registers the merchant, or has its agent add it.
func (l *Life) arrive(ctx context.Context) error {
	m := l.Merchant
	body := map[string]any{
		"email": l.Plan.Email, "kind": m.Kind, "products": m.Products, "site": m.Site, "language": l.Plan.Language,
	}
	if slices.Contains(m.Products, policy.OnlineBanking) {
		body["banks"] = l.banks()
	}
	key := Key(m.Seed, m.Index, "register", l.Plan.Via)
	if l.Plan.Via == Agent {
		return l.added(ctx, body, key)
	}
	r := Request{Method: http.MethodPost, Path: "/v1/registrations", Body: body, Key: key, Language: l.Plan.Language}
	reply, err := l.d.Client.Do(ctx, r, nil)
	if err != nil {
		return err
	}
	if err := l.logIn(ctx); err != nil {
		return err
	}
	l.Supplier = l.Self
	if err := l.find(ctx); err != nil {
		return err
	}
	l.Deeds++
	return l.tell(ctx, Deed{Operation: "register", By: l.Self, What: "registers and sets a password", Reply: reply})
}

func (l *Life) added(ctx context.Context, body any, key string) error {
	agent := l.d.Crew.Agent
	if agent == nil {
		return errors.New("nobody logged in as an agent")
	}
	l.Supplier = agent
	var added struct {
		ID     string `json:"id"`
		Number string `json:"merchant_number"`
	}
	reply, err := agent.Do(ctx, Request{Method: http.MethodPost, Path: "/v1/merchants", Body: body, Key: key}, &added)
	if err != nil {
		return err
	}
	l.ID, l.Number, l.Version, l.position = added.ID, added.Number, reply.Revision, reply.Position
	l.Deeds++
	return l.tell(ctx, Deed{Operation: "addMerchant", By: agent, What: "adds the merchant", Reply: reply})
}

// banks are those through which the merchant wants to be paid.
func (l *Life) banks() []string {
	r := rand.New(rand.NewPCG(l.Merchant.Seed, l.Merchant.Index))
	var out []string
	for _, b := range l.d.reference.Banks {
		if r.IntN(2) == 0 || len(out) == 0 {
			out = append(out, b.Code)
		}
	}
	return out
}

// logIn sets the merchant's password with the link of the mail, unless that was
// done before, and logs in.
func (l *Life) logIn(ctx context.Context) error {
	if l.Self != nil {
		return nil
	}
	token, err := l.d.Client.activationToken(ctx, l.Plan.Email)
	if err != nil {
		return err
	}
	body := map[string]string{"token": token, "password": l.Password()}
	r := Request{Method: http.MethodPost, Path: "/v1/auth/activation", Body: body, Language: l.Plan.Language, again: true}
	_, err = l.d.Client.Do(ctx, r, nil)
	var used *Problem
	if err != nil && (!errors.As(err, &used) || used.Status >= 500 || used.Status == http.StatusTooManyRequests) {
		return err
	}
	l.Self, err = l.d.Client.LogIn(ctx, l.Plan.Email, l.Password())
	if err != nil && used != nil {
		return fmt.Errorf("%w; and the link of the mail: %w", err, used)
	}
	return err
}

// find looks the merchant's own application up. The list follows the record by a
// moment.
func (l *Life) find(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, readTime)
	defer stop()
	for {
		var page struct {
			Rows []struct {
				ID       string `json:"id"`
				Number   string `json:"merchant_number"`
				Revision int64  `json:"revision"`
			} `json:"rows"`
		}
		if _, err := l.Self.Get(ctx, "/v1/applications", &page); err != nil {
			return err
		}
		if len(page.Rows) > 0 {
			l.ID, l.Number, l.Version = page.Rows[0].ID, page.Rows[0].Number, page.Rows[0].Revision
			return nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("the registered application does not show: %w", err)
		}
	}
}

// form is what the driver needs of the form.
type form struct {
	Items []struct {
		Key      item.Key
		Value    string
		Locked   bool
		Document *struct{ ID, SHA256 string }
	}
	Consents []struct{ Consent string }
}

// apply fills the form in, uploads, agrees and submits; a draft stops half way.
func (l *Life) apply(ctx context.Context) error {
	f, err := l.form(ctx)
	if err != nil {
		return err
	}
	if l.Plan.To == Draft {
		if err := l.fill(ctx, f, contactAndIdentity[:1+l.Merchant.Index%2]); err != nil {
			return err
		}
		slots := l.Merchant.Slots()
		if err := l.upload(ctx, f, slots[:len(slots)*int(l.Merchant.Index%3)/3]); err != nil {
			return err
		}
		return errStop
	}
	if err := l.fill(ctx, f, groups); err != nil {
		return err
	}
	if err := l.upload(ctx, f, l.Merchant.Slots()); err != nil {
		return err
	}
	if err := l.empty(ctx, f); err != nil {
		return err
	}
	if err := l.consent(ctx, f); err != nil {
		return err
	}
	err = l.do(ctx, l.Supplier, deed{operation: "submit", what: "submits", method: http.MethodPost, path: "/submission", match: true})
	if refused(err, "submission-incomplete") && l.repair() {
		return errMoved // the form said what is wrong: fill in again
	}
	return err
}

// The sections of the form, each saved by itself as a person does.
var (
	groups             = []string{"identity. company.", "contact.", "bank. site."}
	contactAndIdentity = groups[:2]
)

// fill saves those fields of the sections that are not as the merchant has them.
func (l *Life) fill(ctx context.Context, f form, sections []string) error {
	for _, section := range sections {
		values := map[item.Key]string{}
		for _, i := range item.All() {
			group, _, _ := strings.Cut(string(i.Key), ".")
			if i.Class != item.Field || !strings.Contains(section, group+".") {
				continue
			}
			want, sent := l.Merchant.Fields[i.Key], l.sent[i.Key]
			if sent == "" {
				for _, x := range f.Items {
					if x.Key == i.Key {
						sent = x.Value
					}
				}
			}
			if want != sent {
				values[i.Key] = want
			}
		}
		if len(values) == 0 {
			continue
		}
		w := deed{operation: "fillDetails", what: "fills in " + strings.ReplaceAll(strings.ReplaceAll(section, ".", ""), " ", " and "),
			method: http.MethodPut, path: "/details", body: map[string]any{"values": values}}
		if err := l.do(ctx, l.Supplier, w); err != nil {
			return err
		}
		for k, v := range values {
			l.sent[k] = v
		}
	}
	return nil
}

// upload puts the drawn papers into the slots that do not hold them yet.
func (l *Life) upload(ctx context.Context, f form, slots []item.Key) error {
	for _, slot := range slots {
		file, err := l.d.Press.Draw(l.Merchant.Documents[slot])
		if err != nil {
			return err
		}
		if f.holds(slot, digest(file)) {
			continue
		}
		if err := l.put(ctx, slot, file); err != nil {
			return err
		}
	}
	return nil
}

func digest(f specimen.File) string { return sum(string(f.Bytes)) }

// sum is the SHA-256 in hexadecimal.
func sum(s string) string {
	b := sha256.Sum256([]byte(s))
	return hex.EncodeToString(b[:])
}

// holds reports whether a slot holds a file: the one of that digest, or with ""
// any.
func (f form) holds(slot item.Key, sha256 string) bool {
	for _, i := range f.Items {
		if i.Key == slot && i.Document != nil && (sha256 == "" || i.Document.SHA256 == sha256) {
			return true
		}
	}
	return false
}

func (l *Life) put(ctx context.Context, slot item.Key, file specimen.File) error {
	return l.do(ctx, l.Supplier, deed{operation: "uploadDocument", what: "uploads " + string(slot), method: http.MethodPut,
		path: "/documents/" + string(slot), body: file.Bytes, media: file.MediaType})
}

// empty takes files back that the merchant no longer has in a slot.
func (l *Life) empty(ctx context.Context, f form) error {
	for _, i := range f.Items {
		if _, has := l.Merchant.Documents[i.Key]; i.Document == nil || has {
			continue
		}
		if err := l.remove(ctx, i.Key); err != nil {
			return err
		}
	}
	return nil
}

func (l *Life) remove(ctx context.Context, slot item.Key) error {
	return l.do(ctx, l.Supplier, deed{operation: "removeDocument", what: "removes " + string(slot), method: http.MethodDelete, path: "/documents/" + string(slot)})
}

// consent agrees to what was not agreed to yet; only the merchant itself can.
func (l *Life) consent(ctx context.Context, f form) error {
	for _, c := range l.d.reference.Consents {
		if slices.ContainsFunc(f.Consents, func(had struct{ Consent string }) bool { return had.Consent == c.Consent }) {
			continue
		}
		if err := l.logIn(ctx); err != nil {
			return err
		}
		w := deed{operation: "consent", what: "agrees to " + c.Consent, method: http.MethodPut, path: "/consents/" + c.Consent,
			body: map[string]string{"version": c.Version, "sha256": c.SHA256[l.Plan.Language], "language": l.Plan.Language}}
		if err := l.do(ctx, l.Self, w); err != nil {
			return err
		}
	}
	return nil
}

// repair corrects what the form itself refuses, and reports whether anything was.
func (l *Life) repair() bool {
	any := false
	for _, f := range l.Merchant.Injected() {
		if f.Blocks {
			any = simulate.Correct(f, &l.Merchant) == nil || any
		}
	}
	return any
}

// withdraw gives the application up.
func (l *Life) withdraw(ctx context.Context) error {
	if err := l.logIn(ctx); err != nil {
		return err
	}
	why := map[string]string{"zh-CN": "暂时不需要了", "es": "De momento no lo necesitamos", "en": "Not needed for the time being"}[l.Plan.Language]
	return l.do(ctx, l.Self, deed{operation: "withdraw", what: "withdraws", method: http.MethodPut, path: "/withdrawal", body: map[string]string{"why": why}, match: true})
}
