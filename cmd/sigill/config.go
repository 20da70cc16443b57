package main

import (
	"errors"
	"fmt"
	"io/fs"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/yamlfile"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Say what is wrong with the configuration, and with its policy."`
}

type configCheckCmd struct{}

// Run reads the configuration, compiles the policy it names and runs its tests.
func (configCheckCmd) Run(e *env) error {
	cfg, err := config.Load(e.config)
	if unreadable(e.config, err) {
		return err
	}
	if err == nil {
		_, err = app.LoadPolicy(e.ctx, cfg.Policy.File, false)
	}
	if err != nil {
		_, _ = fmt.Fprintln(e.err, err)
		return errNo
	}
	_, err = fmt.Fprintf(e.out, "%s is fine\n", e.config)
	return err
}

// unreadable says that a file itself could not be read, and not that it, or what it
// names, is wrong.
func unreadable(file string, err error) bool {
	path, ok := errors.AsType[*fs.PathError](err)
	return ok && path.Path == file
}

// faults are the problems in an error, one by one.
func faults(err error) []string {
	all, ok := errors.AsType[yamlfile.Errors](err)
	if !ok {
		return []string{err.Error()}
	}
	var texts []string
	for _, one := range all {
		texts = append(texts, one.Error())
	}
	return texts
}
