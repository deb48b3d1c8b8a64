package embedded_test

import (
	"testing"

	"alta/eventstore/eventstoretest"
)

func TestTheEmbeddedLogObeysEveryLaw(t *testing.T) {
	eventstoretest.Run(t, func(t *testing.T) eventstoretest.Log { return open(t, t.TempDir()) })
}

func TestALogWithPositionsOfItsOwnObeysEveryLaw(t *testing.T) {
	eventstoretest.Run(t, func(t *testing.T) eventstoretest.Log {
		return eventstoretest.Elsewhere{Inner: open(t, t.TempDir()), First: 1_113, Hole: 709}
	})
}
