package config

import "fmt"

// Mode is what happens with a verdict.
type Mode string

// The modes there are.
const (
	// Enforce acts on every verdict.
	Enforce Mode = "enforce"
	// Observe lets everything pass and records what would have happened.
	Observe Mode = "observe"
)

// Policy is what decides about messages.
type Policy struct {
	// File is the policy; empty means the one compiled into the program.
	File string `yaml:"file"`
	Mode Mode   `yaml:"mode"`
	// Pilot are senders for whom verdicts are enforced although Mode is Observe; * stands for any characters.
	Pilot []string `yaml:"pilot"`
	// NeverSend are recipient domains that get no mail at all (550 5.7.1).
	NeverSend []string `yaml:"never_send"`
	// Journal are recipients that get every message as it is: never sealed, and over TLS only.
	Journal []string `yaml:"journal"`
}

func (p Policy) validate(c *checker) {
	oneOf(c, "policy.mode", p.Mode, Enforce, Observe)
	c.patterns("policy.pilot", p.Pilot)
	if len(p.Pilot) > 0 && p.Mode == Enforce {
		c.fault("policy.pilot", "has no effect while policy.mode is enforce; set mode: observe or remove the pilot")
	}
	c.domains("policy.never_send", p.NeverSend)
	c.addresses("policy.journal", p.Journal)
	for i, address := range p.Journal {
		if isAddress(address) && within(address, p.NeverSend) {
			c.fault(fmt.Sprintf("policy.journal[%d]", i), "%q lies in policy.never_send", address)
		}
	}
}
