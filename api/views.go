package api

import (
	"cmp"
	"net/http"
	"slices"

	"alta/decider"
	"alta/domain/account"
)

// view is a saved view as screens get it.
type view struct {
	ID      string            `json:"id"`
	Owner   string            `json:"owner"`
	Name    string            `json:"name"`
	Queue   string            `json:"queue"`
	Filters map[string]string `json:"filters"`
	Shared  bool              `json:"shared"`
}

func viewOf(owner string, v account.View) view {
	out := view{v.ID, owner, v.Name, v.Queue, v.Filters, v.Shared}
	if out.Filters == nil {
		out.Filters = map[string]string{}
	}
	return out
}

// sharedShown bounds how many views of others are listed, by name.
const sharedShown = 200

// views lists the caller's own views, and then what others share.
func (s *Server) views(c *call) error {
	st, _, err := s.Auth.Account(c.Request().Context(), c.who.Account)
	if err != nil {
		return err
	}
	out := []view{}
	for _, v := range st.Views {
		out = append(out, viewOf(c.who.Account, v))
	}
	var shared []view
	for _, p := range s.People.list(func(p Person) bool { return len(p.shared) > 0 && p.ID != c.who.Account && !p.gone }) {
		for _, v := range p.shared {
			shared = append(shared, viewOf(p.ID, v))
		}
	}
	slices.SortStableFunc(shared, func(a, b view) int { return cmp.Compare(a.Name, b.Name) })
	return c.JSON(http.StatusOK, map[string]any{"views": append(out, shared[:min(len(shared), sharedShown)]...)})
}

// owner is whose view is meant: the caller's, unless another is named.
func (s *Server) owner(c *call, named string) (string, error) {
	if named == "" || named == c.who.Account {
		return c.who.Account, nil
	}
	if _, err := decider.ParseID(named); err != nil {
		return "", errNotFound()
	}
	st, _, err := s.Auth.Account(c.Request().Context(), named)
	if err != nil {
		return "", err
	}
	if v, ok := st.View(c.Param("view")); !ok || !v.Shared {
		return "", errNotFound() // of others' views only shared ones are known
	}
	return named, nil
}

func (s *Server) saveView(c *call) error {
	var in struct {
		Owner, Name, Queue string
		Filters            map[string]string
		Shared             bool
	}
	if err := c.read(&in); err != nil {
		return err
	}
	owner, err := s.owner(c, in.Owner)
	if err != nil {
		return err
	}
	return s.about(c, owner, account.SaveView{
		View: c.Param("view"), Name: in.Name, Queue: in.Queue, Filters: in.Filters, Shared: in.Shared,
		By: c.who.Account, Lead: c.who.Role == account.Lead, At: c.now(),
	})
}

func (s *Server) removeView(c *call) error {
	owner, err := s.owner(c, c.QueryParam("owner"))
	if err != nil {
		return err
	}
	return s.about(c, owner, account.RemoveView{View: c.Param("view"), By: c.who.Account, Lead: c.who.Role == account.Lead, At: c.now()})
}
