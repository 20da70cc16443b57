package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"sigill/internal/message"
)

// form is a message of one's own as it was typed.
type form struct {
	To, Subject, Text string
	Error             string // what is wrong with the recipient, in words
	Open              bool
}

// maxUpload bounds a file that is attached to a message of one's own, in octets.
const maxUpload = 20 << 20

// patience is how long the page that follows waits for what goes out.
const patience = 3 * time.Second

func (d *demo) sendSample(w http.ResponseWriter, r *http.Request) {
	p := d.printer(r)
	id := r.PostFormValue("sample")
	i := slices.IndexFunc(samples, func(s sample) bool { return s.ID == id })
	if i < 0 {
		d.refuse(w, r, http.StatusBadRequest, form{To: recipient}, p.T("demo.problem.form"), nil)
		return
	}
	l, err := samples[i].letter(p.Printer)
	if err == nil {
		err = d.sendAndWait(r.Context(), l)
	}
	d.sent(w, r, form{To: recipient}, err)
}

func (d *demo) sendWritten(w http.ResponseWriter, r *http.Request) {
	p := d.printer(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	if err := r.ParseMultipartForm(1 << 20); err != nil { //nolint:gosec // the body is bounded one line above
		status, why := http.StatusBadRequest, "demo.problem.form"
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			status, why = http.StatusRequestEntityTooLarge, "demo.problem.size"
		}
		d.refuse(w, r, status, form{To: recipient, Open: true}, p.T(why, "Size", p.Size(maxUpload)), nil)
		return
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // in the temp folder of the system
	f := form{To: strings.TrimSpace(r.PostFormValue("to")), Subject: r.PostFormValue("subject"), Text: r.PostFormValue("text"), Open: true}
	to, err := message.ParseAddress(f.To)
	if err != nil || to.IsNull() {
		f.Error = p.T("demo.problem.to")
		d.refuse(w, r, http.StatusUnprocessableEntity, f, "", nil)
		return
	}
	attached, err := readFiles(r.MultipartForm)
	if err != nil {
		d.refuse(w, r, http.StatusBadRequest, f, p.T("demo.problem.form"), nil)
		return
	}
	d.sent(w, r, f, d.sendAndWait(r.Context(), letter{to: to.String(), subject: oneLine(f.Subject), text: f.Text, files: attached}))
}

// oneLine makes a subject of whatever a browser sends.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// readFiles reads what was attached; a field that was left empty is no file.
func readFiles(m *multipart.Form) (all []attachment, err error) {
	for _, head := range m.File["file"] {
		if head.Filename == "" {
			continue
		}
		f, err := head.Open()
		if err != nil {
			return nil, fmt.Errorf("open file: %w", err)
		}
		data, err := io.ReadAll(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("read file: %w", err)
		}
		all = append(all, attachment{head.Filename, head.Header.Get("Content-Type"), data})
	}
	return all, nil
}

// sendAndWait sends and gives the next hop a moment, so that the page which follows
// shows what went out.
func (d *demo) sendAndWait(ctx context.Context, l letter) error {
	_, arrived := d.hop.all()
	if err := d.send(l); err != nil {
		return err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-arrived:
	case <-late.C:
	case <-ctx.Done():
	}
	return nil
}

// sent shows what went out, or why nothing did.
func (d *demo) sent(w http.ResponseWriter, r *http.Request, f form, err error) {
	p := d.printer(r)
	if err != nil {
		d.refuse(w, r, http.StatusBadGateway, f, p.T("demo.problem.refused"), err)
		return
	}
	http.Redirect(w, r, home(p.Lang()), http.StatusSeeOther)
}

// refuse shows the page with what was typed, and what is wrong.
func (d *demo) refuse(w http.ResponseWriter, r *http.Request, status int, f form, problem string, err error) {
	v := view{Form: f, Problem: problem}
	if reply, ok := errors.AsType[*smtp.SMTPError](err); ok {
		c := reply.EnhancedCode
		v.Reply = fmt.Sprintf("%d %d.%d.%d %s", reply.Code, c[0], c[1], c[2], reply.Message)
	} else if err != nil {
		v.Reply = err.Error()
	}
	d.writePage(w, r, status, v)
}
