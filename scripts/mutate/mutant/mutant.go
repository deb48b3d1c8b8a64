// Package mutant is compiled into the packages under test by scripts/mutate. Each
// place that can be changed asks here whether its change is in force. One build
// therefore serves all mutants; the variable ALTA_MUTANT names the one in force.
package mutant

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// inForce is the number of the mutant in force, 0 for none.
var inForce, _ = strconv.Atoi(os.Getenv("ALTA_MUTANT"))

// reached has one byte for each mutant, set once its place was reached. It is the
// file that ALTA_MUTANTS_REACHED names, mapped into memory, so that it also holds
// what a test that panics had reached.
var reached = mapReached()

func mapReached() []byte {
	name := os.Getenv("ALTA_MUTANTS_REACHED")
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		panic(err)
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		panic(fmt.Sprintf("map %s: %v", name, err))
	}
	return b
}

// On tells whether the mutant is in force.
func On(id int) bool {
	if reached != nil {
		reached[id] = 1
	}
	return inForce == id
}

// Off tells whether none of the mutants from lowest to highest is in force.
func Off(lowest, highest int) bool {
	if reached != nil {
		for id := lowest; id <= highest; id++ {
			reached[id] = 1
		}
	}
	return inForce < lowest || inForce > highest
}

// Pick answers changed where the mutant is in force, and v otherwise.
func Pick[T any](id int, changed, v T) T {
	if On(id) {
		return changed
	}
	return v
}

// Never answers a value that nothing equals where the mutant is in force, and v
// otherwise.
func Never[T ~string](id int, v T) T { return Pick(id, "\x00never", v) }
