package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// A program that stops shortens the deadlines of bodies while they are being read.
func TestAStopMeetsABodyThatIsBeingRead(t *testing.T) {
	s := &Server{}
	reading := make(chan struct{})
	var once sync.Once
	server := httptest.NewServer(s.bounded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b := make([]byte, 16)
		for err := error(nil); err == nil; _, err = r.Body.Read(b) {
			once.Do(func() { close(reading) })
		}
	})))
	defer server.Close()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-reading
		for range 100 {
			s.transfers.stop()
		}
	}()
	answer, err := http.Post(server.URL, "text/plain", io.LimitReader(strings.NewReader(strings.Repeat("x", 1<<16)), 1<<16))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	<-stopped
	if n := s.Running(); n < 0 || answer.StatusCode != http.StatusOK {
		t.Errorf("answered %d, %d under way", answer.StatusCode, n)
	}
}
