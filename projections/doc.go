// Package projections answers what people read: lists and queues from Redis, and
// everything about one application from its stream.
//
// One ordered subscription feeds a Runner. It decodes and upcasts each event,
// folds it into the application's summary (a pure function, see Summary), makes
// the row of it, and writes rows, indexes and its position in one Redis
// transaction that is refused when somebody else moved the position meanwhile. A
// stored row is part of the response body as it is. The application for staff,
// the status for its merchant and the history are folded when they are asked for
// (see Details).
//
// What must stay true:
//
//   - Redis holds nothing that the log does not: losing it costs a rebuild.
//   - A row names the revision it reached; folding an event twice changes
//     nothing; writes are absolute values, never increments.
//   - A stream with an event that cannot be decoded or folded is set aside (Aside),
//     loudly and alone: its row stays as it was, nothing of it is skipped, and it is
//     tried again at every start.
//   - All keys of one build carry its generation. A rebuild fills a new
//     generation beside the live one and then switches one pointer.
//   - The keys of a shard lie on one node of a Cluster and change together. Away
//     from a Cluster there is one shard.
//   - No clear personal value is written: they are masked in the fold.
package projections

import "errors"

// Version is the shape of the rows and keys. A program with another version
// builds its own generation beside this one's, and sweeps away those of the
// versions before its own once no program keeps them up to date any more: who is
// erased later must not stay in them.
const Version = 9

// ErrRebuilding: there is no finished build to read from; ask again shortly.
var ErrRebuilding = errors.New("projections: being rebuilt")

// ErrAway: Redis does not answer, or not as it should. Lists cannot be read now;
// what is asked about one application can.
var ErrAway = errors.New("projections: Redis is away")

// ErrNotFound: there is no such document.
var ErrNotFound = errors.New("projections: no such document")

// ErrFenced: another runner moved the position; this one starts over from what
// Redis says.
var ErrFenced = errors.New("projections: another runner has written")
