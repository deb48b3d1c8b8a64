package api

import (
	"errors"
	"net/http"
	"time"

	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/reason"
	"alta/eventstore"
)

func (s *Server) claim(c *call) error {
	return c.do(application.Claim{Rules: c.rules(), By: c.actor(), At: c.now()})
}

// why is the body of a request that needs nothing but an explanation.
func (c *call) why() (string, error) {
	var in struct {
		Why string `json:"why"`
	}
	err := c.read(&in)
	return in.Why, err
}

func (s *Server) release(c *call) error {
	why, err := c.why()
	if err != nil {
		return err
	}
	if err := c.do(application.Release{Why: why, By: c.actor(), At: c.now()}); err != nil {
		return err
	}
	s.taken.drop(c.id)
	return nil
}

// reassign gives the application to another person, who must be staff.
func (s *Server) reassign(c *call) error {
	var in struct{ To, Why string }
	if err := c.read(&in); err != nil {
		return err
	}
	to, err := s.assignee(c, in.To)
	if err != nil {
		return err
	}
	return c.do(application.Reassign{To: to, Why: in.Why, Rules: c.rules(), By: c.actor(), At: c.now()})
}

// assignee is a person whom a lead may give work. Whoever is on leave takes over
// what she chooses herself, and is given nothing.
func (s *Server) assignee(c *call, id string) (application.Actor, error) {
	to, _, err := s.Auth.Account(c.Request().Context(), id)
	if err != nil && !errors.Is(err, eventstore.ErrInvalid) { // an id that no stream can have is nobody's
		return application.Actor{}, err
	}
	refused := problem(http.StatusUnprocessableEntity, "assignee", "This person cannot be given an application.")
	switch {
	case !judging(to.Role) || to.Status != account.StatusActive:
		return application.Actor{}, refused.at("/to", "assignee", "must be an active reviewer or lead")
	case to.OnLeave(c.now()) && to.ID != c.who.Account:
		return application.Actor{}, refused.at("/to", "assignee-away", "is away")
	}
	return application.Actor{ID: to.ID, Role: application.Role(to.Role)}, nil
}

func (s *Server) prioritise(c *call) error {
	var in struct {
		Priority int
		Why      string
	}
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.Prioritise{Priority: in.Priority, Why: in.Why, By: c.actor(), At: c.now()})
}

func (s *Server) acceptItems(c *call) error {
	var in struct{ Items []item.Key }
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.AcceptItems{Items: in.Items, By: c.actor(), At: c.now()})
}

func (s *Server) raiseReason(c *call) error {
	var in struct {
		Code     reason.Code
		Sub      reason.Sub
		Target   item.Key
		Note     string
		Internal string
	}
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.RaiseReason{
		Reason: c.Param("reason"), Code: in.Code, Sub: in.Sub, Target: in.Target, Note: in.Note, Internal: in.Internal,
		Rules: c.rules(), By: c.actor(), At: c.now(),
	})
}

func (s *Server) withdrawReason(c *call) error {
	return c.do(application.WithdrawReason{Reason: c.Param("reason"), By: c.actor(), At: c.now()})
}

func (s *Server) allowLateReason(c *call) error {
	why, err := c.why()
	if err != nil {
		return err
	}
	return c.do(application.AllowLateReason{Target: item.Key(c.Param("item")), Why: why, By: c.actor(), At: c.now()})
}

func (s *Server) addNote(c *call) error {
	var in struct{ Text string }
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.AddNote{Note: c.Param("note"), Text: in.Text, By: c.actor(), At: c.now()})
}

func (s *Server) returnIt(c *call) error {
	return c.do(application.Return{Rules: c.rules(), By: c.actor(), At: c.now()})
}

func (s *Server) approveQualification(c *call) error {
	return c.do(application.ApproveQualification{Rules: c.rules(), By: c.actor(), At: c.now()})
}

// judged is the body of a second approval: the revision the first one judged.
func (c *call) judged() (int64, error) {
	var in struct{ Judged int64 }
	err := c.read(&in)
	return in.Judged, err
}

func (s *Server) confirmQualification(c *call) error {
	judged, err := c.judged()
	if err != nil {
		return err
	}
	return c.do(application.ConfirmQualification{Judged: judged, Rules: c.rules(), By: c.actor(), At: c.now()})
}

func (s *Server) refuseQualification(c *call) error {
	why, err := c.why()
	if err != nil {
		return err
	}
	return c.do(application.RefuseQualification{Why: why, Rules: c.rules(), By: c.actor(), At: c.now()})
}

func (s *Server) extendDeadline(c *call) error {
	var in struct {
		Due time.Time
		Why string
	}
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.ExtendDeadline{Deadline: c.deadline(), Due: in.Due, Why: in.Why, Rules: c.rules(), By: c.actor(), At: c.now()})
}

// deadline is the id of the running one.
func (c *call) deadline() string {
	if c.state.Deadline == nil {
		return ""
	}
	return c.state.Deadline.ID
}

func (s *Server) movePolicy(c *call) error {
	var in struct{ Version, Why string }
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.MovePolicy{To: in.Version, Why: in.Why, Rules: c.rules(), By: c.actor(), At: c.now()})
}
