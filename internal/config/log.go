package config

// Log is what the gateway tells about itself.
type Log struct {
	Level  string    `yaml:"level"` // debug, info, warn or error
	Format LogFormat `yaml:"format"`
	// Addresses lets mail addresses into the log. Without it there are only message ids.
	Addresses bool `yaml:"addresses"`
}

// LogFormat is how log lines are written.
type LogFormat string

// The formats there are.
const (
	JSON LogFormat = "json"
	Text LogFormat = "text"
)

func (l Log) validate(c *checker) {
	oneOf(c, "log.level", l.Level, "debug", "info", "warn", "error")
	oneOf(c, "log.format", l.Format, JSON, Text)
}
