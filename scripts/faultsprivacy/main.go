// Command faultsprivacy looks for what belongs to a person wherever it should not
// be, and tries to bring back what was erased.
//
// It starts Alta as an operator does (sealed mails, no development mode), types and
// uploads values that occur nowhere else ("canaries") through every door, lives the
// whole life of merchants, and then reads every byte that the system keeps: the log,
// Redis, keys, documents, mails, temporary files, what the process printed, what it
// tells about itself, and a backup. Each value is looked for in clear, in every
// common encoding, and reversed.
//
// Then the merchants are restricted and shredded, and everything that was sealed for
// them is tried. Uploads are killed on their way. Last, erasures race with writers, copies, backups and rebuilds.
package main

import (
	"context"

	"alta/scripts/faultskit"
)

// The rows build on each other: they share one running Alta.
var faults = []struct {
	name, what string
	run        func(ctx context.Context, r *run) (figures string, err error)
}{
	{"P1", "the search finds what is planted", findPlanted},
	{"P2", "every door, the whole life, every byte", wholeLife},
	{"P2t", "free text: nowhere in clear", freeText},
	{"P3", "restricted: seen by an auditor who says why, and by nobody else", restricted},
	{"P4", "shredded: nothing opens, the record still stands", shredded},
	{"P5", "nothing to learn at the door, a stolen session ends", atTheDoor},
	{"P6", "an older backup brings nobody back", olderBackup},
	{"F27", "kill -9 in the middle of uploads", killedUploads},
	{"F29", "erase against append, copy, restore and rebuild", races},
}

// run is what the faults of one call share.
type run struct {
	*faultskit.Call
	world *world // the running Alta and what was typed into it; from P2 on
}

func main() {
	faultskit.Main("privacy", func(c *faultskit.Call) (rows []faultskit.Fault, closing func()) {
		r := &run{Call: c}
		for _, f := range faults {
			rows = append(rows, faultskit.Fault{Name: f.name, What: f.what, Run: func(ctx context.Context) (string, error) { return f.run(ctx, r) }})
		}
		return rows, func() {
			if r.world != nil {
				r.world.close()
			}
		}
	})
}
