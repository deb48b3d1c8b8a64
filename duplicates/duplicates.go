// Package duplicates finds other merchants' applications that share a number, a
// contact or a paper with one. The index in Redis proposes and the record decides:
// every candidate is folded from the log before anything is said about it, so that
// what was replaced, restricted or erased meanwhile is not named.
//
// An answer holds for the moment in which it is made. So of two applications the
// earlier one names the later one too, whoever opens it.
package duplicates

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"alta/documents"
	"alta/domain/application"
	"alta/domain/duplicate"
	"alta/eventstore"
	"alta/projections"
	"alta/vault"
)

const (
	perKey   = 64    // applications read of one key of the index
	compared = 24    // of those that are folded and compared
	looks    = 96    // pairs of pictures that one answer compares
	kept     = 8_192 // outcomes of such comparisons in memory
)

// Index proposes applications: projections.Reader.
type Index interface {
	Sharing(ctx context.Context, keys []string, perKey int) (rows []projections.Row, more bool, err error)
}

// Finder finds them. Fill the exported fields once; it may then be used
// concurrently.
type Finder struct {
	Index Index
	// Load folds an application from the log.
	Load func(ctx context.Context, id string) (application.State, error)
	// File reads a stored file of an application.
	File func(ctx context.Context, application, blob string) ([]byte, error)
	// Keyed is the blind index of this installation.
	Keyed duplicate.Keyed

	mu    sync.Mutex
	alike map[[2]string]bool // of two thumbnails
}

// Match is another application and where it stands.
type Match struct {
	duplicate.Match
	MerchantNumber string            `json:"merchant_number"`
	Name           string            `json:"name"`
	Stage          application.Stage `json:"stage"`
}

// Found are the matches, those of other merchants first. More says that there are
// further candidates that were not compared.
type Found struct {
	Matches []Match `json:"matches"`
	More    bool    `json:"more"`
}

// Find answers what shares something with an application as it stands. Data whose
// processing is restricted are not compared at all.
func (f *Finder) Find(ctx context.Context, id string, s application.State) (Found, error) {
	out := Found{Matches: []Match{}}
	if s.Restricted || s.Shredded {
		return out, nil
	}
	rows, more, err := f.Index.Sharing(ctx, f.keys(s), perKey)
	if err != nil {
		return out, err
	}
	rows = slices.DeleteFunc(rows, func(r projections.Row) bool { return r.ID == id || r.SubmittedAt == nil })
	near := func(r projections.Row) int { // other merchants' first
		switch {
		case r.Merchant == s.Merchant:
			return 2
		case s.Agent != "" && r.Agent == s.Agent:
			return 1
		}
		return 0
	}
	slices.SortFunc(rows, func(a, b projections.Row) int {
		if n := near(a) - near(b); n != 0 {
			return n
		}
		return b.SubmittedAt.Compare(*a.SubmittedAt)
	})
	if len(rows) > compared {
		rows, more = rows[:compared], true
	}
	out.More = more
	left := looks
	for _, r := range rows {
		o, err := f.Load(ctx, r.ID)
		if errors.Is(err, vault.ErrDamaged) || errors.Is(err, vault.ErrNoKey) || errors.As(err, new(*eventstore.SetAsideError)) {
			out.More = true // one stream that cannot be opened must not stop the comparison with the others
			continue
		}
		if err != nil {
			return out, fmt.Errorf("duplicates: %w", err)
		}
		if o.Restricted || o.Shredded || o.Round == 0 {
			continue
		}
		var failed error
		m, ok := duplicate.Compare(s, o, func(a, b application.Document) bool {
			same, err := f.same(ctx, id, r.ID, a, b, &left)
			failed = errors.Join(failed, err)
			return same
		})
		if failed != nil {
			return out, failed
		}
		if left < 0 {
			out.More = true
		}
		if !ok {
			continue
		}
		m.Application = r.ID
		out.Matches = append(out.Matches, Match{Match: m, MerchantNumber: r.MerchantNumber, Name: r.Name, Stage: r.Stage})
	}
	slices.SortStableFunc(out.Matches, func(a, b Match) int { return order(a) - order(b) })
	return out, nil
}

func order(m Match) int {
	if m.Relation == duplicate.Other {
		return 0
	}
	return 1
}

// keys are where candidates stand in the index.
func (f *Finder) keys(s application.State) []string {
	var keys []string
	add := func(key string) {
		if key != "" {
			keys = append(keys, key)
		}
	}
	for _, k := range duplicate.Compared {
		add(f.Keyed.ValueKey(k, s.Text(k)))
	}
	for _, i := range s.Items {
		if i.Document.ID == "" {
			continue
		}
		add(f.Keyed.FileKey(i.Document.SHA256))
		if !i.Document.Blank && duplicate.Pictured(i.Key) {
			keys = append(keys, f.Keyed.Probes(i.Document.PHash)...)
		}
	}
	return keys
}

// same compares two pictures by their thumbnails, which are read once. A file that
// is gone or damaged is like nothing: the daily scrub reports the damage, and one
// file must not stop the machine check of every application that shares a key with it.
func (f *Finder) same(ctx context.Context, id, other string, a, b application.Document, left *int) (bool, error) {
	const thumbnail = 2 // original, view, thumbnail
	if len(a.Blobs) <= thumbnail || len(b.Blobs) <= thumbnail {
		return false, nil
	}
	pair := [2]string{a.Blobs[thumbnail], b.Blobs[thumbnail]}
	f.mu.Lock()
	same, known := f.alike[pair]
	f.mu.Unlock()
	if known {
		return same, nil
	}
	if *left--; *left < 0 {
		return false, nil
	}
	x, err := f.File(ctx, id, pair[0])
	y, err2 := f.File(ctx, other, pair[1])
	if err := errors.Join(err, err2); err != nil {
		if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrDamaged) {
			return false, nil
		}
		return false, fmt.Errorf("duplicates: read a thumbnail: %w", err)
	}
	if same, err = documents.Alike(x, y); err != nil {
		return false, nil // what cannot be compared is no match
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.alike == nil || len(f.alike) >= kept {
		f.alike = make(map[[2]string]bool, 64)
	}
	f.alike[pair] = same
	return same, nil
}
