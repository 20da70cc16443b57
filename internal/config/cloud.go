package config

import "net/netip"

// cloud is a mail service whose sending addresses belong to all of its customers at once.
type cloud struct {
	name     string
	prefixes []string
}

// sharedClouds are the ranges that Exchange Online Protection and Google's mail servers send from, as their operators
// publish them (Microsoft's endpoint list for "Exchange Online", Google's _netblocks SPF records).
func sharedClouds() []cloud {
	return []cloud{
		{"Microsoft 365", []string{
			"40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "52.238.78.88/32", "104.47.0.0/17",
			"2a01:111:f400::/48", "2a01:111:f403::/48",
		}},
		{"Google", []string{
			"35.190.247.0/24", "35.191.0.0/16", "64.233.160.0/19", "66.102.0.0/20", "66.249.80.0/20", "72.14.192.0/18",
			"74.125.0.0/16", "108.177.8.0/21", "108.177.96.0/19", "130.211.0.0/22", "142.250.0.0/15", "172.217.0.0/16",
			"172.253.0.0/16", "173.194.0.0/16", "209.85.128.0/17", "216.58.192.0/19", "216.239.32.0/19",
			"2001:4860:4000::/36", "2404:6800:4000::/36", "2607:f8b0:4000::/36", "2800:3f0:4000::/36",
			"2a00:1450:4000::/36", "2c0f:fb50:4000::/36",
		}},
	}
}

// SharedCloud is the name of the cloud that sends from addresses in the range, and whether there is one. Who sends from
// there may be any of its customers.
func SharedCloud(network netip.Prefix) (string, bool) {
	for _, c := range sharedClouds() {
		for _, text := range c.prefixes {
			if prefix, err := netip.ParsePrefix(text); err == nil && prefix.Overlaps(network) {
				return c.name, true
			}
		}
	}
	return "", false
}
