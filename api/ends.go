package api

import (
	"net/http"
	"time"

	"alta/domain/application"
)

func (s *Server) withdraw(c *call) error {
	why, err := c.why()
	if err != nil {
		return err
	}
	return c.do(application.Withdraw{Why: why, By: c.actor(), At: c.now()})
}

func (s *Server) reopen(c *call) error {
	return c.do(application.Reopen{By: c.actor(), At: c.now()})
}

func (s *Server) proposeDecline(c *call) error {
	var in struct{ Note, Internal string }
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.ProposeDecline{Note: in.Note, Internal: in.Internal, By: c.actor(), At: c.now()})
}

func (s *Server) confirmDecline(c *call) error {
	judged, err := c.judged()
	if err != nil {
		return err
	}
	return c.do(application.ConfirmDecline{Judged: judged, By: c.actor(), At: c.now()})
}

func (s *Server) refuseDecline(c *call) error {
	why, err := c.why()
	if err != nil {
		return err
	}
	return c.do(application.RefuseDecline{Why: why, By: c.actor(), At: c.now()})
}

func (s *Server) restrict(c *call) error {
	why, err := c.why()
	if err != nil {
		return err
	}
	return c.do(application.Restrict{Why: why, Rules: c.rules(), By: c.actor(), At: c.now()})
}

// restriction tells the merchant that processing is restricted, and until when that
// can be taken back. Nothing else of the application is in the answer.
func (s *Server) restriction(c *call) error {
	c.etag(c.revision())
	if done, err := c.notModified(); done {
		return err
	}
	out := struct {
		Revision   int64      `json:"revision"`
		Restricted bool       `json:"restricted"`
		Back       *time.Time `json:"back,omitempty"`
	}{Revision: c.revision(), Restricted: c.state.Restricted}
	if c.state.Restricted && !c.state.Back.IsZero() {
		out.Back = &c.state.Back
	}
	return c.JSON(http.StatusOK, out)
}

func (s *Server) liftRestriction(c *call) error {
	return c.do(application.LiftRestriction{Rules: c.rules(), By: c.actor(), At: c.now()})
}

func (s *Server) placeHold(c *call) error {
	why, err := c.why()
	if err != nil {
		return err
	}
	return c.do(application.PlaceHold{Why: why, By: c.actor(), At: c.now()})
}

func (s *Server) liftHold(c *call) error {
	why, err := c.why()
	if err != nil {
		return err
	}
	return c.do(application.LiftHold{Why: why, By: c.actor(), At: c.now()})
}
