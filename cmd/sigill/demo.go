package main

import (
	"io"
	"log/slog"

	"sigill/internal/demo"
)

type demoCmd struct {
	HTTP string `name:"http" help:"Address of the web page; port 0 takes a free one." default:"127.0.0.1:8025"`
	SMTP string `name:"smtp" help:"Address for mail; port 0 takes a free one." default:"127.0.0.1:2525"`
	Lang string `help:"Language of the mails: sv, nl or en." enum:"sv,nl,en" default:"en"`
	JSON bool   `help:"Print one line of JSON instead of text."`
	Log  bool   `help:"Show the gateway's log."`
}

// Run serves until it is interrupted.
func (c *demoCmd) Run(e *env) error {
	out := io.Discard
	if c.Log {
		out = e.err
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	return demo.Run(e.ctx, demo.Options{HTTP: c.HTTP, SMTP: c.SMTP, Lang: c.Lang, JSON: c.JSON, Out: e.out, Log: log})
}
