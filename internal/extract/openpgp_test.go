package extract

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"strings"
	"testing"
)

// pgpPacket is a packet in the OpenPGP format with a length of one octet.
func pgpPacket(tag byte, body string) string {
	return string([]byte{0xc0 | tag, byte(len(body))}) + body
}

// armour puts packets between the lines of armour.
func armour(packets ...string) string {
	return armorHead + "\nComment: none\n\n" + base64.StdEncoding.EncodeToString([]byte(strings.Join(packets, ""))) + "\n=abcd\n" + armorTail + "\n"
}

// octets is n bytes as encryption leaves them.
func octets(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}

func deflated(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err = z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestOpenPGP: the lines of armour and the name of a file do not say that something is encrypted; its packets do.
func TestOpenPGP(t *testing.T) {
	t.Parallel()
	const secret = "personnummer 890102-2387"
	lit := pgpPacket(pgpLiteral, "t\x05a.txt\x00\x00\x00\x00"+secret)
	key, data := pgpPacket(pgpPublicKeyESK, octets(60)), pgpPacket(pgpProtected, octets(90))
	old := "\x90\x14" + secret[:20] // a packet of the legacy format, tag 4
	found := []Segment{{Where: "body/text!a.txt", Kind: AttachmentText, Text: secret}}
	locked := []Unreadable{{"body/text", AlreadyProtected, "PGP message"}}
	none := []Unreadable{{"body/text", Unsupported, notOpenPGP}}
	tests := []struct {
		name, text string
		want       []Segment
		found      []Unreadable
	}{
		{"encrypted", armour(key, data), nil, locked},
		{"encrypted with a password", armour(pgpPacket(pgpMarker, "PGP"), pgpPacket(pgpPasswordESK, "\x04\x09\x03\x08saltsalt\xff"), data), nil, locked},
		{"quoted in an answer", "> " + strings.ReplaceAll(armour(key, data), "\n", "\n> "), nil, locked},
		{"encrypted, with noise behind", armour(key, "\x00\x01"), nil, locked},
		{"text behind a key", armour(key, secret+" "), []Segment{{Where: "body/text", Kind: Body, Text: "BEGIN"}}, append(none, Unreadable{"body/text!message", Unsupported, "cannot read application/octet-stream"})},
		{"literal", armour(lit), found, nil},
		{"literal in pieces", armour("\xcb\xe4" + lit[2:18] + string([]byte{byte(len(lit) - 18)}) + lit[18:]), found, nil},
		{"compressed", armour(pgpPacket(pgpCompressed, "\x01"+deflated(t, lit))), found, nil},
		{"signed", armour(old, lit, pgpPacket(pgpSignature, octets(60))), found, nil},
		{"literal behind encrypted data", armour(key, data, lit), found, nil},
		{"two of them", armour(key, data) + "och\n" + armour(lit), found, locked},
		{"text in base64", armour(secret), []Segment{{Where: "body/text!message", Kind: AttachmentText, Text: secret}}, none},
		{"text in a packet", armour(pgpPacket(pgpProtected, secret+secret)), []Segment{{Where: "body/text!message", Kind: AttachmentText, Text: secret}}, none},
		{"text", armorHead + "\n\n" + secret + "\n" + armorTail + "\n", []Segment{{Where: "body/text", Kind: Body, Text: secret}}, none},
		{"not closed", strings.ReplaceAll(armour(lit), armorTail, ""), found, nil},
		{"only mentioned", "Raden " + armorHead + " och " + armorTail + " hör ihop.\n", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkContent(t, parseString(t, "Subject: x\nContent-Type: text/plain\n\n"+tt.text), tt.want, nil, tt.found)
		})
	}
}

func TestOpenPGPFiles(t *testing.T) {
	t.Parallel()
	lit := pgpPacket(pgpLiteral, "b\x05a.txt\x00\x00\x00\x00hej hopp")
	found := []Segment{{Where: "att[1]/x.gpg!a.txt", Kind: AttachmentText, Text: "hej hopp"}}
	tests := []struct {
		name, data string
		want       []Segment
		found      []Unreadable
	}{
		{"encrypted", pgpPacket(pgpPublicKeyESK, octets(60)) + pgpPacket(pgpAEAD, octets(90)), nil, []Unreadable{{"att[1]/x.gpg", Encrypted, "PGP file"}}},
		{"compressed", "\xa3\x01" + deflated(t, lit), found, nil},
		{"a signature alone", pgpPacket(pgpSignature, octets(90)), nil, []Unreadable{
			{"att[1]/x.gpg", Unsupported, notOpenPGP}, {"att[1]/x.gpg!message", Unsupported, "cannot read application/octet-stream"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkContent(t, parseLimits(t, attached("x.gpg", []byte(tt.data)), Limits{}), tt.want, nil, tt.found)
		})
	}
}

// TestOpenPGPInHTML: armour is pasted into HTML too, and what stands beside it is read.
func TestOpenPGPInHTML(t *testing.T) {
	t.Parallel()
	const secret = "personnummer 890102-2387"
	locked := armour(pgpPacket(pgpPublicKeyESK, octets(60)), pgpPacket(pgpProtected, octets(90)))
	open := armour(pgpPacket(pgpLiteral, "t\x05a.txt\x00\x00\x00\x00"+secret+" och litet till"))
	words := armorHead + "\n\n" + base64.StdEncoding.EncodeToString([]byte(secret+" och litet till i klartext")) + "\n" + armorTail
	found := []Segment{{Where: "body/html!a.txt", Kind: AttachmentText, Text: secret}}
	protected := []Unreadable{{"body/html", AlreadyProtected, "PGP message"}}
	tests := []struct {
		name, armour string
		want         []Segment
		findings     []Unreadable
	}{
		{"encrypted", "<pre>" + locked + "</pre>", nil, protected},
		{"encrypted, lines of div", "<div>" + strings.ReplaceAll(locked, "\n", "</div>\n<div>") + "</div>", nil, protected},
		{"encrypted, collapsed", "<p>" + locked + "</p>", nil, protected},
		{"in clear", "<pre>" + open + "</pre>", found, nil},
		{"in clear, lines of br", strings.ReplaceAll(open, "\n", "<br>\n"), found, nil},
		{"in clear, collapsed", "<p>x " + open + "</p>", found, nil},
		{"in clear, not shown", "<pre style='display:none'>" + open + "</pre>", found, nil},
		{"in clear, in a comment", "<!--\n" + open + "\n-->", found, nil},
		{"in clear behind encrypted", "<pre>" + locked + open + "</pre>", found, protected},
		{"words", "<pre>" + words + "</pre>", []Segment{{Where: "body/html!message", Kind: AttachmentText, Text: secret}}, []Unreadable{{"body/html", Unsupported, notOpenPGP}}},
		{"a sentence about armour", "<p>It begins with " + armorHead + " and ends with " + armorTail + ".</p>", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, "Content-Type: text/html\r\n\r\n<p>before 890102-2387</p>"+tt.armour+"<p>640823-3234 after</p>\r\n", Limits{})
			beside := []Segment{{Where: "body/html", Kind: Body, Text: "before 890102-2387"}, {Where: "body/html", Kind: Body, Text: "640823-3234 after"}}
			checkContent(t, c, append(beside, tt.want...), nil, tt.findings)
		})
	}
}
