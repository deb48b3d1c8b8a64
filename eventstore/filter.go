package eventstore

import (
	"regexp"
	"strings"
)

// Filter chooses the events of a subscription. An event passes when every field
// that is set accepts it; the zero Filter accepts all.
type Filter struct {
	// Name says whose subscription it is, such as "projector", for log lines, health
	// and metrics. It filters nothing.
	Name string

	// System asks for the store's own events too: the metadata of streams, and the marks
	// that tombstones leave. Without it none is delivered, whatever the other fields say.
	System bool

	Streams       []string       // prefixes of stream names
	StreamPattern *regexp.Regexp // matched against the stream name
	Types         []string       // prefixes of event types
	TypePattern   *regexp.Regexp // matched against the event type

	// Considered, when set, is called from the subscription with the position of
	// an event, passed or not, whenever Every further events were considered, so
	// that a subscriber with a narrow filter can store how far it is.
	Considered func(Position)
	Every      int
}

// Empty is true when the filter accepts every event of the application.
func (f *Filter) Empty() bool {
	return len(f.Streams) == 0 && f.StreamPattern == nil && len(f.Types) == 0 && f.TypePattern == nil
}

// Accepts is true when an event of this stream and type passes.
func (f *Filter) Accepts(stream, typ string) bool {
	if !f.System && (strings.HasPrefix(stream, "$") || strings.HasPrefix(typ, "$")) {
		return false
	}
	return startsWith(stream, f.Streams) && startsWith(typ, f.Types) &&
		(f.StreamPattern == nil || f.StreamPattern.MatchString(stream)) &&
		(f.TypePattern == nil || f.TypePattern.MatchString(typ))
}

func startsWith(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return len(prefixes) == 0
}
