//go:build !linux

package main

import (
	"errors"
	"os/exec"
)

// endWithParent has no equivalent here: the child ends when it is told to.
func endWithParent(*exec.Cmd) {}

// lockDir has no equivalent here: no snapshot is kept.
func lockDir(string) (func() error, error) { return nil, errors.ErrUnsupported }
