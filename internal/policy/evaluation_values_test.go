package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// numberSentences are how each kind of number is asked for or given, one sentence for each.
var numberSentences = map[string]string{
	"se.personnummer":      "Hej, sökanden har personnummer %s och bor i Norrvik.",
	"se.samordningsnummer": "Hej, den anställde har samordningsnummer %s sedan i våras.",
	"nl.bsn":               "Goedemorgen, het burgerservicenummer is %s, graag verwerken.",
	"no.fodselsnummer":     "Hei, fødselsnummer er %s, takk.",
	"dk.cpr":               "Hej, borgerens CPR-nummer er %s, med venlig hilsen.",
	"dk.cpr.new":           "Hej, barnets CPR-nummer er %s, med venlig hilsen.",
	"fi.hetu":              "Hei, asiakkaan henkilötunnus on %s, kiitos.",
	"fi.hetu.new":          "Hei, asiakkaan henkilötunnus on %s, kiitos.",
	"de.idnr":              "Guten Tag, die Steuer-ID lautet %s, vielen Dank.",
	"de.rvnr":              "Guten Tag, die Sozialversicherungsnummer lautet %s, vielen Dank.",
	"de.kvnr":              "Guten Tag, die Krankenversichertennummer lautet %s, vielen Dank.",
	"de.personalausweis":   "Guten Tag, die Personalausweisnummer lautet %s, vielen Dank.",
	"be.nn":                "Dag, het rijksregisternummer is %s, bedankt.",
	"be.bis":               "Dag, het bisnummer is %s, bedankt.",
	"fr.nir":               "Bonjour, le numéro de sécurité sociale est %s, merci.",
	"uk.nino":              "Hello, the National Insurance number is %s, thank you.",
	"uk.nhs":               "Hello, the NHS number is %s, thank you.",
	"uk.utr":               "Hello, the UTR is %s, thank you.",
	"es.dni":               "Hola, el DNI es %s, gracias.",
	"es.nie":               "Hola, el NIE es %s, gracias.",
	"it.codicefiscale":     "Buongiorno, il codice fiscale è %s, grazie.",
	"pl.pesel":             "Dzień dobry, PESEL to %s, dziękuję.",
	"us.ssn":               "Hi, the SSN is %s, thanks.",
	"us.itin":              "Hi, the ITIN is %s, thanks.",
	"us.mbi":               "Hi, the Medicare number is %s, thanks.",
	"us.dea":               "Hi, the DEA number is %s, thanks.",
	"pay.card.visa":        "Hi, the card is %s, thanks.",
	"pay.card.mc":          "Hi, the card is %s, thanks.",
	"pay.card.amex":        "Hi, the card is %s, thanks.",
	"eu.mrz.td3.SWE":       "Raderna i passet är:\n%s\nHälsningar",
	"eu.mrz.td1.NLD":       "De regels op de kaart zijn:\n%s\nGroet",
	"eu.ehic.SE":           "Hej, EU-kortets nummer är %s, tack.",
	"nl.paspoort":          "Hallo, het paspoortnummer is %s, bedankt.",
	"nl.rijbewijs":         "Hallo, het rijbewijsnummer is %s, bedankt.",
}

// TestNumbersQuality says whether each kind is found whatever its digits, and whether a wrong check digit is enough to
// leave it alone.
func TestNumbersQuality(t *testing.T) {
	t.Parallel()
	const each, least = 100, 97
	find, kinds, frames := byPolicy(evaluationPolicy(t)), allKinds(), readFrames(t)
	var names []string
	for name := range numberSentences {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s %12s %14s\n", "kind", "found of 100", "wrong of 100")
	for _, name := range names {
		found, wrong := 0, 0
		for n := range each {
			e := newExpander(uint64(n) + 1<<40)
			s := sample{lang: "en", shape: "plain", subject: "Number", seed: uint64(n)}
			s.text = fmt.Sprintf(numberSentences[name], e.expand("$["+name+"]"))
			if got, _ := find(t, parsed(t, s.wire(frames))); slices.ContainsFunc(got, func(kind string) bool { return isKind(name, kind) }) {
				found++
			}
			if kinds[name].spoil == nil {
				continue
			}
			s.text = fmt.Sprintf(numberSentences[name], e.expand("$["+name+"!]"))
			if got, protect := find(t, parsed(t, s.wire(frames))); protect {
				if wrong++; wrong == 1 {
					t.Logf("%s: %v in %q", name, got, s.text)
				}
			}
		}
		spoiled := "-"
		if kinds[name].spoil != nil {
			spoiled = fmt.Sprint(wrong)
		}
		fmt.Fprintf(&b, "%-24s %12d %14s\n", name, found, spoiled)
		if found < least || wrong > 0 {
			t.Errorf("%s: %d of %d found, %d wrong ones protected", name, found, each, wrong)
		}
	}
	t.Logf("\n%s", b.String())
	onPage(t, "numbers", b.String())
}

// isKind says whether the kind that was found is that of a maker of numbers, which may be a variant of it.
func isKind(maker, kind string) bool {
	return maker == kind || strings.HasPrefix(maker, kind+".") || maker == "be.bis" && kind == "be.nn"
}
