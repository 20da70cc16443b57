package extract

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime"
	"mime/quotedprintable"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/encoding/htmlindex"
)

// TestOrdinaryMail: programs do not differ in what they show of ordinary mail, careless mail
// included, and most of it is read once.
func TestOrdinaryMail(t *testing.T) {
	t.Parallel()
	const each = 86
	shapes := ordinaryShapes()
	var mu sync.Mutex
	total, second, ambiguous := 0, map[bool]int{}, 0
	var wg sync.WaitGroup
	work := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range work {
				s := shapes[i%len(shapes)]
				m := &maker{r: rand.New(rand.NewPCG(uint64(i), 7)), eol: "\r\n"}
				raw := m.message(s.make)
				needs, found := readBoth(t, raw)
				mu.Lock()
				total++
				if needs {
					second[s.careless]++
				}
				if found != nil {
					if ambiguous++; ambiguous <= 5 {
						t.Logf("%s (%d): %v\n%.3000s", s.name, i, found, raw)
					}
				}
				if needs && !s.careless {
					t.Errorf("%s (%d) needs a second reading:\n%.3000s", s.name, i, raw)
				}
				mu.Unlock()
			}
		})
	}
	for i := range each * len(shapes) {
		work <- i
	}
	close(work)
	wg.Wait()
	t.Logf("%d messages, %d shapes: %d need a second reading (%d of the well-formed), %d ambiguous", total, len(shapes), second[true]+second[false], second[false], ambiguous)
	if total < 4000 {
		t.Errorf("only %d messages", total)
	}
	if ambiguous*2000 > total {
		t.Errorf("%d of %d are ambiguous, at most 0.05 %% may be", ambiguous, total)
	}
}

// readBoth says whether a message needs a second reading, and what is ambiguous in it.
func readBoth(t *testing.T, raw []byte) (needs bool, found []Unreadable) {
	w := &walker{lim: Limits{}.Filled(), out: &Content{}, text: 20 << 20, unpacked: 20 << 20}
	l := newLines(bytes.NewReader(raw), nil)
	w.message(l, &scope{att: -1}, true)
	w.lineEnds(l)
	needs = w.odd
	c, err := Parse(context.Background(), bytes.NewReader(raw), Limits{})
	if err != nil {
		t.Error(err)
		return needs, nil
	}
	for _, u := range c.Unreadable {
		if u.Reason == Ambiguous || u.Reason == Timeout {
			found = append(found, u)
		}
	}
	return needs, found
}

// maker makes one message.
type maker struct {
	r   *rand.Rand
	eol string
	n   int // boundaries made
}

type shape struct {
	name     string
	careless bool // not written as the standards say
	make     func(*maker) string
}

var ordinaryWords = map[string][]string{
	"sv": strings.Fields("hej vi ses på torsdag klockan tio i det stora rummet ta med underlaget för mötet ärendet gäller åtgärder enligt bilagan tack återkommer när beställningen är klar offert 2026-118 pris 12 500 kr hälsningar"),
	"nl": strings.Fields("beste hierbij de notulen van de vergadering van dinsdag graag uw reactie vóór vrijdag met vriendelijke groet de factuur 20261118 is betaald één exemplaar bijgevoegd coördinatie € 1.250,00"),
	"en": strings.Fields("dear all please find the minutes attached we will meet on Thursday at ten the order 4711 has been shipped don't reply to this message kind regards see https://www.example.test/a?b=c&d=1 for more"),
	"ru": strings.Fields("привет встреча в четверг в десять часов договор 118 прилагается с уважением"),
	"ja": strings.Fields("こんにちは 会議 は 木曜日 の 十時 です 資料 118 を お持ち ください"),
}

func (m *maker) text(lang string, lines int) string {
	words := ordinaryWords[lang]
	var b strings.Builder
	for range lines {
		for range 3 + m.r.IntN(10) {
			b.WriteString(words[m.r.IntN(len(words))] + " ")
		}
		b.WriteString("\n")
		if m.r.IntN(6) == 0 {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func (m *maker) pick(list ...string) string { return list[m.r.IntN(len(list))] }

// language and a charset that has its letters.
func (m *maker) language() (lang, charset string) {
	switch m.r.IntN(10) {
	case 0:
		return "ru", m.pick("koi8-r", "KOI8-R", "windows-1251", "utf-8")
	case 1:
		return "ja", m.pick("iso-2022-jp", "ISO-2022-JP", "utf-8", "shift_jis")
	case 2:
		return "en", m.pick("us-ascii", "utf-8", "iso-8859-1")
	}
	return m.pick("sv", "nl"), m.pick("utf-8", "UTF-8", "iso-8859-1", "windows-1252", "iso-8859-15", "Windows-1252")
}

func encodeText(s, charset string) []byte {
	if strings.EqualFold(charset, "us-ascii") || strings.EqualFold(charset, "utf-8") {
		return []byte(s)
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		panic(err)
	}
	out, err := enc.NewEncoder().Bytes([]byte(strings.NewReplacer("€", "EUR").Replace(s)))
	if err != nil {
		panic(err)
	}
	return out
}

func base64Lines(b []byte) string {
	s := base64.StdEncoding.EncodeToString(b)
	var out strings.Builder
	for len(s) > 76 {
		out.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return out.String() + s + "\n"
}

// part writes a text part in an encoding that fits.
func (m *maker) part(typ, text, charset string) string {
	raw := encodeText(text, charset)
	head := "Content-Type: " + typ + "; charset=" + m.pick(`"%s"`, "%s") + "\n"
	if strings.EqualFold(typ, "text/plain") && m.r.IntN(3) == 0 {
		head = "Content-Type: " + typ + "; charset=%s; format=flowed; delsp=no\n"
	}
	head = fmt.Sprintf(head, charset)
	seven := ascii(raw)
	switch k := m.r.IntN(3); {
	case k == 0:
		return head + "Content-Transfer-Encoding: base64\n\n" + base64Lines(bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")))
	case k == 1:
		var b bytes.Buffer
		q := quotedprintable.NewWriter(&b)
		_, _ = q.Write(raw)
		_ = q.Close()
		return head + "Content-Transfer-Encoding: " + m.pick("quoted-printable", "Quoted-Printable") + "\n\n" + strings.ReplaceAll(b.String(), "\r\n", "\n") + "\n"
	case seven:
		return head + m.pick("", "Content-Transfer-Encoding: 7bit\n") + "\n" + string(raw)
	}
	return head + "Content-Transfer-Encoding: 8bit\n\n" + string(raw)
}

func (m *maker) html(text string) string {
	return "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html\"><style><!-- p {margin:0} --></style></head><body lang=SV>" +
		"<p class=MsoNormal>" + strings.ReplaceAll(strings.ReplaceAll(text, "&", "&amp;"), "\n", "</p>\n<p class=\"MsoNormal\">") + "<o:p>&nbsp;</o:p></p></body></html>\n"
}

func (m *maker) boundary() string {
	m.n++
	id := fmt.Sprintf("%08x%d", m.r.Uint32(), m.n)
	return m.pick("----=_NextPart_000_"+id+".01DC4694", "Apple-Mail=_"+id, "------------"+id, "000000000000"+id, "_000_"+id+"eurp_", id+"/mail.example.test", "=_"+id, "==============="+id+"==")
}

func (m *maker) multipart(sub, params string, parts ...string) string {
	b := m.boundary()
	var out strings.Builder
	out.WriteString("Content-Type: multipart/" + sub + ";" + params + "\n\tboundary=\"" + b + "\"\n\n")
	out.WriteString(m.pick("", "This is a multi-part message in MIME format.\n", "This is a multipart message in MIME format.\n\n"))
	for _, p := range parts {
		out.WriteString("--" + b + "\n" + p + "\n")
	}
	return out.String() + "--" + b + "--\n"
}

// body is an ordinary text, alone or with markup.
func (m *maker) body() string {
	lang, charset := m.language()
	text := m.text(lang, 2+m.r.IntN(12))
	switch m.r.IntN(4) {
	case 0:
		return m.part("text/plain", text, charset)
	case 1:
		return m.part("text/html", m.html(text), charset)
	}
	return m.multipart("alternative", "", m.part("text/plain", text, charset), m.part("text/html", m.html(text), charset))
}

// name is a file name as some program writes it, in both fields.
func (m *maker) name(typ, ext string) string {
	base := m.pick("bilaga", "ärende 118", "förslag_möte", "één exemplaar", "minutes of 5 May", "договор")
	full := base + "." + ext
	if ascii([]byte(base)) {
		return "Content-Type: " + typ + "; name=\"" + full + "\"\nContent-Disposition: attachment; filename=\"" + full + "\"; size=118;\n\tcreation-date=\"Tue, 29 Sep 2026 07:15:07 GMT\"\n"
	}
	word := mime.QEncoding.Encode("utf-8", full)
	if m.r.IntN(2) == 0 {
		word = mime.BEncoding.Encode("utf-8", full)
	}
	var percent strings.Builder
	for _, c := range []byte(full) {
		if c > ' ' && c < 0x7f && c != '%' && c != '\'' {
			percent.WriteByte(c)
		} else {
			fmt.Fprintf(&percent, "%%%02X", c)
		}
	}
	cut := strings.Index(percent.String(), "%")
	switch m.r.IntN(3) {
	case 0:
		return "Content-Type: " + typ + "; name=\"" + word + "\"\nContent-Disposition: attachment; filename=\"" + word + "\"\n"
	case 1:
		return "Content-Type: " + typ + "\nContent-Disposition: attachment;\n filename*0*=utf-8''" + percent.String()[:cut] + ";\n filename*1*=" + percent.String()[cut:] + "\n"
	}
	return "Content-Type: " + typ + "; name=\"" + word + "\"\nContent-Disposition: attachment; filename*=UTF-8''" + percent.String() + "\n"
}

func (m *maker) file() string {
	switch m.r.IntN(4) {
	case 0:
		return m.name("image/png", "png") + "Content-Transfer-Encoding: base64\n\n" + base64Lines([]byte("\x89PNG\r\n\x1a\n\x00\x00"+m.text("en", 20)))
	case 1:
		return m.name("text/csv", "csv") + "Content-Transfer-Encoding: base64\n\n" + base64Lines(encodeText("namn;antal\n"+strings.ReplaceAll(m.text("sv", 5), " ", ";"), m.pick("windows-1252", "utf-8")))
	case 2:
		return m.name("application/rtf", "rtf") + "Content-Transfer-Encoding: base64\n\n" + base64Lines([]byte("{\\rtf1\\ansi "+m.text("en", 5)+"}"))
	}
	return m.name("text/plain", "txt") + "Content-Transfer-Encoding: base64\n\n" + base64Lines([]byte("\xef\xbb\xbf"+m.text("sv", 5)))
}

func (m *maker) head() string {
	lang, charset := m.language()
	subject := strings.TrimSpace(m.text(lang, 1))
	if !ascii([]byte(subject)) {
		if lang == "ja" || lang == "ru" {
			charset = "utf-8"
		}
		subject = mime.QEncoding.Encode(charset, strings.NewReplacer("€", "EUR").Replace(string(encodeText(subject, charset))))
		subject = strings.ReplaceAll(subject, "?= =?", "?=\n =?")
	}
	return "Received: from a.example.test (a.example.test [192.0.2.9])\n\tby b.example.test with ESMTPS; Tue, 29 Sep 2026 07:15:07 +0000\n" +
		"From: " + m.pick("Karin <karin@ekdalen.example>", "=?utf-8?Q?Bj=C3=B6rn_=C3=85?= <bjorn@ekdalen.example>", "\"Berg, Anna\" <anna.berg@konsult.example>") + "\n" +
		"To: Tom <tom@fielding.example>\nSubject: " + subject + "\nDate: Tue, 29 Sep 2026 07:15:07 +0000\nMessage-ID: <" + fmt.Sprint(m.r.Uint32()) + "@ekdalen.example>\nMIME-Version: 1.0\n"
}

// message is a whole mail on the wire.
func (m *maker) message(body func(*maker) string) []byte {
	s := m.head() + body(m)
	return []byte(strings.ReplaceAll(s, "\n", m.eol))
}

func (m *maker) signature(typ, name string) string {
	if strings.Contains(typ, "pgp") {
		return "Content-Type: " + typ + "; name=\"" + name + "\"\nContent-Description: OpenPGP digital signature\nContent-Disposition: attachment; filename=\"" + name + "\"\n\n-----BEGIN PGP SIGNATURE-----\n\n" + base64Lines([]byte(m.text("en", 3))) + "-----END PGP SIGNATURE-----\n"
	}
	return "Content-Type: " + typ + "; name=\"" + name + "\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"" + name + "\"\n\n" + base64Lines([]byte("\x30\x80"+oidSigned+"\xa0\x80"+m.text("en", 10)))
}

// cut drops the last line, which closes the outer multipart.
func cutLast(s string) string { return s[:strings.LastIndex(strings.TrimRight(s, "\n"), "\n")+1] }

func ordinaryShapes() []shape {
	body := (*maker).body
	mixed := func(m *maker) string { return m.multipart("mixed", "", m.body(), m.file()) }
	headers := func(m *maker) string { return strings.TrimSuffix(m.head(), "MIME-Version: 1.0\n") }
	return []shape{
		{"a text", false, body},
		{"a text again", false, body},
		{"with a file", false, mixed},
		{"with files", false, func(m *maker) string { return m.multipart("mixed", "", m.body(), m.file(), m.file(), m.file()) }},
		{"Outlook, related", false, func(m *maker) string {
			img := "Content-Type: image/png; name=\"image001.png\"\nContent-Description: image001.png\nContent-Disposition: inline; filename=\"image001.png\"; size=10\nContent-ID: <image001.png@01DC4694>\nContent-Transfer-Encoding: base64\n\n" + base64Lines([]byte("\x89PNG\r\n\x1a\n\x00\x00abc"))
			return m.multipart("related", " type=\"multipart/alternative\";", m.body(), img)
		}},
		{"Apple Mail, text around a file", false, func(m *maker) string {
			return m.multipart("mixed", "", m.body(), m.file(), "Content-Transfer-Encoding: 7bit\nContent-Type: text/plain;\n\tcharset=us-ascii\n\n\n\nSent from my iPhone\n")
		}},
		{"forwarded, attached", false, func(m *maker) string {
			return m.multipart("mixed", "", m.body(), "Content-Type: message/rfc822\nContent-Disposition: attachment; filename=\"fw.eml\"\n\n"+m.head()+m.multipart("mixed", "", m.body(), m.file()))
		}},
		{"forwarded in a forwarded", false, func(m *maker) string {
			return m.multipart("mixed", "", m.body(), "Content-Type: message/rfc822\n\n"+m.head()+m.multipart("mixed", "", m.body(), "Content-Type: message/rfc822\n\n"+m.head()+m.body()))
		}},
		{"digest", false, func(m *maker) string {
			return m.multipart("digest", "", "\n"+m.head()+m.body(), "\n"+m.head()+m.body())
		}},
		{"Postfix bounce", false, func(m *maker) string {
			return m.multipart("report", " report-type=delivery-status;", "Content-Type: text/plain; charset=us-ascii\nContent-Description: Notification\n\nThis is the mail system.\n\n<a@b.example>: host said: 550 5.1.1\n",
				"Content-Type: message/delivery-status\nContent-Description: Delivery report\n\nReporting-MTA: dns; b.example\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n",
				"Content-Type: message/rfc822\nContent-Description: Undelivered Message\n\n"+m.head()+m.body())
		}},
		{"bounce with the header", false, func(m *maker) string {
			return m.multipart("report", " report-type=delivery-status;", "Content-Type: text/plain\n\nfailed\n",
				"Content-Type: message/delivery-status\n\nReporting-MTA: dns; b.example\n\nFinal-Recipient: rfc822; a@b.example\nAction: delayed\n", "Content-Type: text/rfc822-headers\n\n"+headers(m))
		}},
		{"bounce with the header of a multipart", true, func(m *maker) string {
			return m.multipart("report", " report-type=delivery-status;", "Content-Type: text/plain\n\nfailed\n",
				"Content-Type: message/delivery-status\n\nReporting-MTA: dns; b.example\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n", "Content-Type: text/rfc822-headers\n\n"+m.head()+"Content-Type: multipart/mixed; boundary=x\n")
		}},
		{"S/MIME signed, opaque", false, func(m *maker) string {
			return "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=\"smime.p7m\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"smime.p7m\"\n\n" +
				base64Lines([]byte(signedBER(strings.ReplaceAll(m.multipart("mixed", "", m.body(), m.file()), "\n", "\r\n"))))
		}},
		{"read receipt", false, func(m *maker) string {
			return m.multipart("report", " report-type=disposition-notification;", "Content-Type: text/plain; charset=utf-8\n\nread\n", "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;a@b.example\nDisposition: manual-action/MDN-sent-manually; displayed\n")
		}},
		{"S/MIME signed", false, func(m *maker) string {
			return m.multipart("signed", " protocol=\"application/pkcs7-signature\"; micalg=sha-256;", m.body(), m.signature("application/pkcs7-signature", "smime.p7s"))
		}},
		{"PGP/MIME signed", false, func(m *maker) string {
			return m.multipart("signed", " micalg=pgp-sha512;\n protocol=\"application/pgp-signature\";", m.multipart("mixed", "", m.body(), m.file()), m.signature("application/pgp-signature", "OpenPGP_signature.asc"))
		}},
		{"invitation", false, func(m *maker) string {
			ics := "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY;LANGUAGE=sv-SE:" + strings.TrimSpace(strings.SplitN(m.text("sv", 1), "\n", 2)[0]) + "\nDESCRIPTION:" + strings.Repeat("lång text ", 5) + "\n  forts\nEND:VEVENT\nEND:VCALENDAR\n"
			return m.multipart("alternative", "", m.part("text/plain", m.text("sv", 3), "utf-8"), m.part("text/html", m.html(m.text("sv", 3)), "utf-8"), "Content-Type: text/calendar; charset=\"utf-8\"; method=REQUEST\nContent-Transfer-Encoding: base64\n\n"+base64Lines([]byte(ics)))
		}},
		{"mailing list, footer in a part", false, func(m *maker) string {
			return m.multipart("mixed", "", m.body(), "Content-Type: text/plain; charset=\"us-ascii\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\nContent-Disposition: inline\n\n_______________________________________________\ndev mailing list\ndev@lists.example.test\n")
		}},
		{"patch", false, func(m *maker) string {
			return "Content-Type: text/plain; charset=\"us-ascii\"\nContent-Transfer-Encoding: 7bit\n\n---\n a.c | 2 +-\n\ndiff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a = 1;\n+a = 2; /* 118 */\n-- \n2.47.1\n"
		}},
		{"answer with quotes", false, func(m *maker) string {
			return m.part("text/plain", m.text("en", 3)+"> "+strings.ReplaceAll(m.text("en", 5), "\n", "\n> ")+"\n-- \nAnna\n", "utf-8")
		}},
		{"no MIME at all", false, func(m *maker) string { return "X-Mailer: cron\n\n" + m.text("en", 4) }},
		{"with LF alone", false, func(m *maker) string { m.eol = "\n"; return m.multipart("mixed", "", m.body(), m.file()) }},
		{"semicolon at the end", false, func(m *maker) string {
			return "Content-Type: text/plain; charset=utf-8; \nContent-Transfer-Encoding: 8bit\n\n" + m.text("sv", 5)
		}},
		{"8-bit header", false, func(m *maker) string { return "X-Note: l\xf6n och \xe5r\nThread-Topic: möte\n" + m.body() }},
		{"vCard", false, func(m *maker) string {
			return m.multipart("mixed", "", m.body(), "Content-Type: text/vcard; charset=utf-8; name=\"a.vcf\"\nContent-Disposition: attachment; filename=\"a.vcf\"\n\nBEGIN:VCARD\nVERSION:3.0\nFN:Anna Åberg\nEND:VCARD\n")
		}},

		{"not closed", true, func(m *maker) string { return cutLast(mixed(m)) }},
		{"inner one not closed", true, func(m *maker) string {
			return m.multipart("mixed", "", cutLast(m.multipart("alternative", "", m.part("text/plain", m.text("sv", 5), "utf-8"), m.part("text/html", m.html(m.text("sv", 5)), "utf-8"))), m.file())
		}},
		{"list footer behind base64", true, func(m *maker) string {
			return "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + base64Lines([]byte(m.text("sv", 5)+m.pick("a", "ab", "abc"))) + "_______________________________________________\ndev mailing list -- dev@lists.example.test\nTo unsubscribe send an email to dev-leave@lists.example.test\n"
		}},
		{"list footer behind base64 HTML", true, func(m *maker) string {
			return "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + base64Lines([]byte(m.html(m.text("sv", 5)+m.pick("a", "ab", "abc")))) + "\n-- \nYou received this message because you are subscribed to the group.\nTo unsubscribe, see https://groups.example.test/d/optout\n"
		}},
		{"footer behind the end", true, func(m *maker) string { return mixed(m) + "\n_____\ndev mailing list\ndev@lists.example.test\n" }},
		{"preamble of its own", true, func(m *maker) string {
			return strings.Replace(m.multipart("mixed", "", m.body(), m.file()), "\n\n", "\n\n--\nDenna post är i MIME-format.\n\n", 1)
		}},
		{"latin-1 without a label", true, func(m *maker) string {
			return "Content-Type: text/plain\n\n" + string(encodeText(m.text("sv", 8), "windows-1252"))
		}},
		{"latin-1 under UTF-8", true, func(m *maker) string {
			return "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + string(encodeText(m.text("sv", 8), "windows-1252"))
		}},
		{"UTF-8 under latin-1", true, func(m *maker) string {
			return "Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n" + m.html(m.text(m.pick("sv", "nl"), 8))
		}},
		{"odd names of charsets", true, func(m *maker) string {
			return "Content-Type: text/plain; charset=" + m.pick("utf8mb4", "x-unknown", "unknown-8bit", "default", "iso-8859-1-windows-1252", "cp-850", "_iso-2022-jp$ESC") + "\nContent-Transfer-Encoding: 8bit\n\n" + string(encodeText(m.text("sv", 8), m.pick("utf-8", "windows-1252")))
		}},
		{"file name without quotes", true, func(m *maker) string {
			return m.multipart("mixed", "", m.body(), "Content-Type: application/octet-stream; name=min fil.txt\nContent-Disposition: attachment; filename=min fil.txt\nContent-Transfer-Encoding: base64\n\n"+base64Lines([]byte(m.text("en", 5))))
		}},
		{"file name in 8 bits", true, func(m *maker) string {
			return m.multipart("mixed", "", m.body(), "Content-Type: text/plain; name=\""+m.pick("l\xf6n", "lön")+".txt\"\nContent-Disposition: attachment; filename=\""+m.pick("l\xf6n", "lön")+".txt\"\nContent-Transfer-Encoding: base64\n\n"+base64Lines([]byte(m.text("en", 5))))
		}},
		{"boundary without quotes", true, func(m *maker) string {
			return strings.ReplaceAll(strings.Replace(mixed(m), "boundary=\"", "boundary=", 1), "\"\n\n", "\n\n")
		}},
		{"encoded multipart", true, func(m *maker) string {
			return "Content-Transfer-Encoding: quoted-printable\n" + m.multipart("alternative", "", m.part("text/plain", m.text("sv", 5), "utf-8"), m.part("text/html", m.html(m.text("sv", 5)), "utf-8"))
		}},
		{"encoding that is none", true, func(m *maker) string {
			return "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: " + m.pick("8-bit", "7-bit", "utf-8", "8bits") + "\n\n" + m.text("sv", 5)
		}},
		{"type that is none", true, func(m *maker) string { return "Content-Type: " + m.pick("text", "plain") + "\n\n" + m.text("en", 5) }},
		{"field twice", true, func(m *maker) string {
			return "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + m.text("sv", 5)
		}},
		{"header line not indented", true, func(m *maker) string { return "X-Report: a long report\nthat goes on here\n\n" + m.text("sv", 5) }},
		{"base64 without padding", true, func(m *maker) string {
			return "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + strings.TrimRight(base64Lines([]byte(m.text("sv", 5)+m.pick("a", "ab"))), "=\n") + "\n"
		}},
		{"stray equals signs", true, func(m *maker) string {
			return "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nhttps://www.example.test/?a=Xyz&b=118 and 1 = 1\n" + m.text("en", 5)
		}},
		{"forwarded message in base64", true, func(m *maker) string {
			return m.multipart("mixed", "", m.body(), "Content-Type: message/rfc822; name=\"fw.eml\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"fw.eml\"\n\n"+base64Lines(m.message(body)))
		}},
		{"bounce with a cut message", true, func(m *maker) string {
			return m.multipart("report", " report-type=delivery-status;", "Content-Type: text/plain\n\nfailed\n",
				"Content-Type: message/delivery-status\n\nReporting-MTA: dns; b.example\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n", "Content-Type: message/rfc822\n\n"+cutLast(m.head())+cutLast(mixed(m)))
		}},
		{"comment in the type", true, func(m *maker) string {
			return "Content-Type: text/plain; charset=us-ascii (Plain text)\n\n" + m.text("en", 5)
		}},
		{"line ends mixed", true, func(m *maker) string {
			m.eol = "\n"
			return strings.Replace(m.part("text/plain", m.text("sv", 8), "utf-8"), "\n\n", "\n\r\n", 1)
		}},
	}
}
