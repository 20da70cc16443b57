package demo

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"sigill/internal/extract"
)

// mailPage is one mail as its reader's program would show it.
type mailPage struct {
	frame
	N             int
	From, To      string
	Subject, Text string
	HTML          bool
}

// mail finds the mail that a path names; without one it leads back to the page.
func (d *demo) mail(w http.ResponseWriter, r *http.Request) (mail, *extract.Mail, bool) {
	n, err := strconv.Atoi(r.PathValue("n"))
	m, ok := d.hop.find(n)
	if err != nil || !ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
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
	render(w, http.StatusOK, d.pages.mail, mailPage{
		frame: d.open(w, r), N: m.N, From: read.Header.Get("From"), To: strings.Join(m.To, ", "),
		Subject: read.Header.Subject, Text: read.Text, HTML: read.HTML != "",
	})
}

// showMailHTML serves the HTML of a mail for a frame. As in a mail program, nothing in it
// runs or loads, and a link opens a window of its own.
func (d *demo) showMailHTML(w http.ResponseWriter, r *http.Request) {
	_, read, ok := d.mail(w, r)
	if !ok {
		return
	}
	headers(w, "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox")
	_, _ = io.WriteString(w, inWindows(read.HTML)) // the browser went away
}

// inWindows makes links open in new windows: a base element at the start of the head
// goes before what the mail itself says.
func inWindows(page string) string {
	const base = `<base target="_blank">`
	at := 0
	if head := headTag.FindStringIndex(page); head != nil {
		at = head[1]
	}
	return page[:at] + base + page[at:]
}

var headTag = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)

func (d *demo) showMailRaw(w http.ResponseWriter, r *http.Request) {
	m, _, ok := d.mail(w, r)
	if !ok {
		return
	}
	headers(w, "text/plain; charset=utf-8")
	_, _ = w.Write(m.Raw) // the browser went away
}
