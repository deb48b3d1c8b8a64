package projections

import (
	"maps"
	"slices"
	"time"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
)

// Folder turns events into the Application document. It needs the policies,
// because which items are required is policy data.
type Folder struct {
	Policies *policy.Book
}

// Fold adds the event at a revision to a document and answers the document; nil
// begins a new one. An event that the document has already seen changes nothing,
// so a second delivery is harmless. Personal values of the event must be clear
// or erased: they are masked here.
func (f Folder) Fold(a *Application, id string, revision int64, e application.Event) *Application {
	if a == nil {
		a = &Application{
			Summary: *newSummary(id), Findings: []application.Finding{}, Checks: []Check{},
			Consents: []Consent{}, Notes: []Note{}, Unlocked: []item.Key{}, Steps: map[string]time.Time{},
		}
	}
	before := a.Summary
	if !a.Summary.Fold(revision, e) {
		return a
	}
	f.apply(a, before, e.Head(), e)
	if before.Stage != "" && before.Stage != a.Stage {
		a.Steps[string(before.Stage)] = a.EnteredAt
	}
	a.lock()
	return a
}

// apply changes what a document holds beyond its summary, which has the event
// already; before is the summary without it.
func (f Folder) apply(a *Application, before Summary, h application.Header, e application.Event) {
	switch e := e.(type) {
	case application.Opened:
		a.Banks, a.Policy = e.Banks, e.Policy
		f.require(a)
	case application.KindSwitched:
		for _, k := range e.Dropped {
			a.change(k, before, h, "", nil)
		}
		f.require(a)
	case application.ProductsChosen:
		a.Banks = e.Banks
		f.require(a)
	case application.DetailsFilled:
		for _, k := range sorted(e.Fields) {
			a.change(k, before, h, e.Fields[k], nil)
		}
		for _, k := range sorted(e.Personal) {
			a.change(k, before, h, e.Personal[k].Masked(), nil)
		}
		f.require(a)
	case application.DocumentUploaded:
		a.change(e.Slot, before, h, "", DocumentOf(e.Document))
	case application.DocumentRemoved:
		a.change(e.Slot, before, h, "", nil)
	case application.DocumentMoved:
		from, to := a.document(e.From), a.document(e.To)
		a.change(e.From, before, h, "", to)
		a.change(e.To, before, h, "", from)
	case application.DocumentRedacted:
		if i := a.item(e.Slot); i != nil {
			i.Document = DocumentOf(e.Document)
			i.Document.Redacted = true
		}
		a.contest(e.Slot)
		a.forget(e.Slot, e.Former)
		if a.Stage == application.Correction && !slices.Contains(a.Unlocked, e.Slot) {
			a.Unlocked = append(a.Unlocked, e.Slot)
		}
	case application.ConsentGiven:
		a.Consents = append(a.Consents, Consent{e.Consent, e.Version, e.SHA256, e.Language, h.At})
	case application.ConsentWithdrawn:
		a.Consents = slices.DeleteFunc(a.Consents, func(c Consent) bool { return c.Consent == e.Consent })
	case application.Submitted:
		a.Policy = e.Policy
		f.require(a)
	case application.PrecheckFound:
		a.Findings = slices.Clone(e.Findings)
		if a.Findings == nil {
			a.Findings = []application.Finding{}
		}
		for _, k := range e.Contests(a.Stage) {
			a.contest(k)
		}
	case application.Claimed, application.Released, application.Reassigned, application.Prioritised:
		// The summary says it all.
	case application.ItemsAccepted:
		for _, k := range e.Items {
			a.accept(k, h)
		}
	case application.ReasonRaised:
		if i := a.item(e.Target); i != nil {
			i.State, i.AcceptedBy, i.AcceptedAt = Rejected, nil, nil
		}
	case application.ReasonWithdrawn:
		for _, r := range a.Reasons {
			if r.ID == e.Reason {
				a.restate(r.Target)
			}
		}
	case application.LateReasonAllowed:
		// What it allows is the decider's business; the history shows it.
	case application.NoteAdded:
		a.Notes = append(a.Notes, Note{e.Note, e.Text, h.By, h.At})
	case application.Returned:
		a.Unlocked = slices.Clone(e.Unlocked)
		for i := range a.Items {
			a.Items[i].Statement = ""
		}
	case application.ItemCorrected:
		switch {
		case e.Field != nil:
			a.change(e.Item, before, h, *e.Field, nil)
			f.require(a)
		case e.Personal != nil:
			a.change(e.Item, before, h, e.Personal.Masked(), nil)
			f.require(a)
		}
		if i := a.item(e.Item); i != nil && e.Statement != "" {
			i.Statement = e.Statement
		}
		a.restate(e.Item)
	case application.Resubmitted:
		a.Unlocked, a.Findings = []item.Key{}, []application.Finding{}
		a.void(e.Voided...)
		for _, r := range a.Reasons {
			a.restate(r.Target)
		}
	case application.QualificationApproved:
		a.checked(Check{Check: application.CheckQualification, By: h.By, At: h.At})
	case application.QualificationProposed, application.QualificationRefused:
		// The summary says it all.
	case application.QualificationConfirmed:
		c := Check{Check: application.CheckQualification, By: h.By, At: h.At, Judged: &e.Judged}
		if before.Proposal != nil {
			c.By, c.Second = before.Proposal.By, &h.By
		}
		a.checked(c)
	case application.ICPEvidenceRecorded:
		a.ICP = icpEvidence(e.Evidence, h.By)
		for i := range a.Checks {
			if c := &a.Checks[i]; c.Check == application.CheckICP {
				c.Void = true // verified anew, by what was found now
			}
		}
	case application.ICPVerified:
		a.checked(Check{Check: application.CheckICP, By: h.By, At: h.At, Judged: &e.Judged})
	case application.SiteDeclared:
		a.Site = &Site{URL: e.URL, Guide: e.Guide, DeclaredAt: h.At}
		a.change(item.SiteURL, before, h, e.URL, nil)
		a.change(item.SiteTestAccount, before, h, e.TestUser.Masked(), nil)
	case application.SiteApproved:
		if a.Site != nil {
			a.Site.Checklist = e.Checklist
		}
		a.checked(Check{Check: application.CheckSite, By: h.By, At: h.At, Judged: &e.Judged})
	case application.ContractOffered:
		a.Contract = &Contract{Version: e.Version, Language: e.Language, SHA256: e.SHA256, OfferedAt: h.At, Expires: e.Expires}
	case application.ContractTakenBack, application.ContractLapsed:
		a.Contract = nil
	case application.ContractSigned:
		if a.Contract != nil {
			a.Contract.SignedAt = &h.At
		}
	case application.ContractCountersigned:
		if a.Contract != nil {
			a.Contract.CountersignedAt, a.Contract.CountersignedBy = &h.At, &h.By
		}
		a.checked(Check{Check: application.CheckContract, By: h.By, At: h.At})
	case application.Activated, application.Withdrawn, application.Expired:
		// The summary says it all.
	case application.Reopened:
		a.reopen()
	case application.DeclineProposed, application.DeclineConfirmed, application.DeclineRefused:
		// The summary says it all.
	case application.DeadlineWarned, application.DeadlineBreached:
		// The summary says it all.
	case application.DeadlineExtended:
		a.longer(e.Deadline)
	case application.RestrictionLifted:
		if e.Deadline != nil {
			a.longer(*e.Deadline)
		}
	case application.PolicyMoved:
		a.Policy = e.To
		f.require(a)
	case application.Restricted, application.HoldPlaced, application.HoldLifted:
		// Whether data may be destroyed is the decider's business.
	case application.Shredded:
		a.erase()
	}
}

// longer is the offer of a contract after its deadline moved: more time to sign is
// a longer offer.
func (a *Application) longer(d application.Deadline) {
	if a.Stage == application.Signature && a.Contract != nil && d.Due.After(a.Contract.Expires) {
		a.Contract.Expires = d.Due
	}
}

// void undoes results: what rested on them is not shown any more.
func (a *Application) void(checks ...application.Check) {
	for i := range a.Checks {
		if slices.Contains(checks, a.Checks[i].Check) {
			a.Checks[i].Void = true
		}
	}
	if slices.Contains(checks, application.CheckICP) {
		a.ICP = nil // looked up anew
	}
	if slices.Contains(checks, application.CheckContract) {
		a.Contract = nil
	}
}

// reopen begins again with what was there: nothing is judged any more.
func (a *Application) reopen() {
	a.void(application.CheckQualification, application.CheckICP, application.CheckSite, application.CheckContract)
	a.Unlocked = []item.Key{}
	for i := range a.Items {
		it := &a.Items[i]
		it.AcceptedBy, it.AcceptedAt, it.Statement = nil, nil, ""
		a.restate(it.Key)
	}
}

// returnedFrom is the stage that asked for the present correction.
func (a *Application) returnedFrom() application.Stage {
	latest, from := time.Time{}, application.Qualification
	for _, s := range []application.Stage{application.Qualification, application.ICP, application.Website} {
		if t := a.Steps[string(s)]; t.After(latest) {
			latest, from = t, s
		}
	}
	return from
}

func (a *Application) item(k item.Key) *Item {
	for i := range a.Items {
		if a.Items[i].Key == k {
			return &a.Items[i]
		}
	}
	return nil
}

func (a *Application) document(k item.Key) *Document {
	if i := a.item(k); i != nil {
		return i.Document
	}
	return nil
}

// working is the round that a change made now counts for.
func (s *Summary) working() int {
	if s.Stage == application.Draft || s.Stage == application.Correction {
		return s.Round + 1
	}
	return max(s.Round, 1)
}

// versions bounds how many earlier versions an item shows; the history has all.
const versions = 8

// change gives an item a new value or document and keeps the old one.
func (a *Application) change(k item.Key, before Summary, h application.Header, value string, d *Document) {
	i := a.item(k)
	if i == nil {
		return
	}
	if (i.Value != "" || i.Document != nil) && i.ChangedAt != nil && (i.Value != value || d != nil || i.Document != nil) && before.working() > i.Round {
		i.Previous = slices.Insert(i.Previous, 0, ItemVersion{Round: i.Round, At: *i.ChangedAt, Value: i.Value, Document: i.Document})
		i.Previous = i.Previous[:min(len(i.Previous), versions)]
	}
	i.Value, i.Document, i.Round, i.ChangedAt = value, d, before.working(), &h.At
	i.AcceptedBy, i.AcceptedAt = nil, nil
	a.restate(k)
}

// restate derives an item's state from what it holds and from its reasons.
func (a *Application) restate(k item.Key) {
	i := a.item(k)
	if i == nil {
		return
	}
	i.State = Given
	switch {
	case i.AcceptedAt != nil:
		i.State = Accepted
	case i.Class != item.Site && i.Value == "" && i.Document == nil:
		i.State = Missing
	case i.Key == item.SiteURL || i.Key == item.SiteTestAccount:
		if i.Value == "" {
			i.State = Missing
		}
	}
	for _, r := range a.Reasons {
		if r.Target == k {
			switch r.State {
			case ReasonOpen, ReasonReturned:
				i.State = Rejected
				return
			case ReasonAddressed:
				i.State = Corrected
			}
		}
	}
}

func (a *Application) accept(k item.Key, h application.Header) {
	i := a.item(k)
	if i == nil {
		return
	}
	i.AcceptedBy, i.AcceptedAt = &h.By, &h.At
	a.restate(k)
}

// contest takes an item's acceptance back.
func (a *Application) contest(k item.Key) {
	if i := a.item(k); i != nil {
		i.AcceptedBy, i.AcceptedAt = nil, nil
		a.restate(k)
	}
}

// checked records a result; an older one of the same kind gives way.
func (a *Application) checked(c Check) {
	a.Checks = slices.DeleteFunc(a.Checks, func(o Check) bool { return o.Check == c.Check })
	a.Checks = append(a.Checks, c)
}

// forget removes a destroyed file from an item's earlier versions.
func (a *Application) forget(k item.Key, document string) {
	if i := a.item(k); i != nil {
		i.Previous = slices.DeleteFunc(i.Previous, func(v ItemVersion) bool {
			return v.Document != nil && v.Document.ID == document
		})
	}
}

// erase shows "erased" wherever a person's value stood.
func (a *Application) erase() {
	erased := personal.Erased().Masked()
	for i := range a.Items {
		it := &a.Items[i]
		if it.Personal && it.Value != "" {
			it.Value = erased
		}
		for j := range it.Previous {
			if it.Personal && it.Previous[j].Value != "" {
				it.Previous[j].Value = erased
			}
		}
	}
}

// lock says which items the merchant can change now.
func (a *Application) lock() {
	for i := range a.Items {
		it := &a.Items[i]
		switch a.Stage {
		case application.Draft:
			it.Locked = false
		case application.Correction:
			it.Locked = !slices.Contains(a.Unlocked, it.Key)
		default:
			it.Locked = !a.awaits(it)
		}
	}
}

// awaits: the check of the filing, which is still to come, needs the item, and the
// merchant may give it meanwhile.
func (a *Application) awaits(it *Item) bool {
	switch a.Stage {
	case application.Qualification, application.SecondApproval, application.ICP:
		return it.Key == item.SiteICPNumber && it.Value == ""
	}
	return false
}

// require lays out the items that the policy speaks of for this merchant.
func (f Folder) require(a *Application) {
	p, ok := f.Policies.At(a.Policy)
	if !ok {
		p = f.Policies.Latest()
	}
	facts := policy.Facts{Kind: a.Kind, Products: a.Products, Site: a.SiteType}
	if i := a.item(item.CompanyLicence); i != nil {
		facts.Licence = i.Value
	}
	if i := a.item(item.IdentityType); i != nil {
		facts.IdentityType = i.Value
	}
	r := p.Requirements(facts)
	a.FourEyes = r.FourEyes
	a.Stages = a.Stages[:0]
	for _, s := range r.Stages {
		a.Stages = append(a.Stages, application.Stage(s.Stage))
	}
	waived := make(map[item.Key]*lang.Text, len(r.Waived))
	for _, w := range r.Waived {
		waived[w.Item] = &w.Because
	}
	required := make(map[item.Key]bool, len(r.Items))
	for _, q := range r.Items {
		required[q.Item] = q.Required
	}
	items := make([]Item, 0, len(a.Items)+len(r.Items))
	for _, def := range item.All() {
		old := a.item(def.Key)
		_, asked := required[def.Key]
		if !def.Key.Fits(item.Audience(a.Kind)) || (!asked && waived[def.Key] == nil && (old == nil || old.State == Missing)) {
			continue
		}
		it := Item{Key: def.Key, Class: def.Class, Personal: def.Personal, State: Missing}
		if old != nil {
			it = *old
		} else if def.Class == item.Site && def.Key != item.SiteURL && def.Key != item.SiteTestAccount {
			it.State = Given
		}
		it.Required, it.Waived = required[def.Key], waived[def.Key]
		items = append(items, it)
	}
	a.Items = items
}

func sorted[V any](m map[item.Key]V) []item.Key { return slices.Sorted(maps.Keys(m)) }
