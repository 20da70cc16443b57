package portal

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

func TestLevel1(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	b := s.browser()

	b.get("/b/"+token).want(t, http.StatusOK,
		"<h1>Uppföljning efter ditt besök</h1>", "Johan Lindqvist", "johan.lindqvist@norrsund.example",
		"i dag kl.\u00a015.41", "torsdag 24 december 2026 kl.\u00a015.41",
		"k•••••••••n@e••••••.example", "Skicka mitt lösenord", "gäller i tio minuter").
		lacks(t, "karin.ekman@exempel.example")
	if n := len(s.jobs(m, message.JobSendCode)); n != 0 {
		t.Fatalf("opening the link asked for %d codes", n)
	}

	asked := b.post("/b/"+token).want(t, http.StatusOK,
		"Skriv in ditt engångslösenord", "k•••••••••n@e••••••.example", "<b>Uppföljning efter ditt besök</b>", `class="stamp"`, "12 tecken")
	if !strings.HasPrefix(asked.where, "/c/") {
		t.Fatalf("after the button: at %s", asked.where)
	}
	pass := s.sendCode(m)
	if len(pass) != 12 {
		t.Fatalf("password has %d characters", len(pass))
	}
	s.clock.Add(3 * time.Minute)
	read := b.post(asked.where, "code", " "+strings.ToUpper(pass[:6])+" "+pass[6:]+"\n").want(t, http.StatusOK,
		"<h1>Uppföljning efter ditt besök</h1>", "Öppnat av dig i dag kl.\u00a015.44", "3 minuter sedan",
		"Karin Ekman", "och 1 till: Per Ekman",
		"Tack för besöket i måndags.<br>Svullnaden &lt;b&gt;är&lt;/b&gt; på väg ner: <a href=\"https://norrsund.example/a?b=1&amp;c=2\"",
		"Vänliga hälsningar<br>Johan Lindqvist")
	if !strings.HasPrefix(read.where, "/r/") {
		t.Fatalf("after the code: at %s", read.where)
	}
	now := s.reload(m)
	if now.Recipients[0].State != message.Opened || now.Recipients[0].Opened.IsZero() {
		t.Errorf("state %s", now.Recipients[0].State)
	}
	b.post(read.where+"/leave").want(t, http.StatusForbidden, "Sidan är stängd och låst")
	b.get(read.where).want(t, http.StatusForbidden)
}

func TestLevel2ProvesTheNumber(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level2()
	b := s.browser()
	b.get("/b/"+token).want(t, http.StatusOK, "+4•••••••612", "Skicka min sms\u2011kod", "Det är inte mitt nummer").lacks(t, "0701740612", "701740612")
	asked := b.post("/b/"+token).want(t, http.StatusOK, "Skriv in din sms\u2011kod", "6 siffror", `inputmode="numeric"`)
	pass := s.sendCode(m)
	if len(pass) != 6 {
		t.Fatalf("code has %d digits", len(pass))
	}
	b.post(asked.where, "code", pass).want(t, http.StatusOK, "Öppnat av dig")
	known, err := s.store.Contacts(t.Context(), "norrsund", address(t, "somebody.else@norrsund.example"), []message.Address{m.Recipients[0].Address})
	if err != nil {
		t.Fatal(err)
	}
	if c := known["karin.ekman@exempel.example"]; c.Phone != "+46701740612" || !c.Sender.IsNull() {
		t.Errorf("number is not proven: %+v", c)
	}
}

func TestWrongCodes(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	b := s.browser()
	asked := b.post("/b/" + token)
	b.post(asked.where, "code", "tooearly").want(t, http.StatusUnprocessableEntity, "Lösenordet är på väg.")
	first := s.sendCode(m)
	b.post(asked.where, "code", "wrongwrong22").want(t, http.StatusUnprocessableEntity,
		"Du har 4 försök kvar", "wrongwrong22 är inte lösenordet för den här sidan.", `aria-invalid="true"`)

	b.post(asked.where+"/again").want(t, http.StatusOK)
	second := s.sendCode(m)
	b.post(asked.where, "code", first).want(t, http.StatusUnprocessableEntity, "Du har bett om ett nyare lösenord, märkt")
	s.clock.Add(11 * time.Minute)
	b.post(asked.where, "code", second).want(t, http.StatusUnprocessableEntity, "Tiden för lösenordet är ute.")
	b.post(asked.where+"/again").want(t, http.StatusOK)
	b.post(asked.where, "code", s.sendCode(m)).want(t, http.StatusOK, "Öppnat av dig")
}

func TestLock(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	b := s.browser()
	asked := b.post("/b/" + token)
	pass := s.sendCode(m)
	for range 4 {
		b.post(asked.where, "code", "wrongwrong22").want(t, http.StatusUnprocessableEntity)
	}
	b.post(asked.where, "code", "wrongwrong22").want(t, http.StatusTooManyRequests,
		"För många försök. Vänta till kl.\u00a015.56.", "is-locked", "mailto:johan.lindqvist@norrsund.example")
	b.post(asked.where, "code", pass).want(t, http.StatusTooManyRequests)
	b.get(asked.where).want(t, http.StatusTooManyRequests)
	b.post("/b/"+token).want(t, http.StatusTooManyRequests)

	s.clock.Add(16 * time.Minute)
	b.post("/b/"+token).want(t, http.StatusOK)
	b.post(asked.where, "code", s.sendCode(m)).want(t, http.StatusOK, "Öppnat av dig")
}

// A wrong try is counted for the message and the client over all sessions; a right one
// is given back.
func TestTriesAreCountedAcrossSessions(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.serve(func(o *Options) { o.Limits.PerMessage, o.Limits.Tries, o.Limits.CodesPerRecipientHour = 6, 5, 100 })
	m, token := s.level1()
	for range 2 {
		b := s.browser()
		asked := b.post("/b/" + token)
		s.sendCode(m)
		for range 3 {
			b.post(asked.where, "code", "wrongwrong22").want(t, http.StatusUnprocessableEntity)
		}
	}
	b := s.browser()
	asked := b.post("/b/" + token)
	b.post(asked.where, "code", s.sendCode(m)).want(t, http.StatusTooManyRequests,
		"För många försök. Vänta till i morgon kl.\u00a001.00.", "Öppna länken igen <b>i morgon kl.\u00a001.00</b> eller senare")

	s.clock.Add(24 * time.Hour)
	again := b.post("/b/" + token)
	b.post(again.where, "code", s.sendCode(m)).want(t, http.StatusOK, "Öppnat av dig")
}

func TestRightTriesAreGivenBack(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.serve(func(o *Options) { o.Limits.PerMessage = 2 })
	m, token := s.level1()
	for range 4 {
		s.browser().enter(m, token)
		s.clock.Add(time.Hour)
	}
}

// A code that was used is not one of too many.
func TestUsedCodesAreGivenBack(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.serve(func(o *Options) { o.Limits.CodesPerRecipientHour, o.Limits.CodesPerMessage = 2, 2 })
	m, token := s.level1()
	for range 4 {
		s.browser().enter(m, token)
		s.clock.Add(time.Minute)
	}
	for range 2 {
		s.browser().post("/b/"+token).want(t, http.StatusOK)
	}
	s.browser().post("/b/"+token).want(t, http.StatusTooManyRequests)
}

// Of several limits, the page names the one that ends last: whoever comes back then
// gets a code.
func TestTheLimitThatEndsLastIsNamed(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.serve(func(o *Options) { o.Limits.CodesPerRecipientHour, o.Limits.CodesPerMessage = 2, 2 })
	_, token := s.level1()
	for range 2 {
		s.browser().post("/b/"+token).want(t, http.StatusOK)
	}
	shut := s.browser().post("/b/"+token).want(t, http.StatusTooManyRequests,
		"Många koder på kort tid. Vänta till i morgon kl.\u00a001.00.", "Öppna länken igen <b>i morgon kl.\u00a001.00</b>")
	wait, err := strconv.Atoi(shut.header.Get("Retry-After"))
	if err != nil {
		t.Fatal(err)
	}
	s.clock.Add(time.Duration(wait) * time.Second)
	s.browser().post("/b/"+token).want(t, http.StatusOK)
}

func TestAskingIsLimited(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	b := s.browser()
	for range 5 {
		b.post("/b/"+token).want(t, http.StatusOK)
		s.clock.Add(time.Second)
	}
	b.post("/b/"+token).want(t, http.StatusTooManyRequests, "Många koder på kort tid. Vänta till kl.\u00a016.00.")
	if n := len(s.jobs(m, message.JobSendCode)); n != 5 {
		t.Errorf("%d codes were asked for", n)
	}
	// The code that came is still good.
	b.post(strings.Replace(b.get("/b/"+token).where, "/b/", "/b/", 1)).want(t, http.StatusTooManyRequests)
}

// What a program that follows links does changes nothing: GET, HEAD and OPTIONS never;
// a pressed button asks for a code and does no harm.
func TestLinkScanner(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level2()
	before := s.reload(m)
	scanner := s.browser()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		for _, path := range []string{"/b/" + token, "/b/" + token + "/not-me", "/b/" + token + "?lang=en"} {
			scanner.send(method, path, nil)
		}
	}
	after := s.reload(m)
	if after.Version != before.Version || after.Recipients[0].State != before.Recipients[0].State {
		t.Errorf("following the link changed the message: version %d, was %d", after.Version, before.Version)
	}
	if n := len(s.jobs(m, message.JobSendCode)); n != 0 {
		t.Errorf("following the link asked for %d codes", n)
	}
	for range 3 {
		scanner.post("/b/" + token)
	}
	s.clock.Add(time.Second)
	b := s.browser()
	b.enter(m, token)
}

func TestOtherBrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	mine, other := s.browser(), s.browser()
	asked := mine.post("/b/" + token)
	pass := s.sendCode(m)

	other.get(asked.where).want(t, http.StatusForbidden, "Sidan är stängd och låst")
	other.post(asked.where, "code", pass).want(t, http.StatusForbidden)
	s.clock.Add(time.Second)
	otherAsked := other.post("/b/" + token)
	s.sendCode(m)
	other.post(otherAsked.where, "code", pass).want(t, http.StatusUnprocessableEntity, "stämmer inte")
	mine.post(asked.where, "code", pass).want(t, http.StatusOK, "Öppnat av dig")
	other.get(strings.Replace(asked.where, "/c/", "/r/", 1)).want(t, http.StatusOK, "Skriv in ditt engångslösenord")
}

func TestCookieOfAnotherAccess(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	m2, token2 := s.level1()
	a, b := s.browser(), s.browser()
	path := a.enter(m, token)
	s.clock.Add(time.Second)
	path2 := b.enter(m2, token2)
	var value string
	for _, v := range a.cookies {
		value = v
	}
	for name := range b.cookies {
		b.cookies[name] = value
	}
	b.get(path2).want(t, http.StatusForbidden)
	b.get(path).want(t, http.StatusForbidden)
}

func TestCookie(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	b := s.browser()
	before := b.send(http.MethodPost, "/b/"+token, nil)
	raw := before.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-sigill-", "Path=/", "HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(raw, want) {
			t.Errorf("cookie lacks %s: %s", want, raw)
		}
	}
	if strings.Contains(raw, "Domain") {
		t.Errorf("cookie has a domain: %s", raw)
	}
	var old string
	for _, v := range b.cookies {
		old = v
	}
	done := b.send(http.MethodPost, before.header.Get("Location"), map[string][]string{"code": {s.sendCode(m)}})
	for name, v := range b.cookies {
		if v == old {
			t.Error("the secret is the same after the proof")
		}
		b.cookies[name] = old
	}
	b.get(done.header.Get("Location")).want(t, http.StatusForbidden)
	s.serve(func(o *Options) { o.Base = "http://127.0.0.1:8025" })
	plain := s.browser().send(http.MethodPost, "/b/"+token, nil).header.Get("Set-Cookie")
	if strings.Contains(plain, "__Host-") || strings.Contains(plain, "Secure") {
		t.Errorf("cookie without TLS: %s", plain)
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	b := s.browser()
	path := b.enter(m, token)
	for range 4 { // reading prolongs it
		s.clock.Add(20 * time.Minute)
		b.get(path).want(t, http.StatusOK)
	}
	s.clock.Add(31 * time.Minute)
	b.get(path).want(t, http.StatusForbidden)
}

func TestSessionEndsWithTheMessage(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	b := s.browser()
	path := b.enter(m, token)
	sender := s.browser()
	sender.post("/s/"+s.link(m, message.All)+"/takeback", "who", "0").want(t, http.StatusOK, "Tillbakataget")
	b.get(path).want(t, http.StatusNotFound)
	b.get(path+"/html").want(t, http.StatusNotFound)
	b.get("/b/"+token).want(t, http.StatusNotFound)
}

func TestNotMyNumber(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level2()
	b := s.browser()
	path := b.enter(m, token)
	b.get("/b/"+token+"/not-me").want(t, http.StatusOK, "Är det inte ditt nummer?", "+4•••••••612", "Det är inte mitt nummer")
	if s.reload(m).Recipients[0].State != message.Opened {
		t.Fatal("looking at the page changed the message")
	}
	if n := s.remembered(m); n != 1 {
		t.Fatalf("%d numbers are remembered, want the proven one", n)
	}
	b.post(strings.Replace(path, "/r/", "/c/", 1)+"/not-me").want(t, http.StatusOK, "Meddelandet väntar på rätt nummer")
	now := s.reload(m)
	if now.Recipients[0].State != message.Held || now.Recipients[0].Phone != "" {
		t.Errorf("state %s, number %q", now.Recipients[0].State, string(now.Recipients[0].Phone))
	}
	if len(s.jobs(m, message.JobAskPhone)) == 0 {
		t.Error("the sender is not asked")
	}
	b.get(path).want(t, http.StatusForbidden) // who got in by that number is out
	b.get("/b/"+token).want(t, http.StatusNotFound)
	if n := s.remembered(m); n != 0 {
		t.Errorf("%d numbers are still remembered", n)
	}
	// Nor does it come back for the old session once the right number is there.
	sender := s.browser()
	sender.post("/s/"+s.link(m, message.All), "c0", "+46", "n0", "070-174 06 35").want(t, http.StatusOK)
	b.get(path).want(t, http.StatusForbidden)
}

// remembered counts the numbers that are known for the message's first recipient.
func (s *stage) remembered(m *message.Message) int {
	s.tb.Helper()
	known, err := s.store.Contacts(s.tb.Context(), m.Org, m.Person, []message.Address{m.Recipients[0].Address})
	if err != nil {
		s.tb.Fatal(err)
	}
	return len(known)
}

// Who holds the link alone cannot take the message away, whatever button it presses.
func TestNotMyNumberWithoutACode(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level2()
	b := s.browser()
	ask := b.get("/b/"+token+"/not-me").want(t, http.StatusOK, "Be först om koden.", "under <b>Inte mitt nummer</b>", `action="/b/`+token+`"`)
	ask.lacks(t, "/not-me\"><button")
	b.post("/b/"+token+"/not-me").want(t, http.StatusOK, "Be först om koden.")
	if got := s.reload(m).Recipients[0].State; got != message.Notified {
		t.Errorf("the link alone changed the message: %s", got)
	}
	if n := len(s.jobs(m, message.JobSendCode)); n != 0 {
		t.Errorf("%d codes were asked for", n)
	}
}

// Once the recipient has opened the message, a browser that only asked for a code
// cannot take it away any more.
func TestNotMyNumberAfterOpening(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level2()
	b, other := s.browser(), s.browser()
	early := other.post("/b/" + token).where
	s.sendCode(m)
	path := b.enter(m, token)
	late := s.browser()
	asked := late.post("/b/" + token).where
	for who, from := range map[*browser]string{other: early, late: asked} {
		who.get(from+"/not-me").want(t, http.StatusOK, "Meddelandet har redan öppnats med en kod.", "mailto:johan.lindqvist@norrsund.example").
			lacks(t, "Det är inte mitt nummer")
		who.post(from+"/not-me").want(t, http.StatusForbidden, "Meddelandet har redan öppnats med en kod.")
		who.post("/b/"+token+"/not-me").want(t, http.StatusOK, "Meddelandet har redan öppnats med en kod.")
	}
	if got := s.reload(m).Recipients[0]; got.State != message.Opened || got.Phone == "" {
		t.Errorf("the message was taken from who opened it: %s", got.State)
	}
	if n := s.remembered(m); n != 1 {
		t.Errorf("%d numbers are remembered, want the proven one", n)
	}
	b.get(path).want(t, http.StatusOK)
}

// What is proven for the organisation is not forgotten by a click that proves nothing;
// what the sender typed is.
func TestNotMyNumberForgetsOnlyTheSenders(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	first, link := s.level2()
	s.browser().enter(first, link) // proves the number for the organisation
	m, token := s.level2()
	mine := message.Contact{Org: m.Org, Sender: m.Person, Recipient: m.Recipients[0].Address, Phone: "+46701740635", At: s.clock.Now()}
	err := s.store.Update(t.Context(), m.ID, func(*message.Message) (store.Effects, error) {
		return store.Effects{Contacts: []message.Contact{mine}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	asked := b.post("/b/" + token)
	b.post(asked.where+"/not-me").want(t, http.StatusOK, "Meddelandet väntar på rätt nummer")
	known, err := s.store.Contacts(t.Context(), m.Org, m.Person, []message.Address{mine.Recipient})
	if err != nil {
		t.Fatal(err)
	}
	if got := known[mine.Recipient.Key()].Phone; got != "+46701740612" {
		t.Errorf("known afterwards: %q, want the proven number", string(got))
	}
}

func TestNotMeAtLevel1(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	s.browser().post("/b/"+token+"/not-me").want(t, http.StatusOK, "Är det inte till dig?")
	if s.reload(m).Recipients[0].State != message.Notified {
		t.Error("the page changed the message")
	}
}

// Whatever is wrong with a link, the answer is one and the same.
func TestEveryDeadLinkLooksAlike(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, expired := s.level1()
	revoked, revokedToken := s.level1()
	notMine, notMineToken := s.level2()
	sender := s.link(revoked, message.All)
	s.browser().post("/s/"+sender+"/takeback", "who", "0").want(t, http.StatusOK)
	refuser := s.browser()
	refuser.post(refuser.post("/b/"+notMineToken).where+"/not-me").want(t, http.StatusOK, "Meddelandet väntar på rätt nummer")
	s.clock.Add(31 * 24 * time.Hour)
	_, live := s.level1()
	b := s.browser()
	want := b.get("/b/" + strings.Repeat("a", 32))
	want.want(t, http.StatusNotFound, "Länken öppnar inget just nu", "is-gone")
	paths := map[string]string{
		"expired": "/b/" + expired, "revoked": "/b/" + revokedToken, "held again": "/b/" + notMineToken,
		"sender's": "/b/" + sender, "short": "/b/x", "long": "/b/" + strings.Repeat("a", 5000), "odd": "/b/%00%ff%2e%2e",
		"capitals": "/b/" + strings.ToUpper(live), "recipient's as sender's": "/s/" + live, "nothing": "/nowhere/at/all",
		"not me": "/b/" + expired + "/not-me", "sender": "/s/" + strings.Repeat("b", 32), "done": "/s/" + live + "/done",
	}
	for name, path := range paths {
		got := b.get(path)
		if got.status != want.status || got.body != want.body {
			t.Errorf("%s: status %d, another page", name, got.status)
		}
	}
	for _, path := range []string{"/b/" + expired, "/b/" + revokedToken, "/b/" + strings.Repeat("a", 32), "/b/" + expired + "/not-me"} {
		got := b.post(path)
		if got.status != want.status || got.body != want.body {
			t.Errorf("POST %s: status %d, another page", path[:4], got.status)
		}
	}
	_ = notMine
}

func TestNeutralSubject(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m := s.put(mail{subject: "Svar om 890102-2387", neutral: true, levels: []message.Level{message.Level1}})
	token := s.link(m, 0)
	b := s.browser()
	b.get("/b/"+token).want(t, http.StatusOK, "Ett skyddat meddelande").lacks(t, "890102")
	b.get("/b/"+token+"/not-me").lacks(t, "890102")
	b.post("/b/"+token).want(t, http.StatusOK, "Ett skyddat meddelande").lacks(t, "890102")
	path := b.get("/b/" + token).where
	_ = path
	reader := s.browser()
	s.clock.Add(time.Second)
	reader.get(reader.enter(m, token)).want(t, http.StatusOK, "Svar om 890102-2387")
	s.browser().get("/s/"+s.link(m, message.All)).want(t, http.StatusOK, "Ett skyddat meddelande").lacks(t, "890102")
}

// However much it is used, a session ends.
func TestSessionLife(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.serve(func(o *Options) { o.SessionLife = time.Hour })
	m, token := s.level1()
	b := s.browser()
	path := b.enter(m, token)
	for range 3 {
		s.clock.Add(19 * time.Minute)
		b.get(path).want(t, http.StatusOK)
	}
	s.clock.Add(5 * time.Minute)
	b.get(path).want(t, http.StatusForbidden)
	b.enter(m, token) // and a new one begins
}

// The button behind the link leads straight to the message where it is open already.
func TestLinkAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	b := s.browser()
	path := b.enter(m, token)
	before := len(s.jobs(m, message.JobSendCode))
	if got := b.post("/b/" + token); got.where != path || got.status != http.StatusOK {
		t.Errorf("at %s, status %d", got.where, got.status)
	}
	if n := len(s.jobs(m, message.JobSendCode)); n != before {
		t.Error("another code was asked for")
	}
	if got := b.get(strings.Replace(path, "/r/", "/c/", 1)); got.where != path {
		t.Errorf("the page for the code leads to %s", got.where)
	}
}

// Many tries at the same time are no more than many tries in turn.
func TestTriesAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	first := s.browser()
	asked := first.post("/b/" + token)
	s.sendCode(m)
	const n = 24
	status := make(chan int, n)
	for range n {
		b := s.browser()
		for k, v := range first.cookies {
			b.cookies[k] = v
		}
		go func() {
			status <- b.send(http.MethodPost, asked.where, map[string][]string{"code": {"wrongwrong22"}}).status
		}()
	}
	wrong := 0
	for range n {
		if <-status == http.StatusUnprocessableEntity {
			wrong++
		}
	}
	if wrong != 4 { // the fifth locks
		t.Errorf("%d tries were answered as wrong", wrong)
	}
	events, err := s.store.Events(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, e := range events {
		if e.Kind == message.EventCodeWrong || e.Kind == message.EventLocked {
			compared++
		}
	}
	if compared != 5 {
		t.Errorf("%d tries were compared", compared)
	}
}

// What was said of a code that could not be handed over.
func TestCodeFailed(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	b := s.browser()
	asked := b.post("/b/" + token)
	s.clock.Add(time.Second)
	err := s.store.Update(t.Context(), m.ID, func(m *message.Message) (store.Effects, error) {
		return store.Effects{Effects: m.Note(s.clock.Now(), 0, message.EventCodeFailed, nil)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.get(asked.where).want(t, http.StatusOK, "Lösenordet kom inte fram.", "Johan Lindqvist har fått veta det.")
	s.clock.Add(time.Second)
	b.post(asked.where+"/again").want(t, http.StatusOK).lacks(t, "kom inte fram")
}

func TestNotMyNumberFromTheCodePage(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level2()
	b := s.browser()
	asked := b.post("/b/"+token).want(t, http.StatusOK, "Inte mitt nummer")
	b.get(asked.where+"/not-me").want(t, http.StatusOK, `action="`+asked.where+`/not-me"`)
	b.post(asked.where+"/not-me").want(t, http.StatusOK, "Meddelandet väntar på rätt nummer")
	if s.reload(m).Recipients[0].State != message.Held {
		t.Error("not held")
	}
	b.post(asked.where+"/not-me").want(t, http.StatusForbidden)
}

// Nothing secret and nothing personal goes to the log.
func TestLog(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var log syncBuffer
	s.serve(func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	m, token := s.level2()
	b := s.browser()
	asked := b.post("/b/" + token)
	pass := s.sendCode(m)
	b.post(asked.where, "code", "999999")
	b.post(asked.where, "code", pass)
	b.post(asked.where+"/not-me").want(t, http.StatusOK, "Meddelandet väntar på rätt nummer")
	sender := s.link(m, message.All)
	b.post("/s/"+sender, "c0", "+46", "n0", "070-174 06 35")
	text := log.String()
	if !strings.Contains(text, string(m.ID)) || !strings.Contains(text, "code asked for") {
		t.Fatalf("log lacks what happened: %s", text)
	}
	secrets := []string{token, sender, pass, "999999", "karin", "exempel.example", "1740612", "1740635", "174 06 35", "Uppföljning", "Lindqvist"}
	for _, v := range b.cookies {
		secrets = append(secrets, v)
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %q:\n%s", secret, text)
		}
	}
	s.serve(func(o *Options) {
		o.LogAddresses, o.Log = true, slog.New(slog.NewTextHandler(&log, nil))
	})
	m2, token2 := s.level1()
	s.browser().post("/b/" + token2)
	if text := log.String(); !strings.Contains(text, "karin.ekman@exempel.example") || !strings.Contains(text, string(m2.ID)) {
		t.Error("addresses are wanted in the log, and lack")
	}
}
