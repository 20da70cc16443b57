package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/config"
	"sigill/internal/relay"
	"sigill/internal/sandbox"
	"sigill/internal/store"
	"sigill/internal/store/postgres"
)

// Diagnosis is one thing that was looked at.
type Diagnosis struct {
	What  string `json:"what"`
	Found string `json:"found"`
	Bad   bool   `json:"bad"`
	Warn  bool   `json:"warn,omitempty"` // worth a look, and nothing stands still for it
}

// soon is how long before its end a certificate is worth a look.
const soon = 21 * 24 * time.Hour

// Diagnose looks at what a running gateway needs: policy, key ring, store, next hops,
// certificates, clock, and the DNS of notices, with either store. Offline leaves out what needs others.
func Diagnose(ctx context.Context, c *config.Config, offline bool) []Diagnosis {
	d := &doctor{cfg: c}
	d.policy(ctx)
	d.ring()
	d.store(ctx)
	d.clock()
	d.scanners(ctx)
	d.pictures(ctx)
	d.certificates()
	d.clouds()
	if !offline {
		d.hops(ctx)
		d.notices(ctx)
	}
	return d.found
}

type doctor struct {
	cfg   *config.Config
	found []Diagnosis
	marks []mark // what this machine's clock must not be before
}

func (d *doctor) say(what string, err error, ok string) {
	if err != nil {
		d.found = append(d.found, Diagnosis{What: what, Found: err.Error(), Bad: true})
		return
	}
	d.found = append(d.found, Diagnosis{What: what, Found: ok})
}

func (d *doctor) warn(what, text string) {
	d.found = append(d.found, Diagnosis{What: what, Found: text, Warn: true})
}

func (d *doctor) policy(ctx context.Context) {
	p, err := LoadPolicyFor(ctx, d.cfg, false)
	ok := ""
	if err == nil {
		ok = "compiles, its tests pass: " + p.ID()
	}
	d.say("policy", err, ok)
	if err != nil {
		return
	}
	for _, note := range PolicyNotes(p, d.cfg, time.Now()) {
		d.warn("policy", note)
	}
}

func (d *doctor) ring() {
	info, err := os.Stat(d.cfg.Store.Keyring)
	if errors.Is(err, os.ErrNotExist) {
		d.warn("key ring", d.cfg.Store.Keyring+" is not there yet; the first start makes it")
		return
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("%s can be read by others (%s); chmod 600", d.cfg.Store.Keyring, info.Mode().Perm())
	}
	d.say("key ring", err, "only its owner can read it")
	if filepath.Dir(d.cfg.Store.Keyring) == filepath.Dir(d.cfg.Store.Path) && d.cfg.Store.Driver == config.SQLite {
		d.warn("key ring", "lies in the folder of the database; keep its backup apart from the backup of the database")
	}
}

func (d *doctor) store(ctx context.Context) {
	if _, err := os.Stat(d.cfg.Store.Keyring); err != nil {
		return // opening would make a ring
	}
	s, _, err := OpenStore(ctx, d.cfg, StoreOptions{Now: time.Now, NoMigrate: true})
	if err == nil {
		err = errors.Join(s.Ping(ctx), d.newest(ctx, s), s.Close())
	}
	d.say("store", err, string(d.cfg.Store.Driver)+" answers, the key ring belongs to it")
	if d.cfg.Store.Driver == config.Postgres && err == nil {
		d.postgres(ctx)
	}
}

// newest notes when the newest thing in the store happened.
func (d *doctor) newest(ctx context.Context, s store.Store) error {
	messages, err := s.Find(ctx, store.Query{Limit: 1})
	if err != nil {
		return err
	}
	for _, m := range messages {
		d.marks = append(d.marks, mark{"the newest message in the store", m.Accepted})
	}
	traces, err := s.FindTraces(ctx, store.Query{Limit: 1})
	for _, t := range traces {
		d.marks = append(d.marks, mark{"the newest trace in the store", t.At})
	}
	return err
}

// postgres looks at the database's clock and at its standby.
func (d *doctor) postgres(ctx context.Context) {
	facts, err := postgres.Inspect(ctx, d.cfg.Store.URL.Reveal())
	if err != nil {
		d.say("database", err, "")
		return
	}
	off := time.Since(facts.Now).Abs()
	err = nil
	if off > clockSlack {
		err = fmt.Errorf("differs from this machine by %s; let both follow a time server", off.Round(time.Second))
	}
	d.say("database clock", err, "agrees with this machine")
	if facts.Standbys > 0 && !facts.Synchronous {
		d.warn("standby", "is asynchronous: the last accepted messages can be lost with the primary; set synchronous_standby_names")
	}
}

func (d *doctor) certificates() {
	for _, one := range []struct {
		what  string
		files config.TLS
	}{{"smtp certificate", d.cfg.SMTP.TLS.TLS}, {"portal certificate", d.cfg.Portal.TLS}} {
		what, files := one.what, one.files
		if files.IsZero() {
			continue
		}
		c := &certificate{files: files}
		if err := c.load(); err != nil {
			d.say(what, err, "")
			continue
		}
		leaf, err := x509.ParseCertificate(c.current.Load().Certificate[0])
		switch {
		case err != nil:
		case time.Now().After(leaf.NotAfter):
			err = fmt.Errorf("ended on %s", leaf.NotAfter.Format(time.DateOnly))
		case time.Until(leaf.NotAfter) < soon:
			d.warn(what, "ends on "+leaf.NotAfter.Format(time.DateOnly))
			continue
		}
		ok := ""
		if leaf != nil {
			ok = "good until " + leaf.NotAfter.Format(time.DateOnly)
		}
		d.say(what, err, ok)
	}
}

// clouds names listed networks that many customers share; config refuses them without a
// guard, and here it is said that there is one.
func (d *doctor) clouds() {
	for _, n := range d.cfg.SMTP.Networks {
		if cloud, shared := config.SharedCloud(n.CIDR); shared {
			d.say("network "+n.CIDR.String(), nil, "shared by the customers of "+cloud+", and guarded")
		}
	}
}

func (d *doctor) hops(ctx context.Context) {
	a := &App{cfg: d.cfg, o: Options{Now: time.Now}, log: slog.New(slog.DiscardHandler), metrics: prometheus.NewRegistry()}
	for _, one := range []struct {
		name string
		hop  config.Hop
	}{{"next hop", d.cfg.Relay.NextHop}, {"inbound next hop", d.cfg.Relay.Inbound}} {
		name, h := one.name, one.hop
		if h.IsZero() {
			continue
		}
		var sender *relay.Sender
		sender, err := a.openHop(h, "doctor")
		if err == nil {
			err = sender.Check(ctx)
			sender.Close()
		}
		d.say(name, err, h.Address()+" answers")
	}
}

// notices looks at the DNS that makes notices believable and brings their bounces back.
func (d *doctor) notices(ctx context.Context) {
	var r net.Resolver
	domain := d.cfg.Notices.From[strings.LastIndexByte(d.cfg.Notices.From, '@')+1:]
	txt, err := r.LookupTXT(ctx, domain)
	if err == nil && !slices.ContainsFunc(txt, func(s string) bool { return strings.HasPrefix(s, "v=spf1") }) {
		err = errors.New("has no SPF record: notices will look forged")
	}
	d.say("SPF of "+domain, err, "there is a record")
	_, err = r.LookupMX(ctx, d.cfg.Notices.BounceDomain)
	d.say("MX of "+d.cfg.Notices.BounceDomain, err, "bounces of notices have a way back; it must lead b+... to the gateway")
	if d.cfg.DKIM.IsZero() {
		d.warn("DKIM", "not set: notices carry no signature")
		return
	}
	name := d.cfg.DKIM.Selector + "._domainkey." + d.cfg.DKIM.Domain
	txt, err = r.LookupTXT(ctx, name)
	if err == nil && len(txt) == 0 {
		err = errors.New("there is no record")
	}
	d.say("DKIM "+name, err, "there is a record")
}

// scanners starts one of the processes that open attachments, and says what it has given up.
func (d *doctor) scanners(ctx context.Context) {
	c, namespaces, err := sandbox.Try(ctx)
	d.say("processes for attachments", err, "one starts, and locks itself in")
	switch {
	case err != nil:
	case !namespaces && c.Landlock == 0:
		d.warn("processes for attachments", "have no network of their own (no namespaces here) and no landlock: one that was taken over reaches the network and files")
	case !namespaces:
		d.warn("processes for attachments", "have no network of their own (no namespaces here): landlock refuses them TCP from its version 4, UDP from 10, and this kernel has "+strconv.Itoa(c.Landlock))
	case c.Landlock == 0:
		d.warn("processes for attachments", "the kernel has no landlock: one that was taken over may read files that this user may read")
	}
}
