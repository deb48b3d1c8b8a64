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
}

// Then is the place after an event.
func (p Place) Then(e application.Event) Place {
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

// still are the events that leave every Place as it was, and whose data is most
// of what a log holds. Anything else, and any name that is new, has to be read.
var still = map[string]bool{
	"details-filled": true, "document-uploaded": true, "document-removed": true, "document-moved": true, "document-redacted": true,
	"consent-given": true, "precheck-found": true, "items-accepted": true, "note-added": true, "item-corrected": true,
	"icp-evidence-recorded": true, "kind-switched": true, "products-chosen": true, "deadline-warned": true,
}

// Moves reports whether an event of a stored name can change a Place, so that the
// others need not be decoded.
func Moves(name string) bool {
	short, _, _ := strings.Cut(strings.TrimPrefix(name, "application."), ".")
	return !still[short]
}
