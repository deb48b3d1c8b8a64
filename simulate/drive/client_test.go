package drive

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// Two nodes: what a killed one does not answer the other one does, whoever's turn it is.
func TestWithTwoNodesAKilledOneCostsNoRequest(t *testing.T) {
	var asked [2]atomic.Int64
	nodes := make([]*httptest.Server, 2)
	for i := range nodes {
		nodes[i] = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked[i].Add(1)
			_, _ = w.Write([]byte(`{}`))
		}))
		defer nodes[i].Close()
	}
	c, err := NewClient(nodes[0].URL + "," + nodes[1].URL)
	if err != nil {
		t.Fatal(err)
	}
	requests := []Request{
		{Method: http.MethodGet, Path: "/a"},
		{Method: http.MethodPut, Path: "/a", Body: map[string]int{"a": 1}, Key: Key("a")},
		{Method: http.MethodPost, Path: "/v1/auth/login", again: true},
		{Method: http.MethodPost, Path: "/without/a/key"}, // it never arrived where nobody listens
	}
	all := func() {
		t.Helper()
		for range 2 {
			for _, r := range requests {
				if _, err := c.Do(context.Background(), r, nil); err != nil {
					t.Errorf("%s %s: %v", r.Method, r.Path, err)
				}
			}
		}
	}
	all()
	if a, b := asked[0].Load(), asked[1].Load(); a != b {
		t.Errorf("one node was asked %d times, the other %d", a, b)
	}
	nodes[0].Close()
	all()
	if n := asked[1].Load(); n != 12 {
		t.Errorf("the node that is left answered %d times", n)
	}
	if _, err := NewClient("http://a,b"); err == nil {
		t.Error("half an address was taken")
	}
}

// A request that must not be done twice is not sent again when its answer is lost.
func TestALostAnswerToWhatHasNoKeyIsAFault(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler)
	}))
	defer s.Close()
	c, err := NewClient(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(t.Context(), Request{Method: http.MethodPost, Path: "/"}, nil); err == nil || asked.Load() != 1 {
		t.Errorf("it was sent %d times: %v", asked.Load(), err)
	}
}
