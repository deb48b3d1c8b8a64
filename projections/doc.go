// Package projections keeps, in Redis, the documents that screens and API
// clients read: the application for staff, the status for its merchant, the row
// for lists and queues, and the history.
//
// One ordered subscription feeds a Runner. It decodes and upcasts each event,
// folds it into the application's document (a pure function, see Folder), makes
// the other documents from that one, and writes documents, indexes and its
// position in one Redis transaction that is refused when somebody else moved the
// position meanwhile. The stored JSON is the response body.
//
// What must stay true:
//
//   - Redis holds nothing that the log does not: losing it costs a rebuild.
//   - A document names the revision it reached; folding an event twice changes
//     nothing; writes are absolute values, never increments.
//   - An event that cannot be decoded stops the runner and turns it unhealthy. It
//     is never skipped.
//   - All keys of one build carry its generation. A rebuild fills a new
//     generation beside the live one and then switches one pointer.
//   - No clear personal value is written: they are masked in the fold.
package projections

import "errors"

// Version is the shape of the documents and keys. A program with another version
// builds its own generation beside this one's.
const Version = "3"

// ErrRebuilding: there is no finished build to read from; ask again shortly.
var ErrRebuilding = errors.New("projections: being rebuilt")

// ErrNotFound: there is no such document.
var ErrNotFound = errors.New("projections: no such document")

// ErrFenced: another runner moved the position; this one starts over from what
// Redis says.
var ErrFenced = errors.New("projections: another runner has written")
