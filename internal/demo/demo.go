// Package demo runs the whole gateway on this computer for somebody who wants to see
// it: SQLite in a temporary folder, a next hop and a phone of its own, and one web page
// that sends sample messages and shows what went out and why.
//
// Nothing in it is special to the gateway: it is configured, fed by SMTP and read over
// HTTP like any other.
package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/locale"
	"sigill/internal/store"
)

// The organisation of the demo, and who writes to whom.
const (
	orgName   = "Region Norrsund"
	orgDomain = "norrsund.example"
	zoneName  = "Europe/Stockholm"
	sender    = "johan@norrsund.example"
	senderAs  = "Johan Lindqvist"
	recipient = "karin@ekman.example"
	reader    = "Karin Ekman"
)

// Options of a demo. Port 0 takes a free one.
type Options struct {
	HTTP string // address of the page and the portal
	SMTP string // address for mail
	Lang string // of notices: sv, nl or en; "" is en
	JSON bool   // print one line of JSON instead of text
	Out  io.Writer
	Log  *slog.Logger
}

// Run serves until ctx ends, and then removes everything.
func Run(ctx context.Context, o Options) (err error) {
	dir, err := os.MkdirTemp("", "sigill-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d, err := start(ctx, dir, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.announce(o); err != nil {
		return err
	}
	return d.app.Run(ctx)
}

// demo is everything that runs.
type demo struct {
	app   *app.App
	hop   *hop
	dir   string
	texts string // file of the SMS provider
	base  string // URL of page and portal
	smtp  string // address for mail
	store store.Store
	words *locale.Catalog
	pages *pages
	lang  string // of the mails
	zone  *time.Location
}

// start builds everything, or nothing.
func start(ctx context.Context, dir string, o Options) (d *demo, err error) {
	o.Lang = cmp.Or(o.Lang, "en")
	d = &demo{dir: dir, texts: filepath.Join(dir, "texts.jsonl"), lang: o.Lang}
	if d.zone, err = time.LoadLocation(zoneName); err != nil {
		return nil, err
	}
	if d.words, err = locale.New(); err != nil {
		return nil, err
	}
	if d.pages, err = parsePages(); err != nil {
		return nil, err
	}
	sockets, err := openSockets(ctx, o)
	if err != nil {
		return nil, err
	}
	d.base, d.smtp = "http://"+sockets["portal"].Addr().String(), sockets["smtp"].Addr().String()
	if d.hop, err = newHop(ctx); err != nil {
		return nil, errors.Join(err, closeAll(sockets))
	}
	cfg, err := d.config(o)
	if err == nil {
		d.app, err = app.New(ctx, cfg, app.Options{Roles: app.AllRoles, Log: o.Log, Listeners: sockets, Web: d.web})
	}
	if err != nil {
		return nil, errors.Join(err, closeAll(sockets), d.hop.close())
	}
	return d, nil
}

// openSockets takes the ports before anything else is done, so that one in use is
// told at once.
func openSockets(ctx context.Context, o Options) (map[string]net.Listener, error) {
	sockets := map[string]net.Listener{}
	var lc net.ListenConfig
	for _, s := range []struct{ name, addr, flag string }{
		{"portal", o.HTTP, "--http"}, {"smtp", o.SMTP, "--smtp"}, {"admin", "127.0.0.1:0", ""},
	} {
		l, err := lc.Listen(ctx, "tcp", s.addr)
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf("%s is taken by another program; give another address, as %s 127.0.0.1:0 for a free port", s.addr, s.flag)
		}
		if err != nil {
			return nil, errors.Join(err, closeAll(sockets))
		}
		sockets[s.name] = l
	}
	return sockets, nil
}

// closeAll closes what the gateway has not closed already.
func closeAll(sockets map[string]net.Listener) error {
	var errs []error
	for _, l := range sockets {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// config is that of a small organisation, with everything in one folder.
func (d *demo) config(o Options) (*config.Config, error) {
	c := config.Default()
	c.Organisation.Name, c.Organisation.Domains = orgName, []string{orgDomain}
	c.Organisation.Responsible, c.Organisation.Phone = "it@"+orgDomain, "0600-12 34 00"
	c.Organisation.Language, c.Organisation.Timezone = config.Language(o.Lang), zoneName
	c.SMTP.Hostname, c.SMTP.Listen = "brev."+orgDomain, []string{o.SMTP}
	for _, loopback := range []string{"127.0.0.0/8", "::1/128"} {
		c.SMTP.Networks = append(c.SMTP.Networks, config.Network{CIDR: netip.MustParsePrefix(loopback)})
	}
	c.SMTP.SpoolDir = d.dir
	c.Relay.NextHop = config.Hop{URL: "smtp://" + d.hop.addr(), TLS: config.TLSNone}
	c.Store.Path, c.Store.Keyring = filepath.Join(d.dir, "sigill.db"), filepath.Join(d.dir, "keyring")
	c.Store.MinFreePercent = 0
	c.Portal.BaseURL, c.Portal.Listen = d.base, o.HTTP
	c.Admin.Listen = "127.0.0.1:0"
	c.SMS.Provider, c.SMS.File.Path = config.FileSMS, d.texts
	c.Scan.Workers = 1
	c.Fill()
	return c, c.Validate()
}

// web puts the demo's page in front of the portal, on one address.
func (d *demo) web(portal http.Handler, s store.Store) http.Handler {
	d.store = s
	own := http.NewCrossOriginProtection()
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.HandlerFunc(d.showPage))
	mux.Handle("POST /demo/send", own.Handler(http.HandlerFunc(d.sendSample)))
	mux.Handle("POST /demo/write", own.Handler(http.HandlerFunc(d.sendWritten)))
	mux.Handle("GET /demo/mail/{n}", http.HandlerFunc(d.showMail))
	mux.Handle("GET /demo/mail/{n}/html", http.HandlerFunc(d.showMailHTML))
	mux.Handle("GET /demo/mail/{n}/raw", http.HandlerFunc(d.showMailRaw))
	mux.Handle("/", portal)
	return mux
}

// announce says what to open, once the sockets are.
func (d *demo) announce(o Options) error {
	if o.JSON {
		return json.NewEncoder(o.Out).Encode(map[string]string{"http": d.base, "smtp": d.smtp, "dir": d.dir})
	}
	_, err := fmt.Fprintf(o.Out, `
Sigill runs, for you to try. Nothing leaves this computer.

  Open this page:   %s
  Or send by SMTP:  %s, without a password, for instance with
                    swaks --server %s --from %s --to %s --header "Subject: [secure] Contract"

Ctrl-C ends it and forgets everything.
`, d.base, d.smtp, d.smtp, sender, recipient)
	return err
}

func (d *demo) close() error { return errors.Join(d.app.Close(), d.hop.close()) }
