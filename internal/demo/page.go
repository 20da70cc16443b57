package demo

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigill/internal/extract"
	"sigill/internal/locale"
	"sigill/internal/message"
	"sigill/internal/store"
)

//go:embed page.html mail.html
var files embed.FS

// pages are the demo's templates.
type pages struct{ page, mail *template.Template }

func parsePages() (*pages, error) {
	page, err := template.ParseFS(files, "page.html")
	if err != nil {
		return nil, err
	}
	mail, err := template.ParseFS(files, "mail.html")
	return &pages{page, mail}, err
}

// view is what the page shows.
type view struct {
	P       *locale.Printer
	Langs   []string
	SMTP    string
	To      string
	Samples []sampleView
	Out     []outView
	Why     []whyView
}

type sampleView struct {
	sample
	Subject string
}

// outView is a mail or a text that went out, newest first.
type outView struct {
	At    time.Time
	Text  bool // a text message
	Title string
	To    string
	Lines string // the text message, or a short mail
	Link  string // into the portal
	Who   string // who would press it
	N     int    // of a mail
	Same  bool   // an ordinary mail that passed
}

// whyView is one message and its verdict.
type whyView struct {
	At       time.Time
	Subject  string
	To       string
	Verdict  message.Level
	Status   string
	Class    string
	Findings []message.Finding
	Rejected []rejected
	Events   []message.Event
	Took     time.Duration
}

// rejected is what was looked at and did not count.
type rejected struct {
	Detector string `json:"detector"`
	Masked   string `json:"masked"`
	Why      string `json:"why"`
}

const shown = 25

func (d *demo) showPage(w http.ResponseWriter, r *http.Request) {
	p := d.words.Printer(d.lang(r), zone())
	v := view{P: p, Langs: d.words.Languages(), SMTP: d.smtp, To: recipient}
	for _, s := range samples {
		v.Samples = append(v.Samples, sampleView{s, p.T("demo.sample." + s.ID + ".subject")})
	}
	var err error
	if v.Out, err = d.outgoing(r.Context()); err == nil {
		v.Why, err = d.why(r, p)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	render(w, d.pages.page, v)
}

func zone() *time.Location {
	l, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		return time.UTC
	}
	return l
}

// lang is what the page was asked for in, or what the browser prefers.
func (d *demo) lang(r *http.Request) string {
	return d.words.Match(r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"), "en")
}

func render(w http.ResponseWriter, t *template.Template, v any) {
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	headers(w, "text/html; charset=utf-8")
	_, _ = b.WriteTo(w) // the browser went away
}

func headers(w http.ResponseWriter, kind string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// outgoing puts mails and texts in one list.
func (d *demo) outgoing(ctx context.Context) ([]outView, error) {
	mails, _ := d.hop.all()
	texts, err := d.readTexts()
	if err != nil {
		return nil, err
	}
	all := texts
	for _, m := range mails {
		one, err := d.mailView(ctx, m)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b outView) int { return b.At.Compare(a.At) })
	return all[:min(len(all), shown)], nil
}

func (d *demo) readTexts() ([]outView, error) {
	data, err := os.ReadFile(d.texts)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []outView
	for dec := json.NewDecoder(bytes.NewReader(data)); dec.More(); {
		var t struct {
			To, Text string
			Time     time.Time
		}
		if err := dec.Decode(&t); err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		all = append(all, outView{At: t.Time, Text: true, Title: t.Text, To: t.To})
	}
	return all, nil
}

// mailView finds in a mail what leads on: a link into the portal, or a password.
func (d *demo) mailView(ctx context.Context, m mail) (outView, error) {
	v := outView{At: m.At, N: m.N, To: strings.Join(m.To, ", ")}
	read, err := extract.Read(ctx, bytes.NewReader(m.Raw), extract.DefaultLimits())
	if err != nil {
		return v, err
	}
	v.Title = read.Header.Subject
	if read.Header.Get("Sigill-Own") == "" {
		v.Same = true
		return v, nil
	}
	v.Link, v.Who = d.link(read.Text), firstName(m.To)
	if v.Link == "" {
		v.Lines = strings.TrimSpace(read.Text)
	}
	return v, nil
}

// link finds the first address of the portal in a text.
func (d *demo) link(text string) string {
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, d.base+"/b/") || strings.HasPrefix(word, d.base+"/s/") {
			return word
		}
	}
	return ""
}

func firstName(to []string) string {
	if len(to) == 0 {
		return ""
	}
	name, _, _ := strings.Cut(to[0], "@")
	name, _, _ = strings.Cut(name, ".")
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// why lists verdicts, of what is stored and of what passed, newest first.
func (d *demo) why(r *http.Request, p *locale.Printer) ([]whyView, error) {
	var all []whyView
	stored, err := d.store.Find(r.Context(), store.Query{Limit: shown})
	if err != nil {
		return nil, err
	}
	for _, m := range stored {
		events, err := d.store.Events(r.Context(), m.ID)
		if err != nil {
			return nil, err
		}
		slices.Reverse(events)
		v := whyOf(p, m.Accepted, &m.Decision)
		v.Subject, v.Events = m.Subject, events
		v.Status, v.Class = stateOf(p, m)
		for i := range m.Recipients {
			v.To = strings.TrimPrefix(v.To+", "+m.Recipients[i].Address.String(), ", ")
		}
		all = append(all, v)
	}
	traces, err := d.store.FindTraces(r.Context(), store.Query{Limit: shown})
	if err != nil {
		return nil, err
	}
	for _, t := range traces {
		if !t.Stored {
			all = append(all, traceView(p, t))
		}
	}
	slices.SortStableFunc(all, func(a, b whyView) int { return b.At.Compare(a.At) })
	return all[:min(len(all), shown)], nil
}

func traceView(p *locale.Printer, t store.Trace) whyView {
	v := whyOf(p, t.At, t.Decision)
	v.Took, v.Status, v.Class = t.Took, p.T("demo.state.passed"), "good"
	for _, a := range t.To {
		v.To = strings.TrimPrefix(v.To+", "+a.String(), ", ")
	}
	return v
}

func whyOf(_ *locale.Printer, at time.Time, d *message.Decision) whyView {
	v := whyView{At: at}
	if d == nil {
		return v
	}
	v.Verdict, v.Findings = d.Verdict, d.Findings
	var x struct {
		Rejected []rejected `json:"rejected"`
	}
	if json.Unmarshal(d.Explanation, &x) == nil {
		v.Rejected = x.Rejected
	}
	return v
}

// stateOf says in a word how a stored message stands: the state that still needs
// somebody, if there is one.
func stateOf(p *locale.Printer, m *message.Message) (text, class string) {
	for _, s := range []message.State{message.Held, message.Received, message.Deferred, message.Queued, message.Sealed, message.NoticeBounced, message.Notified, message.Opened} {
		if len(m.In(s)) > 0 {
			class := ""
			switch s {
			case message.Held:
				class = "warn"
			case message.Opened:
				class = "good"
			case message.NoticeBounced:
				class = "bad"
			}
			return p.T("demo.state." + s.String()), class
		}
	}
	return p.T("demo.state.over"), ""
}

func (d *demo) sendSample(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("sample")
	i := slices.IndexFunc(samples, func(s sample) bool { return s.ID == id })
	if i < 0 {
		http.Error(w, "no such sample", http.StatusBadRequest)
		return
	}
	subject, text, files, err := samples[i].content(d.words.Printer(d.lang(r), zone()))
	if err == nil {
		err = d.sendAndWait(recipient, subject, text, files)
	}
	d.sent(w, r, err)
}

// maxUpload bounds a file that is attached to a message of one's own.
const maxUpload = 20 << 20

func (d *demo) sendWritten(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		http.Error(w, "the form could not be read; a file may have 20 MB", http.StatusBadRequest)
		return
	}
	to, err := message.ParseAddress(strings.TrimSpace(r.PostFormValue("to")))
	if err != nil || to.IsNull() {
		http.Error(w, "the recipient is not a mail address", http.StatusBadRequest)
		return
	}
	var attached []attachment
	if f, head, err := r.FormFile("file"); err == nil && head.Filename != "" {
		data, err := io.ReadAll(f)
		if err != nil {
			http.Error(w, "the file could not be read", http.StatusBadRequest)
			return
		}
		attached = append(attached, attachment{head.Filename, head.Header.Get("Content-Type"), data})
	}
	d.sent(w, r, d.sendAndWait(to.String(), r.PostFormValue("subject"), r.PostFormValue("text"), attached))
}

// sendAndWait sends and gives the next hop a moment, so that the page which follows
// shows what went out.
func (d *demo) sendAndWait(to, subject, text string, files []attachment) error {
	_, arrived := d.hop.all()
	if err := d.send(to, subject, text, files); err != nil {
		return err
	}
	select {
	case <-arrived:
	case <-time.After(3 * time.Second):
	}
	return nil
}

func (d *demo) sent(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		http.Error(w, "the gateway refused it: "+err.Error(), http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, "/?lang="+d.lang(r)+"#o", http.StatusSeeOther)
}

// mailPage is one mail as its reader's program would show it.
type mailPage struct {
	P             *locale.Printer
	N             int
	From, To      string
	Subject, Text string
	HTML          bool
}

func (d *demo) mail(w http.ResponseWriter, r *http.Request) (mail, *extract.Mail, bool) {
	n, err := strconv.Atoi(r.PathValue("n"))
	m, ok := d.hop.find(n)
	if err != nil || !ok {
		http.NotFound(w, r)
		return mail{}, nil, false
	}
	read, err := extract.Read(r.Context(), bytes.NewReader(m.Raw), extract.DefaultLimits())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return mail{}, nil, false
	}
	return m, read, true
}

func (d *demo) showMail(w http.ResponseWriter, r *http.Request) {
	m, read, ok := d.mail(w, r)
	if !ok {
		return
	}
	v := mailPage{
		P: d.words.Printer(d.lang(r), zone()), N: m.N, From: read.Header.Get("From"), To: strings.Join(m.To, ", "),
		Subject: read.Header.Subject, Text: read.Text, HTML: read.HTML != "",
	}
	render(w, d.pages.mail, v)
}

// showMailHTML serves the HTML of a mail for a frame without any permission.
func (d *demo) showMailHTML(w http.ResponseWriter, r *http.Request) {
	_, read, ok := d.mail(w, r)
	if !ok {
		return
	}
	headers(w, "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'")
	_, _ = io.WriteString(w, read.HTML) // the browser went away
}

func (d *demo) showMailRaw(w http.ResponseWriter, r *http.Request) {
	m, _, ok := d.mail(w, r)
	if !ok {
		return
	}
	headers(w, "text/plain; charset=utf-8")
	_, _ = w.Write(m.Raw) // the browser went away
}
