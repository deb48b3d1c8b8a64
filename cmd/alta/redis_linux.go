package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// endWithParent has the kernel end the child when this process dies, however it
// dies: a kill -9 must not leave servers behind.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// lockDir keeps other processes away from a directory until the answered function
// is called, or this process ends.
func lockDir(dir string) (unlock func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	return f.Close, nil
}
