package sms

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	account = "AC0123456789abcdef0123456789abcdef"
	token   = "feedfacefeedfacefeedfacefeedface"
	sid     = "SM0123456789abcdef0123456789abcdef"
	report  = "https://brev.example/sms/status"
)

// standIn is an HTTP server in the place of Twilio. It checks every request.
func standIn(t *testing.T, answer http.HandlerFunc) TwilioOptions {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		if !ok || user != account || password != token {
			t.Errorf("auth %q %v", user, ok)
		}
		if r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/"+account+"/Messages.json" {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		if got := r.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
			t.Errorf("content type %q", got)
		}
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	return TwilioOptions{AccountSID: account, AuthToken: token, From: "Norrsund", BaseURL: srv.URL}
}

func newTwilio(t *testing.T, o TwilioOptions) *Twilio {
	t.Helper()
	tw, err := NewTwilio(o)
	if err != nil {
		t.Fatal(err)
	}
	return tw
}

func accepted(w http.ResponseWriter) {
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"sid":"`+sid+`","status":"queued","error_code":null}`)
}

func TestTwilioSends(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		set  func(*TwilioOptions)
		want url.Values
	}{
		{"from a name", func(*TwilioOptions) {}, url.Values{"To": {string(number)}, "Body": {text}, "From": {"Norrsund"}}},
		{"from a service, with reports", func(o *TwilioOptions) {
			o.From, o.MessagingService, o.StatusCallback = "", "MG1", report
		}, url.Values{"To": {string(number)}, "Body": {text}, "MessagingServiceSid": {"MG1"}, "StatusCallback": {report}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			o := standIn(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				if err := r.ParseForm(); err != nil {
					t.Error(err)
				}
				if got, want := r.PostForm.Encode(), tc.want.Encode(); got != want {
					t.Errorf("form %s, want %s", got, want)
				}
				accepted(w)
			})
			tc.set(&o)
			if err := newTwilio(t, o).Send(t.Context(), number, text); err != nil {
				t.Fatal(err)
			}
			if asked != 1 {
				t.Errorf("%d requests", asked)
			}
		})
	}
}

func TestTwilioFailures(t *testing.T) {
	t.Parallel()
	rest := func(status, code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"code":%d,"message":"The number %s is wrong","status":%d}`, code, number, status)
		}
	}
	plain := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, tc := range []struct {
		name   string
		answer http.HandlerFunc
		kind   Kind
		code   int
	}{
		{"number not valid", rest(400, 21211), KindRefused, 21211},
		{"stopped", rest(400, 21610), KindRefused, 21610},
		{"not mobile", rest(400, 21614), KindRefused, 21614},
		{"token wrong", rest(401, 20003), KindPermanent, 20003},
		{"queue full", rest(400, 21611), KindTemporary, 21611},
		{"unknown code", rest(400, 99999), KindPermanent, 99999},
		{"too many", rest(429, 20429), KindTemporary, 20429},
		{"service broken", rest(503, 20500), KindTemporary, 20500},
		{"no JSON", plain(502, "<html>bad gateway"), KindTemporary, 0},
		{"nothing", plain(500, ""), KindTemporary, 0},
		{"empty object", plain(201, "{}"), KindTemporary, 0},
		{"redirect", plain(307, "{}"), KindTemporary, 0},
		{"endless", plain(201, `{"sid":"`+strings.Repeat("x", maxAnswer)+`"}`), KindTemporary, 0},
		{"taken with an error", plain(201, `{"sid":"`+sid+`","error_code":30006}`), KindRefused, 30006},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := newTwilio(t, standIn(t, tc.answer)).Send(t.Context(), number, text)
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Kind != tc.kind || e.Code != tc.code {
				t.Fatalf("got %v, want %v with code %d", err, tc.kind, tc.code)
			}
			for _, secret := range []string{string(number)[1:], token, account, "koden"} {
				if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
					t.Errorf("error tells %q: %v", secret, err)
				}
			}
		})
	}
}

func TestTwilioContext(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	o := standIn(t, func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- newTwilio(t, o).Send(ctx, number, text) }()
	<-arrived
	cancel()
	if err := <-done; !Temporary(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	close(release)
}

func TestTwilioTimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	o := standIn(t, func(http.ResponseWriter, *http.Request) { <-release })
	o.Timeout = 20 * time.Millisecond
	err := newTwilio(t, o).Send(t.Context(), number, text)
	close(release)
	if !Temporary(err) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("timeout: %v", err)
	}
}

func TestTwilioAway(t *testing.T) {
	t.Parallel()
	o := standIn(t, func(http.ResponseWriter, *http.Request) {})
	o.Transport = refusing{}
	err := newTwilio(t, o).Send(t.Context(), number, text)
	if !Temporary(err) || strings.Contains(err.Error(), account) {
		t.Errorf("away: %v", err)
	}
}

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("connection refused")
}

func TestTwilioNeverAsked(t *testing.T) {
	t.Parallel()
	o := standIn(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	if err := newTwilio(t, o).Send(t.Context(), number, "a\r\nb"); !Permanent(err) {
		t.Errorf("control characters: %v", err)
	}
}

func TestNewTwilioRefuses(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]TwilioOptions{
		"no account":  {AuthToken: token, From: "x"},
		"no token":    {AccountSID: account, From: "x"},
		"no sender":   {AccountSID: account, AuthToken: token},
		"two senders": {AccountSID: account, AuthToken: token, From: "x", MessagingService: "y"},
		"bad address": {AccountSID: account, AuthToken: token, From: "x", BaseURL: "ftp://x"},
	} {
		if _, err := NewTwilio(o); err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTokenNeverPrints(t *testing.T) {
	t.Parallel()
	tw := newTwilio(t, TwilioOptions{AccountSID: account, AuthToken: token, From: "x"})
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "sender", tw)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "sender", tw)
	//lint:ignore SA9005 that nothing comes out is what is tested
	js, _ := json.Marshal(tw)
	all := log.String() + string(js) + fmt.Sprintf("%v %+v %#v %v %+v", tw, tw, tw, *tw, *tw)
	if strings.Contains(all, token) || strings.Contains(all, fmt.Sprintf("%x", token)) {
		t.Error("the token shows in " + all)
	}
}

// sign is the algorithm of Twilio's documentation, written again.
func sign(address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	_, _ = io.WriteString(mac, address)
	for _, k := range slices.Sorted(maps.Keys(form)) {
		_, _ = io.WriteString(mac, k+form.Get(k))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func callback(t *testing.T, body, signature string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://10.0.0.1/sms/status", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("X-Twilio-Signature", signature)
	return r
}

func TestCallback(t *testing.T) {
	t.Parallel()
	form := func(state, code string) url.Values {
		f := url.Values{"MessageSid": {sid}, "AccountSid": {account}, "MessageStatus": {state}, "To": {string(number)}}
		if code != "" {
			f.Set("ErrorCode", code)
		}
		return f
	}
	tw := newTwilio(t, TwilioOptions{AccountSID: account, AuthToken: token, From: "x"})
	for _, tc := range []struct {
		name        string
		form        url.Values
		want        Status
		done, final bool
	}{
		{"sent", form("sent", ""), Status{ID: sid, State: "sent"}, false, false},
		{"delivered", form("delivered", ""), Status{ID: sid, State: "delivered"}, true, true},
		{"unknown number", form("undelivered", "30005"), Status{ID: sid, State: "undelivered", Code: 30005, Kind: KindRefused}, false, true},
		{"filtered", form("undelivered", "30007"), Status{ID: sid, State: "undelivered", Code: 30007, Kind: KindPermanent}, false, true},
		{"lost on the way", form("failed", "30008"), Status{ID: sid, State: "failed", Code: 30008, Kind: KindTemporary}, false, true},
		{"failed without a code", form("failed", ""), Status{ID: sid, State: "failed", Kind: KindTemporary}, false, true},
	} {
		got, err := tw.Callback(report, callback(t, tc.form.Encode(), sign(report, tc.form)))
		if err != nil || got != tc.want {
			t.Errorf("%s: got %+v, %v, want %+v", tc.name, got, err, tc.want)
		}
		if got.Delivered() != tc.done || got.Final() != tc.final {
			t.Errorf("%s: delivered %v, final %v", tc.name, got.Delivered(), got.Final())
		}
	}
}

func TestCallbackRefuses(t *testing.T) {
	t.Parallel()
	tw := newTwilio(t, TwilioOptions{AccountSID: account, AuthToken: token, From: "x"})
	good := url.Values{"MessageSid": {sid}, "AccountSid": {account}, "MessageStatus": {"delivered"}}
	with := func(key, value string) url.Values {
		f := maps.Clone(good)
		f[key] = []string{value}
		return f
	}
	foreign := with("AccountSid", "ACffff")
	noID := with("MessageSid", "SM1\r\nx")
	badCode := with("ErrorCode", "x")
	long := with("Body", strings.Repeat("x", maxReport))
	get := callback(t, good.Encode(), sign(report, good))
	get.Method = http.MethodGet
	asJSON := callback(t, "{}", sign(report, nil))
	asJSON.Header.Set("Content-Type", "application/json")
	for _, tc := range []struct {
		name     string
		r        *http.Request
		unsigned bool
	}{
		{"no signature", callback(t, good.Encode(), ""), true},
		{"other address", callback(t, good.Encode(), sign(report+"?x=1", good)), true},
		{"changed field", callback(t, with("MessageStatus", "failed").Encode(), sign(report, good)), true},
		{"other account", callback(t, foreign.Encode(), sign(report, foreign)), true},
		{"second value", callback(t, good.Encode()+"&MessageStatus=failed", sign(report, good)), false},
		{"no id", callback(t, noID.Encode(), sign(report, noID)), false},
		{"bad code", callback(t, badCode.Encode(), sign(report, badCode)), false},
		{"too long", callback(t, long.Encode(), sign(report, long)), false},
		{"GET", get, false},
		{"JSON", asJSON, false},
	} {
		got, err := tw.Callback(report, tc.r)
		if err == nil || got != (Status{}) || errors.Is(err, ErrSignature) != tc.unsigned {
			t.Errorf("%s: %+v, %v", tc.name, got, err)
		}
	}
}

func FuzzCallback(f *testing.F) {
	f.Add("MessageSid="+sid+"&MessageStatus=failed&ErrorCode=30003", "x")
	f.Add("a=%zz;b", "")
	tw, err := NewTwilio(TwilioOptions{AccountSID: account, AuthToken: token, From: "x"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body, signature string) {
		if _, err := tw.Callback(report, callback(t, body, signature)); err == nil {
			t.Error("a report without a good signature was believed")
		}
		if form, err := url.ParseQuery(body); err == nil {
			if s, err := readStatus(form); err == nil && !sidForm.MatchString(s.ID) {
				t.Errorf("status %+v", s)
			}
		}
	})
}
