package policy

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sigill/internal/message"
	"sigill/policies"
)

// ordinaryLines are what mail is made of that needs no protection; '0' stands for any digit, '1' for one that is not 0.
var ordinaryLines = []string{
	"Hej Anna, tack för senast. Vi ses på tisdag kl 13.30 i sal B12.", "Ring mig på 0700-00 00 00 eller 08-100 00 00 om något är oklart.",
	"Ordernr 100000-0000 levereras vecka 42.", "Er referens: 1000000000, vår referens 100-000000.", "Faktura 10000000, OCR 1000000000000000, förfaller 2026-12-01.",
	"Bankgiro 100-0000. Org.nr 556934-5050.", "Betala till IBAN SE35 5000 0000 0549 1000 0003.", "Diarienr KS 2026/10000. Ärendenr 1000000000.",
	"Sjukskrivna ska anmäla sig på portalen från 1 januari.", "Föreläsning om depression på torsdag, patienter och anhöriga välkomna.",
	"Ny rehabiliteringskurs startar i mars. Diagnosverktyget är uppdaterat.", "Vi har ny lönerevisionsprocess i höst, mer information kommer.",
	"Spårningsnummer 100000000SE, kolli 1000000000.", "Artikel 1000000000000 finns i lager, 100 st à 1 000 000 kr.", "Budget 2027: 100 000 000 kr.",
	"Beste Jan, tot dinsdag 24-11-2026 om 13.30 uur.", "Bel gerust 06-10000000 of 030-1000000.", "Bestelnummer 100000000 is verzonden, track & trace 3S1000000000.",
	"Factuur 2026100000, klantnummer 100000000, te betalen € 1.000.000.", "KvK 10000000, btw NL001234567B01.", "Ons kenmerk: 100000000/2026.",
	"Een ziekmelding doet u voortaan via het portaal.", "De patiëntenvereniging organiseert een congres over kanker.", "Postcode 1000 AB, kamer 1000.",
	"Hi all, please find the minutes of 12/04/2026 attached.", "Tracking 1000000000000000000, order #100000000.", "Call +46 70 000 00 00 or +31 6 10000000.",
	"Build 1.10.1000 of 20260412.3 failed, trace 100000000000000.", "2026-04-12 13:30:22 INFO session=1000000000 took 100 ms", "Invoice INV-100000000, PO 1000000000, VAT SE556934505001.",
	"Meeting id 100 0000 0000, passcode 100000.", "ISBN 978-1-00-000000-0, IMEI 350000000000000.", "The settlement of the accounts is due in May.",
	"https://shop.example/p/1000000000?ref=1000000000000", "Version 10.0.100000, sha 1a00000000000000000000000000000000000000", "Seats E10 and E11, road E45, form A12, room F32.",
}

func randomDigits(r *rand.Rand, s string) string {
	return strings.Map(func(c rune) rune {
		switch c {
		case '0':
			return '0' + rune(r.IntN(10))
		case '1':
			return '1' + rune(r.IntN(9))
		}
		return c
	}, s)
}

// TestOrdinaryMail holds the standard policy against two thousand ordinary messages, with all their other numbers.
func TestOrdinaryMail(t *testing.T) {
	t.Parallel()
	p, r := parse(t, string(policies.Default)), rand.New(rand.NewPCG(9, 10))
	const messages = 2000
	flagged := 0
	for range messages {
		var b strings.Builder
		for range 5 + r.IntN(15) {
			line := ordinaryLines[r.IntN(len(ordinaryLines))]
			if !strings.Contains(line, "IBAN") && !strings.Contains(line, "556934") && !strings.Contains(line, "NL001") {
				line = randomDigits(r, line)
			}
			fmt.Fprintln(&b, line)
		}
		d, x := judge(t, p, testNode{Subject: "Information", Body: b.String()})
		if d.Verdict != message.Pass {
			flagged++
			t.Logf("%s: %+v", d.DecidedBy, x.Findings)
		}
	}
	if flagged*1000 > messages {
		t.Errorf("%d of %d ordinary messages are protected", flagged, messages)
	}
}
