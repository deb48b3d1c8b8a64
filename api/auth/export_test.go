package auth

// Done counts the hashes made so far.
func (h *Hasher) Done() int64 { return h.hashes.Load() }

// Occupy takes one of the places at which hashes are made.
func (h *Hasher) Occupy() (release func()) {
	h.waiting.Add(1)
	h.slots <- struct{}{}
	return func() {
		<-h.slots
		h.waiting.Add(-1)
	}
}
