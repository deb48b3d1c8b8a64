package esdb

import (
	"context"
	"errors"
	"fmt"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// guarded runs one call of the client in a goroutine of its own, behind recover.
// When ctx ends first it answers at once, with ctx's cause; the call keeps its
// slot and its link until it returns. An error that is errNotSent says that the
// client was not called.
func guarded[T any](ctx context.Context, n *lane, call func(context.Context, *esdb.Client) (T, error)) (T, error) {
	return guardedOver(ctx, n, nil, call)
}

// guardedOver is guarded for one connection of gRPC, and says which it was; nil is
// any. It fails with errMoved where the present connection is another one.
func guardedOver[T any](ctx context.Context, n *lane, r *route, call func(context.Context, *esdb.Client) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("%w: %w", errNotSent, context.Cause(ctx))
	}
	if err := n.enter(ctx); err != nil {
		return none, err
	}
	k, err := n.acquire(ctx, false)
	if err != nil {
		n.leave()
		return none, err
	}
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		defer n.leave()
		var o outcome
		var gone error
		bound, unbind := k.bind(ctx)
		if r != nil {
			bound = over(bound, r)
		}
		defer func() {
			unbind()
			n.release(k, gone, answered(o.err))
			done <- o
		}()
		o.err = protect(func() (err error) {
			o.value, err = call(bound, k.client)
			return err
		})
		switch {
		case o.err == nil:
		case r != nil && r.refused.Load():
			o.err = errMoved
		case k.ctx.Err() != nil:
			o.err = &lostError{o.err}
		}
		gone = connectionLost(o.err)
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

// answered is true where a call's outcome is an answer of the leader.
func answered(err error) bool {
	if err == nil {
		return true
	}
	_, final := understand(err)
	return final
}

// protect turns a panic into an error.
func protect(call func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case lost:
			err = &lostError{p.err}
		default:
			err = &panicError{p}
		}
	}()
	return call()
}

// lostError: the connection was lost under a call.
type lostError struct{ err error }

func (e *lostError) Error() string { return "the connection was lost: " + e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// panicError: the client panicked.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("the client panicked: %v", e.value) }

// connectionLost answers err when the link that it came from is of no more use.
func connectionLost(err error) error {
	var l *lostError
	var p *panicError
	var e *esdb.Error
	switch {
	case errors.As(err, &l), errors.As(err, &p):
		return err
	case errors.As(err, &e) && e.Code() == esdb.ErrorCodeConnectionClosed:
		return err
	case status.Code(cause(err)) == codes.NotFound && !absent(err):
		// A node that is no leader says so in these words too, where the client does
		// not see who is: "Leader info available".
		return err
	}
	return nil
}
