package main

import (
	"fmt"

	"sigill/internal/app"
	"sigill/internal/config"
)

type doctorCmd struct {
	asJSON
	Offline bool `help:"Leave out what needs DNS or another server."`
}

// Run looks at everything that a running gateway needs, and says what is wrong and what
// to do. Its answer is no when something is.
func (c *doctorCmd) Run(e *env) error {
	cfg, err := config.Load(e.config)
	if err != nil {
		return err
	}
	found := app.Diagnose(e.ctx, cfg, c.Offline)
	err = list(e.out, c.JSON, []string{"", "WHAT", "FOUND"}, found, func(d app.Diagnosis) []string {
		mark := "ok"
		switch {
		case d.Bad:
			mark = "WRONG"
		case d.Warn:
			mark = "look"
		}
		return []string{mark, d.What, d.Found}
	})
	if err != nil {
		return err
	}
	for _, d := range found {
		if d.Bad {
			_, _ = fmt.Fprintln(e.err, "something is wrong")
			return errNo
		}
	}
	return nil
}
