package testkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// PostfixInstance is a private Postfix on loopback whose relayhost is the system under
// test, as an organisation's mail server would be.
type PostfixInstance struct {
	Addr string // takes mail by SMTP
	Dir  string // etc, spool and data

	t      testing.TB
	master *exec.Cmd
	gone   chan struct{} // closed when the master has ended
}

const postfixMain = `compatibility_level = 3.6
queue_directory = %[1]s/spool
data_directory = %[1]s/data
maillog_file = %[1]s/data/maillog
maillog_file_prefixes = %[1]s
myhostname = postfix.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
relayhost = [%[2]s]:%[3]s
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
message_size_limit = 209715200
mailbox_size_limit = 0
alias_maps =
alias_database =
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
`

const postfixMaster = `%[1]s inet n - n - - smtpd
pickup    unix n - n 1 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 1 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
showq     unix n - n - - showq
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
`

// Postfix starts a private Postfix that hands every mail to relayhost (host:port). It
// needs root and the postfix package; without them see [Missing]. Settings are more
// lines of main.cf. It ends with the test, and so does its queue.
func Postfix(t testing.TB, relayhost string, settings ...string) *PostfixInstance {
	t.Helper()
	if _, err := exec.LookPath("postfix"); err != nil {
		Missing(t, "Postfix (no postfix in PATH)")
	}
	if os.Getuid() != 0 {
		Missing(t, "Postfix (it starts as root only)")
	}
	dir, err := os.MkdirTemp("", "sgpf")
	if err != nil {
		t.Fatalf("postfix: %v", err)
	}
	p := &PostfixInstance{Dir: dir, Addr: freeAddr(t), t: t, gone: make(chan struct{})}
	t.Cleanup(func() {
		p.Stop()
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("postfix: %v", err)
		}
	})
	if err := p.configure(relayhost, settings); err != nil {
		t.Fatalf("postfix: %v", err)
	}
	if err := p.start(); err != nil {
		t.Fatalf("postfix: %v", err)
	}
	return p
}

// freeAddr finds a free port. Postfix cannot be handed a listener, so somebody else may
// take the port in between; start would say so.
func freeAddr(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

func (p *PostfixInstance) configure(relayhost string, settings []string) error {
	host, port, err := net.SplitHostPort(relayhost)
	if err != nil {
		return fmt.Errorf("relayhost: %w", err)
	}
	if err := os.Chmod(p.Dir, 0o755); err != nil {
		return err
	}
	for _, d := range []string{"etc", "spool", "data"} {
		if err := os.Mkdir(filepath.Join(p.Dir, d), 0o755); err != nil {
			return err
		}
	}
	uid, gid, err := account("postfix")
	if err != nil {
		return err
	}
	main := fmt.Sprintf(postfixMain, p.Dir, host, port) + strings.Join(settings, "\n") + "\n"
	master := fmt.Sprintf(postfixMaster, p.Addr)
	return errors.Join(
		os.Chown(filepath.Join(p.Dir, "data"), uid, gid),
		os.WriteFile(filepath.Join(p.Dir, "etc", "main.cf"), []byte(main), 0o644),
		os.WriteFile(filepath.Join(p.Dir, "etc", "master.cf"), []byte(master), 0o644),
	)
}

func (p *PostfixInstance) etc() string { return filepath.Join(p.Dir, "etc") }

// start runs the master in the foreground, as our child, so that it can be waited for.
func (p *PostfixInstance) start() error {
	ctl := exec.Command("postfix", "-c", p.etc(), "check")
	if out, err := ctl.CombinedOutput(); err != nil {
		return fmt.Errorf("check: %w\n%s", err, out)
	}
	p.master = exec.Command("postfix", "-c", p.etc(), "start-fg")
	p.master.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	var said bytes.Buffer
	p.master.Stdout, p.master.Stderr = &said, &said
	started := make(chan error, 1)
	go func() {
		defer close(p.gone)
		_ = holdThread(p.master, started)
	}()
	if err := <-started; err != nil {
		return err
	}
	return p.await(&said)
}

// await connects until the server greets. A listening port is the only sign it gives.
func (p *PostfixInstance) await(said fmt.Stringer) error {
	end := time.After(Patience)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		c, err := net.Dial("tcp", p.Addr)
		if err == nil {
			return c.Close()
		}
		select {
		case <-p.gone:
			return fmt.Errorf("the master ended:\n%s\n%s", said, p.Log())
		case <-end:
			return fmt.Errorf("the server does not listen:\n%s", p.Log())
		case <-look.C:
		}
	}
}

// Log returns what Postfix logged so far.
func (p *PostfixInstance) Log() string {
	b, _ := os.ReadFile(filepath.Join(p.Dir, "data", "maillog"))
	return string(b)
}

// Queued is a mail that waits in Postfix's queue.
type Queued struct {
	ID         string `json:"queue_id"`
	Queue      string `json:"queue_name"` // active, deferred, ...
	Sender     string `json:"sender"`
	Recipients []struct {
		Address string `json:"address"`
		Reason  string `json:"delay_reason"`
	} `json:"recipients"`
}

// Queue lists what waits.
func (p *PostfixInstance) Queue() []Queued {
	p.t.Helper()
	out, err := exec.Command("postqueue", "-c", p.etc(), "-j").Output()
	if err != nil {
		p.t.Fatalf("postfix: postqueue -j: %v", err)
	}
	var all []Queued
	for line := range bytes.Lines(out) {
		var q Queued
		if err := json.Unmarshal(line, &q); err != nil {
			p.t.Fatalf("postfix: postqueue -j: %v", err)
		}
		all = append(all, q)
	}
	return all
}

// Flush lets Postfix try everything in its queue now.
func (p *PostfixInstance) Flush() {
	p.t.Helper()
	if out, err := exec.Command("postqueue", "-c", p.etc(), "-f").CombinedOutput(); err != nil {
		p.t.Fatalf("postfix: postqueue -f: %v\n%s", err, out)
	}
}

// Stop ends Postfix; what is in its queue stays there until the end of the test.
func (p *PostfixInstance) Stop() {
	if p.master == nil || p.master.Process == nil {
		return
	}
	select {
	case <-p.gone:
		return
	default:
	}
	_ = exec.Command("postfix", "-c", p.etc(), "stop").Run()
	select {
	case <-p.gone:
	case <-time.After(Patience):
		// The master leads a session of its own: everything in it goes.
		_ = syscall.Kill(-p.master.Process.Pid, syscall.SIGKILL)
		<-p.gone
	}
}
