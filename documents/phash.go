package documents

// PHash is a perceptual hash of 64 bits: pictures that look alike have hashes
// that differ in few bits.
type PHash uint64
