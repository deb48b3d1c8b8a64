package drive

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// The machine's look may come after the first person's, whose judgement it voids.
// The second person can then only refuse.
func TestWhatCameToLightAfterTheFirstJudgementIsRefusedAndNotInsistedOn(t *testing.T) {
	for name, c := range map[string]struct{ stage, yes, no string }{
		"a qualification": {stage: stageSecondApproval, yes: "/qualification/confirmation", no: "/qualification/refusal"},
		"a decline":       {stage: stageQualification, yes: "/decline/confirmation", no: "/decline/refusal"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				path := strings.TrimPrefix(r.URL.Path, "/v1/applications/a")
				asked = append(asked, path)
				if path == c.yes {
					w.WriteHeader(http.StatusConflict)
					if err := json.NewEncoder(w).Encode(Problem{Status: http.StatusConflict, Code: "evidence-changed"}); err != nil {
						t.Error(err)
					}
					return
				}
				var body struct{ Why string }
				if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Why == "" {
					t.Errorf("%s without saying why: %v", path, err)
				}
				if got := r.Header.Get("If-Match"); got != `"7"` {
					t.Errorf("%s of revision %s", path, got)
				}
				w.Header().Set("ETag", `"8"`)
				w.WriteHeader(http.StatusNoContent)
			}))
			defer s.Close()
			client, err := NewClient(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			lead := &Person{ID: "lead", client: client, until: time.Now().Add(time.Hour)}
			l := &Life{ID: "a", Stage: c.stage, Revision: 7, Lead: lead, d: &Driver{Crew: &Crew{Leads: []*Person{lead}}}}
			a := &application{Stage: c.stage, Claim: &struct {
				By    Actor
				Until time.Time
			}{Actor{ID: "lead"}, time.Now().Add(time.Hour)}}
			proposal := &struct {
				By     Actor
				Judged int64
			}{Actor{ID: "reviewer"}, 5}
			if c.stage == stageSecondApproval {
				a.Proposal = proposal
				err = l.confirm(t.Context(), a)
			} else {
				a.Decline = proposal
				err = l.decline(t.Context(), a)
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(asked) != 2 || asked[0] != c.yes || asked[1] != c.no || l.Revision != 8 {
				t.Errorf("asked for %v and is at revision %d", asked, l.Revision)
			}
		})
	}
}
