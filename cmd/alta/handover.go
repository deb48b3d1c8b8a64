package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// The files in which a request and its answer are handed over, in a directory that
// only this user can read: the control socket itself passes one line.
const (
	requestFile = "request"
	answerFile  = "answer"
)

// handOver has the process that has the log open do what is requested, and prints
// what it has to say.
func handOver(ctx context.Context, data, what string, request any, out io.Writer) error {
	dir, err := os.MkdirTemp("", "alta-"+what+"-") // mode 0700
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := json.Marshal(request)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, requestFile), b, 0o600)
	}
	if err != nil {
		return err
	}
	failed := askRunning(ctx, data, what, dir)
	said, err := os.ReadFile(filepath.Join(dir, answerFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return errors.Join(failed, err)
	}
	_, err = out.Write(said)
	return errors.Join(failed, err)
}

// takeOver is the running process's side: do gets the request.
func takeOver[R any](do func(ctx context.Context, request R, out io.Writer) error) func(ctx context.Context, dir string) error {
	return func(ctx context.Context, dir string) error {
		b, err := os.ReadFile(filepath.Join(dir, requestFile))
		if err != nil {
			return err
		}
		var r R
		if err := json.Unmarshal(b, &r); err != nil {
			return errors.New("the request cannot be read")
		}
		f, err := os.OpenFile(filepath.Join(dir, answerFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(do(ctx, r, f), f.Close())
	}
}
