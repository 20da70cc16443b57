package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigill/internal/gateway"
	"sigill/internal/policy"
	"sigill/policies"
)

// loadPolicy compiles the policy and runs its tests. A policy that fails them is
// refused, so that the rules in force are always ones that do what their owner says.
func (a *App) loadPolicy(ctx context.Context) error {
	p, err := LoadPolicy(ctx, a.cfg.Policy.File, a.o.Force)
	if err != nil {
		return err
	}
	a.policy.Store(p)
	a.log.Info("policy loaded", "policy", p.ID())
	return nil
}

// LoadPolicy reads the policy at path, or the one that comes with the program, and runs
// its tests unless forced.
func LoadPolicy(ctx context.Context, path string, force bool) (*policy.Policy, error) {
	p, err := CompilePolicy(path)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, r := range p.RunTests(ctx, time.Now()) {
		if !r.Passed() {
			failed = append(failed, fmt.Errorf("%s: %s: %s", r.Pos, r.Name, strings.Join(r.Failures, "; ")))
		}
	}
	if len(failed) > 0 && !force {
		return nil, fmt.Errorf("%d of the policy's own tests fail; it is not taken: %w", len(failed), errors.Join(failed...))
	}
	return p, nil
}

// CompilePolicy reads the policy at path, or with "" the one that comes with the
// program, without running its tests.
func CompilePolicy(path string) (*policy.Policy, error) {
	if path == "" {
		return policy.Parse("policies/default.yaml", policies.Default, nil)
	}
	return policy.Load(path)
}

// currentPolicy is what the gateway judges by; nil when there is none.
func (a *App) currentPolicy() gateway.Policy {
	if p := a.policy.Load(); p != nil {
		return p
	}
	return nil
}

// Reload reads policy, certificates and log level again, without dropping a
// connection. What is wrong is refused, and what was in force stays.
func (a *App) Reload(ctx context.Context, reread func() (level string, err error)) {
	if err := a.loadPolicy(ctx); err != nil {
		a.log.Error("policy refused; the old one stays", "error", err)
	}
	for _, c := range a.certs {
		if err := c.load(); err != nil {
			a.log.Error("certificate refused; the old one stays", "error", err)
		}
	}
	level, err := reread()
	if err == nil && a.o.Level != nil {
		err = a.o.Level.UnmarshalText([]byte(level))
	}
	if err != nil {
		a.log.Error("configuration refused; the old log level stays", "error", err)
	}
	a.log.Info("reloaded")
}
