package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"sigill/internal/app"
	"sigill/internal/config"
)

type serveCmd struct {
	Roles []string `help:"What this process does: smtpd, portal, worker." enum:"smtpd,portal,worker" default:"smtpd,portal,worker"`
	Force bool     `help:"Take a policy although its own tests fail."`
}

// Run serves until SIGTERM or SIGINT. SIGHUP reads policy, certificates and log level
// again.
func (c *serveCmd) Run(e *env) error {
	cfg, err := config.Load(e.config)
	if err != nil {
		return err
	}
	var level slog.LevelVar
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		return err
	}
	log := newLog(e.err, cfg.Log.Format, &level)
	a, err := app.New(e.ctx, cfg, app.Options{Roles: roles(c.Roles), Log: log, Level: &level, Force: c.Force})
	if err != nil {
		return err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	go reloadOn(ctx, hup, a, e.config)
	err = a.Run(ctx)
	if closed := a.Close(); err == nil {
		err = closed
	}
	return err
}

func reloadOn(ctx context.Context, hup <-chan os.Signal, a *app.App, file string) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
			a.Reload(ctx, func() (string, error) {
				cfg, err := config.Load(file)
				if err != nil {
					return "", err
				}
				return cfg.Log.Level, nil
			})
		}
	}
}

func newLog(w io.Writer, format config.LogFormat, level *slog.LevelVar) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if format == config.Text {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

func roles(names []string) app.Roles {
	var r app.Roles
	for _, n := range names {
		switch strings.TrimSpace(n) {
		case "smtpd":
			r.SMTPD = true
		case "portal":
			r.Portal = true
		case "worker":
			r.Worker = true
		}
	}
	return r
}

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Say what is wrong with the configuration, and with its policy."`
}

type configCheckCmd struct{}

// Run reads the configuration and compiles the policy it names.
func (configCheckCmd) Run(e *env) error {
	cfg, err := config.Load(e.config)
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
