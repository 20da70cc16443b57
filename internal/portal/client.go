package portal

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// client is the address that tries are counted by: the peer's, or when the peer is a
// trusted proxy, the nearest one in X-Forwarded-For that is not. Of IPv6, the /64
// counts, since a client has all of it.
func (p *Portal) client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return "unknown"
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusted(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next
	}
	return network(addr)
}

func (p *Portal) trusted(a netip.Addr) bool {
	for _, proxy := range p.o.TrustedProxies {
		if proxy.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	prefix, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return prefix.String()
}
