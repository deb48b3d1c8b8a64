//go:build !race

// The race detector's own memory would be measured; scripts/test runs this without.

package documents

import (
	"context"
	"flag"
	"image"
	"testing"
)

var redactLargest = flag.Bool("large", false, "also redact the largest picture, which takes some seconds more")

func TestTheLargestPictureThatIsTakenFitsIntoTheMemory(t *testing.T) {
	in := newIntake(t, testConfig())
	defer in.Close()
	// 49 MP with an alpha channel: 196 MB of pixels. All are transparent, so that
	// the test need not wait for an encoder.
	large := rawPNG(ihdr(7000, 7000, 8, 6), pngChunk("IDAT", deflate(make([]byte, 7000*(1+4*7000)))), pngChunk("IEND", nil))
	peak := watchWorkers(t, in)
	a := accept(t, in, large)
	if w, h := sizeOf(t, a.Pictures[0].View); w != 2400 || h != 2400 {
		t.Errorf("view %d × %d", w, h)
	}
	if *redactLargest {
		if _, err := in.Redact(context.Background(), "acc", a.Original, []Region{{0, image.Rect(0, 0, 9, 9)}}); err != nil {
			t.Errorf("redact: %v", err)
		}
	}
	t.Logf("the worker's memory peaked at %d MiB", peak()>>20)
}
