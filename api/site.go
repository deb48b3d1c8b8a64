package api

import (
	"time"

	"alta/domain/application"
	"alta/domain/personal"
)

func (s *Server) recordICPEvidence(c *call) error {
	var in struct {
		Status      string
		Number      string
		Subject     string
		SubjectKind string `json:"subject_kind"`
		Domain      string
		Relation    string
		LookedUpAt  time.Time `json:"looked_up_at"`
	}
	if err := c.read(&in); err != nil {
		return err
	}
	if in.LookedUpAt.IsZero() {
		in.LookedUpAt = c.now()
	}
	return c.do(application.RecordICPEvidence{
		Evidence: application.ICPEvidence{
			ID: c.Param("evidence"), Status: in.Status, Number: in.Number, Subject: personal.New(in.Subject),
			SubjectKind: in.SubjectKind, Domain: in.Domain, Source: "manual", Relation: in.Relation,
			LookedUpAt: in.LookedUpAt.UTC().Truncate(time.Millisecond),
		},
		Rules: c.rules(), By: c.actor(), At: c.now(),
	})
}

func (s *Server) verifyICP(c *call) error {
	return c.do(application.VerifyICP{Rules: c.rules(), By: c.actor(), At: c.now()})
}

func (s *Server) approveSite(c *call) error {
	var in struct{ Checklist map[string]bool }
	if err := c.read(&in); err != nil {
		return err
	}
	return c.do(application.ApproveSite{Checklist: in.Checklist, Rules: c.rules(), By: c.actor(), At: c.now()})
}
