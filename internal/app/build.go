package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"sigill/internal/auth"
	"sigill/internal/config"
	"sigill/internal/extract"
	"sigill/internal/gateway"
	"sigill/internal/locale"
	"sigill/internal/message"
	"sigill/internal/notify"
	"sigill/internal/portal"
	"sigill/internal/queue"
	"sigill/internal/relay"
	"sigill/internal/sandbox"
	"sigill/internal/sms"
	"sigill/internal/smtpd"
)

func (a *App) openStore(ctx context.Context) error {
	s, ring, err := OpenStore(ctx, a.cfg, StoreOptions{Ring: a.o.Ring, Now: a.o.Now, Log: a.log, Metrics: a.metrics, Fault: a.o.Fault})
	a.store, a.ring = s, ring
	return err
}

func (a *App) openHops(context.Context) error {
	var err error
	if a.out, err = a.openHop(a.cfg.Relay.NextHop, "out"); err != nil {
		return err
	}
	if !a.cfg.Relay.Inbound.IsZero() {
		a.in, err = a.openHop(a.cfg.Relay.Inbound, "in")
	}
	return err
}

func (a *App) openHop(h config.Hop, name string) (*relay.Sender, error) {
	roots, err := certPool(h.CAFile)
	if err != nil {
		return nil, err
	}
	policy := map[config.TLSMode]relay.TLSPolicy{
		config.TLSNone: relay.TLSNone, config.TLSOpportunistic: relay.TLSOpportunistic, config.TLSRequired: relay.TLSRequired,
	}[h.TLS]
	r := a.cfg.Relay
	return relay.New(relay.Options{
		Name: name,
		Hop: relay.Hop{
			Addr: h.Address(), Implicit: h.ImplicitTLS(), TLS: policy, ServerName: h.ServerName,
			RootCAs: roots, User: h.User, Password: h.Password.Reveal(),
		},
		Hello: r.Hello, MaxConns: r.Connections, IdleTimeout: time.Duration(r.Idle),
		DialTimeout: time.Duration(r.ConnectTimeout), CommandTimeout: time.Duration(r.CommandTimeout),
		CutTimeout: a.o.CutTimeout, Now: a.o.Now, Log: a.log, Registerer: a.metrics,
	})
}

func (a *App) openSMS(context.Context) error {
	s, err := SMS(a.cfg.SMS, a.cfg.Portal.BaseURL)
	a.sms = s
	return err
}

// twilioHook is where the provider reports what became of a text.
const twilioHook = "/hooks/twilio"

// SMS makes the way to phones; nil when there is none.
func SMS(c config.SMS, base string) (sms.Sender, error) {
	switch c.Provider {
	case config.FileSMS:
		return sms.NewFile(c.File.Path, time.Now)
	case config.TwilioSMS:
		o := sms.TwilioOptions{
			AccountSID: c.Twilio.AccountSID, AuthToken: c.Twilio.AuthToken.Reveal(), From: c.Twilio.From,
			MessagingService: c.Twilio.MessagingService, BaseURL: c.Twilio.BaseURL,
		}
		if c.Twilio.StatusCallback {
			o.StatusCallback = base + twilioHook
		}
		return sms.NewTwilio(o)
	case config.NoSMS:
	}
	return nil, nil
}

func (a *App) openSandbox(ctx context.Context) error {
	o := a.o.Scanners
	o.Workers, o.Memory, o.Log = a.cfg.Scan.Workers, int64(a.cfg.Scan.Memory), a.log
	o.Room = int64(a.cfg.Scan.AtOnce)
	if o.Patience == 0 {
		o.Patience = time.Duration(a.cfg.Scan.Budget)
	}
	var err error
	if o.OCR, err = OCR(ctx, a.cfg.Scan.OCR); err != nil {
		return err
	}
	a.pool, err = sandbox.New(o) //nolint:contextcheck // the pool lives until Close
	if err == nil {
		a.watchScanners()
	}
	return err
}

// scanLimits are the policy's, within the time that the configuration gives.
func scanLimits(policy extract.Limits, c config.Scan) extract.Limits {
	lim := policy.Filled()
	lim.Time = min(lim.Time, time.Duration(c.Time))
	return lim
}

func (a *App) buildGateway(context.Context) error {
	catalog, err := locale.New()
	if err != nil {
		return err
	}
	from, err := message.ParseAddress(a.cfg.Notices.From)
	if err != nil {
		return err
	}
	responsible, err := message.ParseAddress(a.cfg.Organisation.Responsible)
	if err != nil {
		return err
	}
	compose, err := notify.New(a.notifyOrg(from), catalog)
	if err != nil {
		return err
	}
	sign, err := a.signer()
	if err != nil {
		return err
	}
	o := gateway.Options{
		Org: gateway.Org{
			ID: a.cfg.Organisation.ID, Domains: asciiDomains(a.cfg.Organisation.Domains), Responsible: responsible,
			Unattended: a.cfg.Organisation.Unattended, Lang: string(a.cfg.Organisation.Language),
		},
		Hostname: a.cfg.SMTP.Hostname, BounceDomain: a.cfg.Notices.BounceDomain, Base: a.cfg.Portal.BaseURL,
		Mode: gateway.Mode{
			Observe: a.cfg.Policy.Mode == config.Observe, Pilot: a.cfg.Policy.Pilot,
			Never: a.cfg.Policy.NeverSend, Journal: a.cfg.Policy.Journal,
		},
		Guards: a.guards(), Terms: Terms(a.cfg), Limits: a.limits(),
		Budget:  gateway.Budget{Size: int64(a.cfg.Scan.Inline), Time: time.Duration(a.cfg.Scan.Budget)},
		Retry:   gateway.Retry{First: time.Duration(a.cfg.Relay.Retry.First), Most: time.Duration(a.cfg.Relay.Retry.Most)},
		MaxHops: a.cfg.SMTP.Limits.MaxHops,
		Store:   a.store, Ring: a.ring, Parse: a.parse, Policy: a.currentPolicy,
		Out: a.out, Compose: compose, SMS: a.cappedSMS(), Sign: sign,
		Run: a.runJobs, Fault: a.o.Fault, Now: a.o.Now, Log: a.log, Metrics: a.metrics, LogAddresses: a.cfg.Log.Addresses,
	}
	if a.in != nil {
		o.In = a.in
	}
	if a.o.Roles.Worker {
		o.Lease = a.o.Lease
	}
	a.gateway = gateway.New(o)
	return nil
}

func (a *App) notifyOrg(from message.Address) notify.Org {
	o := a.cfg.Organisation
	return notify.Org{
		Name: o.Name, Domain: from.Domain(), Host: a.cfg.Portal.BaseURL, Phone: o.Phone, Support: o.StaffPhone,
		HelpURL: o.SupportURL, PrivacyURL: o.PrivacyURL, TermsURL: o.TermsURL, GenuineURL: o.GenuineURL, StaffURL: o.StaffURL,
		From: from, Zone: o.Location(), Lang: string(o.Language), Grace: time.Duration(a.cfg.Messages.Grace),
	}
}

// signer makes the DKIM signature of our own mail; nil when no key is configured.
func (a *App) signer() (func([]byte) ([]byte, error), error) {
	if a.cfg.DKIM.IsZero() {
		return nil, nil
	}
	pem, err := os.ReadFile(a.cfg.DKIM.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read DKIM key: %w", err)
	}
	s, err := relay.NewSigner(relay.DKIMKey{Domain: a.cfg.DKIM.Domain, Selector: a.cfg.DKIM.Selector, PEM: pem})
	if err != nil {
		return nil, err
	}
	return s.Sign, nil
}

// guards are the secret fields of shared clouds, by the name of their network.
func (a *App) guards() map[string]gateway.Guard {
	guards := map[string]gateway.Guard{}
	for _, n := range a.cfg.SMTP.Networks {
		switch {
		case !n.Guard.IsZero():
			guards[n.CIDR.String()] = gateway.Guard{Field: n.Guard.Header, Value: n.Guard.Secret.Reveal(), Remove: true}
		case n.ClientCert.Tenant != "":
			guards[n.CIDR.String()] = gateway.Guard{Field: n.ClientCert.TenantHeader, Value: n.ClientCert.Tenant}
		}
	}
	return guards
}

// Terms are the times of a configuration.
func Terms(c *config.Config) message.Terms {
	t := message.Terms{
		Link: time.Duration(c.Messages.Link), Reminder: time.Duration(c.Messages.Reminder),
		Hold: time.Duration(c.Messages.Hold), Grace: time.Duration(c.Messages.Grace),
		Queue: time.Duration(c.Relay.Expire), Delay: time.Duration(c.Relay.DelayNotice),
		NumberAgain: time.Duration(c.Messages.NumberAgain),
	}
	for _, d := range c.Messages.HoldReminders {
		t.HoldReminders = append(t.HoldReminders, time.Duration(d))
	}
	return t
}

func (a *App) limits() auth.Limits {
	l, c := auth.DefaultLimits(), a.cfg.Codes
	l.CodeLife, l.Idle, l.Tries = time.Duration(c.Life), time.Duration(a.cfg.Portal.SessionIdle), c.Tries
	l.PerMessage, l.PerRecipientDay, l.PerClientHour, l.GlobalHour = c.PerMessage, c.PerRecipientDay, c.PerClientHour, c.PerHour
	l.CodesPerMessage, l.CodesPerRecipientHour = c.SentPerMessage, c.SentPerRecipientHour
	return l
}

func (a *App) buildQueue(context.Context) error {
	handlers := map[message.JobKind]queue.Handler{}
	for kind, h := range a.gateway.Handlers() {
		handlers[kind] = h
	}
	a.runner = queue.New(a.store, handlers, queue.Options{Lease: a.o.Lease, Drain: drainQueue, Now: a.o.Now, Log: a.log, Metrics: a.metrics})
	return nil
}

func (a *App) buildPortal(context.Context) error {
	if !a.o.Roles.Portal {
		return nil
	}
	catalog, err := locale.New()
	if err != nil {
		return err
	}
	o := a.cfg.Organisation
	p, err := portal.New(portal.Options{
		Store: a.store, Catalog: catalog,
		Org: portal.Org{
			ID: o.ID, Name: o.Name, Lang: string(o.Language), Zone: o.Location(), Phone: o.Phone,
			HelpURL: o.SupportURL, PrivacyURL: o.PrivacyURL, TermsURL: o.TermsURL, GenuineURL: o.GenuineURL, Domains: o.Domains,
		},
		Base: a.cfg.Portal.BaseURL, Terms: Terms(a.cfg), Limits: a.limits(), Extract: extract.DefaultLimits(), SessionLife: time.Duration(a.cfg.Portal.SessionLife),
		Countries: a.cfg.SMS.Countries, DefaultCountry: a.cfg.SMS.DefaultCountry, SMS: a.sms != nil, AllowRelease: a.cfg.Messages.SenderMayRelease,
		TrustedProxies: a.cfg.Portal.Proxies(), Now: a.o.Now, Log: a.log, Metrics: a.metrics, LogAddresses: a.cfg.Log.Addresses,
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", p.Handler())
	if t, ok := a.sms.(*sms.Twilio); ok && a.cfg.SMS.Twilio.StatusCallback {
		mux.Handle("POST "+twilioHook, a.twilioStatus(t))
	}
	a.web = mux
	if a.o.Web != nil {
		a.web = a.o.Web(mux, a.store)
	}
	return nil
}

func (a *App) buildSMTP(context.Context) error {
	if !a.o.Roles.SMTPD {
		return nil
	}
	c := a.cfg.SMTP
	t, err := a.serverTLS(c.TLS.TLS)
	if t != nil {
		t.ClientCAs, err = clientAuthorities(c.TLS.ClientCA)
	}
	if err != nil {
		return err
	}
	o := smtpd.Options{
		Hostname: c.Hostname, Acceptor: a.gateway, TLS: t, Networks: networks(c.Networks), Ready: a.readyForMail, Room: a.gateway.Room, TempDir: c.SpoolDir,
		Limits: smtpd.Limits{
			Size: int64(c.Limits.Size), Recipients: c.Limits.Recipients, Messages: c.Limits.Messages, Connections: c.Limits.Connections, PerClient: c.Limits.PerIP,
			HardErrors: c.Limits.Errors, Command: time.Duration(c.Limits.CommandTimeout), Data: time.Duration(c.Limits.DataTimeout),
			Rate: int(c.Limits.MinRate), SpoolTotal: int64(c.SpoolMemory),
		},
		Log: a.log, LogAddresses: a.cfg.Log.Addresses, Registerer: a.metrics, Now: a.o.Now,
	}
	if c.Auth.UsersFile != "" {
		u, err := readUsers(c.Auth.UsersFile)
		if err != nil {
			return err
		}
		o.Authenticate = u.authenticate
	}
	a.smtpd, err = smtpd.New(o)
	return err
}

// networks lists the smallest ranges first: where ranges overlap, their settings hold.
func networks(listed []config.Network) []smtpd.Network {
	var all []smtpd.Network
	for bits := 128; bits >= 0; bits-- {
		for _, n := range listed {
			if n.CIDR.Bits() != bits {
				continue
			}
			one := smtpd.Network{
				Name: n.CIDR.String(), Prefixes: []netip.Prefix{n.CIDR},
				Foreign: n.Foreign == config.AllowForeign, Normalize: n.Normalize,
			}
			if n.ClientCert.Name != "" {
				one.RequireTLS, one.Certificates = true, []smtpd.Certificate{{Name: n.ClientCert.Name}}
			}
			all = append(all, one)
		}
	}
	return all
}

func asciiDomains(domains []string) []string {
	ascii := make([]string, 0, len(domains))
	for _, d := range domains {
		if a, err := message.ParseDomain(d); err == nil { // config has refused what is not a domain
			ascii = append(ascii, a)
		}
	}
	return ascii
}

// listen opens every socket of the chosen roles.
func (a *App) listen(ctx context.Context) error {
	if a.smtpd != nil {
		for _, addr := range a.cfg.SMTP.Listen {
			if err := a.open(ctx, "smtp", addr, func(ctx context.Context, l net.Listener) error { return a.smtpd.Serve(ctx, l, false) }); err != nil {
				return err
			}
		}
		for _, addr := range a.cfg.SMTP.ImplicitTLS {
			if err := a.open(ctx, "smtps", addr, func(ctx context.Context, l net.Listener) error { return a.smtpd.Serve(ctx, l, true) }); err != nil {
				return err
			}
		}
	}
	if a.web != nil {
		t, err := a.serverTLS(a.cfg.Portal.TLS)
		if err != nil {
			return err
		}
		if err := a.open(ctx, "portal", a.cfg.Portal.Listen, overTLS(serveHTTP(a.web), t)); err != nil {
			return err
		}
	}
	return a.open(ctx, "admin", a.cfg.Admin.Listen, serveHTTP(a.adminHandler()))
}

func overTLS(serve func(context.Context, net.Listener) error, t *tls.Config) func(context.Context, net.Listener) error {
	if t == nil {
		return serve
	}
	return func(ctx context.Context, l net.Listener) error { return serve(ctx, tls.NewListener(l, t)) }
}

func (a *App) open(ctx context.Context, name, addr string, serve func(context.Context, net.Listener) error) error {
	l := a.o.Listeners[name]
	if l == nil {
		var lc net.ListenConfig
		var err error
		if l, err = lc.Listen(ctx, "tcp", addr); err != nil {
			return fmt.Errorf("%s on %s: %w", name, addr, err)
		}
	}
	a.listeners = append(a.listeners, listener{name, l, func(ctx context.Context, l net.Listener) error {
		err := serve(ctx, l)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		return err
	}})
	return nil
}
