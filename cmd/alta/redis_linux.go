package main

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel end the child when this process dies, however it
// dies: a kill -9 must not leave servers behind.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
