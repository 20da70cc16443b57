package ocr

import (
	"os/exec"
	"syscall"
)

// group makes a command the first of a group of processes, kills all of them when its time is over, and has it die with the
// thread that starts it.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
