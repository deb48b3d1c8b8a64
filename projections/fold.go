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
			ID: id, Revision: -1, Reasons: []Reason{}, Findings: []application.Finding{}, Checks: []Check{},
			Consents: []Consent{}, Notes: []Note{}, Unlocked: []item.Key{}, Steps: map[string]time.Time{},
		}
	}
	if revision <= a.Revision {
		return a
	}
	h := e.Head()
	a.Revision, a.UpdatedAt = revision, h.At
	if a.Claim != nil && a.Claim.By.ID == h.By.ID && h.At.Before(a.Claim.Until) {
		a.Claim.Until = h.At.Add(time.Duration(a.Claim.LeaseSeconds * float64(time.Second)))
	}
	f.apply(a, h, e)
	a.Holder = a.Stage.Holder()
	if a.Stage == application.Website && a.Site == nil {
		a.Holder = application.Merchant // the review waits for the declaration
	}
	a.lock()
	return a
}

func (f Folder) apply(a *Application, h application.Header, e application.Event) {
	switch e := e.(type) {
	case application.Opened:
		a.Merchant, a.MerchantNumber, a.Agent, a.Language = e.Merchant, e.MerchantNumber, e.Agent, e.Language
		a.Kind, a.Products, a.Banks, a.SiteType, a.Policy = e.Kind, e.Products, e.Banks, e.Site, e.Policy
		a.OpenedAt = h.At
		a.Name = e.MerchantNumber
		a.enter(application.Draft, nil, h)
		f.require(a)
	case application.KindSwitched:
		a.Kind = e.Kind
		for _, k := range e.Dropped {
			a.change(k, h, "", nil)
		}
		a.rename()
		f.require(a)
	case application.ProductsChosen:
		a.Products, a.Banks, a.SiteType = e.Products, e.Banks, e.Site
		f.require(a)
	case application.DetailsFilled:
		for _, k := range sorted(e.Fields) {
			a.change(k, h, e.Fields[k], nil)
		}
		for _, k := range sorted(e.Personal) {
			a.change(k, h, e.Personal[k].Masked(), nil)
		}
		a.rename()
		f.require(a)
	case application.DocumentUploaded:
		a.change(e.Slot, h, "", DocumentOf(e.Document))
		a.address(e.Slot)
	case application.DocumentRemoved:
		a.change(e.Slot, h, "", nil)
	case application.DocumentMoved:
		from, to := a.document(e.From), a.document(e.To)
		a.change(e.From, h, "", to)
		a.change(e.To, h, "", from)
		a.address(e.From)
		a.address(e.To)
	case application.DocumentRedacted:
		d := DocumentOf(e.Document)
		d.Redacted = true
		a.change(e.Slot, h, "", d)
		a.forget(e.Slot, e.Former)
	case application.ConsentGiven:
		a.Consents = append(a.Consents, Consent{e.Consent, e.Version, e.SHA256, e.Language, h.At})
	case application.Submitted:
		a.Round, a.Policy, a.SubmittedAt = e.Round, e.Policy, &h.At
		f.require(a)
		a.enter(e.Next, e.Deadline, h)
	case application.PrecheckFound:
		a.Findings = slices.Clone(e.Findings)
		if a.Findings == nil {
			a.Findings = []application.Finding{}
		}
	case application.Claimed:
		a.Claim = &Claim{e.By, e.Until, e.Lease.Seconds()}
	case application.Released:
		a.Claim = nil
	case application.Reassigned:
		a.Claim = &Claim{e.To, e.Until, e.Lease.Seconds()}
	case application.Prioritised:
		a.Priority = e.Priority
	case application.ItemsAccepted:
		for _, k := range e.Items {
			a.accept(k, h)
		}
	case application.ReasonRaised:
		a.Reasons = append(a.Reasons, Reason{
			ID: e.Reason, Code: e.Code, Sub: e.Sub, Target: e.Target, Note: e.Note, Internal: e.Internal,
			Round: e.Round, By: h.By, At: h.At, State: ReasonOpen,
		})
		if i := a.item(e.Target); i != nil {
			i.State, i.AcceptedBy, i.AcceptedAt = Rejected, nil, nil
		}
	case application.ReasonWithdrawn:
		for i := range a.Reasons {
			if r := &a.Reasons[i]; r.ID == e.Reason {
				r.State = ReasonWithdrawn
				a.restate(r.Target)
			}
		}
	case application.LateReasonAllowed:
		// What it allows is the decider's business; the history shows it.
	case application.NoteAdded:
		a.Notes = append(a.Notes, Note{e.Note, e.Text, h.By, h.At})
	case application.Returned:
		for i := range a.Reasons {
			if r := &a.Reasons[i]; r.State == ReasonOpen && slices.Contains(e.Reasons, r.ID) {
				r.State = ReasonReturned
			}
		}
		a.Unlocked = slices.Clone(e.Unlocked)
		for i := range a.Items {
			a.Items[i].Statement = ""
		}
		a.enter(application.Correction, e.Deadline, h)
	case application.ItemCorrected:
		value, changed := "", true
		switch {
		case e.Field != nil:
			value = *e.Field
		case e.Personal != nil:
			value = e.Personal.Masked()
		default:
			changed = false
		}
		if changed {
			a.change(e.Item, h, value, nil)
			a.rename()
			f.require(a)
		}
		if i := a.item(e.Item); i != nil && e.Statement != "" {
			i.Statement = e.Statement
		}
		a.address(e.Item)
	case application.Resubmitted:
		a.Round, a.Unlocked, a.Findings = e.Round, []item.Key{}, []application.Finding{}
		a.void(e.Voided...)
		for i := range a.Reasons { // also those that a change elsewhere answered
			if r := &a.Reasons[i]; r.State == ReasonReturned {
				r.State = ReasonAddressed
				a.restate(r.Target)
			}
		}
		a.enter(e.Next, e.Deadline, h)
	case application.QualificationApproved:
		a.checked(Check{Check: application.CheckQualification, By: h.By, At: h.At})
		a.enter(e.Next, e.Deadline, h)
	case application.QualificationProposed:
		a.enter(application.SecondApproval, e.Deadline, h)
		a.Proposal = &Proposal{By: h.By, At: h.At, Judged: e.Judged}
	case application.QualificationConfirmed:
		c := Check{Check: application.CheckQualification, By: h.By, At: h.At, Judged: &e.Judged}
		if a.Proposal != nil {
			c.By, c.Second = a.Proposal.By, &h.By
		}
		a.checked(c)
		a.enter(e.Next, e.Deadline, h)
	case application.QualificationRefused:
		a.enter(application.Qualification, e.Deadline, h)
	case application.ICPEvidenceRecorded:
		a.ICP = icpEvidence(e.Evidence, h.By)
		for i := range a.Checks {
			if c := &a.Checks[i]; c.Check == application.CheckICP {
				c.Void = true // verified anew, by what was found now
			}
		}
	case application.ICPVerified:
		a.checked(Check{Check: application.CheckICP, By: h.By, At: h.At, Judged: &e.Judged})
		if e.Next != a.Stage { // otherwise it was looked up again before signing
			a.enter(e.Next, e.Deadline, h)
		}
	case application.SiteDeclared:
		a.Site = &Site{URL: e.URL, Guide: e.Guide, DeclaredAt: h.At}
		a.change(item.SiteURL, h, e.URL, nil)
		a.change(item.SiteTestAccount, h, e.TestUser.Masked(), nil)
		a.address(item.SiteURL)
		a.address(item.SiteTestAccount)
		if e.Deadline != nil {
			a.Deadline = &Deadline{Deadline: *e.Deadline}
		}
	case application.SiteApproved:
		if a.Site != nil {
			a.Site.Checklist = e.Checklist
		}
		a.checked(Check{Check: application.CheckSite, By: h.By, At: h.At, Judged: &e.Judged})
		a.enter(e.Next, e.Deadline, h)
	case application.ContractOffered:
		a.Contract = &Contract{Version: e.Version, Language: e.Language, SHA256: e.SHA256, OfferedAt: h.At, Expires: e.Expires}
		a.enter(application.Signature, e.Deadline, h)
	case application.ContractSigned:
		if a.Contract != nil {
			a.Contract.SignedAt = &h.At
		}
		a.enter(application.Countersignature, e.Deadline, h)
	case application.ContractCountersigned:
		if a.Contract != nil {
			a.Contract.CountersignedAt, a.Contract.CountersignedBy = &h.At, &h.By
		}
		a.checked(Check{Check: application.CheckContract, By: h.By, At: h.At})
		a.enter(application.Activation, e.Deadline, h)
	case application.Activated:
		a.enter(application.Active, nil, h)
	case application.Withdrawn:
		a.enter(application.WithdrawnStage, nil, h)
	case application.Reopened:
		a.reopen()
		a.enter(e.Next, e.Deadline, h)
	case application.DeclineProposed:
		a.Decline, a.Claim = &Proposal{By: h.By, At: h.At, Judged: e.Judged, Note: e.Note, Internal: e.Internal}, nil
	case application.DeclineConfirmed:
		declined := a.Decline // the merchant is told why
		a.enter(application.DeclinedStage, nil, h)
		a.Decline = declined
	case application.DeclineRefused:
		a.Decline, a.Claim = nil, nil
	case application.Expired:
		a.enter(application.ExpiredStage, nil, h)
	case application.DeadlineWarned:
		if a.Deadline != nil && a.Deadline.ID == e.Deadline {
			a.Deadline.Warned = true
		}
	case application.DeadlineBreached:
		if a.Deadline != nil && a.Deadline.ID == e.Deadline {
			a.Deadline.Breached = true
		}
	case application.DeadlineExtended:
		a.Deadline = &Deadline{Deadline: e.Deadline}
		if a.Stage == application.Signature && a.Contract != nil && e.Deadline.Due.After(a.Contract.Expires) {
			a.Contract.Expires = e.Deadline.Due // more time to sign is a longer offer
		}
	case application.PolicyMoved:
		a.Policy = e.To
		f.require(a)
	case application.Restricted:
		a.Restricted, a.Claim = true, nil
	case application.HoldPlaced, application.HoldLifted:
		// Whether data may be destroyed is the decider's business.
	case application.Shredded:
		a.erase()
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
	for i := range a.Reasons {
		if r := &a.Reasons[i]; r.State != ReasonSettled {
			r.State = ReasonWithdrawn
		}
	}
	for i := range a.Items {
		it := &a.Items[i]
		it.AcceptedBy, it.AcceptedAt, it.Statement = nil, nil, ""
		a.restate(it.Key)
	}
}

// enter moves the application to a stage: whoever held it holds it no more, and
// what was proposed before is done with.
func (a *Application) enter(s application.Stage, d *application.Deadline, h application.Header) {
	if a.Stage != "" && a.Stage != s {
		a.Steps[string(a.Stage)] = h.At
	}
	a.Stage, a.EnteredAt, a.Claim, a.Deadline, a.Proposal, a.Decline = s, h.At, nil, nil, nil, nil
	if d != nil {
		a.Deadline = &Deadline{Deadline: *d}
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
func (a *Application) working() int {
	if a.Stage == application.Draft || a.Stage == application.Correction {
		return a.Round + 1
	}
	return max(a.Round, 1)
}

// versions bounds how many earlier versions an item shows; the history has all.
const versions = 8

// change gives an item a new value or document and keeps the old one.
func (a *Application) change(k item.Key, h application.Header, value string, d *Document) {
	i := a.item(k)
	if i == nil {
		return
	}
	if (i.Value != "" || i.Document != nil) && i.ChangedAt != nil && (i.Value != value || d != nil || i.Document != nil) && a.working() > i.Round {
		i.Previous = slices.Insert(i.Previous, 0, ItemVersion{Round: i.Round, At: *i.ChangedAt, Value: i.Value, Document: i.Document})
		i.Previous = i.Previous[:min(len(i.Previous), versions)]
	}
	i.Value, i.Document, i.Round, i.ChangedAt = value, d, a.working(), &h.At
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

// address notes that the merchant answered the reasons on an item.
func (a *Application) address(k item.Key) {
	for i := range a.Reasons {
		if r := &a.Reasons[i]; r.Target == k && r.State == ReasonReturned {
			r.State = ReasonAddressed
		}
	}
	a.restate(k)
}

func (a *Application) accept(k item.Key, h application.Header) {
	i := a.item(k)
	if i == nil {
		return
	}
	i.AcceptedBy, i.AcceptedAt = &h.By, &h.At
	for j := range a.Reasons {
		if r := &a.Reasons[j]; r.Target == k && r.State == ReasonAddressed {
			r.State = ReasonSettled
		}
	}
	a.restate(k)
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

// rename keeps the name that lists show: a company's in clear, a person's masked.
func (a *Application) rename() {
	k := item.IdentityName
	if a.Kind == policy.Enterprise {
		k = item.CompanyName
	}
	if i := a.item(k); i != nil && i.Value != "" {
		a.Name = i.Value
	}
}

// erase shows "erased" wherever a person's value stood.
func (a *Application) erase() {
	a.Erased, a.Claim = true, nil
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
	if a.Kind == policy.Individual {
		a.Name = erased
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
			it.Locked = true
		}
	}
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
	waived := make(map[item.Key]string, len(r.Waived))
	for _, w := range r.Waived {
		waived[w.Item] = w.Because.In(lang.English)
	}
	required := make(map[item.Key]bool, len(r.Items))
	for _, q := range r.Items {
		required[q.Item] = q.Required
	}
	items := make([]Item, 0, len(a.Items)+len(r.Items))
	for _, def := range item.All() {
		old := a.item(def.Key)
		_, asked := required[def.Key]
		if !def.Key.Fits(item.Audience(a.Kind)) || (!asked && waived[def.Key] == "" && (old == nil || old.State == Missing)) {
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
