package api

import (
	"encoding/json"
	"net/http"
	"time"
)

// The states of a part, as /readyz tells them.
const (
	PartOK        = "ok"
	PartStarting  = "starting"  // nothing is known of it yet
	PartBuilding  = "building"  // it makes anew what it shows; what it is for comes later
	PartStandsBy  = "stands-by" // another process does its work
	PartBehind    = "behind"    // it works, and events wait for it
	PartAttention = "attention" // it works; an operator should mend what the reason says
	PartFailing   = "failing"   // it does not do its work
)

// Readiness is whether a process can serve what it is for, and how each of its parts
// stands. Ready is false while a part is failing or starting.
type Readiness struct {
	Ready bool         `json:"ready"`
	Parts []PartHealth `json:"parts"`
}

// PartHealth is how one part stands. Times are cut to the second.
type PartHealth struct {
	Name   string    `json:"name"`
	State  string    `json:"state"`
	Reason string    `json:"reason,omitempty"` // names no person
	Since  time.Time `json:"since"`            // when it came into this state
	// Answered is when the log answered last; of the part "log" only.
	Answered *time.Time `json:"answered,omitempty"`
	// Waiting is how many events have waited for the part for a second or longer, and
	// Oldest when the first of them was stored; of parts that follow the log only.
	Waiting int        `json:"waiting,omitempty"`
	Oldest  *time.Time `json:"oldest,omitempty"`
}

// answerReadiness answers 200 while the process can serve, and else 503.
func answerReadiness(w http.ResponseWriter, r Readiness) {
	status := http.StatusOK
	if !r.Ready {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "2")
	}
	b, err := json.Marshal(r)
	if err != nil { // no field of it can fail
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", itoa(int64(len(b))))
	w.WriteHeader(status)
	_, _ = w.Write(b) // who asks may have gone
}

// answerLife answers that the process runs, whatever it can do.
func answerLife(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n")) // who asks may have gone
}

// Aside answers for a process that has no interface: /livez, /healthz and /readyz. Every
// other request gets the problem that otherwise answers, and is never begun.
func Aside(ready func() Readiness, otherwise *Problem) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch get := r.Method == http.MethodGet || r.Method == http.MethodHead; {
		case get && (r.URL.Path == "/livez" || r.URL.Path == "/healthz"):
			answerLife(w)
		case get && r.URL.Path == "/readyz":
			answerReadiness(w, ready())
		default:
			otherwise.write(w)
		}
	})
}

// Starting is the answer to every request before the log answered for the first time.
func Starting() *Problem {
	return problem(http.StatusServiceUnavailable, "starting", "This process waits for the record before it serves. Repeat the request shortly.").retry(2 * time.Second)
}

// NoInterface is the answer to every request to a process that has no interface.
func NoInterface() *Problem {
	return problem(http.StatusNotFound, "no-interface", "This process does other parts of the work; the interface is elsewhere.")
}

// write answers the problem outside the interface's own handlers.
func (p *Problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if p.retryAfter > 0 {
		h.Set("Retry-After", itoa(int64(p.retryAfter/time.Second)))
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // who asks may have gone
}
