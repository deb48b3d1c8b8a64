package nodetest

import (
	"context"
	"fmt"

	"alta/eventstore"
	"alta/eventstore/embedded"
)

// What another client of the server does to a stream. Each is taken by the leader, as
// from a client that asks for no revision, and takes effect before it returns.

// hand is the log as another client has it at the leader.
func (c *Cluster) hand() (*view, error) {
	n := c.Leader()
	if n == none {
		return nil, fmt.Errorf("nodetest: nobody leads")
	}
	return &view{n: c.nodes[n], strict: true}, nil
}

// Delete hides a stream, as its deletion does: until somebody writes metadata without
// the $tb that the server wrote, or scavenges.
func (c *Cluster) Delete(ctx context.Context, stream string) error {
	v, err := c.hand()
	if err == nil {
		_, err = v.Delete(ctx, stream, embedded.Any)
	}
	return err
}

// Tombstone closes a stream for good. Its events are in $all until a scavenge.
func (c *Cluster) Tombstone(ctx context.Context, stream string) error {
	v, err := c.hand()
	if err == nil {
		_, err = v.Tombstone(ctx, stream, embedded.Any)
	}
	return err
}

// Metadata writes a stream's metadata, such as {"$maxCount":2}.
func (c *Cluster) Metadata(ctx context.Context, stream, metadata string) error {
	v, err := c.hand()
	if err == nil {
		_, err = v.Append(ctx, ofStream+stream, embedded.Any, eventstore.Proposed{ID: newID(), Type: typeMetadata, Data: []byte(metadata)})
	}
	return err
}
