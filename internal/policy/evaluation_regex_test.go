package policy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigill/internal/extract"
)

// regexList is what an administrator writes who knows what the numbers look like: no check digits, no words near, no
// normalisation. It is the reference that detection is compared with; it is given the decoded text of all parts.
var regexList = map[string]*regexp.Regexp{
	"se.personnummer":     regexp.MustCompile(`\b(?:19|20)?\d{6}[-+ ]?\d{4}\b`),
	"nl.bsn":              regexp.MustCompile(`\b\d{9}\b|\b\d{4}\.\d{2}\.\d{3}\b`),
	"no.fodselsnummer":    regexp.MustCompile(`\b\d{6} ?\d{5}\b`),
	"dk.cpr":              regexp.MustCompile(`\b[0-3]\d[01]\d{3}-\d{4}\b`),
	"fi.hetu":             regexp.MustCompile(`\b\d{6}[-+A-FU-Y]\d{3}[0-9A-Z]\b`),
	"de.idnr":             regexp.MustCompile(`\b\d{2} \d{3} \d{3} \d{3}\b|\b\d{11}\b`),
	"de.rvnr":             regexp.MustCompile(`\b\d{8}[A-Z]\d{3}\b`),
	"de.kvnr":             regexp.MustCompile(`\b[A-Z]\d{9}\b`),
	"be.nn":               regexp.MustCompile(`\b\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}\b`),
	"fr.nir":              regexp.MustCompile(`\b[12] ?\d{2} ?\d{2} ?\d[0-9AB] ?\d{3} ?\d{3} ?\d{2}\b`),
	"uk.nino":             regexp.MustCompile(`(?i)\b[a-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[a-d]\b`),
	"uk.nhs":              regexp.MustCompile(`\b\d{3} \d{3} \d{4}\b`),
	"es.dni":              regexp.MustCompile(`\b\d{8}-?[A-Z]\b`),
	"es.nie":              regexp.MustCompile(`\b[XYZ]-?\d{7}-?[A-Z]\b`),
	"it.codicefiscale":    regexp.MustCompile(`\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b`),
	"pl.pesel":            regexp.MustCompile(`\b\d{11}\b`),
	"us.ssn":              regexp.MustCompile(`\b\d{3}-\d{2}-\d{4}\b`),
	"us.mbi":              regexp.MustCompile(`\b\d[A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d{2}\b`),
	"eu.iban":             regexp.MustCompile(`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}`),
	"eu.mrz":              regexp.MustCompile(`[A-Z0-9<]{30,44}<`),
	"pay.card":            regexp.MustCompile(`\b(?:\d[ -]?){13,16}\b`),
	"health":              regexp.MustCompile(`(?i)\b(?:diagnos\w*|patient\w*|journal|sjukskriv\w*|läkarintyg|patiënt\w*|ziekmelding|medicatie|prescribed|befund)`),
	"nl.patientendossier": regexp.MustCompile(`(?i)pati[eë]ntendossier`),
	"secret":              regexp.MustCompile(`(?i)(?:password|lösenord|wachtwoord|passwort|kennwort|passord|salasana|mot de passe)\s*[:=]|PRIVATE KEY|AKIA[0-9A-Z]{16}`),
	"term.hr":             regexp.MustCompile(`(?i)uppsägning|varning|ontslag|dismissal|disciplinary|abmahnung|kündigung`),
	"term.legal":          regexp.MustCompile(`(?i)sekretess|förundersökning|privileged|verschoningsrecht|anwaltsgeheimnis`),
	"term.finance":        regexp.MustCompile(`(?i)insider|koersgevoelig|vinstvarning|profit warning|gewinnwarnung`),
	"term.salary":         regexp.MustCompile(`(?i)månadslön|lönespecifikation|salaris|salary|gehalt`),
}

func byRegexList(t testing.TB, content *extract.Content) ([]string, bool) {
	t.Helper()
	var text strings.Builder
	for _, s := range content.Segments {
		text.WriteString(s.Text + "\n")
	}
	var kinds []string
	for kind, r := range regexList {
		if r.MatchString(text.String()) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds, len(kinds) > 0
}
