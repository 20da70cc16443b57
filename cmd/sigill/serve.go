package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"sigill/internal/app"
	"sigill/internal/config"
)

type serveCmd struct {
	Roles []string `help:"What this process does: smtpd takes mail in, portal serves the web pages, worker does what is due." enum:"smtpd,portal,worker" default:"smtpd,portal,worker"`
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
	signal.Ignore(syscall.SIGPIPE) // mail goes on when nobody reads the log any longer
	hup := make(chan os.Signal, 1) // from here on: by itself it would end a gateway that is still starting
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	app.LimitMemory(cfg)
	a, err := app.New(e.ctx, cfg, app.Options{Roles: roles(c.Roles), Log: log, Level: &level, Force: c.Force})
	if err != nil {
		return err
	}
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
		switch n {
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
