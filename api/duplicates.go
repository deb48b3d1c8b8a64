package api

import "net/http"

// listDuplicates answers which other applications share a number, a contact or a
// paper with this one, as both stand now.
func (s *Server) listDuplicates(c *call) error {
	found, err := s.Duplicates.Find(c.Request().Context(), c.id, c.state)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, found)
}
