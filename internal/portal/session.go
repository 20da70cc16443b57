package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/store"
)

var (
	// errNothing says that a link opens nothing, for whatever reason.
	errNothing = errors.New("the link opens nothing")
	// errClosed says that this browser has no session of the access.
	errClosed = errors.New("no session in this browser")
	// errNoChange leaves an update without writing.
	errNoChange = errors.New("nothing to write")
)

// touchEvery is how often reading prolongs a session.
const touchEvery = time.Minute

// cookieName puts the prefix in front that binds a cookie to host, path and TLS
// (ASVS 5.0 3.3.3); browsers take it over TLS only.
func (p *Portal) cookieName(name string) string {
	if p.secure {
		return "__Host-" + name
	}
	return name
}

// cookie makes a cookie; a negative age removes it, 0 keeps it until the browser closes.
func (p *Portal) cookie(name, value string, age int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure unless the portal itself is without TLS
		Name: p.cookieName(name), Value: value, Path: "/", MaxAge: age,
		Secure: p.secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

func sessionCookie(access message.ID) string { return "sigill-" + string(access) }

func (p *Portal) keep(w http.ResponseWriter, access message.ID, s auth.Secret) {
	http.SetCookie(w, p.cookie(sessionCookie(access), string(s), 0))
}

// secret returns what the browser keeps for an access.
func (p *Portal) secret(r *http.Request, access message.ID) (auth.Secret, error) {
	c, err := r.Cookie(p.cookieName(sessionCookie(access)))
	if err != nil {
		return "", errClosed
	}
	s, err := auth.ParseSecret(c.Value)
	if err != nil {
		return "", errClosed
	}
	return s, nil
}

// byLink finds what a link leads to. Whether there is something or not, it does the
// same look-ups (security.md T25).
func (p *Portal) byLink(ctx context.Context, token string) (*auth.Access, *message.Message, error) {
	secret, malformed := auth.ParseSecret(token)
	if malformed != nil {
		secret = auth.Secret(token)
	}
	a, err := p.o.Store.AccessByLink(ctx, secret.Hash())
	found := err == nil && malformed == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, nil, fmt.Errorf("find link: %w", err)
	}
	id := message.NewID(p.o.Now())
	if found {
		id = a.Message
	}
	m, err := p.o.Store.Message(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound) || !found:
		return nil, nil, errNothing
	case err != nil:
		return nil, nil, fmt.Errorf("load message: %w", err)
	}
	return a, m, nil
}

// recipientByLink finds the recipient's access that a link leads to, if the message can
// be opened.
func (p *Portal) recipientByLink(r *http.Request) (*auth.Access, *message.Message, error) {
	a, m, err := p.byLink(r.Context(), r.PathValue("token"))
	if err != nil {
		return nil, nil, err
	}
	if a.Sender() || !readable(m, a.Recipient, p.o.Now()) {
		return nil, nil, errNothing
	}
	return a, m, nil
}

// senderByLink finds the sender's message that a link leads to.
func (p *Portal) senderByLink(r *http.Request) (*auth.Access, *message.Message, error) {
	a, m, err := p.byLink(r.Context(), r.PathValue("token"))
	if err != nil {
		return nil, nil, err
	}
	if !a.Sender() {
		return nil, nil, errNothing
	}
	return a, m, nil
}

// readable says whether recipient i may open the message now. The end counts by the
// clock: the job that notes it may be late.
func readable(m *message.Message, i int, now time.Time) bool {
	rcpt, err := m.Recipient(i)
	return err == nil && rcpt.State.Readable() && (rcpt.Expires.IsZero() || now.Before(rcpt.Expires))
}

// visit is a browser that has a session of an access.
type visit struct {
	access  *auth.Access
	message *message.Message
	session *auth.Session
	secret  auth.Secret
}

func (v *visit) recipient() *message.Recipient { return &v.message.Recipients[v.access.Recipient] }

// visit finds the session of this browser for the access in the path, proven or not.
func (p *Portal) visit(r *http.Request) (*visit, error) {
	id, err := message.ParseID(r.PathValue("access"))
	if err != nil {
		return nil, errClosed
	}
	secret, err := p.secret(r, id)
	if err != nil {
		return nil, err
	}
	a, err := p.o.Store.Access(r.Context(), id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errClosed
	}
	if err != nil {
		return nil, fmt.Errorf("load access: %w", err)
	}
	s, err := p.session(a, secret)
	if err != nil {
		return nil, err
	}
	m, err := p.o.Store.Message(r.Context(), a.Message)
	if err != nil {
		return nil, fmt.Errorf("load message: %w", err)
	}
	if !readable(m, a.Recipient, p.o.Now()) {
		return nil, errNothing
	}
	return &visit{a, m, s, secret}, nil
}

// session finds the recipient's session that a secret belongs to, if it has not ended.
func (p *Portal) session(a *auth.Access, secret auth.Secret) (*auth.Session, error) {
	now := p.o.Now()
	s, err := a.Session(now, secret, p.o.Limits)
	if err != nil || a.Sender() || !now.Before(s.Made.Add(p.o.SessionLife)) {
		return nil, errClosed
	}
	return s, nil
}

// proven is visit for a browser in which a code was right. It prolongs the session, at
// most once a minute.
func (p *Portal) proven(r *http.Request) (*visit, error) {
	v, err := p.visit(r)
	if err != nil {
		return nil, err
	}
	if !v.session.IsProven() {
		return nil, errClosed
	}
	if p.o.Now().Sub(v.session.Seen) < touchEvery || r.Method == http.MethodHead {
		return v, nil
	}
	return v, p.touch(r.Context(), v)
}

func (p *Portal) touch(ctx context.Context, v *visit) error {
	err := p.o.Store.UpdateAccess(ctx, v.access.ID, nil, func(a *auth.Access, _ *message.Message, _ []int64) (store.Effects, error) {
		now := p.o.Now()
		s, err := a.Session(now, v.secret, p.o.Limits)
		if err != nil {
			return store.Effects{}, errClosed
		}
		if now.Sub(s.Seen) < touchEvery {
			return store.Effects{}, errNoChange
		}
		s.Seen = now
		return store.Effects{}, nil
	})
	if errors.Is(err, errNoChange) {
		return nil
	}
	return err
}
