package api

import (
	"net/http"
	"strconv"
	"time"

	"alta/projections"
)

func (s *Server) queues(c *call) error {
	if err := c.await(); err != nil {
		return err
	}
	sizes, err := s.Reader.Sizes(c.Request().Context(), c.who.Account)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"queues": sizes})
}

func (s *Server) queue(c *call) error {
	if err := c.await(); err != nil {
		return err
	}
	cursor, limit := c.page()
	f := projections.Filter{
		Kind: c.QueryParam("kind"), Product: c.QueryParam("product"), Language: c.QueryParam("language"), Agent: c.QueryParam("agent"),
		Reason: c.QueryParam("reason"), Risk: c.QueryParam("risk"), Assignee: c.QueryParam("assignee"), Sort: c.QueryParam("sort"),
	}
	if f.Assignee == "me" {
		f.Assignee = c.who.Account
	}
	if f.Sort == "due" {
		f.Sort = ""
	}
	f.Round, _ = strconv.Atoi(c.QueryParam("round"))
	if t := c.QueryParam("due_before"); t != "" {
		f.DueBefore, _ = time.Parse(time.RFC3339, t) // the contract has checked its form
	}
	if h, _ := strconv.Atoi(c.QueryParam("due_within")); h > 0 {
		if t := s.Now().Add(time.Duration(h) * time.Hour); f.DueBefore.IsZero() || t.Before(f.DueBefore) {
			f.DueBefore = t
		}
	}
	page, err := s.Reader.Queue(c.Request().Context(), projections.Queue(c.Param("queue")), c.who.Account, f, cursor, limit)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page)
}
