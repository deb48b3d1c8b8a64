package evidence

import (
	"golang.org/x/mod/sumdb/tlog"
)

// Builder computes the root of a tree from its leaves alone, one after the other,
// in the memory of one hash per level. It shares no code with the engine, so that
// a check is a second opinion.
type Builder struct {
	size  int64
	edges []tlog.Hash // roots of complete subtrees, largest first, one per bit of size
}

// Add appends the next leaf's hash.
func (b *Builder) Add(leaf tlog.Hash) {
	for n := b.size; n&1 == 1; n >>= 1 {
		last := len(b.edges) - 1
		leaf = tlog.NodeHash(b.edges[last], leaf)
		b.edges = b.edges[:last]
	}
	b.edges = append(b.edges, leaf)
	b.size++
}

// Tree is the head of the tree so far.
func (b *Builder) Tree() tlog.Tree {
	if b.size == 0 {
		return emptyTree()
	}
	last := len(b.edges) - 1
	root := b.edges[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(b.edges[i], root)
	}
	return tlog.Tree{N: b.size, Hash: root}
}

func emptyTree() tlog.Tree {
	h, _ := tlog.TreeHash(0, nil) // the empty tree reads nothing and cannot fail
	return tlog.Tree{Hash: h}
}
