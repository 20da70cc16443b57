package app_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/message"
	"sigill/internal/testkit/drawn"
	"sigill/internal/yamlfile"
)

// withPicture is a mail with a picture of a text.
func withPicture(t *testing.T, subject, text string) mail {
	t.Helper()
	data := base64.StdEncoding.EncodeToString(drawn.PNG(t, drawn.Text(t, 24, "Hej Karin,", text, "Hälsningar, Johan")))
	var lines strings.Builder
	for data != "" {
		n := min(76, len(data))
		lines.WriteString(data[:n] + "\r\n")
		data = data[n:]
	}
	return mail{
		from: "johan@norrsund.example", to: []string{"karin@ekman.example"}, subject: subject,
		headers: "Content-Type: image/png; name=skan.png\r\nContent-Transfer-Encoding: base64\r\n", body: lines.String(),
	}
}

// readsPictures turns the reading of pictures on, with time enough for a busy machine.
func readsPictures(c *config.Config) {
	c.Scan.OCR.Enabled, c.Scan.OCR.Languages, c.Scan.OCR.Workers = true, []string{"swe"}, 1
	c.Scan.Budget, c.Scan.OCR.Time = yamlfile.Duration(30*time.Second), yamlfile.Duration(5*time.Minute)
}

// A number in a picture is found where pictures are read, and the recipient gets a notice; where they are not, the mail passes.
func TestE2EPictures(t *testing.T) {
	t.Parallel()
	number := strings.TrimSpace(withCard)
	onBoth(t, func(t *testing.T, d config.Driver) {
		t.Run("read", func(t *testing.T) {
			t.Parallel()
			s := newSystem(t, setup{driver: d, change: readsPictures})
			s.give(withPicture(t, "Picture", number)).want(t, "250 2.0.0 queued as ")
			m := s.awaitState("Picture", "karin@ekman.example", message.Notified)
			places := ""
			for _, f := range m.Decision.Findings {
				places += f.Where + "\n"
			}
			if !strings.Contains(places, "skan.png!ocr") {
				t.Errorf("found at %s", places)
			}
			s.give(withPicture(t, "Referral", strings.TrimSpace(withPnr))).want(t, "250 2.0.0 queued as ")
			s.awaitState("Referral", "karin@ekman.example", message.Held)
			s.give(withPicture(t, "Lunch", "Ska vi ses på torsdag?")).want(t, "250 2.6.0 ")
			_, metrics := s.admin("/metrics")
			if want := `sigill_scan_pictures_total{outcome="read"} 3`; !strings.Contains(metrics, want+"\n") {
				t.Errorf("no %s in the metrics", want)
			}
			if found := about(t, app.Diagnose(t.Context(), s.cfg, true), "pictures"); found.Bad || !strings.Contains(found.Found, "in swe") {
				t.Errorf("%+v", found)
			}
		})
		t.Run("not read", func(t *testing.T) {
			t.Parallel()
			s := newSystem(t, setup{driver: d})
			s.give(withPicture(t, "Picture", number)).want(t, "250 2.6.0 ")
		})
	})
}

// A message that is stored before it is judged has its pictures read by the job that judges it.
func TestE2EPicturesLater(t *testing.T) {
	t.Parallel()
	s := newSystem(t, setup{change: func(c *config.Config) {
		readsPictures(c)
		c.Scan.Inline = 1 << 10
	}})
	s.give(withPicture(t, "Picture", strings.TrimSpace(withCard))).want(t, "250 2.0.0 queued as ")
	s.awaitState("Picture", "karin@ekman.example", message.Notified)
}

// A language that is not there is said by the doctor, and keeps the gateway from starting.
func TestE2EPicturesWithoutLanguage(t *testing.T) {
	t.Parallel()
	s := newSystem(t, setup{change: readsPictures})
	s.cfg.Scan.OCR.Languages = []string{"tlh"}
	found := about(t, app.Diagnose(t.Context(), s.cfg, true), "pictures")
	if !found.Bad || !strings.Contains(found.Found, "install tesseract-ocr-tlh") {
		t.Errorf("%+v", found)
	}
	if _, err := app.OCR(t.Context(), s.cfg.Scan.OCR); err == nil {
		t.Error("no error without the language")
	}
}
