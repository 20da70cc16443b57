package policy

import (
	"slices"
	"testing"

	"sigill/internal/extract"
)

// TestInflections holds that the words for a number speak for it in every form in which they are written: a number that is
// weak by itself becomes as sure beside "personnumret" as beside "personnummer".
func TestInflections(t *testing.T) {
	t.Parallel()
	e := inOneEngine(t)
	for _, c := range []struct {
		want, number string
		words        []string
	}{
		{"se.personnummer high", "8901022387", []string{
			"personnummer", "personnummer:", "Personnumret", "personnumrets", "personnumren", "personnumrena", "personnummers", "person-numret", "pers.nr.", "persnumret", "personnr", "personnr.", "Pnr:", "P-nr",
			"födelsenumret", "identitetsnumret", "id-numret", "identitetsbeteckningen", "de fyra sista siffrorna"}},
		{"se.samordningsnummer high", "9406759911", []string{"samordningsnummer", "samordningsnumret", "Samordningsnumrets", "samordningsnumren", "samordningsnr.", "samordnings-nr", "samordnings-numret"}},
		{"se.organisationsnummer high", "5569345050", []string{"organisationsnummer", "organisationsnumret", "organisationsnumren", "orgnumret", "org.nr.", "org.numret", "företagsnumret"}},
		{"se.bankgiro medium", "3477-8233", []string{"bankgiro", "bankgirot", "bankgironumret"}},
		{"se.konto medium", "3300-8504122384", []string{"kontonummer", "kontonumret", "kontonumren", "clearingnumret", "bankkontot"}},
		{"se.reservnummer high", "991981000010", []string{"reservnummer", "reservnumret", "reservnumren", "interimsnumret", "T-numret", "det tillfälliga numret", "temporära numret"}},
		{"no.fodselsnummer high", "01010750160", []string{
			"fødselsnummer", "fødselsnummeret", "fødselsnumre", "fødselsnumrene", "fødselsnr.", "fnr", "f.nr.", "personnummeret", "personnumre", "personnumrene", "D-nummeret", "D-numre", "d-nr.", "hjelpenumre", "fødsels- og personnummeret"}},
		{"dk.cpr high", "2503685224", []string{"cpr", "CPR:", "CPR-nummer", "CPR-nummeret", "cpr-numrene", "cprnummeret", "cprnumre", "CPR'et", "cpr nummer", "cpr. nr.", "danske personnummer", "danske personnumre"}},
		{"fi.hetu high", "131052-308T", []string{"henkilötunnus", "henkilötunnukseni", "henkilötunnuksesta", "henkilötunnukset", "hetu", "hetuni", "hetun", "sotu", "sotuni", "sotua", "sosiaaliturvatunnuksen", "personbeteckningen", "personbeteckningar", "personsignumet"}},
		{"de.idnr high", "17408329600", []string{"Steuer-ID", "Steuer-IDs", "Steueridentifikationsnummer", "Steueridentifikationsnummern", "steuerlichen Identifikationsnummer", "persönlichen Identifikationsnummer", "IdNr.", "Identifikationsnummern", "Steuer-Identnummer"}},
		{"de.rvnr high", "50190340K073", []string{"Sozialversicherungsnummer", "Sozialversicherungsnummern", "Versicherungsnummern", "SV-Nummern", "SV-Nr.", "Rentenversicherungsnummern", "RV-Nummern", "Sozialversicherungsausweis"}},
		{"de.kvnr high", "A123456780", []string{"Krankenversichertennummer", "Krankenversichertennummern", "Versichertennummern", "Versicherten-Nr.", "Versicherten-Nummer", "KV-Nummer", "Krankenversicherungsnummer"}},
		{"nl.bsn high", "999944393", []string{"BSN", "BSN's", "BSN-nummers", "bsnnummer", "burgerservicenummers", "burgerservicenrs.", "persoonsnummers", "sofinummers"}},
	} {
		for _, word := range c.words {
			for _, text := range []string{word + " " + c.number, "Hej,\n" + word + " är " + c.number + "."} {
				if c.want == "de.idnr high" && text[0] == 'H' {
					continue // "IdNr." stands in the VAT number as well and counts only right before
				}
				if got := readings(t, e, extract.Body, text); !slices.Contains(got, c.want) {
					t.Errorf("%q: %v, want %s", text, got, c.want)
				}
			}
		}
	}
}
