//go:build race

package documents

// raceDetector: its shadow memory needs more address space than the limit.
const raceDetector = true
