package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"alta/decider"
	"alta/domain/application"
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
	page, err := s.Reader.Queue(c.Request().Context(), projections.Queue(c.Param("queue")), c.who.Account, f, cursor, limit)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, page)
}

// candidates bounds how many rows claimNext tries: others may be taking them at
// the same moment.
const candidates = 1000

// claimNext claims the most urgent application that the caller may judge. The
// list only proposes; the decider decides, so two people never get one row.
func (s *Server) claimNext(c *call) error {
	ctx := c.Request().Context()
	if done, err := s.claimedBefore(c); done || err != nil {
		return err
	}
	by, q, cursor := c.actor(), projections.Queue(c.Param("queue")), ""
	for tried := 0; tried < candidates; {
		page, err := s.Reader.Queue(ctx, q, c.who.Account, projections.Filter{Assignee: "none"}, cursor, 50)
		if err != nil {
			return err
		}
		for _, raw := range page.Rows {
			tried++
			var row projections.Row
			if err := json.Unmarshal(raw, &row); err != nil {
				return err
			}
			if s.taken.has(row.ID, s.Now()) {
				continue
			}
			ok, err := s.claimRow(c, row.ID, q, by)
			if err != nil {
				return err
			}
			if ok {
				s.taken.add(row.ID, s.Now())
				return c.JSON(http.StatusOK, map[string]string{"id": row.ID})
			}
		}
		if cursor = page.Next; cursor == "" {
			return c.NoContent(http.StatusNoContent)
		}
	}
	return problem(http.StatusServiceUnavailable, "busy", "Others take the applications as fast as they are listed; try again.").retry(time.Second)
}

// errElsewhere: the row has left the queue since it was listed.
var errElsewhere = errors.New("api: the application waits in another queue by now")

// claimRow tries to claim one application as it stands now. Whoever else writes
// to it at the same moment, a machine check for example, does not cost its turn.
func (s *Server) claimRow(c *call, id string, q projections.Queue, by application.Actor) (bool, error) {
	ctx := c.Request().Context()
	st, _, err := s.Applications.Load(ctx, id)
	if err != nil {
		return false, err
	}
	cmd := c.command()
	cmd.ID, cmd.Policy = decider.DeriveID(c.key, id), st.Policy
	claim := application.Claim{Rules: c.rules(), By: by, At: c.now()}
	r, err := s.Applications.Transact(ctx, id, cmd, nil, func(st application.State) ([]application.Event, error) {
		if listed := q != projections.QueueBreached && q != projections.QueueMine; listed && projections.QueueOf(st.Stage) != q {
			return nil, errElsewhere
		}
		return claim.Decide(st)
	})
	var refused *application.Refusal
	switch {
	case errors.As(err, &refused), errors.Is(err, errElsewhere):
		return false, nil
	case err != nil:
		return false, err
	case !r.Appended && r.State.Claim.By.ID != by.ID:
		return false, nil
	}
	c.wrote(r.Revision, r.Position)
	return true, nil
}

// claimedBefore finds what an earlier sending of the same request claimed: a
// lost answer must not cost a second application.
func (s *Server) claimedBefore(c *call) (bool, error) {
	if c.Request().Header.Get("Idempotency-Key") == "" {
		return false, nil
	}
	ctx := c.Request().Context()
	page, err := s.Reader.Queue(ctx, projections.QueueMine, c.who.Account, projections.Filter{}, "", 50)
	if err != nil {
		return false, err
	}
	for _, raw := range page.Rows {
		var row projections.Row
		if err := json.Unmarshal(raw, &row); err != nil {
			return false, err
		}
		cmd := c.command()
		cmd.ID = decider.DeriveID(c.key, row.ID)
		r, err := s.Applications.Transact(ctx, row.ID, cmd, nil, func(application.State) ([]application.Event, error) { return nil, nil })
		if err != nil {
			return false, err
		}
		if len(r.Events) > 0 {
			c.wrote(r.Revision, r.Position)
			return true, c.JSON(http.StatusOK, map[string]string{"id": row.ID})
		}
	}
	return false, nil
}

// recent remembers what this process gave to somebody a moment ago, so that many
// who ask at once need not each ask the decider about what the list still shows.
type recent struct {
	mu  sync.Mutex
	ids map[string]time.Time // until when
}

// remembered is about how long lists lag behind.
const remembered = 2 * time.Second

func (r *recent) has(id string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return now.Before(r.ids[id])
}

func (r *recent) add(id string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids == nil || len(r.ids) > 4*candidates {
		r.ids = map[string]time.Time{}
	}
	r.ids[id] = now.Add(remembered)
}
