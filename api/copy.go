package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/access"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/policy"
	"alta/domain/reason"
	"alta/eventstore"
	"alta/projections"
)

// A merchant gets a copy of the data that are kept about it (PIPL art. 45, and the
// text of the consent). The copy holds what the merchant supplied and what it was
// told; application.Told decides what that is.

// Bounds of copies.
const (
	copyWait         = 5 * time.Second // for the list of one's applications to reach the record
	copyApplications = 50              // of one page
	copyBytes        = 4 << 20         // after which a page ends with the application that reached them
	copyEvents       = 10_000          // newest events of one stream that are read
)

// limitCopies bounds how often a person asks for a copy, and for further pages.
var (
	limitCopies    = auth.Limit{Rate: 5, Burst: 5, Period: 24 * time.Hour}
	limitCopyPages = auth.Limit{Rate: 50, Burst: 50, Period: 24 * time.Hour}
)

type dataCopy struct {
	Made         time.Time         `json:"made"`
	Account      *copyAccount      `json:"account,omitempty"` // of the first page
	Applications []json.RawMessage `json:"applications"`
	Next         string            `json:"next,omitempty"`
}

type copyAccount struct {
	ID       string        `json:"id"`
	Role     account.Role  `json:"role"`
	Name     string        `json:"name"`
	Email    string        `json:"email"`
	Language lang.Lang     `json:"language"`
	Opened   time.Time     `json:"opened"`
	TOTP     bool          `json:"totp"`
	Sessions []copySession `json:"sessions"`
	Devices  []copyDevice  `json:"devices"`
	Keys     []apiKey      `json:"keys"`
	Mails    []SentMail    `json:"mails"`
}

type copySession struct {
	Started   time.Time `json:"started"`
	LastUsed  time.Time `json:"last_used"`
	Address   string    `json:"address,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
}

type copyDevice struct {
	Trusted   time.Time `json:"trusted"`
	Expires   time.Time `json:"expires"`
	UserAgent string    `json:"user_agent,omitempty"`
}

type copyApplication struct {
	ID        string          `json:"id"`
	Status    json.RawMessage `json:"status"` // as GET …/status answers it
	Details   []copyDetail    `json:"details"`
	Documents []copyDocument  `json:"documents"`
	Site      *copySite       `json:"site,omitempty"`
	Consents  []copyConsent   `json:"consents"`
	Contract  *copyContract   `json:"contract,omitempty"`
	History   []copyEntry     `json:"history"`
	Cut       bool            `json:"cut,omitempty"` // the history begins later than the application
}

type copyDetail struct {
	Item      item.Key `json:"item"`
	Value     string   `json:"value,omitempty"`
	Statement string   `json:"statement,omitempty"`
}

type copyDocument struct {
	ID       string     `json:"id"`
	Slot     item.Key   `json:"slot"`
	Type     string     `json:"type"`
	Size     int64      `json:"size"`
	SHA256   string     `json:"sha256"`
	Pages    int        `json:"pages"`
	Uploaded *time.Time `json:"uploaded,omitempty"`
	URL      string     `json:"url,omitempty"` // of a document that can still be fetched
}

type copySite struct {
	URL      string `json:"url"`
	TestUser string `json:"test_user,omitempty"`
	Guide    string `json:"guide,omitempty"`
}

type copyConsent struct {
	projections.Consent
	Address          string     `json:"address,omitempty"`
	Withdrawn        *time.Time `json:"withdrawn,omitempty"`
	WithdrawnAddress string     `json:"withdrawn_address,omitempty"`
}

type copyContract struct {
	Version   string         `json:"version"`
	Language  string         `json:"language"`
	SHA256    string         `json:"sha256"`
	Text      string         `json:"text"`
	Expires   time.Time      `json:"expires"`
	Signature *copySignature `json:"signature,omitempty"`
}

type copySignature struct {
	At        time.Time `json:"at"`
	Name      string    `json:"name"`
	Method    string    `json:"method"`
	Address   string    `json:"address,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
}

// copyEntry is one event that the merchant was told of. Of staff it names nobody.
type copyEntry struct {
	At        time.Time        `json:"at"`
	By        string           `json:"by"` // you, agent, platform
	Type      string           `json:"type"`
	Kind      policy.Kind      `json:"kind,omitempty"`
	Products  []policy.Product `json:"products,omitempty"`
	Banks     []string         `json:"banks,omitempty"`
	SiteType  policy.SiteType  `json:"site_type,omitempty"`
	Details   []copyDetail     `json:"details,omitempty"`
	Slot      item.Key         `json:"slot,omitempty"`
	To        item.Key         `json:"to,omitempty"`
	Document  *copyDocument    `json:"document,omitempty"`
	Site      *copySite        `json:"site,omitempty"`
	Reasons   []copyReason     `json:"reasons,omitempty"`
	Deadline  *time.Time       `json:"deadline,omitempty"`
	Statement string           `json:"statement,omitempty"`
	Mail      *SentMail        `json:"mail,omitempty"`
}

type copyReason struct {
	Code   reason.Code            `json:"code"`
	Sub    reason.Sub             `json:"sub,omitempty"`
	Target item.Key               `json:"target"`
	Note   string                 `json:"note,omitempty"`
	Text   projections.ReasonText `json:"text"`
}

// copyMyData answers the copy, a page at a time. Each application's look is
// recorded before anything of it is read.
func (s *Server) copyMyData(c *call) error {
	ctx := c.Request().Context()
	if err := s.listsReached(ctx); err != nil {
		return err
	}
	cursor := c.QueryParam("cursor")
	key, limit := "copy:", limitCopies
	if cursor != "" {
		key, limit = "copy-pages:", limitCopyPages
	}
	if err := s.rate(c, key+c.who.Account, limit.Rate, limit.Period); err != nil {
		return err
	}
	st, revision, err := s.Auth.Account(ctx, c.who.Account)
	if err != nil {
		return err
	}
	out := dataCopy{Made: c.now().UTC(), Applications: []json.RawMessage{}}
	if cursor == "" {
		if out.Account, err = s.copyAccount(ctx, st, revision, c.now()); err != nil {
			return err
		}
	}
	for size := 0; ; {
		page, err := s.Reader.OfMerchant(ctx, c.who.Account, "", "", cursor, 1)
		if err != nil {
			return err
		}
		for _, raw := range page.Rows {
			var row struct{ ID string }
			if err := json.Unmarshal(raw, &row); err != nil {
				return err
			}
			one, err := s.copyOf(c, row.ID, st.Language)
			if err != nil {
				return err
			}
			if one != nil {
				out.Applications, size = append(out.Applications, one), size+len(one)
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
		if len(out.Applications) >= copyApplications || size >= copyBytes {
			out.Next = cursor
			break
		}
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="alta-data.json"`)
	return c.JSON(http.StatusOK, out)
}

// listsReached waits until the lists show what is on record: a copy that misses
// the newest application is none.
func (s *Server) listsReached(ctx context.Context) error {
	head, err := s.Log.Head(ctx)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, copyWait)
	defer stop()
	return s.Reader.Wait(ctx, head)
}

func (s *Server) copyAccount(ctx context.Context, st account.State, revision eventstore.Revision, now time.Time) (*copyAccount, error) {
	out := &copyAccount{
		ID: st.ID, Role: st.Role, Name: st.Name.Clear(), Email: st.Email.Clear(), Language: st.Language, TOTP: !st.TOTP.IsZero(),
		Sessions: []copySession{}, Devices: []copyDevice{}, Keys: []apiKey{}, Mails: []SentMail{},
	}
	for _, x := range st.Sessions {
		if x.Live(st.Role, now) {
			out.Sessions = append(out.Sessions, copySession{x.Started, x.Used, x.Address.Clear(), x.Agent.Clear()})
		}
	}
	for _, d := range st.Devices {
		if now.Before(d.Expires) {
			out.Devices = append(out.Devices, copyDevice{d.Trusted, d.Expires, d.Agent.Clear()})
		}
	}
	for _, k := range st.Keys {
		out.Keys = append(out.Keys, keyOf(k))
	}
	stream := account.Category + "-" + st.ID
	for r, err := range eventstore.Whole(eventstore.NoStream, s.Log.ReadStream(ctx, stream, 0, 1)) {
		if err != nil {
			return nil, err
		}
		e, err := account.Decode(r.Type, r.Data, nil)
		if err != nil {
			return nil, err
		}
		if o, ok := e.(account.Opened); ok {
			out.Opened = o.At
		}
	}
	from := max(0, revision+1-copyEvents)
	for r, err := range eventstore.Whole(from-1, s.Log.ReadStream(ctx, stream, from, copyEvents)) {
		if err != nil {
			return nil, err
		}
		m, err := s.Mail.Letter(ctx, r)
		if err != nil {
			return nil, err
		}
		if m != nil {
			out.Mails = append(out.Mails, *m)
		}
	}
	return out, nil
}

// copyOf is the copy of one application; nil where the caller may not see it.
func (s *Server) copyOf(c *call, id string, language lang.Lang) (json.RawMessage, error) {
	ctx := c.Request().Context()
	var err error
	if c.state, _, err = s.Applications.Load(ctx, id); err != nil {
		return nil, err
	}
	if c.id = id; !s.visible(c) {
		return nil, nil
	}
	c.key = decider.NewID() // each look is one
	if err := s.look(c, access.Looked{What: access.Copy, Why: "the merchant asked for a copy of its data"}); err != nil {
		return nil, err
	}
	status, err := s.Details.Status(ctx, id)
	if err != nil {
		return nil, err
	}
	st := c.state
	f := copying{merchant: st.Merchant, language: language, raised: map[string]application.ReasonRaised{}, uploaded: map[string]time.Time{}}
	out := copyApplication{ID: id, Status: status.JSON, Details: []copyDetail{}, Documents: []copyDocument{}, Consents: []copyConsent{}, History: []copyEntry{}}
	from := eventstore.Revision(max(0, st.Revision()+1-copyEvents))
	out.Cut = from > 0
	for r, err := range eventstore.Whole(from-1, s.Log.ReadStream(ctx, s.Applications.Stream(id), from, copyEvents)) {
		if err != nil {
			return nil, err
		}
		e, err := s.Decode(ctx, r)
		if err != nil {
			return nil, err
		}
		entry, told := f.event(&out, e)
		if !told {
			continue
		}
		entry.Type = projections.ShortName(r.Type)
		if entry.Mail, err = s.Mail.Letter(ctx, r); err != nil {
			return nil, err
		}
		out.History = append(out.History, entry)
	}
	for _, def := range item.All() {
		i := st.Item(def.Key)
		switch v := st.Text(def.Key); {
		case def.Class == item.Site:
		case i.Document.ID != "":
			d := documentCopy(def.Key, i.Document)
			d.URL = "/v1/applications/" + id + "/files/" + d.ID
			if at, ok := f.uploaded[d.ID]; ok {
				d.Uploaded = &at
			}
			out.Documents = append(out.Documents, *d)
			if i.Statement != "" {
				out.Details = append(out.Details, copyDetail{Item: def.Key, Statement: i.Statement})
			}
		case v != "" || i.Statement != "":
			out.Details = append(out.Details, copyDetail{def.Key, v, i.Statement})
		}
	}
	if d := st.Declaration; d.URL != "" {
		out.Site = &copySite{d.URL, d.User.Clear(), d.Guide}
	}
	if o := st.Offer; o.Version != "" {
		d, err := c.rules().Policies.Text(policy.ContractText, o.Version, lang.Match(o.Language))
		if err != nil {
			return nil, err
		}
		out.Contract = &copyContract{o.Version, o.Language, o.SHA256, o.Text(d.Text), o.Expires, f.signature}
		if !o.Signed {
			out.Contract.Signature = nil
		}
	}
	return json.Marshal(out)
}

func documentCopy(slot item.Key, d application.Document) *copyDocument {
	return &copyDocument{ID: d.ID, Slot: slot, Type: d.Type, Size: d.Size, SHA256: d.SHA256, Pages: d.Pages}
}

// copying folds what a copy needs beyond the decider's state.
type copying struct {
	merchant  string
	language  lang.Lang
	raised    map[string]application.ReasonRaised
	uploaded  map[string]time.Time
	signature *copySignature
}

// event shows an event to the merchant; told is false where it is not told of it.
func (f *copying) event(out *copyApplication, e application.Event) (entry copyEntry, told bool) {
	h := e.Head()
	entry = copyEntry{At: h.At, By: "platform"}
	switch {
	case h.By.ID == f.merchant:
		entry.By = "you"
	case h.By.Role == application.RoleAgent:
		entry.By = "agent"
	}
	switch e := e.(type) {
	default: // of the others the copy tells no more than their name and time
	case application.ReasonRaised:
		f.raised[e.Reason] = e // it is told with the return
	case application.Opened:
		entry.Kind, entry.Products, entry.Banks, entry.SiteType = e.Kind, e.Products, e.Banks, e.Site
	case application.KindSwitched:
		entry.Kind = e.Kind
	case application.ProductsChosen:
		entry.Products, entry.Banks, entry.SiteType = e.Products, e.Banks, e.Site
	case application.DetailsFilled:
		for _, def := range item.All() {
			if v, ok := e.Fields[def.Key]; ok {
				entry.Details = append(entry.Details, copyDetail{Item: def.Key, Value: v})
			}
			if v, ok := e.Personal[def.Key]; ok {
				entry.Details = append(entry.Details, copyDetail{Item: def.Key, Value: v.Clear()})
			}
		}
	case application.ItemCorrected:
		d := copyDetail{Item: e.Item, Statement: e.Statement}
		if e.Field != nil {
			d.Value = *e.Field
		}
		if e.Personal != nil && e.Item.IsField() {
			d.Value = e.Personal.Clear()
		}
		entry.Details = []copyDetail{d}
	case application.DocumentUploaded:
		f.uploaded[e.Document.ID] = h.At
		entry.Document = documentCopy(e.Slot, e.Document)
	case application.DocumentRemoved:
		entry.Slot = e.Slot
	case application.DocumentMoved:
		entry.Slot, entry.To = e.From, e.To
	case application.DocumentRedacted:
		f.uploaded[e.Document.ID] = h.At
		entry.Document = documentCopy(e.Slot, e.Document)
	case application.ConsentGiven:
		out.Consents = append(out.Consents, copyConsent{
			Consent: projections.Consent{Consent: e.Consent, Version: e.Version, SHA256: e.SHA256, Language: e.Language, At: h.At}, Address: e.Address.Clear(),
		})
	case application.ConsentWithdrawn:
		for i := range out.Consents {
			if k := &out.Consents[i]; k.Consent.Consent == e.Consent && k.Withdrawn == nil {
				k.Withdrawn, k.WithdrawnAddress = &h.At, e.Address.Clear()
			}
		}
	case application.Returned:
		if e.Deadline != nil {
			entry.Deadline = &e.Deadline.Due
		}
		for _, id := range e.Reasons {
			if r, ok := f.raised[id]; ok {
				entry.Reasons = append(entry.Reasons, f.reason(r, entry.Deadline))
			}
		}
	case application.SiteDeclared:
		entry.Site = &copySite{e.URL, e.TestUser.Clear(), e.Guide}
	case application.ContractOffered:
		entry.Deadline = &e.Expires
	case application.ContractSigned:
		f.signature = &copySignature{h.At, e.Name.Clear(), e.Method, e.Address.Clear(), e.UserAgent}
	case application.DeadlineWarned:
		entry.Deadline = &e.Due
	case application.Withdrawn:
		entry.Statement = e.Why
	}
	return entry, application.Told(e)
}

func (f *copying) reason(r application.ReasonRaised, due *time.Time) copyReason {
	p := reason.Params{Item: r.Target}
	if due != nil {
		p.Deadline = *due
	}
	m := reason.Render(r.Code, r.Sub, f.language, p)
	return copyReason{r.Code, r.Sub, r.Target, r.Note, projections.ReasonText{Title: m.Title, What: m.What, Fix: m.Fix, By: m.By}}
}
