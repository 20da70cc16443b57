package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/policy"
	"sigill/internal/yamlfile"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Say what is wrong with the configuration, and with its policy."`
}

type configCheckCmd struct{}

// Help says what is looked at.
func (configCheckCmd) Help() string {
	return `What has expired in the policy, or will within 30 days, is named and is no mistake: the gateway starts with it and protects
more mail than before.

Exit codes: 0 all is fine, 1 something is wrong, 3 the file cannot be read.`
}

// Run reads the configuration, compiles the policy it names and runs its tests.
func (configCheckCmd) Run(e *env) error {
	cfg, err := config.Load(e.config)
	if unreadable(e.config, err) {
		return err
	}
	var p *policy.Policy
	if err == nil {
		p, err = app.LoadPolicy(e.ctx, cfg.Policy.File, false)
	}
	if err != nil {
		_, _ = fmt.Fprintln(e.err, err)
		return errNo
	}
	var l lines
	l.add("%s is fine", e.config)
	for _, note := range app.PolicyNotes(p, cfg, time.Now()) {
		l.add("  look: %s", note)
	}
	_, err = l.b.WriteTo(e.out)
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
