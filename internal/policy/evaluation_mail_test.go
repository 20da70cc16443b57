package policy_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"math/rand/v2"
	"mime"
	"mime/quotedprintable"
	"path"
	"strings"
	"sync"
	"unicode/utf8"
)

// program is how one mail program writes a message.
type program struct {
	name  string
	head  string // its own header fields; %s stands for random hex
	html  func(d dressed) string
	text  bool // with a text part
	wrap  int  // width of the text part, 0 for none
	flow  bool // RFC 3676
	eight bool // 8bit, not encoded
}

// programs are made once: nothing in them changes.
var programs = sync.OnceValue(mailPrograms)

func mailPrograms() map[string]program {
	all := map[string]program{}
	for _, p := range []program{
		{name: "outlook", text: true, html: outlookHTML, head: "Thread-Index: Adyg2bAB1uzor57THDNpr1la7xmWgg==\nAccept-Language: sv-SE, en-US\nX-MS-Has-Attach:\nX-MS-TNEF-Correlator:\nmsip_labels:\nx-ms-office365-filtering-correlation-id: %s\nx-microsoft-antispam-message-info: %s\nX-MS-Exchange-CrossTenant-originalarrivaltime: 20 Nov 2026 09:12:28.6739 (UTC)\nX-MS-Exchange-Transport-CrossTenantHeadersStamped: AS8P190MB3401"},
		{name: "gmail", text: true, wrap: 76, html: gmailHTML, head: "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=sender.example; s=20230601; t=1763630000; bh=%s=; b=%s\nX-Google-Smtp-Source: AGHT+%s\nX-Gm-Gg: ASbGnc%s"},
		{name: "apple", text: true, html: appleHTML, head: "X-Mailer: Apple Mail (2.3826.700.81)\nX-Universally-Unique-Identifier: %s"},
		{name: "thunderbird", text: true, wrap: 72, flow: true, eight: true, head: "User-Agent: Mozilla Thunderbird\nContent-Language: en-US\nX-Mozilla-Draft-Info: internal/draft; vcard=0"},
		{name: "roundcube", text: true, wrap: 72, eight: true, head: "User-Agent: Roundcube Webmail/1.6.9\nX-Sender: sender@sender.example"},
		{name: "notes", text: true, head: "X-Mailer: HCL Notes Release 12.0.2\nX-KeepSent: %s"},
		{name: "iphone", text: true, head: "X-Mailer: iPhone Mail (23B85)\nX-Original-Id: %s"},
		{name: "plain", text: true, eight: true, head: "List-Id: <users.lists.example>\nPrecedence: list\nX-Mailer: git-send-email 2.51.0"},
		{name: "app", html: func(d dressed) string { return d.own }, head: "Auto-Submitted: auto-generated\nX-Campaign: %s\nList-Unsubscribe: <https://news.example/u/%s>"},
	} {
		all[p.name] = p
	}
	return all
}

// wire is the message as it goes over the wire.
func (s *sample) wire(frames map[string]*frame) []byte {
	r := rand.New(rand.NewPCG(s.seed, 2))
	if s.shape == "" {
		s.shape = []string{"outlook", "outlook", "outlook", "gmail", "apple", "thunderbird", "roundcube"}[r.IntN(7)]
		if s.text == "" {
			s.shape = "app"
		}
	}
	p, f := programs()[s.shape], frames[s.lang]
	who := f.people[r.IntN(len(f.people))]
	d := dress(r, f, s, who)
	if s.html != "" {
		d.own = s.html
	}
	var body bytes.Buffer
	s.content(&body, r, p, d)
	var b bytes.Buffer
	s.header(&b, r, p, who)
	if len(s.files) == 0 {
		b.Write(body.Bytes())
		return b.Bytes()
	}
	mark := "mixed_" + from(r, "0123456789abcdef", 20)
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n%s", mark, mark, body.Bytes())
	for _, file := range s.files {
		fmt.Fprintf(&b, "\r\n--%s\r\n", mark)
		attach(&b, r, p, file)
	}
	fmt.Fprintf(&b, "\r\n--%s--\r\n", mark)
	return b.Bytes()
}

func (s *sample) header(b *bytes.Buffer, r *rand.Rand, p program, who person) {
	encoding := mime.QEncoding
	if p.name == "thunderbird" || p.name == "app" {
		encoding = mime.BEncoding
	}
	name, address, _ := strings.Cut(who.from, " <")
	id := from(r, "0123456789abcdef", 24)
	fmt.Fprintf(b, "Received: from [192.0.2.%d] by mail.sender.example with ESMTPSA id %s;\r\n Fri, 20 Nov 2026 10:12:%02d +0100\r\n", 1+r.IntN(250), id[:12], r.IntN(60))
	fmt.Fprintf(b, "From: %s <%s\r\nTo: recipient@recipient.example\r\n", encoding.Encode("utf-8", name), address)
	fmt.Fprintf(b, "Subject: %s\r\n", strings.ReplaceAll(encoding.Encode("utf-8", s.subject), "?= =?", "?=\r\n =?"))
	fmt.Fprintf(b, "Date: Fri, 20 Nov 2026 10:12:28 +0100\r\nMessage-ID: <%s@sender.example>\r\n", id)
	for line := range strings.SplitSeq(p.head, "\n") {
		for strings.Contains(line, "%s") {
			line = strings.Replace(line, "%s", from(r, "0123456789abcdef", 32), 1)
		}
		fmt.Fprintf(b, "%s\r\n", line)
	}
	b.WriteString("MIME-Version: 1.0\r\n")
}

// content writes the text, the HTML, or both as alternatives.
func (s *sample) content(b *bytes.Buffer, r *rand.Rand, p program, d dressed) {
	if p.html == nil {
		p.part(b, r, "text/plain", p.plain(d))
		return
	}
	if !p.text || s.html != "" {
		p.part(b, r, "text/html", p.html(d))
		return
	}
	mark := "alt_" + from(r, "0123456789abcdef", 24)
	fmt.Fprintf(b, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n--%s\r\n", mark, mark)
	p.part(b, r, "text/plain", p.plain(d))
	fmt.Fprintf(b, "\r\n--%s\r\n", mark)
	p.part(b, r, "text/html", p.html(d))
	fmt.Fprintf(b, "\r\n--%s--\r\n", mark)
}

// part writes one text with its charset and encoding: mostly UTF-8, from older programs windows-1252 or ISO 8859-1.
func (p *program) part(b *bytes.Buffer, r *rand.Rand, media, text string) {
	charset, data := "utf-8", []byte(text)
	if old := windows1252(text); p.name == "notes" || p.name == "outlook" && r.IntN(4) == 0 {
		if !utf8.Valid(old) || len(old) != len(text) {
			charset, data = []string{"windows-1252", "iso-8859-1"}[r.IntN(2)], old
		}
	}
	if p.flow {
		charset += "; format=flowed"
	}
	data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	encoding := "quoted-printable"
	switch {
	case p.eight:
		encoding = "8bit"
	case p.name == "app" || p.name == "iphone" || r.IntN(6) == 0:
		encoding = "base64"
	}
	fmt.Fprintf(b, "Content-Type: %s; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n", media, charset, encoding)
	switch encoding {
	case "8bit":
		b.Write(data)
	case "base64":
		writeBase64(b, data)
	default:
		w := quotedprintable.NewWriter(b)
		_, _ = w.Write(data) // memory takes everything
		_ = w.Close()
	}
	b.WriteString("\r\n")
}

func writeBase64(b *bytes.Buffer, data []byte) {
	s := base64.StdEncoding.EncodeToString(data)
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	b.WriteString(s + "\r\n")
}

var mediaTypes = map[string]string{
	".csv": "text/csv", ".txt": "text/plain", ".ics": "text/calendar", ".json": "application/json", ".pdf": "application/pdf", ".png": "image/png", ".zip": "application/zip",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".odt": "application/vnd.oasis.opendocument.text",
}

func attach(b *bytes.Buffer, r *rand.Rand, p program, f sampleFile) {
	name, data := fileBytes(r, f)
	if path.Ext(name) == ".eml" {
		fmt.Fprintf(b, "Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"%s\"\r\n\r\n%s", name, data)
		return
	}
	media := mediaTypes[path.Ext(name)]
	if media == "" || p.name == "apple" && r.IntN(2) == 0 {
		media = "application/octet-stream"
	}
	encoded := mime.FormatMediaType("attachment", map[string]string{"filename": name})
	fmt.Fprintf(b, "Content-Type: %s\r\nContent-Disposition: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n", media, encoded)
	writeBase64(b, data)
}

// plain is the text part.
func (p *program) plain(d dressed) string {
	all := tablesAsText(d.own, p.name)
	if d.below != "" {
		if p.name == "thunderbird" || p.name == "roundcube" {
			all += "\n\n-- \n" + d.below
		} else {
			all += "\n\n" + d.below
		}
	}
	if d.quoted != "" {
		all += "\n\n" + d.intro + "\n\n" + d.quoted
		if p.name != "outlook" && p.name != "notes" {
			all = strings.TrimSuffix(all, d.quoted) + "> " + strings.ReplaceAll(d.quoted, "\n", "\n> ")
		}
	}
	return p.wrapped(all) + "\n"
}

func (p *program) wrapped(s string) string {
	if p.wrap == 0 {
		return s
	}
	end := "\n"
	if p.flow {
		end = " \n"
	}
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		for utf8.RuneCountInString(line) > p.wrap && !strings.HasPrefix(line, ">") {
			at := strings.LastIndexByte(line[:p.wrap], ' ')
			if at <= 0 {
				break
			}
			out = append(out, line[:at]+strings.TrimSuffix(end, "\n"))
			line = line[at+1:]
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// tablesAsText writes rows as mail programs do: each cell a line, or cells with tabs between.
func tablesAsText(s, name string) string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if cells, ok := rowCells(line); ok {
			sep := "\t"
			if name == "outlook" || name == "gmail" {
				sep = "\n"
			}
			line = strings.Join(cells, sep)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// rowCells are the cells of a line that is a row of a table.
func rowCells(line string) ([]string, bool) {
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") || len(line) < 2 {
		return nil, false
	}
	return strings.Split(line[1:len(line)-1], "|"), true
}

// paragraphs writes text as HTML, lines between open and end, and rows as a table.
func paragraphs(s, open, end string) string {
	var b strings.Builder
	in := false
	for line := range strings.SplitSeq(s, "\n") {
		cells, row := rowCells(line)
		if row != in {
			b.WriteString(map[bool]string{true: `<table border="1" cellspacing="0">`, false: "</table>"}[row])
			in = row
		}
		if !row {
			if line = html.EscapeString(line); line == "" {
				line = "&nbsp;"
			}
			b.WriteString(open + line + end + "\n")
			continue
		}
		b.WriteString("<tr>")
		for _, c := range cells {
			b.WriteString("<td>" + html.EscapeString(c) + "</td>")
		}
		b.WriteString("</tr>\n")
	}
	if in {
		b.WriteString("</table>")
	}
	return b.String()
}

func outlookHTML(d dressed) string {
	const open, end = `<p class="MsoNormal"><span style="font-size:11.0pt">`, `<o:p></o:p></span></p>`
	b := `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name="Generator" content="Microsoft Word 15 (filtered medium)"><style><!-- p.MsoNormal {margin:0cm; font-size:11.0pt;} --></style></head><body lang="SV"><div class="WordSection1">` + "\n"
	b += paragraphs(d.own, open, end) + paragraphs("\n"+d.below, open, end)
	if d.quoted != "" {
		b += `<div style="border:none;border-top:solid #E1E1E1 1.0pt">` + paragraphs(d.intro, open, end) + "</div>" + paragraphs("\n"+d.quoted, open, end)
	}
	return b + "</div></body></html>"
}

func gmailHTML(d dressed) string {
	b := `<div dir="ltr">` + paragraphs(d.own, "<div>", "</div>") + `<div><br></div><div class="gmail_signature">` + paragraphs(d.below, "", "<br>") + "</div></div>"
	if d.quoted != "" {
		b += `<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">` + html.EscapeString(d.intro) + `</div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">` + paragraphs(d.quoted, "", "<br>") + "</blockquote></div>"
	}
	return b
}

func appleHTML(d dressed) string {
	b := `<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: break-word;">` + paragraphs(d.own, "<div>", "</div>") + "<br>" + paragraphs(d.below, "<div>", "</div>")
	if d.quoted != "" {
		b += `<blockquote type="cite"><div>` + html.EscapeString(d.intro) + "</div>" + paragraphs(d.quoted, "<div>", "</div>") + "</blockquote>"
	}
	return b + "</body></html>"
}
