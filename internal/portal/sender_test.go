package portal

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sigill/internal/message"
)

func TestHoldForm(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	b := s.browser()
	b.get("/s/"+token).want(t, http.StatusOK,
		"<h1>Två mottagare saknar mobilnummer</h1>", "Uppföljning efter vårdmöte", "skickat av dig i dag kl.\u00a015.41 till 4 mottagare",
		"Personnummer, 1 st, i bilagan remiss.docx", "••••••••-••87", "söndag 29 november kl.\u00a015.41",
		"Mattias Berg", "mattias.berg@lundbacka.example", `<option value="+46" selected>Sverige +46</option>`,
		"Sanna Oja", `<option value="+358" selected>Finland +358</option>`,
		"Eva Nordin", "Nummer finns: slutar på 418", "Registrator", "Går som vanlig e\u2011post", "Skicka nu", "Avbryt meddelandet").
		lacks(t, "701740418", "Annat land")
	if got := s.reload(m); got.Version != m.Version && got.Recipients[0].State != message.Held {
		t.Error("looking at the page changed the message")
	}
}

// All that is wrong is said at once, what was typed stays, and nothing is written.
func TestHoldErrors(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	b := s.browser()
	before := s.reload(m).Version
	b.post("/s/"+token, "c0", "+46", "n0", "070-174 06", "c1", "+358", "n1", "ring mig").want(t, http.StatusUnprocessableEntity,
		"Inget har skickats än.", `<a href="#n0">numret till Mattias Berg</a> och <a href="#n1">numret till Sanna Oja</a>`,
		"070-174 06 är för kort. Ett svenskt mobilnummer har tio siffror, här är det åtta.",
		`value="070-174 06" aria-invalid="true" aria-describedby="e0"`, `value="ring mig"`)
	b.post("/s/"+token, "c0", "+46", "n0", "070-174 06 12", "c1", "+358", "n1", "").want(t, http.StatusUnprocessableEntity,
		`value="070-174 06 12"`).lacks(t, `href="#n0"`)
	b.post("/s/"+token, "c0", "+46", "n0", "+1 202 555 0123", "m1", "on").want(t, http.StatusUnprocessableEntity)
	b.post("/s/"+token, "c0", "+46", "n0", "0900-123 45 67", "m1", "on").want(t, http.StatusUnprocessableEntity)
	b.post("/s/"+token, "c0", "<script>", "n0", `"><script>alert(1)</script>`, "m1", "on").want(t, http.StatusUnprocessableEntity).rawLacks(t, "<script")
	if got := s.reload(m).Version; got != before {
		t.Errorf("a form with errors was written: version %d, was %d", got, before)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	b := s.browser()
	b.post("/s/"+token, "c0", "+46", "n0", "070-174 06 12", "c1", "+358", "n1", "041 574 6321").want(t, http.StatusOK,
		"Meddelandet är på väg", "+46 70 174 06 12", "+358 41 5746321", "Uppföljning efter vårdmöte går till tre mottagare")
	now := s.reload(m)
	for i, phone := range []message.Phone{"+46701740612", "+358415746321"} {
		if r := now.Recipients[i]; r.State != message.Sealed || r.Phone != phone || !r.Typed {
			t.Errorf("recipient %d: %s, %q", i, r.State, string(r.Phone))
		}
	}
	if jobs := s.jobs(m, message.JobConfirm); len(jobs) != 1 || jobs[0].Ref != "0,1" {
		t.Errorf("confirmation: %+v", jobs)
	}
	// Remembered for this sender, and for no other yet.
	to := []message.Address{m.Recipients[0].Address}
	mine, err := s.store.Contacts(t.Context(), "norrsund", m.Person, to)
	if err != nil || mine["mattias.berg@lundbacka.example"].Phone != "+46701740612" {
		t.Errorf("not remembered: %v, %v", mine, err)
	}
	other, err := s.store.Contacts(t.Context(), "norrsund", address(t, "x@norrsund.example"), to)
	if err != nil || len(other) != 0 {
		t.Errorf("remembered for somebody else: %v, %v", other, err)
	}
	// The link sets numbers once.
	b.post("/s/"+token, "c0", "+46", "n0", "070-174 06 35", "c1", "+46", "n1", "070-174 06 36").want(t, http.StatusConflict)
	if got := s.reload(m).Recipients[0].Phone; got != "+46701740612" {
		t.Errorf("a set number was overwritten: %q", string(got))
	}
}

// A typed number is shown in full in the answer to the form, and by no address: neither
// to another holder of the link nor to the same browser.
func TestTypedNumbersAreMaskedBehindTheLink(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	b := s.browser()
	b.post("/s/"+token, "c0", "+46", "n0", "070-174 06 12", "m1", "on").want(t, http.StatusOK, "+46 70 174 06 12", "Lösenord med e\u2011post")
	for _, reader := range []*browser{b, s.browser()} {
		for _, path := range []string{"/s/" + token + "/done", "/s/" + token, "/s/" + token + "/status", "/s/" + s.link(m, message.All) + "/done"} {
			reader.get(path).want(t, http.StatusOK, "+4•••••••612").lacks(t, "174 06", "17406", "1740612")
		}
	}
	// What somebody else typed earlier stays masked for who types next.
	b.post("/s/"+token+"/undo", "who", "1").want(t, http.StatusOK)
	s.browser().post("/s/"+token, "c1", "+358", "n1", "041 574 6321").want(t, http.StatusOK, "+358 41 5746321", "+4•••••••612").lacks(t, "174 06")
}

func TestUndo(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	b := s.browser()
	b.post("/s/"+token, "c0", "+46", "n0", "070-174 06 12", "m1", "on").want(t, http.StatusOK, "Lösenord med e\u2011post")
	b.post("/s/"+token+"/undo", "who", "0").want(t, http.StatusOK, "En mottagare saknar mobilnummer", "Mattias Berg")
	if r := s.reload(m).Recipients[0]; r.State != message.Held || r.Phone != "" {
		t.Errorf("after undo: %s, %q", r.State, string(r.Phone))
	}
	mine, err := s.store.Contacts(t.Context(), "norrsund", m.Person, []message.Address{m.Recipients[0].Address})
	if err != nil || len(mine) != 0 {
		t.Errorf("still remembered: %v, %v", mine, err)
	}
	b.post("/s/"+token, "c0", "+46", "n0", "070-174 06 35").want(t, http.StatusOK, "+46 70 174 06 35")

	// Not after a code was asked for.
	reader := s.browser()
	reader.post("/b/"+s.link(m, 0)).want(t, http.StatusOK)
	b.post("/s/"+token+"/undo", "who", "0").want(t, http.StatusConflict, "Det gick inte nu.")
	if r := s.reload(m).Recipients[0]; r.Phone != "+46701740635" {
		t.Errorf("undone after a code went out: %q", string(r.Phone))
	}
}

func TestDropAndMail(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	b := s.browser()
	b.post("/s/"+token, "n0", "rubbish", "d0", "on", "m1", "on").want(t, http.StatusOK, "Meddelandet är på väg", "Sanna Oja").lacks(t, "Mattias Berg")
	now := s.reload(m)
	if now.Recipients[0].State != message.Cancelled || now.Recipients[1].Method() != message.Level1 || now.Recipients[1].State != message.Sealed {
		t.Errorf("states %s, %s", now.Recipients[0].State, now.Recipients[1].State)
	}
	b.post("/s/"+token+"/restore", "who", "0").want(t, http.StatusOK, "En mottagare saknar mobilnummer")
}

func TestOnlyDrops(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	s.browser().post("/s/"+token, "d0", "on", "d1", "on").want(t, http.StatusOK, "Avbrutet")
	if len(s.jobs(m, message.JobConfirm)) != 0 {
		t.Error("numbers are confirmed though none was set")
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	b := s.browser()
	b.post("/s/"+token+"/release", "why", "  ").want(t, http.StatusUnprocessableEntity, "En mening om varför saknas.", "<details open>")
	b.post("/s/"+token+"/release", "why", "Numret är\r\nett ärendenummer").want(t, http.StatusOK, "På väg")
	if got := s.reload(m); got.Recipients[0].State != message.Queued || got.Recipients[1].State != message.Queued {
		t.Errorf("states %s, %s", got.Recipients[0].State, got.Recipients[1].State)
	}
	events, err := s.store.Events(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, e := range events {
		found = found || e.Kind == message.EventReleased && e.Detail["why"] == "Numret är ett ärendenummer"
	}
	if !found {
		t.Error("the reason is not kept")
	}
	if told := s.jobs(m, message.JobTell); len(told) != 1 || told[0].Ref != "released:0,1" {
		t.Errorf("who sent the message is told by %+v", told)
	}
	b.post("/s/"+token+"/release", "why", "igen").want(t, http.StatusConflict)

	s.serve(func(o *Options) { o.AllowRelease = false })
	m2, token2 := s.held()
	b.get("/s/"+token2).want(t, http.StatusOK).lacks(t, "Det här är inte känsligt")
	b.post("/s/"+token2+"/release", "why", "x").want(t, http.StatusNotFound)
	if s.reload(m2).Recipients[0].State != message.Held {
		t.Error("released though it is not allowed")
	}
}

func TestCancelAndRestore(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	b := s.browser()
	b.post("/s/"+token+"/cancel").want(t, http.StatusUnprocessableEntity, "Kryssa i rutan", "<details open>")
	if s.reload(m).Recipients[0].State != message.Held {
		t.Fatal("cancelled by a button alone")
	}
	b.post("/s/"+token+"/cancel", "sure", "on").want(t, http.StatusOK, "Avbrutet", "kan ångras till tisdag 1 december 2026")
	before := len(s.jobs(m, message.JobRemind))
	b.post("/s/"+token+"/restore").want(t, http.StatusOK, "Två mottagare saknar mobilnummer")
	if n := len(s.jobs(m, message.JobRemind)) - before; n != len(message.DefaultTerms().HoldReminders) {
		t.Errorf("%d reminders for two recipients of one message", n)
	}
	b.post("/s/"+token+"/cancel", "sure", "on").want(t, http.StatusOK)
	s.clock.Add(8 * 24 * time.Hour)
	b.post("/s/"+token+"/restore").want(t, http.StatusConflict)
	if s.reload(m).Recipients[0].State != message.Cancelled {
		t.Error("restored after the grace")
	}
}

func TestTakeBack(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m := s.put(mail{levels: []message.Level{message.Level1, message.Level1}, to: []string{"A <a@ett.example>", "B <b@tva.example>"}})
	link0 := s.link(m, 0)
	s.link(m, 1)
	token := s.link(m, message.All)
	b := s.browser()
	b.get("/s/"+token).want(t, http.StatusOK, "0 av 2 mottagare har öppnat det.", "Avisering skickad", "Ta tillbaka från alla 2")
	b.post("/s/"+token+"/takeback", "who", "1").want(t, http.StatusOK, "Tillbakataget")
	if got := s.reload(m); got.Recipients[0].State != message.Notified || got.Recipients[1].State != message.Revoked {
		t.Errorf("states %s, %s", got.Recipients[0].State, got.Recipients[1].State)
	}
	b.post("/s/"+token+"/takeback", "who", "1").want(t, http.StatusConflict)
	b.post("/s/"+token+"/takeback", "who", "99").want(t, http.StatusConflict)
	b.post("/s/"+token+"/takeback").want(t, http.StatusUnprocessableEntity, "Kryssa i rutan")
	b.post("/s/"+token+"/takeback", "sure", "on").want(t, http.StatusOK, "Ingenting att öppna längre", "is-gone")
	s.browser().get("/b/"+link0).want(t, http.StatusNotFound)
	b.post("/s/"+token+"/restore", "who", "0").want(t, http.StatusOK, "Förseglat")
	s.browser().get("/b/"+link0).want(t, http.StatusOK)
}

// What was opened can be taken back too: its reader is out at once, on every page.
func TestTakeBackOpened(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, link := s.level2()
	reader := s.browser()
	path := reader.enter(m, link)
	token := s.link(m, message.All)
	b := s.browser()
	b.get("/s/"+token+"/status").want(t, http.StatusOK, "1 av 1 mottagare har öppnat det.", `action="/s/`+token+`/takeback"`)
	b.post("/s/"+token+"/takeback", "who", "0").want(t, http.StatusOK, "Tillbakataget")
	if got := s.reload(m).Recipients[0].State; got != message.Revoked {
		t.Fatalf("state %s", got)
	}
	for _, page := range []string{path, path + "/file/1", "/b/" + link} {
		reader.get(page).want(t, http.StatusNotFound)
	}
	b.post("/s/"+token+"/restore", "who", "0").want(t, http.StatusOK)
	reader.get(path).want(t, http.StatusOK)
	// Opened once, the number is still only refused by who proved it.
	other := s.browser()
	asked := other.post("/b/" + link)
	other.post(asked.where+"/not-me").want(t, http.StatusForbidden)
}

func TestNoticeAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, _ := s.level1()
	token := s.link(m, message.All)
	b := s.browser()
	before := len(s.jobs(m, message.JobNotify))
	for range 3 {
		b.post("/s/"+token+"/again", "who", "0").want(t, http.StatusOK)
	}
	b.post("/s/"+token+"/again", "who", "0").want(t, http.StatusTooManyRequests, "Inget nytt har skickats.")
	if n := len(s.jobs(m, message.JobNotify)) - before; n != 3 {
		t.Errorf("%d notices", n)
	}
	b.post("/s/"+token+"/again").want(t, http.StatusConflict)
}

func TestStory(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.level1()
	reader := s.browser()
	path := reader.enter(m, token)
	_ = path
	s.browser().get("/s/"+s.link(m, message.All)+"/status").want(t, http.StatusOK,
		"1 av 1 mottagare har öppnat det.", "Karin Ekman öppnade det", "Avisering skickad till Karin Ekman", "Förseglat för Karin Ekman")
}

// A recipient that came to be held after the page was shown is not overlooked.
func TestHoldChangedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	b := s.browser()
	b.post("/s/"+token, "c0", "+46", "n0", "070-174 06 12", "m1", "on").want(t, http.StatusOK)
	b.post("/s/"+token+"/undo", "who", "1").want(t, http.StatusOK)
	b.post("/s/"+token, "c0", "+46", "n0", "070-174 06 35").want(t, http.StatusUnprocessableEntity, "numret till Sanna Oja")
	if s.reload(m).Recipients[0].Phone != "+46701740612" {
		t.Error("a number that is set was overwritten")
	}
}

func TestWithoutSMS(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.serve(func(o *Options) { o.SMS = false })
	_, token := s.held()
	b := s.browser()
	b.get("/s/"+token).want(t, http.StatusOK).lacks(t, `type="tel"`)
	b.post("/s/"+token, "n0", "070-174 06 12", "m1", "on").want(t, http.StatusUnprocessableEntity, "Vi kan inte skicka sms just nu.")
	b.post("/s/"+token, "m0", "on", "m1", "on").want(t, http.StatusOK)
}

func TestAnyCountry(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.serve(func(o *Options) { o.Countries = nil })
	_, token := s.held()
	b := s.browser()
	b.get("/s/"+token).want(t, http.StatusOK, "Annat land")
	b.post("/s/"+token, "c0", "", "n0", "+44 7400 123456", "m1", "on").want(t, http.StatusOK, "+44 7400 123456")
}

func TestUnattendedSender(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, token := s.held()
	err := s.store.Update(t.Context(), m.ID, unattend)
	if err != nil {
		t.Fatal(err)
	}
	s.browser().get("/s/"+token).want(t, http.StatusOK, "från johan.lindqvist@norrsund.example").lacks(t, "skickat av dig")
	shown := s.browser().get("/b/" + s.link(m, 2))
	if strings.Contains(shown.body, "it@norrsund.example") {
		t.Error("who stands in is shown to the recipient")
	}
}
