package main

import (
	"cmp"
	"io"
	"log/slog"
	"os"

	"sigill/internal/demo"
)

type demoCmd struct {
	HTTP string `name:"http" help:"Address of the web page; port 0 takes a free one." default:"127.0.0.1:8025"`
	SMTP string `name:"smtp" help:"Address for mail; port 0 takes a free one." default:"127.0.0.1:2525"`
	Lang string `help:"Language of the mails: sv, nl or en; without it, that of LANG." enum:",sv,nl,en" default:""`
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
	return demo.Run(e.ctx, demo.Options{HTTP: c.HTTP, SMTP: c.SMTP, Lang: cmp.Or(c.Lang, usersLang()), JSON: c.JSON, Out: e.out, Log: log})
}

// usersLang is the language of the environment (POSIX 8.2), or English.
func usersLang() string {
	name := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	if len(name) >= 2 && (name[:2] == "sv" || name[:2] == "nl") {
		return name[:2]
	}
	return "en"
}
