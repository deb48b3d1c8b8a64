package documents

import (
	"os"
	"testing"
	"time"
)

// A look at which the system does not tell how much time was used charges nobody: not
// the page that begins then, and not the file.
func TestATimeThatIsNotKnownIsNotTakenForNone(t *testing.T) {
	var m meter
	m.read(0, false)
	if m.page() != 0 || m.whole() != 0 {
		t.Fatalf("before anything is known: %s, %s", m.page(), m.whole())
	}
	m.read(time.Hour, true) // of the files before this one
	m.read(time.Hour+time.Second, true)
	m.read(0, false)
	m.turn()
	m.read(time.Hour+3*time.Second, true)
	if m.page() != 2*time.Second || m.whole() != 3*time.Second {
		t.Errorf("the page used %s and the file %s", m.page(), m.whole())
	}
}

func TestWhatTheSystemDoesNotTellOfAProcessIsNotKnown(t *testing.T) {
	if used, known := processorTime(-1); known {
		t.Errorf("a process that is none used %s", used)
	}
	if n, known := residentBytes(-1); known {
		t.Errorf("a process that is none holds %d bytes", n)
	}
	if n, known := residentBytes(os.Getpid()); !known || n == 0 {
		t.Skipf("this system tells nothing: %d", n)
	}
}
