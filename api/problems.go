package api

import (
	_ "embed"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// problemList has one line for each code of a problem: the code, a tab, and what
// the problem says where its code is all there is to say.
//
//go:embed problems.tsv
var problemList string

// aboutProblem answers what the type of a problem leads to (RFC 9457 §3.1.1).
func (s *Server) aboutProblem(c echo.Context) error {
	code := c.Param("code")
	for line := range strings.Lines(problemList) {
		known, detail, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if known == code {
			return c.JSON(http.StatusOK, map[string]string{"type": "/problems/" + code, "code": code, "detail": detail, "contract": "/openapi.yaml"})
		}
	}
	return problem(http.StatusNotFound, "not-found", "There is no problem of this code.")
}
