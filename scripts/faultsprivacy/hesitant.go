package main

import (
	"context"
	"math/rand/v2"
	"time"

	"alta/vault"
)

// The stores of a vault that now and then hesitate before a step, as a busy disk
// makes them: whatever races with the steps of an erasure gets between them.

type hesitantKeys struct{ *vault.LocalKeys }

func (k hesitantKeys) Get(ctx context.Context, name string) ([]byte, error) {
	hesitate()
	return k.LocalKeys.Get(ctx, name)
}

func (k hesitantKeys) PutIfAbsent(ctx context.Context, name string, value []byte) ([]byte, error) {
	hesitate()
	return k.LocalKeys.PutIfAbsent(ctx, name, value)
}

func (k hesitantKeys) Delete(ctx context.Context, name string) error {
	hesitate()
	return k.LocalKeys.Delete(ctx, name)
}

type hesitantFences struct{ *vault.LocalFences }

func (f hesitantFences) Add(ctx context.Context, mark string) error {
	hesitate()
	return f.LocalFences.Add(ctx, mark)
}

type hesitantObjects struct{ *vault.LocalObjects }

func (o hesitantObjects) Put(ctx context.Context, name string, data []byte) error {
	hesitate()
	return o.LocalObjects.Put(ctx, name, data)
}

func (o hesitantObjects) Delete(ctx context.Context, name string) error {
	hesitate()
	return o.LocalObjects.Delete(ctx, name)
}

func (o hesitantObjects) List(ctx context.Context, prefix string, visit func(vault.Object) error) error {
	hesitate()
	return o.LocalObjects.List(ctx, prefix, visit)
}

// hesitate waits for up to half a millisecond, every other time.
func hesitate() {
	if rand.IntN(2) == 0 {
		time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
	}
}
