package embedded

import (
	"fmt"
	"math/bits"

	"alta/eventstore"

	"golang.org/x/mod/sumdb/tlog"
)

// frontier is the right edge of the tree: per level the root of the complete
// subtree that still waits for its right sibling. It is all that is needed to
// add a leaf and to compute the root, so appending reads nothing.
type frontier struct {
	size  int64
	edges [64]tlog.Hash // edges[l] is valid when bit l of size is set
}

// add appends a leaf and writes to dst the hashes it completes, lowest first:
// the leaf's own and one per subtree that it closes.
func (f *frontier) add(dst []byte, leaf tlog.Hash) []byte {
	dst = append(dst, leaf[:]...)
	level, h := 0, leaf
	for n := f.size; n&1 == 1; n >>= 1 {
		h = tlog.NodeHash(f.edges[level], h)
		dst = append(dst, h[:]...)
		level++
	}
	f.edges[level] = h
	f.size++
	return dst
}

// root is the tree's head as it is now.
func (f *frontier) root() tlog.Tree {
	if f.size == 0 {
		h, _ := tlog.TreeHash(0, nil) // the hash of the empty tree reads nothing
		return tlog.Tree{Hash: h}
	}
	level := bits.TrailingZeros64(uint64(f.size))
	h := f.edges[level]
	for level++; level < 64; level++ {
		if f.size>>level&1 == 1 {
			h = tlog.NodeHash(f.edges[level], h)
		}
	}
	return tlog.Tree{N: f.size, Hash: h}
}

// loadFrontier reads the right edge of a tree of the given size.
func loadFrontier(size int64, r tlog.HashReader) (frontier, error) {
	f := frontier{size: size}
	var levels []int
	var indexes []int64
	for l := 62; l >= 0; l-- {
		if size>>l&1 == 1 {
			levels = append(levels, l)
			indexes = append(indexes, tlog.StoredHashIndex(l, size>>l-1))
		}
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return f, err
	}
	for i, l := range levels {
		f.edges[l] = hashes[i]
	}
	return f, nil
}

// TreeSize is the number of leaves of the durable tree.
func (l *Log) TreeSize() int64 { return int64(l.mark.get()) }

// Tree is the durable tree's head.
func (l *Log) Tree() (tlog.Tree, error) {
	if err := l.alive(); err != nil {
		return tlog.Tree{}, err
	}
	n := l.TreeSize()
	h, err := tlog.TreeHash(n, l)
	return tlog.Tree{N: n, Hash: h}, err
}

// ReadHashes answers the tree's stored hashes; it makes the log a
// tlog.HashReader, from which package tlog computes roots and proofs. The hash
// of level v and number n lies with the leaf that completed it.
func (l *Log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if err := l.enter(); err != nil {
		return nil, err
	}
	defer l.closing.RUnlock()
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		leaf := (n+1)<<level - 1
		value, closer, err := l.db.Get(hashesKey(leaf))
		if err != nil {
			return nil, fmt.Errorf("%w: hash %d of the tree, completed by leaf %d: %w", eventstore.ErrCorrupt, index, leaf, err)
		}
		if len(value) < (level+1)*tlog.HashSize {
			err = fmt.Errorf("%w: leaf %d holds %d bytes of hashes", eventstore.ErrCorrupt, leaf, len(value))
		} else {
			copy(out[i][:], value[level*tlog.HashSize:])
		}
		if cerr := closer.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
