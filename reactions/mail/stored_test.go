package mail

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// What the log holds of mails is read for ever: neither a name nor a field changes.
func TestWhatIsStoredOfMailsKeepsItsForm(t *testing.T) {
	at := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	names := map[string]string{
		"works": serverTypes[Works], "refuses": serverTypes[Refuses], "away": serverTypes[Away],
		"undelivered": undeliveredType, "delayed": delayedType, "delivered": deliveredType,
	}
	if want := map[string]string{
		"works": "mail.server-works.v1", "refuses": "mail.server-refuses.v1", "away": "mail.server-away.v1",
		"undelivered": "mail.undelivered.v1", "delayed": "mail.delayed.v1", "delivered": "mail.delivered.v1",
	}; !reflect.DeepEqual(names, want) {
		t.Errorf("stored names are %v", names)
	}
	for want, v := range map[string]any{
		`{"since":"2026-12-01T09:00:00Z","phase":"rcpt","code":550,"status":"5.1.8"}`: &ServerState{Since: at, Phase: "rcpt", Code: 550, Status: "5.1.8"},
		`{"template":"returned","message_id":"m","to_index":"t","language":"en","cause":"c","application":"a","account":"b","attempts":2,"failure":"rejected","outcome":"rejected","code":550,"status":"5.1.1","phase":"rcpt","at":"2026-12-01T09:00:00Z"}`: &Entry{
			Template: Returned, Cause: "c", MessageID: "m", ToIndex: "t", Language: "en", Application: "a", Account: "b", Attempts: 2,
			Failure: FailedRejected, Outcome: Rejected, Code: 550, Status: "5.1.1", Phase: "rcpt", At: at,
		},
	} {
		b, err := json.Marshal(v)
		if err != nil || string(b) != want {
			t.Errorf("stored as %s, %v", b, err)
		}
		again := reflect.New(reflect.TypeOf(v).Elem()).Interface()
		if err := json.Unmarshal([]byte(want), again); err != nil || !reflect.DeepEqual(again, v) {
			t.Errorf("reads %+v, %v", again, err)
		}
	}
}
