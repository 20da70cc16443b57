package policy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigill/internal/classify"
	"sigill/internal/extract"
)

// inOneEngine compiles every pack together.
func inOneEngine(t *testing.T) *classify.Engine {
	t.Helper()
	c := compiler{p: &Policy{detectors: map[string]titles{}}, f: &file{}}
	for _, name := range PackNames() {
		p, err := readPack(name)
		if err != nil {
			t.Fatal(err)
		}
		c.detectors = append(c.detectors, p.detectors...)
	}
	c.engine()
	if err := c.errs.Err(); err != nil {
		t.Fatal(err)
	}
	return c.p.engine
}

// readings lists what is found in one text, surest first, as "detector confidence".
func readings(t *testing.T, e *classify.Engine, kind extract.Kind, text string) []string {
	t.Helper()
	scanned, err := e.Scan(context.Background(), []extract.Segment{{Kind: kind, Text: text, Attachment: -1}}, today)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(scanned.Hits, func(a, b classify.Hit) int { return int(b.Confidence) - int(a.Confidence) })
	var got []string
	for _, h := range scanned.Hits {
		got = append(got, h.Detector+" "+h.Confidence.String())
	}
	return got
}

// TestNorthConfidence checks how sure the detectors of the northern and western packs are with every pack in one engine:
// one reading of each number stands, and it is the right one.
func TestNorthConfidence(t *testing.T) {
	t.Parallel()
	e := inOneEngine(t)
	for _, x := range []struct{ text, want string }{
		// Norway: medium alone, high with a word. What else has 11 digits says so itself.
		{"08109773531", "no.fodselsnummer medium"},
		{"081097 73531", "no.fodselsnummer medium"},
		{"fnr 08109773531", "no.fodselsnummer high"},
		{"D-nummer 43086263409", "no.fodselsnummer high"},
		{"Pasienten 08109773531", "no.fodselsnummer high"},
		{"faktura 08109773531", "no.fodselsnummer low"},
		{"fnr 3898402265", "no.fodselsnummer high"},
		{"kontonummer 25103112411", "no.konto medium"},
		{"orgnr 974 760 673", "no.orgnr medium"},
		{"974760673", "no.orgnr low"},

		// Denmark: the checksum alone says little, the word much.
		{"250368-5224", "dk.cpr low"},
		{"2503685224", "dk.cpr low"},
		{"cpr 250368-5224", "dk.cpr high"},   // a word and the sum
		{"cpr 190512-4597", "dk.cpr medium"}, // a word alone
		{"CVR 12871813", "dk.cvr medium"},

		// Finland, and its neighbours to the west.
		{"131052-308T", "fi.hetu medium"},
		{"henkilötunnus 131052-308T", "fi.hetu high"},
		{"tuotenumero 131052-308T", "fi.hetu low"},
		{"Y-tunnus 2077474-0", "fi.ytunnus medium"},
		{"personnummer 890102-2387", "se.personnummer high"},
		{"890102-2387", "se.personnummer medium"},

		// Germany: 11 digits with a check digit that one in ten has.
		{"Steuer-ID 17408329600", "de.idnr high"},
		{"IdNr 17408329600", "de.idnr high"},
		{"17408329600", "de.idnr low"},
		{"24180311E458", "de.rvnr medium"},
		{"SV-Nummer 24180311E458", "de.rvnr high"},
		{"KVNR L000690300", "de.kvnr high"},
		{"Personalausweis T220001293", "de.personalausweis high"},
		{"Personalausweis LZ6311T47", "de.personalausweis medium"}, // no check digit
		{"Steuernummer 20/293/12345", "de.steuernummer medium"},

		// Belgium: the dotted form speaks for itself.
		{"11.04.22-437.35", "be.nn medium"},
		{"insz 11.04.22-437.35", "be.nn high"},
		{"11042243735", "be.nn low"},
		{"rijksregisternummer 11042243735", "be.nn high"},
		{"KBO 0403.170.701", "be.kbo medium"},
		{"rijksregisternummer 0403.170.701", "be.kbo low"}, // ten digits with the same sum, and no date

		// France.
		{"209063399986929", "fr.nir medium"},
		{"NIR 2 09 06 33 999 869 29", "fr.nir high"},
		{"SIREN 732829320", "fr.siren medium"},
		{"SIRET 73282932000074", "fr.siret medium"},
		{"Amex 378282246310005", "pay.card high"},
	} {
		if got := readings(t, e, extract.Body, x.text); len(got) == 0 || got[0] != x.want {
			t.Errorf("%q: %v, want %s", x.text, got, x.want)
		}
	}
}

// TestNorthNearMisses: a number that is wrong beside its own word is not taken for a number of another kind either.
func TestNorthNearMisses(t *testing.T) {
	t.Parallel()
	e := inOneEngine(t)
	for _, text := range []string{
		"fødselsnummer 120980 59508", "fnr 21025767937", "fødselsnummer 191171 64722", "fnr 310299 12345", "fnr 298205 71795",
		"CPR 450112-1234", "cpr 311301-1234", "CPR 290299-1234", "cpr 251226-4460", "cpr 12-34-56-78", "personnummer 890102-2385", "cpr 2026-04-12 1330",
		"henkilötunnus 320190-123A", "hetu 131052-308U", "hetu 310252-308Y", "hetu 010101G123N", "henkilötunnus 2077474-0",
		"Steuer-ID 86095742718", "Steuer-ID 11111111111", "Steuer-ID 01234567890", "USt-IdNr DE123456789", "USt-IdNr. 17408329600",
		"SV-Nummer 15070649C104", "SV-Nummer 15320649C103", "SV-Nummer 15071349C103", "SV-Nummer C103 15070649", "Az. 12 O 345/26",
		"KVNR A000500016", "A123456789", "HRB 12345", "KVNR E12345678", "Personalausweis T220001294",
		"rijksregisternummer 85073003329", "insz 85.13.41-033.28", "insz 12345678901", "+++090/9337/55493+++", "rijksregisternummer 26.12.25-999.74",
		"NIR 295109912611199", "NIR 1 85 13 75 999 123 45", "NIR 01 23 45 67 89", "nir 172060099904565",
		"konto 8601 11 17948", "CVR 12345678", "SIRET 73282932000075", "KBO 0403.170.702", "Y-tunnus 2077474-1",
	} {
		got := slices.DeleteFunc(readings(t, e, extract.Body, text), func(s string) bool { return strings.HasSuffix(s, " low") })
		if len(got) > 0 {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestNorthTables reads lists: what a column is called counts however far away its heading stands.
func TestNorthTables(t *testing.T) {
	t.Parallel()
	e := inOneEngine(t)
	filler := strings.Repeat("Testrad\t\t\n", 60) // farther than any word reaches
	for _, x := range []struct{ name, head, row, want string }{
		{"Danish", "Navn\tCPR\tHold", "Jensen\t250368-5224\tA", "dk.cpr high"},
		{"Norwegian, the zero lost", "Navn\tFnr\tTimer", "Hansen\t3898402265\t142", "no.fodselsnummer high"},
		{"Belgian, the zero lost", "Naam\tINSZ\tTeam", "Janssens\t3050999922\tA", "be.nn high"},
		{"German", "Name\tIdNr\tOrt", "Becker\t17408329600\tKöln", "de.idnr high"},
		{"German card", "Name\tAusweisnummer\tOrt", "Becker\tLZ6311T47\tKöln", "de.personalausweis medium"},
		{"French, the key apart", "Nom\tNIR\tClé", "Martin\t1870750424764\t74", "fr.nir high"},
		{"Finnish", "Nimi\tHenkilötunnus\tRyhmä", "Laine\t131052-308T\t2", "fi.hetu high"},
	} {
		if got := readings(t, e, extract.AttachmentText, x.head+"\n"+filler+x.row+"\n"); len(got) == 0 || got[0] != x.want {
			t.Errorf("%s: %v, want %s", x.name, got, x.want)
		}
	}
}

// TestNorthWritten finds numbers as mail programs and word processors leave them.
func TestNorthWritten(t *testing.T) {
	t.Parallel()
	e := inOneEngine(t)
	for _, x := range []struct{ text, want string }{
		{"fødselsnummer 081097\u00a073531", "no.fodselsnummer high"},
		{"fødselsnummer ０８１０９７ ７３５３１", "no.fodselsnummer high"},
		{"f\u00f8dsels\u00adnummer 081097 73531", "no.fodselsnummer high"},
		{"fødselsnummer 0 8 1 0 9 7 7 3 5 3 1", "no.fodselsnummer high"},
		{"cpr 250368\u20135224", "dk.cpr high"},
		{"cpr 250368 - 5224", "dk.cpr high"},
		{"cpr 250368\n5224", "dk.cpr high"},
		{"hetu 131052\u2212308T", "fi.hetu high"},
		{"hetu 131052 - 308T", "fi.hetu high"},
		{"Steuer-ID 17\u202f408\u202f329\u202f600", "de.idnr high"},
		{"Steuer-ID 17 408\n329 600", "de.idnr high"},
		{"insz 11.04.22\u2011437.35", "be.nn high"},
		{"insz 110422-437-\n35", "be.nn high"},
		{"NIR 2 09 06 33\n999 869 29", "fr.nir high"},
		{"NIR 2\u00a009\u00a006\u00a033\u00a0999\u00a0869\u00a029", "fr.nir high"},
		{"NUMÉRO DE SÉCURITÉ SOCIALE 209063399986929", "fr.nir high"},
	} {
		if got := readings(t, e, extract.Body, x.text); len(got) == 0 || got[0] != x.want {
			t.Errorf("%q: %v, want %s", x.text, got, x.want)
		}
	}
}

// TestNorwegianNumbersFrom2032 turns on the switch that the pack describes.
func TestNorwegianNumbersFrom2032(t *testing.T) {
	t.Parallel()
	const policy = "version: 1\nuse: [\"no\"]\n%srules:\n  - {id: fnr, title: {en: Norwegian}, when: {detector: no.fodselsnummer}, level: 2}\n"
	off := parse(t, fmt.Sprintf(policy, ""))
	on := parse(t, fmt.Sprintf(policy, "detectors:\n  - {override: no.fodselsnummer, validate: [no.fodselsnummer_2032]}\n"))
	for _, x := range []struct {
		number  string
		off, on string
	}{
		{"14820558872", "level2", "level2"}, // as they are given out today
		{"12830562670", "pass", "level2"},   // remainders 1, 2 and 3 of the first sum
		{"12830553833", "pass", "level2"},
		{"12830587185", "pass", "level2"},
		{"12830550036", "pass", "pass"}, // remainder 4
		{"12830562671", "pass", "pass"}, // the second sum
	} {
		mail := testNode{Subject: "Test", Body: "fødselsnummer " + x.number}
		if d, _ := judge(t, off, mail); d.Verdict.String() != x.off {
			t.Errorf("%s is %s with the switch off, want %s", x.number, d.Verdict, x.off)
		}
		if d, _ := judge(t, on, mail); d.Verdict.String() != x.on {
			t.Errorf("%s is %s with the switch on, want %s", x.number, d.Verdict, x.on)
		}
	}
}
