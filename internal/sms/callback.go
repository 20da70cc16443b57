package sms

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"

	"github.com/twilio/twilio-go/client"
)

// ErrSignature is returned for a report that Twilio did not sign.
var ErrSignature = errors.New("the report is not signed by the account")

// Status is what became of one text message.
type Status struct {
	ID    string // of the provider
	State string // queued, sending, sent, delivered, undelivered, failed, ...
	// Kind says what an undelivered or failed message means, 0 for all other states.
	Kind Kind
	Code int // of the provider, 0 for none
}

// Delivered says that the phone has the message.
func (s Status) Delivered() bool { return s.State == "delivered" || s.State == "read" }

// Final says that no further report follows.
func (s Status) Final() bool { return s.Delivered() || s.Kind != 0 }

// maxReport bounds the body of a report, in octets; real ones have some hundred.
const maxReport = 16 << 10

var (
	sidForm   = regexp.MustCompile(`^(SM|MM)[0-9a-f]{32}$`)
	stateForm = regexp.MustCompile(`^[a-z_]{1,20}$`)
)

// Callback reads a status report of Twilio. Address is the whole public address to
// which it was sent, as it was given when the text was sent: behind a proxy the
// request itself does not know it. The signature (X-Twilio-Signature: HMAC-SHA1 over
// the address and the sorted fields, under the account's token) is checked before
// anything is believed.
func (t *Twilio) Callback(address string, r *http.Request) (Status, error) {
	form, body, err := readReport(r)
	if err != nil {
		return Status{}, err
	}
	v := client.NewRequestValidator(t.token())
	if sig := r.Header.Get("X-Twilio-Signature"); sig == "" || !v.ValidateBody(address, body, sig) {
		return Status{}, ErrSignature
	}
	if form.Get("AccountSid") != t.account {
		return Status{}, ErrSignature
	}
	return readStatus(form)
}

func readReport(r *http.Request) (url.Values, []byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, nil, errors.New("status report: want a form by POST")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxReport+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read status report: %w", err)
	}
	if len(body) > maxReport {
		return nil, nil, errors.New("status report: too long")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, nil, errors.New("status report: not a form")
	}
	for _, values := range form { // only the first would be signed
		if len(values) > 1 {
			return nil, nil, errors.New("status report: a field stands twice")
		}
	}
	return form, body, nil
}

func readStatus(form url.Values) (Status, error) {
	s := Status{ID: form.Get("MessageSid"), State: form.Get("MessageStatus")}
	if !sidForm.MatchString(s.ID) || !stateForm.MatchString(s.State) {
		return Status{}, errors.New("status report: no message or no status")
	}
	if code := form.Get("ErrorCode"); code != "" {
		n, err := strconv.Atoi(code)
		if err != nil || n < 0 {
			return Status{}, errors.New("status report: the code is not a number")
		}
		s.Code = n
	}
	if s.State == "undelivered" || s.State == "failed" || s.State == "canceled" {
		s.Kind = kindOf(http.StatusInternalServerError, s.Code)
	}
	return s, nil
}
