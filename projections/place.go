package projections

import (
	"strings"

	"alta/domain/application"
)

// Place is where an application stands: as much of it as says in which queue it
// waits and who may hear of it. It is folded from a few kinds of events, of which
// no personal value is read, so it needs no key.
type Place struct {
	Merchant, Agent string // account of the merchant, organisation of the agent
	Stage           application.Stage
	Declared        bool   // the merchant named the web site
	Claimant        string // account of whoever holds it; a lease may have ended
	Breached        bool   // past the platform's deadline
	Restricted      bool   // hidden: its merchant asked for erasure
	Told            int64  // how many events the merchant was told of
}

// Then is the place after an event.
func (p Place) Then(e application.Event) Place {
	if application.Told(e) {
		p.Told++
	}
	if to, _, moves := application.Enters(p.Stage, e); moves {
		p.Stage, p.Claimant, p.Breached = to, "", false
	}
	switch e := e.(type) {
	case application.Opened:
		p.Merchant, p.Agent = e.Merchant, e.Agent
	case application.Claimed:
		p.Claimant = e.By.ID
	case application.Reassigned:
		p.Claimant = e.To.ID
	case application.Released, application.DeclineProposed, application.DeclineRefused, application.Shredded:
		p.Claimant = ""
	case application.SiteDeclared:
		p.Declared = true
		if e.Deadline != nil {
			p.Breached = false
		}
	case application.DeadlineBreached:
		p.Breached = p.Holder() == application.Platform
	case application.DeadlineExtended:
		p.Breached = false
	case application.Restricted:
		p.Restricted, p.Claimant = true, ""
	case application.RestrictionLifted:
		p.Restricted, p.Claimant = false, ""
		if e.Deadline != nil {
			p.Breached = false
		}
	default: // it stays where it is
	}
	return p
}

// Holder is who has the ball. A site review waits for the merchant until she has
// named the site.
func (p Place) Holder() application.Holder {
	if p.Stage == application.Website && !p.Declared {
		return application.Merchant
	}
	return p.Stage.Holder()
}

// Queue is the one in which the application waits; empty where nobody works on
// it, and for a hidden one.
func (p Place) Queue() Queue {
	switch {
	case p.Restricted:
		return ""
	case p.Stage == application.Website && !p.Declared:
		return QueueCorrection
	}
	return QueueOf(p.Stage)
}

// still are the events that leave every Place where it was, and whose data is most
// of what a log holds, with whether the merchant is told of them. Anything else,
// and any name that is new, has to be read.
var still = map[string]bool{
	"details-filled": true, "document-uploaded": true, "document-removed": true, "document-moved": true, "document-redacted": true,
	"consent-given": true, "consent-withdrawn": true, "precheck-found": false, "items-accepted": false, "note-added": false, "item-corrected": true,
	"icp-evidence-recorded": false, "kind-switched": true, "products-chosen": true,
}

// Past is the place after an event of a stored name that need not be decoded;
// false where it has to be, and Then asked.
func (p Place) Past(name string) (Place, bool) {
	short, _, _ := strings.Cut(strings.TrimPrefix(name, "application."), ".")
	told, known := still[short]
	if !known || !application.Known(name) { // a later version of it may say more
		return p, false
	}
	if told {
		p.Told++
	}
	return p, true
}
