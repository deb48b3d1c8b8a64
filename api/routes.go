package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/access"
	"alta/domain/account"
	"alta/domain/application"
	"alta/eventstore"
)

// grant says on which applications a role may call an operation.
type grant uint8

const (
	none grant = iota
	own        // the merchant's own application, or one that the agent's organisation added
	every
)

// grants is one row of the authorisation table: a grant for each role. For an
// operation that concerns no application, own and every both mean "yes".
type grants struct {
	Merchant, Agent, Reviewer, Lead, Auditor, Admin grant
}

// The rows that several operations share.
var (
	anyone    = grants{every, every, every, every, every, every}
	merchants = grants{Merchant: own}
	suppliers = grants{Merchant: own, Agent: own}
	judges    = grants{Reviewer: every, Lead: every}
	leads     = grants{Lead: every}
	watchers  = grants{Reviewer: every, Lead: every, Auditor: every}
	auditors  = grants{Lead: every, Auditor: every}
	staffers  = grants{Lead: every, Admin: every}
	overseers = grants{Reviewer: every, Lead: every, Auditor: every, Admin: every} // a reviewer sees her own part
	concerned = grants{Merchant: own, Agent: own, Reviewer: every, Lead: every, Auditor: every}
)

func (g grants) of(role account.Role) grant {
	switch role {
	case account.Merchant:
		return g.Merchant
	case account.Agent:
		return g.Agent
	case account.Reviewer:
		return g.Reviewer
	case account.Lead:
		return g.Lead
	case account.Auditor:
		return g.Auditor
	case account.Admin:
		return g.Admin
	}
	return none
}

// credential says what somebody must come with to call an operation.
type credential uint8

const (
	sessionOrKey credential = iota
	person                  // a person who is logged in: a server's key does not stand for her
	serverKey               // an API key
)

// route binds an operation of the contract to who may call it and to the code
// that answers it.
type route struct {
	operation string
	who       grants
	by        credential
	stepUp    account.StepUp // needs a proof of presence of this kind; empty: none
	holder    bool           // of them, whoever holds the claim: the rules see to it, so that what is done already is no refusal
	handle    func(*call) error
	secret    bool   // its answer shows what is shown once: it is made again for a repetition, and not kept
	upload    bool   // large body, long time
	live      bool   // an answer that does not end
	from      Source // what the answer is read from, where that may be behind the record
}

// routes is the whole table. An operation of the contract that is not in it, or
// the reverse, fails the tests.
func (s *Server) routes() []route {
	return []route{
		{operation: "login", handle: s.login},
		{operation: "loginWays", handle: s.loginWays},
		{operation: "beginOIDC", handle: s.beginOIDC},
		{operation: "finishOIDC", handle: s.finishOIDC},
		{operation: "refresh", handle: s.refresh},
		{operation: "logout", handle: s.logout},
		{operation: "activate", handle: s.activate},
		{operation: "requestLink", handle: s.requestLink},
		{operation: "register", handle: s.register},
		{operation: "reference", handle: s.reference},

		{operation: "reasons", who: overseers, handle: s.reasons},
		{operation: "me", who: anyone, by: person, handle: s.me},
		{operation: "changePassword", who: anyone, by: person, handle: s.changePassword},
		{operation: "beginTOTP", who: anyone, by: person, secret: true, handle: s.beginTOTP},
		{operation: "confirmTOTP", who: anyone, by: person, secret: true, handle: s.confirmTOTP},
		{operation: "disableTOTP", who: anyone, by: person, stepUp: account.StepUpCredentials, handle: s.disableTOTP},
		{operation: "renewRecoveryCodes", who: anyone, by: person, stepUp: account.StepUpCredentials, secret: true, handle: s.renewRecoveryCodes},
		{operation: "stepUp", who: anyone, by: person, handle: s.stepUp},
		{operation: "beginOIDCStepUp", who: anyone, by: person, handle: s.beginOIDCStepUp},
		{operation: "finishOIDCStepUp", who: anyone, by: person, handle: s.finishOIDCStepUp},
		{operation: "devices", who: anyone, by: person, handle: s.devices},
		{operation: "forgetDevice", who: anyone, by: person, handle: s.forgetDevice},
		{operation: "key", who: grants{Merchant: own, Agent: own}, by: serverKey, handle: s.key},
		{operation: "apiKeys", who: grants{Merchant: own, Agent: own}, by: person, handle: s.apiKeys},
		{operation: "issueAPIKey", who: grants{Merchant: own, Agent: own}, by: person, stepUp: account.StepUpCredentials, secret: true, handle: s.issueAPIKey},
		{operation: "revokeAPIKey", who: grants{Merchant: own, Agent: own}, by: person, handle: s.revokeAPIKey},
		{operation: "sessions", who: anyone, by: person, handle: s.sessions},
		{operation: "revokeSession", who: anyone, by: person, handle: s.revokeSession},
		{operation: "copyMyData", who: merchants, by: person, stepUp: account.StepUpCopy, handle: s.copyMyData},
		{operation: "people", who: anyone, handle: s.people},
		{operation: "myDesk", who: judges, by: person, handle: s.myDesk, from: FromLists},
		{operation: "goAway", who: judges, by: person, handle: s.goAway},
		{operation: "comeBack", who: judges, by: person, handle: s.comeBack},

		{operation: "team", who: staffers, handle: s.team, from: FromLists},
		{operation: "stateSkills", who: staffers, handle: s.stateSkills},
		{operation: "sendAway", who: staffers, handle: s.sendAway},
		{operation: "bringBack", who: staffers, handle: s.bringBack},

		{operation: "mailServer", who: staffers, handle: s.mailServer},

		{operation: "openApplication", who: merchants, handle: s.openApplication},
		{operation: "addMerchant", who: grants{Agent: own}, handle: s.addMerchant},
		{operation: "applications", who: concerned, handle: s.applications, from: FromLists},
		{operation: "status", who: concerned, handle: s.status},
		{operation: "actions", who: concerned, handle: s.actions},
		{operation: "undeliveredMails", who: concerned, handle: s.undeliveredMails},
		{operation: "documentImage", who: concerned, handle: s.documentImage},

		{operation: "form", who: suppliers, handle: s.form},
		{operation: "findings", who: suppliers, handle: s.findings},
		{operation: "switchKind", who: suppliers, handle: s.switchKind},
		{operation: "chooseProducts", who: suppliers, handle: s.chooseProducts},
		{operation: "fillDetails", who: suppliers, handle: s.fillDetails},
		{operation: "uploadDocument", who: suppliers, handle: s.uploadDocument, upload: true},
		{operation: "removeDocument", who: suppliers, handle: s.removeDocument},
		{operation: "moveDocument", who: suppliers, handle: s.moveDocument},
		{operation: "submit", who: suppliers, handle: s.submit},
		{operation: "correct", who: suppliers, handle: s.correct},
		{operation: "declareSite", who: suppliers, handle: s.declareSite},
		{operation: "consent", who: merchants, by: person, handle: s.consent},
		{operation: "withdrawConsent", who: merchants, by: person, handle: s.withdrawConsent},
		{operation: "contractCode", who: merchants, by: person, handle: s.contractCode},
		{operation: "signContract", who: merchants, by: person, handle: s.signContract},
		{operation: "withdraw", who: merchants, by: person, handle: s.withdraw},
		{operation: "reopen", who: merchants, by: person, handle: s.reopen},
		{operation: "contract", who: concerned, handle: s.contract},

		{operation: "application", who: watchers, handle: s.application},
		{operation: "listDuplicates", who: watchers, handle: s.listDuplicates, from: FromLists},
		{operation: "reveal", who: watchers, handle: s.reveal},
		{operation: "history", who: watchers, handle: s.history},
		{operation: "stateAt", who: watchers, handle: s.stateAt},
		{operation: "lookAlarms", who: auditors, handle: s.lookAlarms},
		{operation: "setAside", who: grants{Lead: every, Auditor: every, Admin: every}, handle: s.setAside, from: FromLists},
		{operation: "accesses", who: auditors, handle: s.accesses},
		{operation: "queues", who: watchers, handle: s.queues, from: FromLists},
		{operation: "queue", who: watchers, handle: s.queue, from: FromLists},
		{operation: "views", who: watchers, handle: s.views},
		{operation: "saveView", who: watchers, handle: s.saveView},
		{operation: "removeView", who: watchers, handle: s.removeView},
		{operation: "changes", who: concerned, handle: s.live, live: true},

		{operation: "statistics", who: overseers, handle: s.statistics, from: FromReports},

		{operation: "samples", who: judges, handle: s.samples, from: FromReports},
		{operation: "sample", who: judges, handle: s.blind(s.sample)},
		{operation: "sampleImage", who: judges, handle: s.blind(s.sampleImage)},
		{operation: "revealSample", who: judges, handle: s.blind(s.revealSample)},
		{operation: "judgeSample", who: judges, handle: s.blind(s.judgeSample)},
		{operation: "samplesOf", who: auditors, handle: s.samplesOf},

		{operation: "claimNext", who: judges, handle: s.claimNext, from: FromLists},
		{operation: "claim", who: judges, handle: s.claim},
		{operation: "release", who: judges, holder: true, handle: s.release},
		{operation: "acceptItems", who: judges, holder: true, handle: s.acceptItems},
		{operation: "raiseReason", who: judges, holder: true, handle: s.raiseReason},
		{operation: "withdrawReason", who: judges, holder: true, handle: s.withdrawReason},
		{operation: "addNote", who: judges, handle: s.addNote},
		{operation: "redactDocument", who: judges, holder: true, handle: s.redactDocument, upload: true},
		{operation: "return", who: judges, holder: true, handle: s.returnIt},
		{operation: "approveQualification", who: judges, holder: true, handle: s.approveQualification},
		{operation: "recordICPEvidence", who: judges, holder: true, handle: s.recordICPEvidence},
		{operation: "verifyICP", who: judges, holder: true, handle: s.verifyICP},
		{operation: "approveSite", who: judges, holder: true, handle: s.approveSite},
		{operation: "offerContract", who: judges, holder: true, handle: s.offerContract},
		{operation: "takeBackContract", who: judges, holder: true, handle: s.takeBackContract},
		{operation: "countersignContract", who: judges, holder: true, handle: s.countersignContract},
		{operation: "activateMerchant", who: judges, holder: true, handle: s.activateMerchant},
		{operation: "proposeDecline", who: judges, holder: true, handle: s.proposeDecline},

		{operation: "confirmQualification", who: leads, holder: true, handle: s.confirmQualification},
		{operation: "refuseQualification", who: leads, holder: true, handle: s.refuseQualification},
		{operation: "confirmDecline", who: leads, holder: true, handle: s.confirmDecline},
		{operation: "refuseDecline", who: leads, holder: true, handle: s.refuseDecline},
		{operation: "reassign", who: leads, handle: s.reassign},
		{operation: "prioritise", who: leads, handle: s.prioritise},
		{operation: "bulk", who: leads, handle: s.bulk},
		{operation: "allowLateReason", who: leads, handle: s.allowLateReason},
		{operation: "extendDeadline", who: leads, handle: s.extendDeadline},
		{operation: "movePolicy", who: leads, handle: s.movePolicy},

		{operation: "restrict", who: merchants, by: person, stepUp: account.StepUpRestriction, handle: s.restrict},
		{operation: "restriction", who: merchants, handle: s.restriction},
		{operation: "liftRestriction", who: merchants, by: person, stepUp: account.StepUpRestriction, handle: s.liftRestriction},
		{operation: "placeHold", who: leads, handle: s.placeHold},
		{operation: "liftHold", who: leads, handle: s.liftHold},
	}
}

// admit finds out who calls and whether the table lets them. Somebody without
// the relation learns no more than somebody who guessed an id.
func (s *Server) admit(c *call, r route) error {
	if c.op.Public {
		return nil
	}
	token := c.token()
	if token == "" {
		return problem(http.StatusUnauthorized, "token", "Log in first: this needs an access token.")
	}
	ctx := c.Request().Context()
	var err error
	if c.who, err = s.Auth.Authenticate(ctx, token); err != nil {
		s.Auth.NoteKeyRefused(ctx, c.caller(), token, err)
		return err
	}
	if c.who.MustEnrol && !enrolling[c.op.ID] {
		return problem(http.StatusForbidden, "must-enrol", "Your role needs one-time codes: set them up first.")
	}
	if err := c.credential(r); err != nil {
		s.Auth.NoteKeyRefused(ctx, c.caller(), token, err)
		return err
	}
	g := r.who.of(c.who.Role)
	if c.id = c.Param("id"); c.id == "" {
		if g == none {
			return errRole()
		}
		if r.by == serverKey && c.who.APIKey == "" {
			return auth.ErrKeyRequired
		}
		return nil
	}
	if _, err := decider.ParseID(c.id); err != nil {
		return errNotFound()
	}
	var aside error
	if c.state, _, err = s.Applications.Load(ctx, c.id); errors.As(err, new(*eventstore.SetAsideError)) {
		aside, err = err, nil // what could be read says whose it is
	}
	if err != nil {
		if errors.Is(err, eventstore.ErrInvalid) {
			return errNotFound()
		}
		return err
	}
	if aside != nil && !c.state.Opened() {
		if concerned, err := s.listed(c); err != nil || !concerned {
			return cmp.Or(err, error(errNotFound()))
		}
	} else if !s.visible(c) {
		return errNotFound()
	}
	if g == none {
		return errRole()
	}
	if aside != nil {
		return aside
	}
	if c.state.Restricted && why[c.op.ID] {
		return s.lookInto(c)
	}
	return nil
}

// why are the operations that show a restricted application as a whole. Those
// that show one value or image of it ask for the reason themselves.
var why = map[string]bool{"application": true, "status": true, "history": true, "stateAt": true, "contract": true, "actions": true, "listDuplicates": true, "undeliveredMails": true,
	"samplesOf": true,
}

// regardless are the operations that show nothing of an application, and that whoever
// may call them does whether it is restricted or not.
var regardless = map[string]bool{"restrict": true, "restriction": true, "liftRestriction": true, "placeHold": true, "liftHold": true}

// lookInto records why an auditor opens an application whose processing is
// restricted, before anything of it is read.
func (s *Server) lookInto(c *call) error {
	reason := strings.TrimSpace(c.QueryParam("why"))
	if reason == "" || utf8.RuneCountInString(reason) > maxWhy {
		return problem(http.StatusUnprocessableEntity, "why-required", "The merchant asked for erasure: say why you open this application.").
			at("query why", "required", "must be given, in at most 500 characters")
	}
	c.key = decider.NewID() // a read has none of its own, and each look is one
	return s.look(c, access.Looked{What: access.History, Why: reason})
}

const maxWhy = 500 // characters, as in the contract

// enrolling is what a person can do before the second factor is set up.
var enrolling = map[string]bool{"stepUp": true, "beginOIDCStepUp": true, "finishOIDCStepUp": true, "me": true, "beginTOTP": true, "confirmTOTP": true, "sessions": true, "people": true}

// credential refuses a key where a person has to act, and a key that was not
// issued for the operation.
func (c *call) credential(r route) error {
	key := c.who.APIKey != ""
	switch {
	case r.by == person && key:
		return auth.ErrStepUpPerson
	case r.by != serverKey && !c.who.May(scopeOf(c.op)):
		return auth.ErrScope
	}
	return nil
}

// present refuses with step-up-required unless the request brings a proof of the
// person's presence (header Alta-Step-Up, from POST /v1/auth/step-up) that is for
// this purpose, this session, and not older than five minutes. A row of the table
// asks for it with stepUp; a handler asks for it where it depends on the request.
func (c *call) present(purpose account.StepUp) error {
	err := c.server.Auth.CheckProof(c.who, purpose, c.Request().Header.Get("Alta-Step-Up"))
	if err != nil && c.Request().Header.Get("Alta-Step-Up") != "" {
		c.server.Auth.NoteStepUpRefused(c.Request().Context(), c.caller(), c.who, err)
	}
	return err
}

// scopeOf is the scope that an API key needs for an operation.
func scopeOf(o *Operation) account.Scope {
	if o.Method == http.MethodGet {
		return account.ReadApplications
	}
	return account.WriteApplications
}

func errRole() *Problem {
	return problem(http.StatusForbidden, "role", "Your role does not allow this.")
}

// visible: the application exists and the caller has to do with it. One whose
// processing is restricted is seen by auditors only, who must say why; its merchant
// is told no more of it than that, to take it back.
func (s *Server) visible(c *call) bool {
	st := c.state
	if !st.Opened() {
		return false
	}
	if st.Restricted && !regardless[c.op.ID] {
		return c.who.Role == account.Auditor
	}
	return concerns(c.who, st.Merchant, st.Agent)
}

// concerns reports whether somebody has to do with the application of a merchant that
// an agency looks after.
func concerns(who auth.Principal, merchant, agency string) bool {
	switch who.Role {
	case account.Merchant:
		return merchant == who.Account
	case account.Agent:
		return agency != "" && agency == who.Organisation
	case account.Reviewer, account.Lead, account.Auditor:
		return true
	}
	return false
}

// listed: what lists know of an application of whose stream nothing can be read says
// that the caller has to do with it. Of one whose processing is restricted they know no
// more than that.
func (s *Server) listed(c *call) (bool, error) {
	row, err := s.Reader.Row(c.Request().Context(), c.id)
	switch {
	case err != nil:
		return false, err
	case row == nil, row.ID == "":
		return c.who.Role == account.Auditor, nil
	}
	return concerns(c.who, row.Merchant, row.Agent), nil
}

// afterTime is how long a read waits for the position it was asked to reach.
const afterTime = time.Second

// await waits until a read can see the position that `after` names. It gives up
// after a second, lets the read answer what there is, and says so in a header.
func (c *call) await() error {
	after := c.QueryParam("after")
	if after == "" {
		return nil
	}
	p, err := parseCursor(after)
	if err != nil {
		return err // checkParams has refused it
	}
	ctx, stop := context.WithTimeout(c.Request().Context(), afterTime)
	defer stop()
	err = c.server.Reader.Wait(ctx, p.Position)
	if err != nil && ctx.Err() == nil {
		return err
	}
	c.reached(err == nil)
	return nil
}

// reached says whether the answer shows the position that `after` names.
func (c *call) reached(is bool) {
	c.Response().Header().Set("Alta-Position-Reached", strconv.FormatBool(is))
}

// rules are the data that a decision rests on, now.
func (c *call) rules() application.Rules { return c.server.Rules() }
