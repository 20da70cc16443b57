package sandbox

import (
	"bytes"
	"debug/elf"
	"errors"
	"math"
	"syscall"
	"time"

	"github.com/landlock-lsm/go-landlock/landlock"
	access "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"sigill/internal/extract/ocr"
)

// addressLimit bounds the address space (RLIMIT_AS) of a process that may hold so much
// data (RLIMIT_DATA). The runtime reserves far more than it uses.
func addressLimit(memory int64) uint64 { return uint64(8 * max(memory, 1<<30)) }

// confine gives up everything that reading a message does not need. Each step is tried by
// itself: an old kernel or a container may refuse some. The folder cache, unless it is "", may still be read.
func confine(memory int64, cache string) Confinement {
	return confineTo(memory, readable(cache))
}

// confineReader gives up everything that reading a picture does not need: it may start tesseract, which may read what it is
// made of and its languages.
func confineReader(memory int64, program *ocr.Program) Confinement {
	rules := []landlock.Rule{
		landlock.ROFiles(program.Path),
		landlock.PathAccess(readFiles, libraries...).IgnoreIfMissing(),
		landlock.PathAccess(readFile, "/etc/ld.so.cache").IgnoreIfMissing(),
	}
	if program.Data != "" {
		rules = append(rules, landlock.PathAccess(readFiles, program.Data))
	}
	if loader := loaderOf(program.Path); loader != "" {
		rules = append(rules, landlock.ROFiles(loader))
	}
	return confineTo(memory, rules)
}

// What may be read without being run: to be mapped as a library is no running for landlock.
const (
	readFile  = landlock.AccessFSSet(access.AccessFSReadFile)
	readFiles = landlock.AccessFSSet(access.AccessFSReadFile | access.AccessFSReadDir)
)

// libraries are the folders that a system keeps them in.
var libraries = []string{"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"}

// loaderOf names the program that a dynamically linked one is started by (ELF, PT_INTERP); "" if there is none.
func loaderOf(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > unix.PathMax {
			continue
		}
		b := make([]byte, p.Filesz)
		if _, err := p.ReadAt(b, 0); err == nil {
			return string(bytes.TrimRight(b, "\x00"))
		}
	}
	return ""
}

func confineTo(memory int64, rules []landlock.Rule) Confinement {
	var c Confinement
	_ = limit(unix.RLIMIT_CORE, 0)
	c.Files = limit(unix.RLIMIT_FSIZE, 0) == nil
	if limit(unix.RLIMIT_DATA, uint64(max(memory, 0))) == nil {
		c.Memory = memory
	}
	if !raceEnabled { // the race detector reserves terabytes
		_ = limit(unix.RLIMIT_AS, addressLimit(memory))
	}
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	if version := landlockVersion(); version > 0 {
		if landlock.V11.BestEffort().Restrict(rules...) == nil {
			c.Landlock = version
		}
	}
	c.Processor = limitProcessor(time.Minute)
	return c
}

func readable(cache string) []landlock.Rule {
	if cache == "" {
		return nil
	}
	return []landlock.Rule{landlock.RODirs(cache)}
}

func limit(resource int, n uint64) error {
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: n, Max: n})
}

// landlockVersion asks the kernel which version it has (landlock_create_ruleset(2)).
func landlockVersion() int {
	const createRulesetVersion = 1
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, createRulesetVersion)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// processorGrace is added to the time of a message, for start-up and the answer.
const processorGrace = 5 * time.Second

// limitProcessor allows the process that much more processor time, doubled because the
// garbage collector runs beside the reader. It is the last resort should the parent not
// be there to kill it.
func limitProcessor(d time.Duration) bool {
	var use unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &use) != nil {
		return false
	}
	used := time.Duration(use.Utime.Nano() + use.Stime.Nano())
	cur := uint64((used + 2*d + processorGrace) / time.Second) //nolint:gosec // a sum of positive times
	var now unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CPU, &now) != nil {
		return false
	}
	return unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: min(cur, now.Max), Max: now.Max}) == nil
}

// attributes of a child: it dies with the thread that started it, is not reached by a
// terminal's interrupt, and has a network of its own (without any link) and an identity
// of its own (nobody) where the system allows that.
func attributes(isolated bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if isolated {
		a.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC
	}
	return a
}

// refused says whether a start failed because the system makes no namespaces for us (clone(2), user_namespaces(7)): forbidden
// by a rule of the system, of a container or of AppArmor, more than are allowed, nested too deep, or none in this kernel.
func refused(err error) bool {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return false
	}
	switch no {
	case syscall.EPERM, syscall.EACCES, syscall.ENOSPC, syscall.EUSERS, syscall.EINVAL, syscall.ENOSYS:
		return true
	}
	return false
}

// closeOnExec keeps what this process inherited or opened from its children. Go marks its
// own files so; a descriptor handed down by a shell or a supervisor is not.
func closeOnExec() {
	_ = unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) // Linux 5.11; before, the mark of Go has to do
}

// self is the running binary, also when its file was replaced.
func self() (string, error) { return "/proc/self/exe", nil }
