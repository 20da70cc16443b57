package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sigill/internal/yamlfile"
)

// country is what a starting policy needs to know of a country. Its pack has the same name.
type country struct {
	code, name   string
	locale       string   // of titles
	languages    []string // of lists of words
	people       []string // detectors of identity numbers of people: level 2
	accounts     []string // detectors of bank accounts, which count beside a person
	secure       []string // what senders call protected
	confidential []string // what labels call confidential, as expressions
	ordinary     []string // a subject and a text of ordinary mail
}

// countries are those that policies can be made for, by code.
func countries() []country {
	return []country{
		{
			code: "be", name: "Belgium", locale: "nl", languages: []string{"nl", "en", "de"}, people: []string{"be.nn"},
			secure: []string{"veilig", "sécurisé"}, confidential: []string{"vertrouwelijk", "confidentiel"},
			ordinary: []string{"Afspraak dinsdag", "Beste Jan, tot dinsdag om 13.30 uur in zaal B12. Bel gerust 02 555 12 12."},
		},
		{
			code: "de", name: "Germany", locale: "en", languages: []string{"de", "en"}, people: []string{"de.idnr", "de.rvnr", "de.kvnr", "de.personalausweis"},
			secure: []string{"sicher"}, confidential: []string{"vertraulich"},
			ordinary: []string{"Termin am Dienstag", "Hallo Anna, bis Dienstag um 13.30 Uhr in Raum B12. Telefon 030 123456."},
		},
		{
			code: "dk", name: "Denmark", locale: "en", languages: []string{"en"}, people: []string{"dk.cpr"},
			secure: []string{"sikker"}, confidential: []string{"fortroligt?"},
			ordinary: []string{"Møde på tirsdag", "Hej Anna, vi ses på tirsdag kl. 13.30 i lokale B12. Ring på 12 34 56 78."},
		},
		{
			code: "es", name: "Spain", locale: "en", languages: []string{"en"}, people: []string{"es.dni", "es.nie"},
			secure: []string{"seguro"}, confidential: []string{"confidencial"},
			ordinary: []string{"Reunión del martes", "Hola, Ana: nos vemos el martes a las 13.30 en la sala B12. Teléfono 912 345 678."},
		},
		{
			code: "fi", name: "Finland", locale: "en", languages: []string{"sv", "en"}, people: []string{"fi.hetu"},
			secure: []string{"suojattu", "skyddad"}, confidential: []string{"luottamuksellinen", "konfidentiellt?"},
			ordinary: []string{"Kokous tiistaina", "Hei Anna, nähdään tiistaina klo 13.30 huoneessa B12. Puhelin 09 1234567."},
		},
		{
			code: "fr", name: "France", locale: "en", languages: []string{"en"}, people: []string{"fr.nir"},
			secure: []string{"sécurisé"}, confidential: []string{"confidentiel"},
			ordinary: []string{"Réunion de mardi", "Bonjour Anne, à mardi à 13 h 30 en salle B12. Téléphone 01 23 45 67 89."},
		},
		{
			code: "it", name: "Italy", locale: "en", languages: []string{"en"}, people: []string{"it.codicefiscale"},
			secure: []string{"sicuro"}, confidential: []string{"riservato"},
			ordinary: []string{"Riunione di martedì", "Ciao Anna, ci vediamo martedì alle 13.30 in sala B12. Telefono 06 1234567."},
		},
		{
			code: "nl", name: "the Netherlands", locale: "nl", languages: []string{"nl", "en"}, people: []string{"nl.bsn", "nl.paspoort", "nl.rijbewijs"},
			secure: []string{"veilig"}, confidential: []string{"vertrouwelijk"},
			ordinary: []string{"Afspraak dinsdag", "Beste Jan, tot dinsdag 24-11-2026 om 13.30 uur. Bel gerust 06-12345678."},
		},
		{
			code: "no", name: "Norway", locale: "en", languages: []string{"en"}, people: []string{"no.fodselsnummer"}, accounts: []string{"no.konto"},
			secure: []string{"sikker"}, confidential: []string{"fortrolig", "konfidensielt?"},
			ordinary: []string{"Møte på tirsdag", "Hei Anna, vi ses tirsdag kl. 13.30 på rom B12. Ring 22 12 34 56."},
		},
		{
			code: "pl", name: "Poland", locale: "en", languages: []string{"en"}, people: []string{"pl.pesel"},
			secure: []string{"bezpieczne"}, confidential: []string{"poufne"},
			ordinary: []string{"Spotkanie we wtorek", "Cześć Anno, do zobaczenia we wtorek o 13.30 w sali B12. Telefon 22 123 45 67."},
		},
		{
			code: "se", name: "Sweden", locale: "sv", languages: []string{"sv", "en"}, people: []string{"se.personnummer", "se.samordningsnummer"}, accounts: []string{"se.konto"},
			secure: []string{"säker"}, confidential: []string{"konfidentiellt?"},
			ordinary: []string{"Möte på tisdag", "Hej Anna! Vi ses på tisdag kl 13.30 i sal B12. Ring 070-123 45 67 om något är oklart."},
		},
		{
			code: "uk", name: "the United Kingdom", locale: "en", languages: []string{"en"}, people: []string{"uk.nino", "uk.nhs", "uk.passport"}, accounts: []string{"uk.account"},
			secure: []string{"secure"}, confidential: []string{"official-sensitive"},
			ordinary: []string{"Meeting on Tuesday", "Hi Ann, see you on Tuesday at 13.30 in room B12. Call 020 7946 0018."},
		},
		{
			code: "us", name: "the United States", locale: "en", languages: []string{"en"}, people: []string{"us.ssn", "us.itin", "us.mbi"}, accounts: []string{"us.aba"},
			secure: []string{"secure"}, confidential: []string{"restricted"},
			ordinary: []string{"Meeting on Tuesday", "Hi Ann, see you on Tuesday at 1:30 p.m. in room B12. Call 212-555-0123."},
		},
	}
}

// Countries lists the codes of the countries for which [Starter] makes policies: those whose pack is built in.
func Countries() []string {
	packs := PackNames()
	var codes []string
	for _, c := range countries() {
		if slices.Contains(packs, c.code) {
			codes = append(codes, c.code)
		}
	}
	return codes
}

// countriesOf finds countries by their codes, in the order given, each once.
func countriesOf(codes []string) ([]country, error) {
	known := Countries()
	var all []country
	for _, code := range codes {
		code = strings.ToLower(cmp.Or(map[string]string{"nor": "no", "gb": "uk"}[code], code))
		at := slices.IndexFunc(countries(), func(c country) bool { return c.code == code })
		if at < 0 || !slices.Contains(known, code) {
			return nil, fmt.Errorf("there is no pack for the country %q%s; there are: %s", code, nearest(code, known), strings.Join(known, ", "))
		}
		if c := countries()[at]; !slices.ContainsFunc(all, func(o country) bool { return o.code == c.code }) {
			all = append(all, c)
		}
	}
	return all, nil
}

// gather puts what each country says into one list, each once.
func gather(all []country, f func(country) []string) []string {
	var out []string
	for _, c := range all {
		for _, s := range f(c) {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// speaks are the languages of the countries in which a pack has words.
func speaks(all []country, pack string) ([]string, error) {
	p, err := readPack(pack)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(gather(all, func(c country) []string { return c.languages }), func(lang string) bool {
		return p.speaks(texts{{Value: lang, Pos: yamlfile.Pos{}}}) != nil
	}), nil
}
