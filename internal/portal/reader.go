package portal

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"sigill/internal/auth"
	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/store"
)

// maxNames is how many recipients of the header are named; the rest is a number.
const maxNames = 10

// readerView is the opened message.
type readerView struct {
	*view
	Access   message.ID
	Subject  string
	From     person
	To       string
	Also     []string // the other recipients of the header
	More     int      // how many of them are not named
	Opened   time.Time
	Sent     time.Time
	Until    time.Time
	HasHTML  bool
	Rich     bool            // the frame is shown
	Pictures int             // that were left out of it
	Links    bool            // it has links, which the frame does not follow
	Text     []template.HTML // paragraphs
	Files    []fileView
	Idle     string
}

var hasLink = regexp.MustCompile(`(?i)<a\s[^>]*href\s*=\s*["']?https?:`)

// AlsoText names the other recipients.
func (v readerView) AlsoText() string {
	names := strings.Join(v.Also, ", ")
	if v.More > 0 {
		names += " …"
	}
	return v.T("page.reader.also", "N", v.Int(int64(len(v.Also)+v.More)), "Names", names)
}

// fileView is one attachment of the reader.
type fileView struct {
	N      int // in the address
	Name   string
	What   string // kind and size in words
	Image  bool
	CanSee bool // it can be shown here
}

func (p *Portal) readerPage(w http.ResponseWriter, r *http.Request) {
	v, err := p.proven(r)
	if errors.Is(err, errClosed) && p.waits(r) {
		see(w, r, "/c/"+r.PathValue("access"))
		return
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	mail, err := p.mail(r.Context(), v.message.ID)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	frame := p.view(w, r, v.access.Lang)
	page := p.newReaderView(frame, v, mail, r.URL.Query().Get("as") != "text")
	if page.Rich {
		_, page.Pictures = p.cleaner.clean(mail.HTML, nil)
		page.Links = hasLink.MatchString(mail.HTML)
	} else {
		page.Text = paragraphs(plainText(mail))
	}
	p.render(w, r, http.StatusOK, "reader", page)
}

// waits says whether this browser has a session in which no code was typed yet.
func (p *Portal) waits(r *http.Request) bool {
	_, err := p.visit(r)
	return err == nil
}

func (p *Portal) newReaderView(frame *view, v *visit, mail *extract.Mail, rich bool) readerView {
	rcpt := v.recipient()
	page := readerView{
		view: frame, Access: v.access.ID, Subject: frame.fullSubject(v.message), From: frame.sender(v.message),
		Opened: v.session.Proven, Sent: v.message.Accepted, Until: rcpt.Expires,
		HasHTML: strings.TrimSpace(mail.HTML) != "", Idle: frame.minutes(p.o.Limits.Idle),
	}
	if !v.message.Date.IsZero() && v.message.Date.Before(frame.Now) {
		page.Sent = v.message.Date
	}
	page.Rich = rich && page.HasHTML
	page.addressees(mail)
	for _, part := range mail.Parts {
		if page.Rich && inText(part, mail.HTML) {
			continue
		}
		page.Files = append(page.Files, frame.file(part))
	}
	return page
}

// addressees lists whom the header names: never the envelope, in which are those that
// nobody else may know of.
func (v *readerView) addressees(mail *extract.Mail) {
	var all []string
	for _, box := range append(append([]extract.Mailbox(nil), mail.Header.To...), mail.Header.Cc...) {
		name := oneLine(box.Name)
		if name == "" {
			name = oneLine(box.Address)
		}
		if name != "" {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		return
	}
	v.To, v.Also = all[0], all[1:]
	if len(v.Also) > maxNames {
		v.More = len(v.Also) - maxNames
		v.Also = v.Also[:maxNames]
	}
}

// mail reads a message for its reader.
func (p *Portal) mail(ctx context.Context, id message.ID) (*extract.Mail, error) {
	ctx, cancel := context.WithTimeout(ctx, maxRequest)
	defer cancel()
	body, err := p.body(ctx, id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }() // only read
	m, err := extract.Read(ctx, body, p.o.Extract)
	if err != nil {
		return nil, fmt.Errorf("read message %s: %w", id, err)
	}
	return m, nil
}

func (p *Portal) body(ctx context.Context, id message.ID) (io.ReadCloser, error) {
	body, err := p.o.Store.OpenBody(ctx, id, nil)
	if err != nil {
		return nil, fmt.Errorf("open message %s: %w", id, err)
	}
	rc, err := body.Open()
	if err != nil {
		return nil, fmt.Errorf("open message %s: %w", id, err)
	}
	return rc, nil
}

// file describes an attachment to its reader.
func (v *view) file(part extract.Part) fileView {
	f := fileView{N: part.Index + 1, Name: fileName(part.Name)}
	if f.Name == "" {
		f.Name = v.T("page.file.name", "N", part.Index+1)
	}
	kind := kindOf(part.Type, f.Name)
	f.What = v.T("page.file."+kind) + ", " + v.Size(part.Size)
	f.Image = kind == "image"
	f.CanSee = viewable(part.Type)
	return f
}

// kindOf is the end of the key of an attachment's kind.
func kindOf(media, name string) string {
	ext := strings.ToLower(path.Ext(name))
	switch {
	case strings.HasPrefix(media, "image/"):
		return "image"
	case media == "application/pdf" || ext == ".pdf":
		return "pdf"
	case ext == ".doc" || ext == ".docx" || ext == ".odt" || ext == ".rtf":
		return "document"
	case ext == ".xls" || ext == ".xlsx" || ext == ".ods" || ext == ".csv":
		return "sheet"
	case ext == ".ppt" || ext == ".pptx" || ext == ".odp":
		return "slides"
	case ext == ".zip" || ext == ".7z" || ext == ".rar" || ext == ".gz" || ext == ".tar":
		return "archive"
	case media == "message/rfc822" || ext == ".eml" || ext == ".msg":
		return "mail"
	case strings.HasPrefix(media, "text/"):
		return "text"
	}
	return "other"
}

// leave ends the session of this browser, here and in the store.
func (p *Portal) leave(w http.ResponseWriter, r *http.Request) {
	id, err := message.ParseID(r.PathValue("access"))
	if err != nil {
		p.closed(w, r)
		return
	}
	secret, err := p.secret(r, id)
	if err != nil {
		p.closed(w, r)
		return
	}
	err = p.o.Store.UpdateAccess(r.Context(), id, nil, func(a *auth.Access, _ *message.Message, _ []int64) (store.Effects, error) {
		s, err := a.Session(p.o.Now(), secret, p.o.Limits)
		if err != nil {
			return store.Effects{}, errClosed
		}
		a.End(s)
		return store.Effects{}, nil
	})
	if err != nil && !errors.Is(err, errClosed) && !errors.Is(err, store.ErrNotFound) {
		p.fail(w, r, fmt.Errorf("end a session: %w", err))
		return
	}
	http.SetCookie(w, p.cookie(sessionCookie(id), "", -1))
	see(w, r, "/r/"+string(id))
}
