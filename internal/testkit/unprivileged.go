package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"syscall"
)

// servant is the account under which servers run that refuse to be root: that of
// PostgreSQL's package, else nobody's.
func servant() (uid, gid int, err error) {
	if uid, gid, err = account("postgres"); err == nil {
		return uid, gid, nil
	}
	return account("nobody")
}

func account(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, fmt.Errorf("account %s: %w", name, err)
	}
	uid, err = strconv.Atoi(u.Uid)
	if err != nil {
		return 0, 0, fmt.Errorf("uid of %s: %w", name, err)
	}
	gid, err = strconv.Atoi(u.Gid)
	if err != nil {
		return 0, 0, fmt.Errorf("gid of %s: %w", name, err)
	}
	return uid, gid, nil
}

// giveAway makes a folder the servant's, when we are root.
func giveAway(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := servant()
	if err != nil {
		return err
	}
	return os.Chown(dir, uid, gid)
}

// unprivileged lets a command run as the servant, when we are root, and lets the kernel
// send it a signal when we die (0 for none).
func unprivileged(cmd *exec.Cmd, whenWeDie syscall.Signal) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: whenWeDie}
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := servant()
	if err != nil {
		return err
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return nil
}

// holdThread starts a command, reports that, and waits for its end. The kernel's signal of
// [unprivileged] comes when the thread dies that started the command, so this one is held
// for as long.
func holdThread(cmd *exec.Cmd, started chan<- error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	started <- err
	if err != nil {
		return err
	}
	return cmd.Wait()
}
