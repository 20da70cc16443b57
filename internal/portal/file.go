package portal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/store"
)

// filePolicy keeps an attachment alone, whatever it is (security.md T21).
const filePolicy = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// maxFileName bounds a file name in octets, below what file systems take.
const maxFileName = 180

// attached is one attachment of a proven visit.
type attached struct {
	visit *visit
	part  extract.Part
	name  string
}

// attached finds the attachment that the path names.
func (p *Portal) attached(w http.ResponseWriter, r *http.Request) (*attached, error) {
	v, err := p.proven(r)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 {
		return nil, errNothing
	}
	mail, err := p.mail(r.Context(), v.message.ID)
	if err != nil {
		return nil, err
	}
	if n > len(mail.Parts) {
		return nil, errNothing
	}
	part := mail.Parts[n-1]
	return &attached{v, part, p.view(w, r, v.access.Lang).file(part).Name}, nil
}

// downloadFile hands out an attachment, streamed. The first octet is noted as an event.
func (p *Portal) downloadFile(w http.ResponseWriter, r *http.Request) {
	a, err := p.attached(w, r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Content-Type", safeType(a.part.Type))
	h.Set("Content-Disposition", disposition("attachment", a.name))
	h.Set("Content-Length", strconv.FormatInt(a.part.Size, 10))
	if r.Method == http.MethodHead {
		return
	}
	if err := p.noteDownload(r.Context(), a); err != nil {
		clearFileHeaders(h)
		p.fail(w, r, err)
		return
	}
	p.stream(w, r, a, w)
}

// viewFile shows a text or a picture alone in the browser. What turns out to be
// something else is a download.
func (p *Portal) viewFile(w http.ResponseWriter, r *http.Request) {
	a, err := p.attached(w, r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if !viewable(a.part.Type) {
		see(w, r, "/r/"+string(a.visit.access.ID)+"/file/"+strconv.Itoa(a.part.Index+1))
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	if err := p.noteDownload(r.Context(), a); err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Security-Policy", filePolicy)
	sniff := &sniffer{w: w, declared: a.part.Type, name: a.name}
	if !p.stream(w, r, a, sniff) {
		return
	}
	if err := sniff.flush(); err != nil {
		p.o.Log.Debug("attachment not shown", "msg", a.visit.message.ID, "error", err)
	}
}

func clearFileHeaders(h http.Header) {
	h.Set("Content-Security-Policy", pagePolicy)
	h.Del("Content-Disposition")
	h.Del("Content-Length")
}

// stream copies an attachment out, or answers why it cannot and returns false. When it
// breaks off half way, so does the connection: the browser then knows that the file is
// not whole.
func (p *Portal) stream(w http.ResponseWriter, r *http.Request, a *attached, out io.Writer) bool {
	body, err := p.body(r.Context(), a.visit.message.ID)
	if err != nil {
		clearFileHeaders(w.Header())
		p.fail(w, r, err)
		return false
	}
	defer func() { _ = body.Close() }() // only read
	if _, err := extract.CopyPart(r.Context(), out, body, a.part.Index); err != nil {
		if !errors.Is(err, context.Canceled) {
			p.o.Log.Warn("attachment broken off", "msg", a.visit.message.ID, "error", err)
		}
		panic(http.ErrAbortHandler) // the way that net/http has for it
	}
	return true
}

func (p *Portal) noteDownload(ctx context.Context, a *attached) error {
	now := p.o.Now()
	err := p.o.Store.Update(ctx, a.visit.message.ID, func(m *message.Message) (store.Effects, error) {
		if !readable(m, a.visit.access.Recipient, now) {
			return store.Effects{}, errNothing
		}
		n := strconv.Itoa(a.part.Index + 1)
		return store.Effects{Effects: m.Note(now, a.visit.access.Recipient, message.EventDownloaded, map[string]string{"part": n})}, nil
	})
	if err != nil && !errors.Is(err, errNothing) {
		return fmt.Errorf("note a download: %w", err)
	}
	return err
}

// viewable says whether an attachment that calls itself this can be shown here.
func viewable(media string) bool { return inlineKind(media) || media == "text/plain" }

// safeType is the type under which an attachment is handed out: its own when browsers
// only ever store or show it, else the one that means nothing.
func safeType(media string) string {
	if inlineKind(media) || media == "application/pdf" || media == "application/zip" ||
		strings.HasPrefix(media, "application/vnd.openxmlformats-officedocument.") ||
		strings.HasPrefix(media, "application/vnd.oasis.opendocument.") {
		return media
	}
	return "application/octet-stream"
}

// sniffLen is how many octets decide what something is.
const sniffLen = 512

// sniffer holds back the first octets until they have shown that a file is what it
// calls itself.
type sniffer struct {
	w        http.ResponseWriter
	declared string
	name     string
	head     []byte
	out      bool
}

func (s *sniffer) Write(b []byte) (int, error) {
	if s.out {
		return s.w.Write(b)
	}
	s.head = append(s.head, b...)
	if len(s.head) >= sniffLen {
		if err := s.flush(); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// flush decides and writes what was held back.
func (s *sniffer) flush() error {
	if s.out {
		return nil
	}
	s.out = true
	h := s.w.Header()
	kind, how := s.verdict()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", disposition(how, s.name))
	_, err := s.w.Write(s.head)
	return err
}

func (s *sniffer) verdict() (kind, how string) {
	found := http.DetectContentType(s.head)
	switch {
	case inlineKind(s.declared) && inlineKind(found):
		return found, "inline"
	case s.declared == "text/plain" && !bytes.ContainsRune(s.head, 0):
		if utf8.Valid(trimRune(s.head)) {
			return "text/plain; charset=utf-8", "inline"
		}
		return "text/plain; charset=windows-1252", "inline"
	}
	return "application/octet-stream", "attachment"
}

// trimRune cuts off a character that is not whole at the end.
func trimRune(b []byte) []byte {
	for i := 1; i <= utf8.UTFMax && i <= len(b); i++ {
		if utf8.RuneStart(b[len(b)-i]) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			return b
		}
	}
	return b
}

// fileName makes an attachment's name harmless: no folders, no control or direction
// characters, no leading dots, no name that means a device.
func fileName(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	name = oneLine(path.Base(name))
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, name)
	name = strings.TrimSpace(strings.TrimLeft(name, "."))
	name = strings.TrimRight(name, ". ")
	if len(name) > maxFileName {
		ext := path.Ext(name)
		if len(ext) > 20 {
			ext = ""
		}
		name = strings.ToValidUTF8(name[:maxFileName-len(ext)], "") + ext
	}
	if name == "_" || devices(name) {
		return ""
	}
	return name
}

// devices says whether a name means a device on Windows.
func devices(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL"}, stem) {
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '0' && stem[3] <= '9'
}

// disposition writes the Content-Disposition of a file (RFC 6266): a plain name for
// old programs, and the whole one.
func disposition(how, name string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 0x7f || r < ' ' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	d := mime.FormatMediaType(how, map[string]string{"filename": plain})
	if plain != name {
		d += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return d
}
