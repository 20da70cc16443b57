package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigill/internal/config"
	"sigill/internal/gateway"
	"sigill/internal/policy"
	"sigill/policies"
)

// loadPolicy compiles the policy and runs its tests. A policy that fails them is
// refused, so that the rules in force are always ones that do what their owner says.
func (a *App) loadPolicy(ctx context.Context) error {
	load := LoadPolicyFor
	if a.o.Policy != nil {
		load = a.o.Policy
	}
	p, err := load(ctx, a.cfg, a.o.Force)
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
	return p, tested(ctx, p, force)
}

// LoadPolicyFor is LoadPolicy for what the configuration names. The policy that comes
// with the program takes the organisation's own domains from there; a policy of its own
// says them itself.
func LoadPolicyFor(ctx context.Context, cfg *config.Config, force bool) (*policy.Policy, error) {
	if cfg.Policy.File != "" || len(cfg.Organisation.Domains) == 0 {
		return LoadPolicy(ctx, cfg.Policy.File, force)
	}
	lists := map[string][]string{ownDomains: cfg.Organisation.Domains}
	p, err := policy.ParseWith(builtIn, policies.Default, nil, lists)
	if err != nil {
		return nil, fmt.Errorf("policy that comes with the program: %w", err)
	}
	return p, tested(ctx, p, force)
}

// tested runs the tests of a policy; the error names those that fail.
func tested(ctx context.Context, p *policy.Policy, force bool) error {
	var failed []error
	for _, r := range p.RunOwnTests(ctx, time.Now()) {
		if !r.Passed() {
			failed = append(failed, fmt.Errorf("%s: %s: %s", r.Pos, r.Name, strings.Join(r.Failures, "; ")))
		}
	}
	if len(failed) > 0 && !force {
		return fmt.Errorf("%d of the policy's own tests fail; it is not taken: %w", len(failed), errors.Join(failed...))
	}
	return nil
}

// expirySoon is how long before its last day an exception is worth a look.
const expirySoon = 30 * 24 * time.Hour

// PolicyNotes names what in a policy that works is worth a look: exceptions that have expired or soon will, so that more is
// protected than before, and addresses that are never told because they are not the organisation's.
func PolicyNotes(p *policy.Policy, cfg *config.Config, now time.Time) []string {
	var notes []string
	for _, e := range p.Expired(now) {
		notes = append(notes, e.Error())
	}
	notes = append(notes, p.Expiring(now, expirySoon)...)
	own := gateway.Org{Domains: cfg.Organisation.Domains}
	for _, a := range p.Told() {
		if !own.Own(a) {
			notes = append(notes, fmt.Sprintf("notify: %s lies in none of organisation.domains, and is never told", a))
		}
	}
	return notes
}

// The policy that comes with the program, as errors name it, and its list of the
// organisation's own domains.
const (
	builtIn    = "policies/default.yaml"
	ownDomains = "own_domains"
)

// CompilePolicy reads the policy at path, or with "" the one that comes with the
// program, without running its tests.
func CompilePolicy(path string) (*policy.Policy, error) {
	if path == "" {
		return policy.Parse(builtIn, policies.Default, nil)
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
