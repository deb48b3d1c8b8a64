package api

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"time"

	"alta/decider"
	"alta/domain/application"
	"alta/domain/item"
	"alta/domain/policy"
	"alta/domain/sample"
	"alta/eventstore"
	"alta/projections"
)

// secondLook is a sample that the caller may see.
type secondLook struct {
	id       string
	state    sample.State
	revision eventstore.Revision
	events   []application.Event // of the application, up to now
}

// blind lets somebody look at a sample's evidence who may, and shows the handler
// the application as it was when it was judged, without the judging. Which
// application it is the caller is never told. One whose processing is restricted
// has no samples.
func (s *Server) blind(handle func(*call, *secondLook) error) func(*call) error {
	return func(c *call) error {
		ctx := c.Request().Context()
		l := &secondLook{id: c.Param("sample")}
		if _, err := decider.ParseID(l.id); err != nil {
			return errNotFound()
		}
		var err error
		if l.state, l.revision, err = s.Samples.Load(ctx, l.id); err != nil {
			return err
		}
		if !l.state.Drawn() {
			return errNotFound()
		}
		c.id = l.state.Application
		now, _, err := s.Applications.Load(ctx, c.id)
		if err != nil {
			return err
		}
		if now.Restricted {
			return errNotFound()
		}
		if l.events, err = s.events(ctx, c.id); err != nil {
			return err
		}
		if err := l.state.Readable(c.actor(), sample.Acted(l.events)); err != nil {
			return err
		}
		for _, e := range sample.Evidence(l.events, l.state.Revision) {
			c.state = application.Evolve(c.state, e)
		}
		c.judges = true
		return handle(c, l)
	}
}

// records reads an application's stream.
func (s *Server) records(ctx context.Context, id string) iter.Seq2[*eventstore.Record, error] {
	const page = 512
	return func(yield func(*eventstore.Record, error) bool) {
		for from := eventstore.Revision(0); ; from += page {
			n := 0
			for r, err := range eventstore.Whole(from-1, s.Log.ReadStream(ctx, s.Applications.Stream(id), from, page)) {
				if !yield(r, err) || err != nil {
					return
				}
				n++
			}
			if n < page {
				return
			}
		}
	}
}

// events are those of an application, opened.
func (s *Server) events(ctx context.Context, id string) (out []application.Event, err error) {
	for r, err := range s.records(ctx, id) {
		if err != nil {
			return nil, err
		}
		e, err := s.Decode(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// hands are those who had one in an application, and whether its processing is
// restricted. Nothing of it is opened.
func (s *Server) hands(ctx context.Context, id string) (acted []string, restricted bool, err error) {
	for r, err := range s.records(ctx, id) {
		if err != nil {
			return nil, false, err
		}
		h, err := application.HeaderOf(r.Data)
		if err != nil {
			return nil, false, err
		}
		acted = append(acted, h.By.ID)
		restricted = restricted || strings.HasPrefix(r.Type, "application.restricted.")
	}
	return acted, restricted, nil
}

// sampleRow is a sample in a list: nothing of it tells which application it is.
type sampleRow struct {
	ID        string           `json:"id"`
	Due       time.Time        `json:"due"`
	DecidedAt time.Time        `json:"decided_at"`
	Round     int              `json:"round"`
	Kind      policy.Kind      `json:"kind"`
	Products  []policy.Product `json:"products"`
	Site      policy.SiteType  `json:"site_type"`
	Language  string           `json:"language"`
}

func rowOf(id string, st sample.State) sampleRow {
	return sampleRow{id, st.Due, st.DecidedAt, st.Round, st.Kind, st.Products, st.Site, st.Language}
}

// samples lists what waits for a verdict that the caller may give.
func (s *Server) samples(c *call) error {
	ctx := c.Request().Context()
	cursor, limit := c.page()
	waiting, all, err := s.Statistics.Samples(ctx, cursor, limit)
	if err != nil {
		return err
	}
	out := struct {
		Samples []sampleRow `json:"samples"`
		Waiting int64       `json:"waiting"`
		Next    string      `json:"next,omitempty"`
	}{[]sampleRow{}, all, ""}
	for _, w := range waiting {
		st, _, err := s.Samples.Load(ctx, w.ID)
		if errors.As(err, new(*eventstore.SetAsideError)) {
			continue // nobody can judge it
		}
		if err != nil {
			return err
		}
		if !st.Open() {
			continue // the list has not heard of it yet
		}
		acted, restricted, err := s.hands(ctx, st.Application)
		if errors.As(err, new(*eventstore.SetAsideError)) {
			continue
		}
		if err != nil {
			return err
		}
		if !restricted && st.Readable(c.actor(), acted) == nil {
			out.Samples = append(out.Samples, rowOf(w.ID, st))
		}
	}
	if len(waiting) == limit {
		out.Next = waiting[limit-1].Place
	}
	return c.JSON(http.StatusOK, out)
}

// sample shows the evidence, and the verdict that the caller herself gave.
func (s *Server) sample(c *call, l *secondLook) error {
	var app *projections.Application
	for revision, e := range sample.Evidence(l.events, l.state.Revision) {
		app = s.Folder.Fold(app, c.id, revision, e)
	}
	out := struct {
		sampleRow
		projections.Evidence
		Revision int64           `json:"revision"`
		Verdict  *sample.Verdict `json:"verdict,omitempty"`
	}{sampleRow: rowOf(l.id, l.state), Evidence: projections.EvidenceOf(app), Revision: int64(l.revision)}
	if l.state.Judged() {
		out.Verdict = &l.state.Second
	}
	c.etag(int64(l.revision))
	return c.represented(out)
}

// sampleImage delivers a document of the evidence, also one that was replaced
// since; a file that was destroyed is gone for the second look too.
func (s *Server) sampleImage(c *call, l *secondLook) error {
	for _, e := range sample.Evidence(l.events, l.state.Revision) {
		var d application.Document
		var slot item.Key
		switch e := e.(type) {
		case application.DocumentUploaded:
			d, slot = e.Document, e.Slot
		case application.DocumentRedacted:
			d, slot = e.Document, e.Slot
		default:
			continue
		}
		if d.ID == c.Param("document") {
			if err := s.countLook(c, false); err != nil {
				return err
			}
			return s.image(c, d, slot, lookedAgain)
		}
	}
	return errNotFound()
}

// lookedAgain is why somebody opened a document or a value, in the record of
// accesses.
const lookedAgain = "blind second look"

func (s *Server) revealSample(c *call, _ *secondLook) error { return s.reveal(c) }

// judgeSample takes the second verdict.
func (s *Server) judgeSample(c *call, l *secondLook) error {
	var v sample.Verdict
	if err := c.read(&v); err != nil {
		return err
	}
	judge := sample.Judge{Verdict: v, Acted: sample.Acted(l.events), By: c.actor(), At: c.now()}
	r, err := s.Samples.Transact(c.Request().Context(), l.id, c.command(), c.seen, judge.Decide)
	if err != nil {
		return err
	}
	c.replayed(r.Repeated)
	c.wrote(int64(r.Revision), r.Position)
	return c.NoContent(http.StatusNoContent)
}

// samplesOf compares the verdicts about an application's decisions. What still
// waits is not told of: whoever knew could not look blindly.
func (s *Server) samplesOf(c *call) error {
	ctx := c.Request().Context()
	all, err := s.events(ctx, c.id)
	if err != nil {
		return err
	}
	type judged struct {
		ID        string            `json:"id"`
		Round     int               `json:"round"`
		Revision  int64             `json:"revision"`
		Decider   application.Actor `json:"decider"`
		DecidedAt time.Time         `json:"decided_at"`
		First     sample.Verdict    `json:"first"`
		Judge     application.Actor `json:"judge"`
		JudgedAt  time.Time         `json:"judged_at"`
		Second    sample.Verdict    `json:"second"`
		Agreed    bool              `json:"agreed"`
	}
	out := []judged{}
	for i := range all {
		if _, ok := sample.DecisionOf(all[:i+1]); !ok {
			continue
		}
		id := sample.LotOf(s.Index, c.id, int64(i)).ID()
		st, _, err := s.Samples.Load(ctx, id)
		if err != nil {
			return err
		}
		if st.Judged() {
			out = append(out, judged{
				id, st.Round, st.Revision, st.Decider, st.DecidedAt, st.First, st.Judge, st.JudgedAt, st.Second, st.Agreement().Same,
			})
		}
	}
	return c.JSON(http.StatusOK, map[string]any{"samples": out})
}
