package smtpd

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	here, there := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	g := newGuard(3, time.Minute)
	take := func(addr netip.Addr, user string, want bool) {
		t.Helper()
		if got := g.take(addr, user, now); got != want {
			t.Errorf("attempt from %s on %s: %t, want %t", addr, user, got, want)
		}
	}
	for range 3 {
		take(here, "anna", true)
	}
	take(here, "bo", false)    // the client has used up its own
	take(there, "ANNA", false) // and the account's, in whatever case
	take(there, "bo", true)
	take(netip.MustParseAddr("2001:db8::2"), "bo", true)
	take(netip.MustParseAddr("2001:db8::3"), "cia", true)
	take(netip.MustParseAddr("2001:db8::4"), "cia", false) // one /64 is one client
	take(netip.MustParseAddr("2001:db8:0:1::4"), "cia", true)

	now = now.Add(59 * time.Second)
	take(here, "bo", false)
	now = now.Add(time.Second)
	take(here, "anna", true)
	take(here, "anna", false)
	g.giveBack(here, "anna", now)
	take(here, "anna", true)
	now = now.Add(-time.Hour) // a clock that goes back gives nothing
	take(here, "anna", false)
}

func TestGuardIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	g := newGuard(1, time.Hour)
	for i := range 2 * maxBuckets {
		g.take(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), fmt.Sprint(i), now)
		if len(g.buckets) > maxBuckets+2 {
			t.Fatalf("%d buckets", len(g.buckets))
		}
	}
	old := netip.MustParseAddr("192.0.2.1")
	g.buckets = map[string]bucket{}
	for i := range maxBuckets {
		g.buckets[fmt.Sprint(i)] = bucket{0, now.Add(-time.Hour)}
	}
	if !g.take(old, "anna", now) || len(g.buckets) != 2 {
		t.Errorf("full buckets are kept: %d", len(g.buckets))
	}
}

func TestClientAddr(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		addr         net.Addr
		want, origin string
	}{
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5}, "192.0.2.1", "192.0.2.1/32"},
		{&net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.1"), Port: 5}, "192.0.2.1", "192.0.2.1/32"},
		{&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 5}, "fe80::1", "fe80::/64"},
		{&net.UnixAddr{Name: "socket"}, "invalid IP", "invalid Prefix"},
	} {
		got := clientAddr(addressed{tc.addr})
		if got.String() != tc.want || origin(got).String() != tc.origin {
			t.Errorf("%v: %s of %s", tc.addr, got, origin(got))
		}
	}
}

type addressed struct{ addr net.Addr }

func (a addressed) RemoteAddr() net.Addr { return a.addr }

func TestPace(t *testing.T) {
	t.Parallel()
	p := newPace(time.Minute, 10)
	p.deadline()
	p.progress(1000) // worth 100 seconds
	if p.left != time.Minute {
		t.Errorf("saved up %v", p.left)
	}
	p.since = time.Now().Add(-time.Minute)
	p.progress(50)
	if p.left > 5*time.Second || p.left < 4*time.Second {
		t.Errorf("%v left after a minute and 50 octets", p.left)
	}
}
