package sms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/twilio/twilio-go/client"
	rest "github.com/twilio/twilio-go/rest/api/v2010"

	"sigill/internal/message"
)

// TwilioOptions says how an account at Twilio is used.
type TwilioOptions struct {
	AccountSID string
	AuthToken  string
	// From is a number or a sender name, MessagingService a pool of them: one of the two.
	From             string
	MessagingService string
	// BaseURL has the scheme and host to talk to; "" is https://api.twilio.com.
	BaseURL string
	// StatusCallback is where Twilio reports what became of a text, "" for nowhere.
	StatusCallback string
	// Timeout bounds one request; 0 means 10 seconds.
	Timeout time.Duration
	// Transport carries the requests; nil is a clone of the standard one.
	Transport http.RoundTripper
}

// Twilio is a [Sender] by Twilio's programmable messaging.
type Twilio struct {
	account, from, service, callback string

	base      *url.URL
	timeout   time.Duration
	transport http.RoundTripper
	token     func() string // a function, so that no way of printing shows it
}

// maxAnswer bounds what is read of an answer, in octets.
const maxAnswer = 64 << 10

// NewTwilio returns a Sender that uses an account.
func NewTwilio(o TwilioOptions) (*Twilio, error) {
	if o.AccountSID == "" || o.AuthToken == "" {
		return nil, errors.New("twilio: the account and its token are required")
	}
	if (o.From == "") == (o.MessagingService == "") {
		return nil, errors.New("twilio: give either a sender or a messaging service")
	}
	if o.BaseURL == "" {
		o.BaseURL = "https://api.twilio.com"
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, errors.New("twilio: the base address must be a web address")
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: o.Timeout,
		}
	}
	token := o.AuthToken
	return &Twilio{
		account: o.AccountSID, from: o.From, service: o.MessagingService, callback: o.StatusCallback,
		base: base, timeout: o.Timeout, transport: o.Transport, token: func() string { return token },
	}, nil
}

// LogValue keeps the account out of logs.
func (t *Twilio) LogValue() slog.Value { return slog.StringValue("[twilio]") }

// Send implements [Sender].
func (t *Twilio) Send(ctx context.Context, to message.Phone, text string) error {
	if err := check(to, text); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	answer, err := t.api(ctx).CreateMessage(t.params(to, text))
	if err != nil {
		return failure(ctx, err)
	}
	if answer.Sid == nil || *answer.Sid == "" {
		return &Error{Kind: KindTemporary, Err: errors.New("the answer names no message")}
	}
	if answer.ErrorCode != nil && *answer.ErrorCode != 0 {
		return &Error{Kind: kindOf(http.StatusBadRequest, *answer.ErrorCode), Code: *answer.ErrorCode}
	}
	return nil
}

func (t *Twilio) params(to message.Phone, text string) *rest.CreateMessageParams {
	p := (&rest.CreateMessageParams{}).SetTo(string(to)).SetBody(text)
	if t.service != "" {
		p.SetMessagingServiceSid(t.service)
	} else {
		p.SetFrom(t.from)
	}
	if t.callback != "" {
		p.SetStatusCallback(t.callback)
	}
	return p
}

// api makes a client for one request: Twilio's own knows no context, and reads
// settings from the environment unless its parts are put together by hand.
func (t *Twilio) api(ctx context.Context) *rest.ApiService {
	c := &client.Client{
		Credentials: client.NewCredentials(t.account, t.token()),
		HTTPClient: &http.Client{
			Transport:     bound{ctx: ctx, base: t.base, next: t.transport},
			CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
		},
	}
	c.SetAccountSid(t.account)
	return rest.NewApiService(&client.RequestHandler{Client: c})
}

// errRedirect stops a redirect, which would carry the account's token elsewhere.
var errRedirect = errors.New("the service answered with a redirect")

// bound gives one request its context and its destination.
type bound struct {
	ctx  context.Context // of the one request that this value lives for
	base *url.URL
	next http.RoundTripper
}

func (b bound) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(b.ctx)
	req.URL.Scheme, req.URL.Host, req.Host = b.base.Scheme, b.base.Host, b.base.Host
	res, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = limited{io.LimitReader(res.Body, maxAnswer), res.Body}
	return res, nil
}

type limited struct {
	io.Reader
	io.Closer
}

// failure turns what the client library says into an [*Error]. Texts of the answer
// are dropped: they repeat the number.
func failure(ctx context.Context, err error) *Error {
	if answer, ok := errors.AsType[*client.TwilioRestError](err); ok {
		return &Error{Kind: kindOf(answer.Status, answer.Code), Status: answer.Status, Code: answer.Code}
	}
	if cause := ctx.Err(); cause != nil {
		return &Error{Kind: KindTemporary, Err: cause}
	}
	if errors.Is(err, errRedirect) {
		return &Error{Kind: KindTemporary, Err: errRedirect}
	}
	if u, ok := errors.AsType[*url.Error](err); ok { // without the address, which has the account
		return &Error{Kind: KindTemporary, Err: fmt.Errorf("talk to the service: %w", u.Err)}
	}
	return &Error{Kind: KindTemporary, Err: errors.New("the service's answer is not understood")}
}

// Twilio's codes, from its list of errors and warnings. What is not listed counts by
// the HTTP status.
var (
	codesRefused = []int{
		21211, // the number is not valid
		21217, // neither
		21408, // the account may not send to this country
		21610, // the owner of the number has answered STOP
		21612, // no way to this number from this sender
		21614, // not a mobile number
		30003, // the phone is off, or the number is not in use
		30004, // the phone or its owner blocks the message
		30005, // the number is unknown
		30006, // a landline, or a carrier that cannot be reached
		60410, // blocked as fraud prone
	}
	codesPermanent = []int{
		20003, // the token is wrong
		20005, // the account is not active
		21602, // no text
		21603, // no sender
		21606, // the sender is not the account's
		21617, // the text is too long
		21656, // a variable of the text is wrong
		21659, // the sender is not in the account's country
		21660, // the sender is another account's
		21701, // the messaging service does not exist
		21703, // the messaging service has no sender
		30002, // the account was suspended
		30007, // the carrier filtered the text
	}
	codesTemporary = []int{
		20429, // too many requests
		21611, // the queue is full
		30001, // the queue is full
		30008, // the carrier does not say why
		30009, // a segment was lost
		30010, // dearer than the price limit, for now
		30022, // a daily limit
		30017, // the carrier is busy
	}
)

// kindOf sorts an answer. Too many requests, a full queue and every fault of the
// service itself are worth another try.
func kindOf(status, code int) Kind {
	switch {
	case slices.Contains(codesRefused, code):
		return KindRefused
	case slices.Contains(codesTemporary, code):
		return KindTemporary
	case slices.Contains(codesPermanent, code):
		return KindPermanent
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500, status == 0:
		return KindTemporary
	}
	return KindPermanent
}
