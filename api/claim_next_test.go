package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/application"
	"alta/domain/calendar"
	"alta/domain/policy"
	"alta/eventstore"
	"alta/eventstore/embedded"
	"alta/projections"
	"alta/simulate/direct"

	"github.com/alicebob/miniredis/v2"
	"github.com/labstack/echo/v4"
	"github.com/redis/go-redis/v9"
)

var (
	claimRounds = flag.Int("claim.rounds", 3, "rounds of 200 reviewers who press \"next\" at once; 100 for the full test")
	claimRows   = flag.Int("claim.rows", 300, "applications in the queue; 10000 for the full test")
	claimRedis  = flag.String("claim.redis", "", "unix socket of an empty Redis for the full test; the stand-in sorts on every read")
)

// desk is a server with a log, a projector and nothing of the network.
type desk struct {
	*Server
	t      *testing.T
	log    *embedded.Log
	runner *projections.Runner
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	log, err := embedded.Open(filepath.Join(t.TempDir(), "log"), embedded.Options{
		Leaf: func(dst []byte, r *eventstore.Record) []byte { return append(dst, r.ID[:]...) }, UnsafeNoSync: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	opt := &redis.Options{Network: "unix", Addr: *claimRedis, ContextTimeoutEnabled: true, PoolSize: 64}
	if *claimRedis == "" {
		opt = &redis.Options{Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true, PoolSize: 64}
	}
	rdb := redis.NewClient(opt)
	t.Cleanup(func() { _ = rdb.Close() })
	quiet := slog.New(slog.DiscardHandler)
	rules := application.Rules{Policies: policy.Default(), Calendar: calendar.Default()}
	decode := func(_ context.Context, r *eventstore.Record) (application.Event, error) {
		return application.Decode(r.Type, r.Data, func(_, sealed string) (string, bool, error) {
			b, err := base64.StdEncoding.DecodeString(sealed)
			return string(b), false, err
		})
	}
	index := func(kind, value string) string { return base64.RawURLEncoding.EncodeToString([]byte(kind + value)) }
	store := projections.NewStore(rdb)
	keys, err := auth.OpenKeys(filepath.Join(t.TempDir(), "auth.keys"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	people, err := auth.New(auth.Config{Log: log, Vault: plain{}, Erased: errors.New("erased"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(people.Close)
	d := &desk{t: t, log: log, Server: &Server{
		Auth: people, People: &People{Auth: people, Logger: quiet},
		Applications: &Applications{Log: log, Category: "application", Evolve: application.Evolve, Encode: encodeClear, Decode: decode},
		Reader:       projections.Reader{Store: store, Index: index, Now: time.Now}, Log: log, Rules: func() application.Rules { return rules },
		Now: time.Now, Logger: quiet,
	}}
	d.runner = &projections.Runner{
		Store: store, Log: log, Decode: decode, Index: index, Now: time.Now, Logger: quiet,
	}
	return d
}

// plain seals nothing.
type plain struct{}

func (plain) Seal(_ context.Context, _ string, _ eventstore.ID, _, clear string) (string, error) {
	return clear, nil
}

func (plain) Open(_ context.Context, _ string, _ eventstore.ID, _, sealed string) (string, error) {
	return sealed, nil
}

func (plain) Probe(context.Context) error { return nil }

func (plain) Index(kind, value string) string { return kind + value }

func encodeClear(_ context.Context, _ string, _ eventstore.ID, e application.Event) (eventstore.Proposed, error) {
	name, data, err := application.Encode(e, func(_, clear string) (string, error) {
		return base64.StdEncoding.EncodeToString([]byte(clear)), nil
	})
	return eventstore.Proposed{Type: name, Data: data}, err
}

// next presses "next" in the qualification queue.
func (d *desk) next(e *echo.Echo, who string) (id string, status int) {
	req := httptest.NewRequestWithContext(d.t.Context(), http.MethodPost, "/v1/queues/qualification/next", nil)
	rec := httptest.NewRecorder()
	ec := e.NewContext(req, rec)
	ec.SetParamNames("queue")
	ec.SetParamValues("qualification")
	c := &call{
		Context: ec, server: d.Server, op: &Operation{ID: "claimNext"}, key: decider.NewID(),
		who: auth.Principal{Account: who, Role: account.Reviewer},
	}
	if err := d.claimNext(c); err != nil {
		d.t.Logf("refused: %v", err)
		return "", problemOf(err).Status
	}
	var body struct {
		ID string `json:"id"`
	}
	if rec.Code == http.StatusOK {
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
			d.t.Error(err)
		}
	}
	return body.ID, rec.Code
}

// Two hundred reviewers press "next" at once, round after round. What "atomic" and
// "in due order" mean here, exactly: a round's presses begin together and end
// before the next round, and
//   - no row is given to two people while the first holds it,
//   - the rows given in a round are the n most urgent of those that were free when
//     it began, n being how many people pressed (or all, where fewer are free),
//     whoever of them gets which,
//   - nobody is told "nothing" while a row is free,
//   - after the last round every row is either held by the one who was told so, or
//     free and listed: none is lost.
//
// When the queue is empty everybody gives everything back, and it goes on.
func TestTwoHundredReviewersWhoPressNextAtOnceGetTheMostUrgentRowsEachOnce(t *testing.T) {
	const callers = 200
	d := newDesk(t)
	d.fill(uint64(*claimRows))
	order := d.order()
	if len(order) != *claimRows {
		t.Fatalf("%d rows wait, want %d", len(order), *claimRows)
	}
	e := echo.New()
	holder := map[string]string{}
	var presses []time.Duration
	var rounds []time.Duration
	var slowest time.Duration
	returns, slowRound := 0, 0
	for round := range *claimRounds {
		if len(order) == 0 {
			d.giveBack(holder)
			clear(holder)
			returns++
			if order = d.order(); len(order) != *claimRows {
				t.Fatalf("round %d: %d rows wait after everything was given back, want %d", round, len(order), *claimRows)
			}
		}
		var mu sync.Mutex
		var got []string
		nothing := 0
		var press sync.WaitGroup
		start := make(chan struct{})
		for i := range callers {
			press.Go(func() {
				<-start
				who := fmt.Sprintf("presser-%d-%d", round, i)
				pressed := time.Now()
				id, status := d.next(e, who)
				took := time.Since(pressed)
				mu.Lock()
				defer mu.Unlock()
				presses = append(presses, took)
				switch {
				case status == http.StatusOK && holder[id] != "":
					t.Errorf("round %d: %s was given to %s and to %s", round, id, holder[id], who)
				case status == http.StatusOK:
					holder[id] = who
					got = append(got, id)
				case status == http.StatusNoContent:
					nothing++
				default:
					t.Errorf("round %d: status %d", round, status)
				}
			})
		}
		began := time.Now()
		close(start)
		press.Wait()
		rounds = append(rounds, time.Since(began))
		if took := rounds[round]; took > slowest {
			slowest, slowRound = took, round
		}
		want := slices.Clone(order[:min(callers, len(order))])
		order = order[len(want):]
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) || nothing != callers-len(want) {
			t.Fatalf("round %d: %d rows were given and %d got nothing; want the %d most urgent", round, len(got), nothing, len(want))
		}
		d.readable()
	}
	for id, who := range holder {
		st, _, err := d.Applications.Load(t.Context(), id)
		if err != nil || st.Claim.By.ID != who {
			t.Fatalf("%s is held by %q, and %s was told so: %v", id, st.Claim.By.ID, who, err)
		}
	}
	if free := d.order(); !slices.Equal(free, order) {
		t.Fatalf("%d rows are free at the end, want the %d that nobody got", len(free), len(order))
	}
	slices.Sort(presses)
	slices.Sort(rounds)
	at := func(all []time.Duration, percent int) time.Duration {
		return all[(len(all)-1)*percent/100].Round(100 * time.Microsecond)
	}
	t.Logf("%d rows, %d rounds of %d at once, all given back %d times: a press takes %v in the middle, %v at p99, %v at most; a round %v in the middle, %v at most (the %d.)",
		*claimRows, *claimRounds, callers, returns, at(presses, 50), at(presses, 99), at(presses, 100), at(rounds, 50), at(rounds, 100), slowRound+1)
}

// order lists the free rows, most urgent first.
func (d *desk) order() []string {
	var ids []string
	now := time.Now()
	for _, r := range d.rows() {
		if r.Claim == nil || !r.Claim.Until.After(now) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// giveBack has everybody give back what she holds.
func (d *desk) giveBack(holder map[string]string) {
	d.t.Helper()
	for id, who := range holder {
		c := application.Release{By: application.Actor{ID: who, Role: application.RoleReviewer}, At: time.Now()}
		if _, err := d.Applications.Transact(d.t.Context(), id, decider.Command{ID: decider.NewID(), Actor: who}, nil, c.Decide); err != nil {
			d.t.Fatal(err)
		}
		d.taken.drop(id)
	}
	d.readable()
}

// readable waits until everything written can be read.
func (d *desk) readable() {
	d.t.Helper()
	ctx, stop := context.WithTimeout(d.t.Context(), 2*time.Minute)
	defer stop()
	for {
		head, err := d.log.Head(ctx)
		if err == nil {
			err = d.Reader.Wait(ctx, head)
		}
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			d.t.Fatalf("the projection does not catch up: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestARowThatLeftTheQueueIsNotClaimedFromIt(t *testing.T) {
	d := newDesk(t)
	maker := direct.New(3, time.Now(), d.Rules())
	l, err := maker.Life(0, "withdrawn")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), d.log, encodeClear); err != nil {
		t.Fatal(err)
	}
	ec := echo.New().NewContext(httptest.NewRequest(http.MethodPost, "/", nil), httptest.NewRecorder())
	c := &call{Context: ec, server: d.Server, op: &Operation{ID: "claimNext"}, key: decider.NewID(), who: auth.Principal{Account: "r", Role: account.Reviewer}}
	n := next{Server: d.Server, call: c, queue: projections.QueueQualification, at: time.Now(), seen: map[string]bool{}}
	ok, err := n.claim(l.ID)
	if ok || err != nil {
		t.Errorf("claimed: %v, %v", ok, err)
	}
}
