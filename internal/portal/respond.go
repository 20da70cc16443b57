package portal

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sigill/internal/store"
)

const (
	// maxForm bounds a request body in octets: a thousand recipients with their numbers.
	maxForm = 256 << 10
	// maxRequest is how long a page may take that does not stream.
	maxRequest = 30 * time.Second
	yearOfHSTS = "max-age=31536000" // ASVS 5.0 3.4.1
)

// pagePolicy is the content policy of our own pages: our style sheet, our pictures, our
// forms, our frame, and no script (ASVS 5.0 3.4.3).
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; " +
	"frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"

// around sets what every answer carries, bounds the request, and counts it.
func (p *Portal) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		if p.secure {
			h.Set("Strict-Transport-Security", yearOfHSTS)
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		out := &counted{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(out, r)
		p.metrics.request(r.Pattern, out.status)
	})
}

// counted remembers the status of an answer.
type counted struct {
	http.ResponseWriter
	status int
}

func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// render writes a page. It is built whole first, so that a fault in a template never
// leaves half a page.
func (p *Portal) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := p.pages[name].ExecuteTemplate(&b, "layout", data); err != nil {
		p.o.Log.Error("page not made", "page", name, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // the reader has gone: nobody to tell
	}
}

// see sends the browser on to a page of ours, by GET.
func see(w http.ResponseWriter, r *http.Request, path string) {
	http.Redirect(w, r, path, http.StatusSeeOther) //nolint:gosec // every caller names a path of ours
}

// fail answers what went wrong besides what a page has words of its own for. The
// reason goes to the log, without addresses, tokens and paths.
func (p *Portal) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, errNothing), errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrDestroyed):
		p.gone(w, r)
		return
	case errors.Is(err, errClosed):
		p.closed(w, r)
		return
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // the reader has gone
	}
	p.o.Log.Error("page not served", "route", r.Pattern, "error", err)
	p.busy(w, r)
}

// form reads the fields of a POST. It answers and returns false when they cannot be read.
func (p *Portal) form(w http.ResponseWriter, r *http.Request) bool {
	if err := r.ParseForm(); err != nil {
		p.bad(w, r)
		return false
	}
	return true
}

// field returns one form value: valid UTF-8, without white space around it, and cut
// off at most octets.
func field(r *http.Request, name string, most int) string {
	s := strings.TrimSpace(strings.ToValidUTF8(r.PostForm.Get(name), ""))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}
