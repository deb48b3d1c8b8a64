package nodetest

import "time"

// Facts are the ways in which a real EventStoreDB differs from one engine behind
// one wire, each with the sentence that says what was measured on versions 23.10.6
// and 24.2.0. The zero value switches all of them off; Real switches them on. A
// silent deposed leader is not among them: whoever cuts a leader off (CutOff) gets
// it.
type Facts struct {
	// Replication is how long an event takes until a majority has it.
	//
	// "On a cluster a conflict is told before the event that caused it can be read:
	// it is answered from the leader's pending writes; reads show what a majority
	// has." Hold does the same for one stream until it is released, without a clock.
	Replication time.Duration

	// ConfirmedFirst chooses what a subscription that requires the leader gets at a
	// node that is none.
	//
	// Off, as on 23.10: "refused before the confirmation, the client moves to the
	// leader by itself." On, as on 24.2 and so, it seems, all of 24: "confirmed
	// first, then ended with NotFound: Leader info available, raw from Recv, which
	// looks at no trailers."
	ConfirmedFirst bool

	// StaleLeader lets a leader that was cut off take itself for the leader as long
	// as it is cut off: it answers reads with what it has. Off, it does so until the
	// others elect another one, and then answers "not ready".
	StaleLeader bool

	// Silent lets subscriptions stay open and bring nothing, while reads and appends go
	// on: "a subscription stays open, silent, at a leader that was cut off; nothing in
	// the stream tells it." Off again, they bring what they held back.
	Silent bool

	// Offsets makes positions large, with holes.
	//
	// "A position of another log is an exception: Unknown: Exception was thrown by
	// handler at every attempt (the number is a byte offset there). Positions are
	// large, with holes; their difference is bytes, not events."
	Offsets bool

	// DroppedTwins: "An append repeated while the first one is under way is dropped,
	// and the repetition is answered by the server's 2 s time limit. Repeated after
	// the first is safe it is answered at once."
	DroppedTwins bool

	// NotReady is how many reads a node refuses after it was started again.
	//
	// "After a restart the server answers subscriptions some seconds before reads
	// (not ready)."
	NotReady int

	// AllDenied: "$all needs the right: {"$acl":{"$r":["$admins","alta"]}} as the
	// metadata of $all, written by an admin." Reading and following $all is denied
	// until such metadata are written to the stream $$$all.
	AllDenied bool

	// Metadata lets anybody write the metadata of every stream.
	//
	// "The default lets every account of the server write every stream. Soft deletion
	// leaves the events in $all, hides the stream and writes
	// {"$tb":9223372036854775807} to $$<stream>, which a follower of $all sees at
	// once; so do $maxAge, $maxCount and $tb by anybody. A scavenge then removes the
	// events for good. Until then two writes of {} as the stream's metadata bring
	// them back: the server answers the first with a $tb of its own behind the last
	// event." Off, only the server itself writes metadata.
	Metadata bool
}

// Real are the facts of a cluster of version 24.2.0 whose user may read $all.
func Real() Facts {
	return Facts{
		Replication: 2 * time.Millisecond, ConfirmedFirst: true, Offsets: true,
		DroppedTwins: true, NotReady: 3, Metadata: true,
	}
}
