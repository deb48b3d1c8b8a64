package drive

import (
	"context"
	"net/http"
	"slices"

	"alta/domain/item"
	"alta/domain/reason"
	"alta/simulate"
)

// correct puts right what the application was returned with, and hands it in
// again.
func (l *Life) correct(ctx context.Context, a *application) error {
	f, err := l.form(ctx)
	if err != nil {
		return err
	}
	before := l.Merchant.Clone()
	swapped := false
	for _, fault := range l.Merchant.Injected() {
		if slices.ContainsFunc(a.Reasons, func(r raised) bool { return r.State == "returned" && r.is(fault, &before) }) {
			swapped = swapped || fault.Sub == reason.Swapped
			if err := simulate.Correct(fault, &l.Merchant); err != nil {
				return err
			}
		}
	}
	changed, err := l.change(ctx, a, f, before, swapped)
	if err != nil {
		return err
	}
	for _, r := range a.Reasons {
		if r.State != "returned" || changed[r.Target] {
			continue
		}
		changed[r.Target] = true // one statement answers all reasons on an item
		if err := l.state(ctx, r.Target); err != nil {
			return err
		}
	}
	return l.do(ctx, l.Supplier, deed{operation: "submit", what: "submits again", method: http.MethodPost, path: "/submission", match: true})
}

// change writes what differs between the merchant as it was and as it is now.
func (l *Life) change(ctx context.Context, a *application, f form, before simulate.Merchant, swapped bool) (map[item.Key]bool, error) {
	changed := map[item.Key]bool{}
	for _, i := range item.All() {
		was, now := before.Fields[i.Key], l.Merchant.Fields[i.Key]
		if was == now || !slices.Contains(a.Unlocked, i.Key) {
			continue
		}
		w := deed{operation: "correct", what: "corrects " + string(i.Key), method: http.MethodPut, path: "/corrections/" + string(i.Key), body: map[string]string{"value": now}}
		if err := l.do(ctx, l.Supplier, w); err != nil {
			return nil, err
		}
		l.sent[i.Key], changed[i.Key] = now, true
	}
	if swapped {
		return changed, l.swap(ctx, f, changed)
	}
	for _, slot := range a.Unlocked {
		now, has := l.Merchant.Documents[slot]
		if now == before.Documents[slot] || !slot.IsDocument() {
			continue
		}
		changed[slot] = true
		if !has {
			if f.holds(slot, "") {
				if err := l.remove(ctx, slot); err != nil {
					return nil, err
				}
			}
			continue
		}
		file, err := l.d.Press.Draw(now)
		if err != nil {
			return nil, err
		}
		if f.holds(slot, digest(file)) {
			continue
		}
		if err := l.put(ctx, slot, file); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// swap exchanges the two sides of the identity card, in one act.
func (l *Life) swap(ctx context.Context, f form, changed map[item.Key]bool) error {
	front, back := item.IDCardFront, item.IDCardBack
	if _, company := l.Merchant.Documents[item.LegalPersonFront]; company {
		front, back = item.LegalPersonFront, item.LegalPersonBack
	}
	changed[front], changed[back] = true, true
	body := map[string]string{"to": string(back)}
	for _, i := range f.Items {
		if i.Key == front && i.Document != nil {
			body["document"] = i.Document.ID
		}
	}
	return l.do(ctx, l.Supplier, deed{operation: "moveDocument", what: "swaps the two sides of the identity card", method: http.MethodPost,
		path: "/documents/" + string(front) + "/move", body: body})
}

// state says what was done about an item that holds no value, or that was right.
func (l *Life) state(ctx context.Context, k item.Key) error {
	said := map[string]string{
		"zh-CN": "已按要求处理完毕，请再次查看。",
		"es":    "Ya lo hemos arreglado como se pedía; por favor, revísenlo de nuevo.",
		"en":    "We have put this right as asked; please look at it again.",
	}[l.Plan.Language]
	return l.do(ctx, l.Supplier, deed{operation: "correct", what: "says what was done about " + string(k), method: http.MethodPut,
		path: "/corrections/" + string(k), body: map[string]string{"statement": said}})
}
