package sandbox

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestUnitAllowsNamespaces: the service's unit allows exactly the namespaces that children are started in, and the call that
// makes them.
func TestUnitAllowsNamespaces(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../deploy/sigill.service")
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]uintptr{
		"cgroup": syscall.CLONE_NEWCGROUP, "ipc": syscall.CLONE_NEWIPC, "net": syscall.CLONE_NEWNET, "mnt": syscall.CLONE_NEWNS,
		"pid": syscall.CLONE_NEWPID, "user": syscall.CLONE_NEWUSER, "uts": syscall.CLONE_NEWUTS,
	}
	var allowed uintptr
	calls := false
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "RestrictNamespaces":
			for _, name := range strings.Fields(value) {
				if flags[name] == 0 {
					t.Errorf("%s is no kind of namespace", name)
				}
				allowed |= flags[name]
			}
		case "SystemCallFilter": // clone(2) is part of @process, which is part of @system-service
			refuses := strings.HasPrefix(value, "~")
			for _, name := range strings.Fields(strings.TrimPrefix(value, "~")) {
				switch name {
				case "@system-service":
					calls = !refuses
				case "@process", "clone":
					t.Errorf("%s", line)
				}
			}
		}
	}
	if used := attributes(true).Cloneflags; allowed != used {
		t.Errorf("the unit allows %#x, children are started with %#x", allowed, used)
	}
	if !calls {
		t.Error("the unit does not allow clone(2)")
	}
}
