package smtpd

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// guard slows down guessing of passwords: one bucket of failures for every client
// and one for every account. A right password costs nothing.
type guard struct {
	burst int
	every time.Duration // one more failure

	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// maxBuckets bounds the memory an attacker can make us use.
const maxBuckets = 20_000

func newGuard(burst int, every time.Duration) *guard {
	return &guard{burst: burst, every: every, buckets: make(map[string]bucket)}
}

// take pays for one attempt of the client on the account in advance, so that many
// attempts at once cannot outrun the count. Without means it pays nothing.
func (g *guard) take(addr netip.Addr, user string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	client, account := g.keys(addr, user)
	c, a := g.at(client, now), g.at(account, now)
	if c.tokens < 1 || a.tokens < 1 {
		return false
	}
	c.tokens--
	a.tokens--
	g.buckets[client], g.buckets[account] = c, a
	g.sweep(now)
	return true
}

// giveBack undoes take: the password was right.
func (g *guard) giveBack(addr netip.Addr, user string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	client, account := g.keys(addr, user)
	for _, key := range []string{client, account} {
		b := g.at(key, now)
		b.tokens = min(b.tokens+1, float64(g.burst))
		g.buckets[key] = b
	}
}

func (g *guard) keys(addr netip.Addr, user string) (client, account string) {
	return "client " + origin(addr).String(), "account " + strings.ToLower(user)
}

// at returns the bucket as it has filled up to now.
func (g *guard) at(key string, now time.Time) bucket {
	b, ok := g.buckets[key]
	if !ok {
		return bucket{float64(g.burst), now}
	}
	earned := float64(now.Sub(b.at)) / float64(g.every)
	return bucket{min(float64(g.burst), b.tokens+max(0, earned)), now}
}

// sweep forgets full buckets; if that is not enough, any.
func (g *guard) sweep(now time.Time) {
	if len(g.buckets) < maxBuckets {
		return
	}
	for key := range g.buckets {
		if g.at(key, now).tokens >= float64(g.burst) {
			delete(g.buckets, key)
		}
	}
	for key := range g.buckets {
		if len(g.buckets) < maxBuckets*9/10 {
			return
		}
		delete(g.buckets, key)
	}
}

// origin is what counts as one client: an IPv4 address, or the /64 of an IPv6 one,
// which is what one customer has.
func origin(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: all such clients are one
	}
	return p
}
