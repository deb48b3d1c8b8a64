package drive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"alta/domain/item"
	"alta/simulate"
	"alta/simulate/specimen"
)

// The stages, as the interface names them.
const (
	stageDraft            = "draft"
	stageQualification    = "qualification"
	stageSecondApproval   = "second_approval"
	stageCorrection       = "correction"
	stageICP              = "icp"
	stageWebsite          = "website"
	stageContract         = "contract"
	stageSignature        = "signature"
	stageCountersignature = "countersignature"
	stageActivation       = "activation"
	stageActive           = "active"
	stageWithdrawn        = "withdrawn"
	stageDeclined         = "declined"
	stageExpired          = "expired"
)

// way is the order of the stages; a correction is a step aside.
var way = []string{stageDraft, stageQualification, stageSecondApproval, stageICP, stageWebsite, stageContract,
	stageSignature, stageCountersignature, stageActivation, stageActive}

// Driver takes merchants through one server.
type Driver struct {
	Client *Client
	Crew   *Crew
	Press  *specimen.Press
	// Observe, where it is not nil, is told of every write and every look right
	// after it; an error ends the life.
	Observe func(ctx context.Context, l *Life, d Deed) error

	reference reference
}

// Deed is one thing that was done to an application.
type Deed struct {
	Operation string // of the contract, such as "raiseReason"
	By        *Person
	What      string // in plain words
	Reply     Reply
}

// reference is what the driver needs of GET /v1/reference.
type reference struct {
	SiteRequirements []struct{ ID string } `json:"site_requirements"`
	Consents         []struct {
		Consent, Version string
		SHA256           map[string]string
	}
	Banks []struct{ Code string }
}

// Open reads what all lives need.
func (d *Driver) Open(ctx context.Context) error {
	_, err := d.Client.Do(ctx, Request{Method: http.MethodGet, Path: "/v1/reference"}, &d.reference)
	return err
}

// Life is one merchant on its way.
type Life struct {
	Plan     Plan
	Merchant simulate.Merchant // with the faults that it still has
	ID       string            // of the application
	Number   string            // the merchant number
	Reviewer *Person
	Lead     *Person
	Self     *Person // the merchant; nil before it logs in
	Supplier *Person // who fills the form: the merchant or its agent

	Stage    string
	Round    int
	Revision int64 // as staff know it
	Version  int64 // as the merchant and its agent know it
	Deeds    int   // writes that the server took

	d        *Driver
	position string
	sent     map[item.Key]string // fields as they were sent
}

const maxSteps = 80

// errMoved: somebody acted between; look again.
var errMoved = errors.New("drive: the application moved")

// Run takes one merchant as far as its plan says, from where it stands.
func (d *Driver) Run(ctx context.Context, p Plan) (*Life, error) {
	n := int(p.Merchant.Index)
	l := &Life{
		Plan: p, Merchant: p.Merchant.Clone(), Revision: -1, d: d, sent: map[item.Key]string{},
		Reviewer: d.Crew.Reviewers[n%len(d.Crew.Reviewers)], Lead: d.Crew.Leads[n/2%len(d.Crew.Leads)],
	}
	if err := l.arrive(ctx); err != nil {
		return l, fmt.Errorf("merchant %d: %w", n, err)
	}
	for range maxSteps {
		a, err := l.look(ctx)
		if err == nil {
			if l.reached(a) {
				return l, nil
			}
			err = l.step(ctx, a)
		}
		switch {
		case errors.Is(err, errMoved):
		case errors.Is(err, errStop):
			return l, nil
		case err != nil:
			return l, fmt.Errorf("merchant %d (%s, application %s, stage %s): %w", n, l.Plan.To, l.ID, l.Stage, err)
		}
	}
	return l, fmt.Errorf("merchant %d (application %s) is still at %s after %d steps", n, l.ID, l.Stage, maxSteps)
}

// errStop: the target is reached though the stage does not show it.
var errStop = errors.New("drive: far enough")

// step does what comes next.
func (l *Life) step(ctx context.Context, a *application) error {
	switch a.Stage {
	case stageDraft:
		return l.apply(ctx)
	case stageCorrection:
		if l.Plan.To == Withdrawn {
			return l.withdraw(ctx)
		}
		return l.correct(ctx, a)
	case stageQualification:
		switch l.Plan.To {
		case Withdrawn:
			return l.withdraw(ctx)
		case Declined:
			return l.decline(ctx, a)
		}
		return l.qualify(ctx, a)
	case stageSecondApproval:
		return l.confirm(ctx, a)
	case stageICP:
		return l.verifyFiling(ctx, a)
	case stageWebsite:
		return l.approveSite(ctx, a)
	case stageContract:
		return l.offer(ctx, a)
	case stageSignature:
		return l.sign(ctx)
	case stageCountersignature:
		return l.countersign(ctx, a)
	case stageActivation:
		return l.activate(ctx, a)
	}
	return fmt.Errorf("it cannot be taken on from %s to %s", a.Stage, l.Plan.To)
}

// reached reports whether the plan is fulfilled.
func (l *Life) reached(a *application) bool {
	past := func(stage string) bool {
		return slices.Index(way, a.Stage) > slices.Index(way, stage)
	}
	switch l.Plan.To {
	case Submitted, Claimed:
		return past(stageDraft) && (l.Plan.To == Submitted || a.Claim != nil || past(stageQualification))
	case Returned:
		return a.Stage == stageCorrection
	case Resubmitted:
		return a.Round > 1 && a.Holder == "platform"
	case Proposed:
		return past(stageQualification)
	case Qualified:
		return past(stageSecondApproval)
	case ICP:
		return past(stageICP) && (a.Stage != stageWebsite || a.Site != nil || l.Merchant.Index%2 == 1)
	case Website:
		return past(stageWebsite)
	case Contract:
		return past(stageContract)
	case Signed:
		return past(stageSignature)
	case Active:
		return a.Stage == stageActive
	case Declined:
		return a.Stage == stageDeclined
	case Withdrawn:
		return a.Stage == stageWithdrawn
	}
	return false // a draft stops by itself
}

// application is what the driver needs of an application as staff see it.
type application struct {
	Revision int64
	Stage    string
	Holder   string
	Round    int
	Unlocked []item.Key
	Claim    *struct {
		By    Actor
		Until time.Time
	}
	Items []struct {
		Key      item.Key
		Class    string
		Required bool
		State    string
		Document *struct{ ID, SHA256 string }
	}
	Reasons           []raised
	Proposal, Decline *struct {
		By     Actor
		Judged int64
	}
	ICP    *struct{ ID string }
	Site   *struct{ URL string }
	Checks []struct {
		Check  string
		By     Actor
		Second *Actor
	}
}

// approvedBy reports whether somebody found the merchant qualified, alone or as
// one of two.
func (a *application) approvedBy(id string) bool {
	for _, c := range a.Checks {
		if c.Check == "qualification" && (c.By.ID == id || c.Second != nil && c.Second.ID == id) {
			return true
		}
	}
	return false
}

// readTime bounds how long a read may lag behind our own writes.
const readTime = 20 * time.Second

// read gets a document until it has reached our own last write.
func (l *Life) read(ctx context.Context, p *Person, path string, into any) (Reply, error) {
	ctx, stop := context.WithTimeout(ctx, readTime)
	defer stop()
	for {
		at := "/v1/applications/" + l.ID + path
		if l.position != "" {
			at += "?after=" + l.position
		}
		reply, err := p.Get(ctx, at, into)
		reached := l.Revision
		if p.outside() {
			reached = l.Version
		}
		if err == nil && reply.Revision >= reached {
			return reply, nil
		}
		if err != nil && !refused(err, "not-found") { // the document may not be there yet
			return reply, err
		}
		if e := pause(ctx, 20*time.Millisecond); e != nil {
			return reply, fmt.Errorf("the read of %s has not reached revision %d: %w", path, reached, errors.Join(err, e))
		}
	}
}

// Read gets one of the application's documents, at least as new as the last write
// of this life; path is what follows the application's id.
func (l *Life) Read(ctx context.Context, p *Person, path string, into any) error {
	_, err := l.read(ctx, p, path, into)
	return err
}

// form reads the form, which comes from the record itself and never lags.
func (l *Life) form(ctx context.Context) (form, error) {
	var f form
	reply, err := l.Supplier.Get(ctx, "/v1/applications/"+l.ID+"/form", &f)
	if err == nil {
		l.Version = reply.Revision
	}
	return f, err
}

// look reads the application as the reviewer sees it.
func (l *Life) look(ctx context.Context) (*application, error) {
	var a application
	if _, err := l.read(ctx, l.Reviewer, "", &a); err != nil {
		return nil, err
	}
	l.Stage, l.Round, l.Revision = a.Stage, a.Round, a.Revision
	return &a, nil
}

// deed is one write.
type deed struct {
	operation, what string
	method, path    string // path after /v1/applications/{id}
	body            any
	media           string
	match           bool
}

// do writes, and notes where the application stands then.
func (l *Life) do(ctx context.Context, by *Person, w deed) error {
	r := Request{
		Method: w.method, Path: "/v1/applications/" + l.ID + w.path, Body: w.body, Media: w.media,
		Key: Key(l.Plan.Merchant.Seed, l.Plan.Merchant.Index, w.operation, w.path, l.Revision, l.Version),
	}
	if w.match {
		seen := l.Revision
		if by.outside() {
			reply, err := by.Get(ctx, "/v1/applications/"+l.ID+"/status", nil)
			if err != nil {
				return err
			}
			seen, l.Version = reply.Revision, reply.Revision
		}
		r.Match = &seen
	}
	reply, err := by.Do(ctx, r, nil)
	if refused(err, "stale") {
		return errMoved
	}
	if err != nil {
		return err
	}
	switch {
	case reply.Revision < 0:
	case by.outside():
		l.Version, l.position = reply.Revision, reply.Position
	default:
		l.Revision, l.position = reply.Revision, reply.Position
	}
	l.Deeds++
	return l.tell(ctx, Deed{Operation: w.operation, By: by, What: w.what, Reply: reply})
}

func (l *Life) tell(ctx context.Context, d Deed) error {
	if l.d.Observe == nil {
		return nil
	}
	return l.d.Observe(ctx, l, d)
}

// History reads the events from a revision on.
func (l *Life) History(ctx context.Context, by *Person, from int64) ([]Entry, error) {
	path := fmt.Sprintf("/v1/applications/%s/history?from=%d&limit=200", l.ID, from)
	if l.position != "" {
		path += "&after=" + l.position
	}
	var h struct{ Entries []Entry }
	_, err := by.Get(ctx, path, &h)
	return h.Entries, err
}

// Entry is one event of a history.
type Entry struct {
	Revision int64
	ID       string
	Type     string
	At       time.Time
	By       Actor
	Data     map[string]any
}

// outside reports whether somebody knows applications by their version, as
// merchants and agents do.
func (p *Person) outside() bool { return p.Role == "merchant" || p.Role == "agent" }
