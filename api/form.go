package api

import (
	"net/http"

	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/lang"
	"alta/domain/personal"
	"alta/domain/policy"
	"alta/projections"
)

// formItem is one item of the form with its value in clear.
type formItem struct {
	Key       item.Key              `json:"key"`
	Class     item.Class            `json:"class"`
	Required  bool                  `json:"required"`
	Waived    string                `json:"waived,omitempty"`
	Value     string                `json:"value,omitempty"`
	Document  *projections.Document `json:"document,omitempty"`
	Locked    bool                  `json:"locked"`
	Statement string                `json:"statement,omitempty"`
}

type form struct {
	ID             string                `json:"id"`
	Revision       int64                 `json:"revision"`
	Kind           policy.Kind           `json:"kind"`
	Products       []policy.Product      `json:"products"`
	Banks          []string              `json:"banks,omitempty"`
	SiteType       policy.SiteType       `json:"site_type"`
	Stage          application.Stage     `json:"stage"`
	Items          []formItem            `json:"items"`
	SiteURL        string                `json:"site_url,omitempty"`
	SiteGuide      string                `json:"site_guide,omitempty"`
	HasTestAccount bool                  `json:"has_test_account,omitempty"`
	Consents       []projections.Consent `json:"consents"`
}

// form answers what the merchant typed, in clear, to the merchant and its agent
// only. It comes from the decider's state and is never stored.
func (s *Server) form(c *call) error {
	st := c.state
	r, err := st.Requirements(c.rules(), c.now())
	if err != nil {
		return err
	}
	f := form{
		ID: c.id, Revision: st.Version(), Kind: st.Kind, Products: st.Products, Banks: st.Banks, SiteType: st.Site,
		Stage: st.Stage, Items: []formItem{}, SiteURL: st.Declaration.URL, SiteGuide: st.Declaration.Guide,
		HasTestAccount: !st.Declaration.User.IsZero(), Consents: []projections.Consent{},
	}
	for _, def := range item.All() {
		q, asked := r.Find(def.Key)
		i := st.Item(def.Key)
		if !def.Key.Fits(item.Audience(st.Kind)) || def.Class == item.Site || !asked && i.Empty() && !r.IsWaived(def.Key) {
			continue
		}
		out := formItem{
			Key: def.Key, Class: def.Class, Required: asked && q.Required, Value: st.Text(def.Key),
			Locked: st.Locked(def.Key) != nil, Statement: i.Statement,
		}
		for _, w := range r.Waived {
			if w.Item == def.Key {
				out.Waived = w.Because.In(lang.Match(c.Request().Header.Get("Accept-Language")))
			}
		}
		if i.Document.ID != "" {
			out.Document = projections.DocumentOf(i.Document)
			out.Document.Redacted = i.Redacted
		}
		f.Items = append(f.Items, out)
	}
	for _, k := range st.Consents {
		f.Consents = append(f.Consents, projections.Consent{Consent: k.Name, Version: k.Version, SHA256: k.SHA256, Language: k.Language, At: k.At})
	}
	c.etag(f.Revision)
	vary(c, "Accept-Language")
	return c.represented(f)
}

// findings asks the rules what a submission would be told.
func (s *Server) findings(c *call) error {
	found, err := application.Precheck(c.state, c.rules(), c.now())
	if err != nil {
		return err
	}
	if found == nil {
		found = []application.Finding{}
	}
	return c.JSON(http.StatusOK, map[string]any{"findings": found})
}

func (s *Server) switchKind(c *call) error {
	var in struct{ Kind policy.Kind }
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.SwitchKind{Kind: in.Kind, By: c.actor(), At: c.now()})
}

func (s *Server) chooseProducts(c *call) error {
	var in struct {
		Products []policy.Product
		Banks    []string
		Site     policy.SiteType
	}
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.ChooseProducts{Products: in.Products, Banks: in.Banks, Site: in.Site, Rules: c.rules(), By: c.actor(), At: c.now()})
}

func (s *Server) fillDetails(c *call) error {
	var in struct{ Values map[item.Key]string }
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.FillDetails{Values: in.Values, By: c.actor(), At: c.now()})
}

func (s *Server) removeDocument(c *call) error {
	return c.do(application.RemoveDocument{Slot: item.Key(c.Param("slot")), By: c.actor(), At: c.now()})
}

func (s *Server) moveDocument(c *call) error {
	var in struct {
		To       item.Key
		Document string
	}
	if err := c.read(&in); err != nil {
		return err
	}
	from := item.Key(c.Param("slot"))
	if in.Document == "" {
		in.Document = c.state.Item(from).Document.ID
	}
	return c.do(application.MoveDocument{From: from, To: in.To, Document: in.Document, By: c.actor(), At: c.now()})
}

func (s *Server) consent(c *call) error {
	var in struct{ Version, SHA256, Language string }
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.GiveConsent{
		Consent: policy.TextName(c.Param("consent")), Version: in.Version, SHA256: in.SHA256, Language: in.Language,
		Address: personal.New(c.RealIP()), Rules: c.rules(), By: c.actor(), At: c.now(),
	})
}

func (s *Server) withdrawConsent(c *call) error {
	return c.do(application.WithdrawConsent{
		Consent: policy.TextName(c.Param("consent")), Address: personal.New(c.RealIP()), By: c.actor(), At: c.now(),
	})
}

func (s *Server) submit(c *call) error {
	return c.do(application.Submit{Rules: c.rules(), By: c.actor(), At: c.now()})
}

func (s *Server) correct(c *call) error {
	var in struct {
		Value     *string
		Statement string
	}
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.Correct{Item: item.Key(c.Param("item")), Value: in.Value, Statement: in.Statement, By: c.actor(), At: c.now()})
}

func (s *Server) declareSite(c *call) error {
	var in struct {
		URL          string  `json:"url"`
		TestUser     string  `json:"test_user"`
		TestPassword string  `json:"test_password"`
		Guide        *string `json:"guide"`
	}
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.DeclareSite{
		URL: in.URL, User: personal.New(in.TestUser), Password: personal.New(in.TestPassword), Guide: in.Guide,
		Rules: c.rules(), By: c.actor(), At: c.now(),
	})
}
