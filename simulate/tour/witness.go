package tour

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"alta/domain/item"
	"alta/simulate/drive"
)

type key = item.Key

// leaves says which event each operation of the contract leaves. An operation
// with two names leaves one of them.
var leaves = map[string][]string{
	"register": {"opened"}, "addMerchant": {"opened"}, "fillDetails": {"details_filled"}, "uploadDocument": {"document_uploaded"},
	"removeDocument": {"document_removed"}, "moveDocument": {"document_moved"}, "consent": {"consent_given"}, "withdrawConsent": {"consent_withdrawn"}, "submit": {"submitted", "resubmitted"},
	"correct": {"item_corrected"}, "declareSite": {"site_declared"}, "claim": {"claimed"}, "acceptItems": {"items_accepted"},
	"raiseReason": {"reason_raised"}, "redactDocument": {"document_redacted"}, "return": {"returned"},
	"approveQualification": {"qualification_approved", "qualification_proposed"}, "confirmQualification": {"qualification_confirmed"},
	"recordICPEvidence": {"icp_evidence_recorded"}, "verifyICP": {"icp_verified"}, "approveSite": {"site_approved"},
	"offerContract": {"contract_offered"}, "contractCode": nil, "signContract": {"contract_signed"},
	"countersignContract": {"contract_countersigned"}, "activateMerchant": {"activated"}, "documentImage": nil, "reveal": nil,
	"refuseQualification": {"qualification_refused"},
}

// platform are the events that may come between by themselves.
var platform = []string{"precheck_found", "deadline_warned", "deadline_breached", "contract_lapsed", "released"}

// witness looks on.
type witness struct {
	out    io.Writer
	crew   *drive.Crew
	last   int64 // the newest revision seen
	stage  string
	types  []string // of all events
	looks  int64
	silent int // acts that leave no event by design
}

func (w *witness) print(format string, args ...any) { fmt.Fprintf(w.out, format, args...) }

// observe checks what an act left.
func (w *witness) observe(ctx context.Context, l *drive.Life, d drive.Deed) error {
	want, known := leaves[d.Operation]
	if !known {
		return w.surprise(d, "nobody said which event this leaves")
	}
	if d.Operation == "documentImage" || d.Operation == "reveal" {
		return w.looked(ctx, l, d)
	}
	fresh, err := l.History(ctx, w.crew.Auditor, w.last+1)
	if err != nil {
		return err
	}
	var acts []drive.Entry
	for _, e := range fresh {
		if e.Revision != w.last+1 {
			return w.surprise(d, fmt.Sprintf("revision %d follows %d", e.Revision, w.last))
		}
		w.last = e.Revision
		w.types = append(w.types, e.Type)
		if e.By.Role == "system" {
			if !slices.Contains(platform, e.Type) {
				return w.surprise(d, "the platform by itself left "+e.Type)
			}
			w.print("  %3d  %-26s the platform\n", e.Revision, e.Type)
			continue
		}
		acts = append(acts, e)
		w.print("  %3d  %-26s %-9s %s\n", e.Revision, e.Type, e.By.Role, d.What)
	}
	switch {
	case len(want) == 0:
		w.silent++
		if len(acts) > 0 {
			return w.surprise(d, fmt.Sprintf("it left %d events, and should leave none", len(acts)))
		}
		w.print("       %-26s %-9s %s\n", "–", d.By.Role, d.What)
	case len(acts) != 1:
		return w.surprise(d, fmt.Sprintf("it left %d events, and should leave one", len(acts)))
	case !slices.Contains(want, acts[0].Type):
		return w.surprise(d, "it left "+acts[0].Type+", and should leave "+strings.Join(want, " or "))
	case acts[0].By.ID != d.By.ID || acts[0].By.Role != d.By.Role:
		return w.surprise(d, fmt.Sprintf("the event names %s %s, and %s %s did it", acts[0].By.Role, acts[0].By.ID, d.By.Role, d.By.ID))
	}
	if d.Operation == "submit" && l.Round == 0 {
		if err := w.waivers(ctx, l); err != nil {
			return err
		}
	}
	return w.agreeWhereStageChanged(ctx, l)
}

func (w *witness) surprise(d drive.Deed, what string) error {
	return &Surprise{fmt.Sprintf("%s %s (%s)", d.By.Role, d.What, d.Operation), what}
}

// looked checks that a look is on record.
func (w *witness) looked(ctx context.Context, l *drive.Life, d drive.Deed) error {
	var page struct {
		Accesses []struct {
			By    drive.Actor `json:"by"`
			What  string      `json:"what"`
			Why   string      `json:"why"`
			Items []string    `json:"items"`
		} `json:"accesses"`
	}
	if _, err := w.crew.Auditor.Get(ctx, fmt.Sprintf("/v1/applications/%s/accesses?from=%d&limit=10", l.ID, w.looks), &page); err != nil {
		return err
	}
	if len(page.Accesses) != 1 {
		return w.surprise(d, fmt.Sprintf("it left %d access records, and should leave one", len(page.Accesses)))
	}
	a := page.Accesses[0]
	what := map[string]string{"documentImage": "image", "reveal": "values"}[d.Operation]
	if a.By.ID != d.By.ID || a.What != what || a.Why == "" || len(a.Items) == 0 {
		return w.surprise(d, fmt.Sprintf("the access record is %+v", a))
	}
	w.looks++
	w.print("       access on record: %-8s %-9s %s, because %q\n", a.What, a.By.Role, d.What, a.Why)
	return nil
}

// waivers checks that an 18-digit licence number asks for no tax and organisation
// code certificate.
func (w *witness) waivers(ctx context.Context, l *drive.Life) error {
	if l.Merchant.Kind != "enterprise" || l.Merchant.Company.Old() {
		return nil
	}
	var f struct {
		Items []struct {
			Key    item.Key `json:"key"`
			Waived string   `json:"waived"`
		} `json:"items"`
	}
	if _, err := l.Supplier.Get(ctx, "/v1/applications/"+l.ID+"/form", &f); err != nil {
		return err
	}
	for _, k := range []item.Key{item.TaxCertificate, item.OrgCodeCertificate} {
		at := slices.IndexFunc(f.Items, func(i struct {
			Key    item.Key `json:"key"`
			Waived string   `json:"waived"`
		}) bool {
			return i.Key == k && i.Waived != ""
		})
		if at < 0 {
			return &Surprise{"the form", string(k) + " is not waived by an 18-digit licence number"}
		}
		w.print("       %s is waived: %s\n", k, f.Items[at].Waived)
	}
	return nil
}

// document is any JSON document.
type document = map[string]any

// agreeWhereStageChanged compares everything as soon as the stage is another.
func (w *witness) agreeWhereStageChanged(ctx context.Context, l *drive.Life) error {
	var a struct {
		Stage string `json:"stage"`
	}
	if err := l.Read(ctx, w.crew.Auditor, "/status", &a); err != nil {
		return err
	}
	if a.Stage == w.stage {
		return nil
	}
	w.stage = a.Stage
	return w.agree(ctx, l)
}

// tries is how often a comparison is made anew because an event came between.
const tries = 20

// agree compares what everybody is told with a fold of the record.
func (w *witness) agree(ctx context.Context, l *drive.Life) error {
	var err error
	for range tries {
		var moved bool
		if moved, err = w.compare(ctx, l); !moved {
			return err
		}
	}
	return err
}

func (w *witness) compare(ctx context.Context, l *drive.Life) (moved bool, err error) {
	var app, status document
	if err := l.Read(ctx, w.crew.Auditor, "", &app); err != nil {
		return false, err
	}
	reader := l.Supplier
	if l.Self != nil {
		reader = l.Self
	}
	if err := l.Read(ctx, reader, "/status", &status); err != nil {
		return false, err
	}
	revision, _ := app["revision"].(float64)
	var moment struct {
		Entry                    document
		Application, Status, Row document
	}
	if _, err := w.crew.Auditor.Get(ctx, fmt.Sprintf("/v1/applications/%s/history/%d", l.ID, int64(revision)), &moment); err != nil {
		return false, err
	}
	position, _ := moment.Entry["position"].(string)
	row, queues, err := w.rows(ctx, l, position)
	if err != nil {
		return true, err
	}
	told := map[string][2]document{"the application": {app, moment.Application}, "the merchant's status": {status, moment.Status}}
	if moment.Row != nil || len(queues) > 0 { // a moment has a row where somebody has work with it
		told["the row"] = [2]document{row, moment.Row}
	}
	for name, pair := range told {
		if reflect.DeepEqual(pair[0], pair[1]) {
			continue
		}
		return pair[0]["revision"] != revision, &Surprise{name, fmt.Sprintf("at revision %v it is not what a fold of the record gives: %s",
			revision, difference(pair[0], pair[1]))}
	}
	stage, _ := app["stage"].(string)
	want := queueOf(stage, app["holder"])
	if !slices.Equal(queues, want) {
		return true, &Surprise{"the queues", fmt.Sprintf("at stage %s it stands in %v, and should in %v", stage, queues, want)}
	}
	where := "in no queue"
	if len(want) > 0 {
		where = "in the queue " + want[0]
	}
	w.print("       = status, rows, %s and the auditor's fold agree at revision %d: %s, %v holds it\n", where, int64(revision), stage, app["holder"])
	return false, nil
}

// queueOf is in which queues an application stands.
func queueOf(stage string, holder any) []string {
	switch stage {
	case "qualification", "second_approval", "icp", "correction":
		return []string{stage}
	case "website":
		if holder == "merchant" {
			return []string{"correction"}
		}
		return []string{stage}
	case "contract", "countersignature", "activation":
		return []string{"contract"}
	case "signature":
		return []string{"correction"}
	}
	return nil
}

// rows finds the application in the list of all and in each queue, once they have
// reached a position of the record.
func (w *witness) rows(ctx context.Context, l *drive.Life, position string) (row document, queues []string, err error) {
	page := func(path string) (document, error) {
		for cursor := ""; ; {
			var p struct {
				Rows []document
				Next string
			}
			at := path
			if cursor != "" {
				at += "&cursor=" + cursor
			}
			if _, err := w.crew.Auditor.Get(ctx, at, &p); err != nil {
				return nil, err
			}
			for _, r := range p.Rows {
				if r["id"] == l.ID {
					return r, nil
				}
			}
			if cursor = p.Next; cursor == "" {
				return nil, nil
			}
		}
	}
	if row, err = page("/v1/applications?limit=200&q=" + l.Number + "&after=" + position); err != nil {
		return nil, nil, err
	}
	for _, q := range []string{"qualification", "second_approval", "icp", "website", "contract", "correction"} {
		inQueue, err := page("/v1/queues/" + q + "?limit=200&after=" + position)
		if err != nil {
			return nil, nil, err
		}
		if inQueue == nil {
			continue
		}
		queues = append(queues, q)
		if !reflect.DeepEqual(inQueue, row) {
			return nil, nil, &Surprise{"the queue " + q, "its row is not that of the list: " + difference(inQueue, row)}
		}
	}
	return row, queues, nil
}

// difference names the members in which two documents differ.
func difference(a, b document) string {
	var out []string
	for k := range a {
		if !reflect.DeepEqual(a[k], b[k]) {
			x, _ := json.Marshal(a[k])
			y, _ := json.Marshal(b[k])
			out = append(out, fmt.Sprintf("%s is %.300s here and %.300s there", k, x, y))
		}
	}
	for k := range b {
		if _, has := a[k]; !has {
			out = append(out, k+" is missing")
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}
