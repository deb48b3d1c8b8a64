package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"alta/decider"
	"alta/domain/application"
	"alta/eventstore"
	"alta/scripts/faultskit"
	"alta/simulate/drive"
)

var errNoWorld = errors.New("this needs P2 to have run")

// shows are the reads that show an application as a whole; the value says whether
// an auditor may use it at all.
var shows = map[string]bool{"": true, "/status": true, "/history": true, "/history/0": true, "/actions": true, "/contract": true, "/form": false, "/findings": false}

// restricted has a merchant's data restricted on request, and looks for them as
// everybody.
func restricted(ctx context.Context, r *run) (string, error) {
	w := r.world
	if w == nil || len(w.lives) == 0 {
		return "", errNoWorld
	}
	l := w.lives[0]
	before, err := w.listed(ctx, l)
	if err != nil {
		return "", err
	}
	if len(before) == 0 {
		return "", errors.New("nobody finds the application even before")
	}
	proof, err := l.Self.Prove(ctx, "restriction")
	if err != nil {
		return "", err
	}
	now, err := l.Self.Get(ctx, "/v1/applications/"+l.ID+"/status", nil)
	if err != nil {
		return "", err
	}
	why := drive.Request{Method: http.MethodPut, Path: "/v1/applications/" + l.ID + "/restriction", Match: &now.Revision, Proof: proof,
		Body: map[string]string{"why": "the merchant asks for erasure"}, Key: drive.Key(r.Seed, "restrict")}
	reply, err := l.Self.Do(ctx, why, nil)
	if err != nil {
		return "", err
	}
	l.Version = reply.Revision
	if err := faultskit.Until(ctx, "the lists drop the application", func() (bool, error) {
		after, err := w.listed(ctx, l)
		return len(after) == 0, err
	}); err != nil {
		after, _ := w.listed(ctx, l)
		return "", fmt.Errorf("%w: it is still in %s", err, strings.Join(after, ", "))
	}
	refusals := 0
	people := append(append([]*drive.Person{l.Self, w.crew.Agent}, w.crew.Reviewers...), w.crew.Leads...)
	for _, p := range people {
		for path := range shows {
			_, err := p.Get(ctx, "/v1/applications/"+l.ID+path+"?why=curious", nil)
			if problem := (*drive.Problem)(nil); !errors.As(err, &problem) || problem.Status != http.StatusNotFound && problem.Status != http.StatusForbidden {
				return "", fmt.Errorf("%s gets %q: %v", p.Role, path, err)
			}
			refusals++
		}
	}
	looks, err := w.audit(ctx, l)
	if err != nil {
		return "", err
	}
	// Nothing but the documents under the application's own keys is left in Redis. A
	// checkpoint names the stream of the newest event, whatever it is.
	keys, err := w.server.dump(ctx)
	if err != nil {
		return "", err
	}
	own := 0
	for k, v := range keys {
		if strings.Contains(k, l.ID) {
			own++
		} else if strings.Contains(v, l.ID) && !strings.HasSuffix(k, ":checkpoint stream") {
			return "", fmt.Errorf("Redis still has it in %s", k)
		}
	}
	return fmt.Sprintf("it was in %d lists and finds, is in 0; %d reads of %d people refused; an auditor refused %d times without and let in %d times with a reason, each on record; %d keys of its own left",
		len(before), refusals, len(people), looks, looks, own), nil
}

// listed says where an application can be found.
func (w *world) listed(ctx context.Context, l *drive.Life) ([]string, error) {
	var found []string
	look := func(p *drive.Person, path string) error {
		reply, err := p.Get(ctx, path, nil)
		if strings.Contains(string(reply.Body), l.ID) {
			found = append(found, p.Role+" "+path)
		}
		return err
	}
	var errs []error
	staff := []*drive.Person{w.crew.Reviewers[0], w.crew.Leads[0], w.crew.Auditor}
	for _, p := range staff {
		for _, path := range []string{"?limit=200", "?stage=" + l.Stage, "?q=" + l.Number, "?q=" + url.QueryEscape(l.Merchant.Name())} {
			errs = append(errs, look(p, "/v1/applications"+path))
		}
		for _, q := range []string{"qualification", "second_approval", "icp", "website", "contract", "correction", "breached", "mine"} {
			errs = append(errs, look(p, "/v1/queues/"+q))
		}
	}
	errs = append(errs, look(l.Supplier, "/v1/applications"))
	return found, errors.Join(errs...)
}

const reason = "complaint 4711 of the supervisor"

// audit opens all that shows a restricted application, first without a reason.
func (w *world) audit(ctx context.Context, l *drive.Life) (looks int, err error) {
	had, err := w.historyLooks(ctx, l)
	if err != nil {
		return 0, err
	}
	for path, may := range shows {
		if !may {
			continue
		}
		at := "/v1/applications/" + l.ID + path
		_, err := w.crew.Auditor.Get(ctx, at, nil)
		if problem := (*drive.Problem)(nil); !errors.As(err, &problem) || problem.Code != "why-required" {
			return 0, fmt.Errorf("an auditor who gives no reason gets %q: %v", path, err)
		}
		if _, err := w.crew.Auditor.Get(ctx, at+"?why="+url.QueryEscape(reason), nil); err != nil {
			return 0, err
		}
		looks++
	}
	have, err := w.historyLooks(ctx, l)
	if err == nil && have-had != looks {
		err = fmt.Errorf("%d of %d looks are on record", have-had, looks)
	}
	return looks, err
}

func (w *world) historyLooks(ctx context.Context, l *drive.Life) (n int, err error) {
	var page struct {
		Accesses []struct{ What, Why string }
	}
	if _, err = w.crew.Auditor.Get(ctx, "/v1/applications/"+l.ID+"/accesses?limit=200", &page); err != nil {
		return 0, err
	}
	for _, a := range page.Accesses {
		if a.What == "history" && a.Why == reason {
			n++
		}
	}
	return n, nil
}

// applications decides in the platform's name, on the record itself.
func (w *world) applications() *decider.Decider[application.State, application.Event] {
	return &decider.Decider[application.State, application.Event]{
		Log: w.log, Category: "application", Evolve: application.Evolve,
		Encode: func(_ context.Context, _ string, _ eventstore.ID, e application.Event) (eventstore.Proposed, error) {
			name, data, err := application.Encode(e, nil)
			return eventstore.Proposed{Type: name, Data: data}, err
		},
		Decode: func(_ context.Context, r *eventstore.Record) (application.Event, error) {
			return application.Decode(r.Type, r.Data, nil)
		},
	}
}
