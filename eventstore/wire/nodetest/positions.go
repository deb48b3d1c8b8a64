package nodetest

import (
	"math"

	"alta/eventstore"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errHandler is the answer to a position at which no event begins.
var errHandler = status.Error(codes.Unknown, "Exception was thrown by handler.")

// stride is the room that one event takes in the imagined file, in bytes.
const stride = 1021

// offset is where the event with an engine's number begins: somewhere in its room,
// and elsewhere in every other log (salt). 0 stays 0, the start of the log.
func offset(n, salt uint64) uint64 {
	if n == 0 {
		return 0
	}
	h := (n ^ salt) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	return n*stride + h%(stride/2)
}

// number finds the event that begins at the offset.
func number(at, salt uint64) (n uint64, begins bool) {
	n = at / stride
	return n, offset(n, salt) == at
}

// outward is an engine's position as clients see it.
func (s *store) outward(p eventstore.Position, offsets bool) eventstore.Position {
	if !offsets {
		return p
	}
	at := offset(p.Commit, s.salt)
	return eventstore.Position{Commit: at, Prepare: at}
}

// inward is a client's position as the engine knows it. A position at which no
// event begins is an exception, unless it lies behind the end.
func (s *store) inward(p eventstore.Position, end uint64, offsets bool) (eventstore.Position, error) {
	if !offsets || p == eventstore.Start || p.Commit >= math.MaxInt64 {
		return p, nil
	}
	n, begins := number(p.Commit, s.salt)
	if n > end {
		return eventstore.Position{Commit: n, Prepare: n}, nil
	}
	if !begins {
		return p, errHandler
	}
	return eventstore.Position{Commit: n, Prepare: n}, nil
}
