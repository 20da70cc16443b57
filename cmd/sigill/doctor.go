package main

import (
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
	found, err := c.look(e)
	if err != nil {
		return err
	}
	err = list(e.out, c.JSON, []string{"", "WHAT", "FOUND"}, found, func(d app.Diagnosis) []string {
		return []string{mark(d), d.What, d.Found}
	})
	if err != nil {
		return err
	}
	for _, d := range found {
		if d.Bad {
			return no("something is wrong")
		}
	}
	return nil
}

// look is the diagnosis; a configuration with faults is the whole of it.
func (c *doctorCmd) look(e *env) ([]app.Diagnosis, error) {
	cfg, err := config.Load(e.config)
	if unreadable(e.config, err) {
		return nil, err
	}
	if err != nil {
		var found []app.Diagnosis
		for _, fault := range faults(err) {
			found = append(found, app.Diagnosis{What: "configuration", Found: fault, Bad: true})
		}
		return found, nil
	}
	fine := app.Diagnosis{What: "configuration", Found: e.config}
	return append([]app.Diagnosis{fine}, app.Diagnose(e.ctx, cfg, c.Offline)...), nil
}

func mark(d app.Diagnosis) string {
	switch {
	case d.Bad:
		return "WRONG"
	case d.Warn:
		return "look"
	}
	return "ok"
}
