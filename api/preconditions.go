package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"alta/eventstore"

	"github.com/labstack/echo/v4"
)

// entityTag is one member of an If-Match or If-None-Match header.
type entityTag struct {
	weak   bool
	opaque string // without the quotes
}

// entityTags reads the header lines of If-Match or If-None-Match (RFC 9110
// §13.1): any for `*`, ok false for what is neither `*` nor a list of tags. A
// revision without its quotes counts as a tag.
func entityTags(lines []string) (tags []entityTag, any, ok bool) {
	rest := strings.TrimSpace(strings.Join(lines, ","))
	if rest == "*" {
		return nil, true, true
	}
	for {
		rest = strings.TrimLeft(rest, ", \t")
		if rest == "" {
			return tags, false, len(tags) > 0
		}
		var t entityTag
		rest, t.weak = strings.CutPrefix(rest, "W/")
		quoted, isQuoted := strings.CutPrefix(rest, `"`)
		if !isQuoted {
			word, after, _ := strings.Cut(rest, ",")
			word = strings.TrimSpace(word)
			if _, err := strconv.ParseUint(word, 10, 63); err != nil || t.weak {
				return nil, false, false
			}
			tags, rest = append(tags, entityTag{opaque: word}), after
			continue
		}
		end := strings.IndexByte(quoted, '"')
		if end < 0 || strings.ContainsFunc(quoted[:end], func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return nil, false, false
		}
		t.opaque = quoted[:end]
		rest = strings.TrimLeft(quoted[end+1:], " \t")
		if rest != "" && rest[0] != ',' {
			return nil, false, false
		}
		tags = append(tags, t)
	}
}

// matches reads If-Match: the revisions of which one must be the present one.
// A weak tag never matches (RFC 9110 §8.8.3.2), nor does a tag that is no
// revision. A decision must name a revision: `*` names none.
func (c *call) matches() error {
	lines := c.Request().Header.Values("If-Match")
	needed := problem(http.StatusPreconditionRequired, "if-match-required", "Name the revision that you looked at: If-Match with the ETag of your last read.")
	if strings.TrimSpace(strings.Join(lines, "")) == "" {
		if c.op.IfMatch {
			return needed
		}
		return nil
	}
	tags, any, ok := entityTags(lines)
	if !ok {
		return problem(http.StatusBadRequest, "if-match", "If-Match must be ETags of this application, such as \"12\".")
	}
	if any {
		if c.op.IfMatch {
			return needed
		}
		return nil
	}
	var named []eventstore.Revision
	for _, t := range tags {
		if n, err := strconv.ParseInt(t.opaque, 10, 64); err == nil && n >= 0 && !t.weak {
			named = append(named, eventstore.Revision(n))
		}
	}
	if len(named) == 0 {
		return problem(http.StatusPreconditionFailed, "stale", "If-Match holds no tag that can match: send the revision in quotes, without W/ in front. Proxies that compress weaken ETags; Alta-Revision has the number too.")
	}
	newest := slices.Max(named)
	if present := eventstore.Revision(c.revision()); slices.Contains(named, present) {
		newest = present
	}
	c.seen = &newest
	return nil
}

// Unmodified reports whether the client holds the representation of that ETag:
// If-None-Match compares weakly.
func Unmodified(r *http.Request, etag string) bool {
	if etag == "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	tags, any, ok := entityTags(r.Header.Values("If-None-Match"))
	if !ok {
		return false
	}
	opaque := strings.Trim(strings.TrimPrefix(etag, "W/"), `"`)
	return any || slices.ContainsFunc(tags, func(t entityTag) bool { return t.opaque == opaque })
}

// notModified answers 304 where the client holds the representation that the
// headers name, and reports whether it did.
func (c *call) notModified() (bool, error) {
	if !Unmodified(c.Request(), c.Response().Header().Get("ETag")) {
		return false, nil
	}
	return true, c.NoContent(http.StatusNotModified)
}

// represented answers a representation that its ETag names, or 304.
func (c *call) represented(v any) error {
	if done, err := c.notModified(); done {
		return err
	}
	return c.JSON(http.StatusOK, v)
}

// vary names a request header that the answer depends on.
func vary(c echo.Context, name string) { c.Response().Header().Add(echo.HeaderVary, name) }
