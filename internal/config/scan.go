package config

import (
	"time"

	"sigill/internal/yamlfile"
)

// Scan is how much room reading and classifying a message gets.
type Scan struct {
	// Inline is the largest message that is judged while its sender's server waits; larger ones are stored first.
	Inline yamlfile.Size `yaml:"inline"`
	// Budget is how long the sender's server waits for a verdict, waiting for a free worker included.
	Budget yamlfile.Duration `yaml:"budget"`
	// Workers is how many child processes open attachments; 0 means one for each processor.
	Workers int `yaml:"workers"`
	// Memory and Time are what one worker may use for one message before it ends. The policy may give it less time.
	Memory yamlfile.Size     `yaml:"memory"`
	Time   yamlfile.Duration `yaml:"time"`
}

func defaultScan() Scan {
	return Scan{Inline: 32 << 20, Budget: yamlfile.Duration(10 * time.Second), Memory: 1 << 30, Time: yamlfile.Duration(30 * time.Second)}
}

func (s Scan) validate(c *checker) {
	c.size("scan.inline", s.Inline, 0, 1<<30)
	// The sender's server gets its answer within a minute of its last byte, the next hop's share of it included.
	c.between("scan.budget", s.Budget, yamlfile.Duration(time.Second), yamlfile.Duration(30*time.Second))
	c.number("scan.workers", s.Workers, 0, 1024)
	c.size("scan.memory", s.Memory, 64<<20, 64<<30)
	c.between("scan.time", s.Time, yamlfile.Duration(time.Second), yamlfile.Duration(10*time.Minute))
}
