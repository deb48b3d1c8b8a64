package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"alta/api/auth"
	"alta/domain/account"
	"alta/domain/application"
)

// Quotas bound what one account and one application may take of everybody's
// room and time. A number that is 0 bounds nothing.
//
// What is kept is counted in the application's own stream, so it is known
// whatever happens to Redis. Rates are counted like log-ins: in Redis, or in this
// process while Redis does not answer.
type Quotas struct {
	Megabytes    int // of the files of one application, every version counted
	Versions     int // of one slot
	Open         int // applications that one merchant opened and that have not ended
	Events       int // writes of one account, and on one application, in an hour
	Documents    int // files of one account in an hour
	Claims       int // of one person in a minute
	Duplicates   int // comparisons with all other applications that one person asks for in a minute
	AgentsFactor int // how many times a merchant's rates an agent has, who acts for many
}

// DefaultQuotas suit a provider of some ten thousand merchants.
func DefaultQuotas() Quotas {
	return Quotas{Megabytes: 500, Versions: 50, Open: 20, Events: 1500, Documents: 300, Claims: 30, Duplicates: 60, AgentsFactor: 20}
}

// files is what the rules bound files by.
func (q Quotas) files() application.FileQuota {
	return application.FileQuota{Bytes: int64(q.Megabytes) * 1_000_000, Versions: q.Versions}
}

// claiming are the operations that take an application for review.
var claiming = map[string]bool{"claim": true, "claimNext": true, "reassign": true}

// within refuses with 429 what one account, or one application, does too often.
// It is asked after the caller is known and before the body is read.
func (s *Server) within(c *call) error {
	if c.op.ID == "listDuplicates" { // it folds many applications and compares pictures
		return s.rate(c, "quota:duplicates:"+c.who.Account, s.Quotas.Duplicates, time.Minute)
	}
	if c.op.Public || c.op.Method == http.MethodGet || c.op.Method == http.MethodHead {
		return nil
	}
	if claiming[c.op.ID] {
		if err := s.rate(c, "quota:claims:"+c.who.Account, s.Quotas.Claims, time.Minute); err != nil {
			return err
		}
	}
	if !c.outsider() {
		return nil
	}
	times := 1
	if c.who.Role == account.Agent {
		times = max(s.Quotas.AgentsFactor, 1)
	}
	if err := s.rate(c, "quota:events:"+c.who.Account, s.Quotas.Events*times, time.Hour); err != nil {
		return err
	}
	if c.id != "" {
		if err := s.rate(c, "quota:application:"+c.id, s.Quotas.Events, time.Hour); err != nil {
			return err
		}
	}
	if c.op.ID == "uploadDocument" {
		return s.rate(c, "quota:documents:"+c.who.Account, s.Quotas.Documents*times, time.Hour)
	}
	return nil
}

func (s *Server) rate(c *call, key string, n int, period time.Duration) error {
	if n <= 0 {
		return nil
	}
	if wait := s.Limits.Allow(c.Request().Context(), key, auth.Limit{Rate: n, Burst: n, Period: period}); wait > 0 {
		return problem(http.StatusTooManyRequests, "quota-rate", "Your account does this more often than is allowed here. Wait a little.").retry(wait + time.Second)
	}
	return nil
}

// room refuses another application of a merchant who has as many open as one may.
// What agents added does not count: else an agent could keep a merchant from opening
// one, and their additions have a bound of their own (limitAdded).
// The lists that it counts in follow the record by a moment, so one merchant's
// openings go one by one, and the rate of writes bounds what slips through. It
// counts among the newest roomLooks of them: what is older costs nobody time.
func (s *Server) room(ctx context.Context, merchant string) error {
	most := s.Quotas.Open
	if most <= 0 {
		return nil
	}
	open, cursor := 0, ""
	for looked := 0; looked < roomLooks; {
		page, err := s.Reader.OfMerchant(ctx, merchant, "", "", cursor, 200)
		if err != nil {
			return err
		}
		looked += max(len(page.Rows), 1)
		for _, raw := range page.Rows {
			var row struct {
				Stage application.Stage
				Agent string
			}
			if err := json.Unmarshal(raw, &row); err != nil {
				return err
			}
			if !row.Stage.Ended() && row.Agent == "" {
				open++
			}
		}
		if open >= most {
			return problem(http.StatusConflict, "quota-open", "You have "+strconv.Itoa(open)+" applications that have not ended. End one before you open another.")
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	return nil
}

// roomLooks is how many of a merchant's applications room looks at, at most.
const roomLooks = 1000
