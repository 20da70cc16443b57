package classify

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// nationals are numbers that hold, by validator: published examples and constructed ones. None is known to be a person's.
var nationals = map[string][]string{
	"no.fodselsnummer":   {"08109773531", "17088167570", "25127266266", "19025961458", "16037955608", "43086263409", "59057563324", "60015451877", "45048466986", "52097969094"},
	"no.orgnr":           {"974760673", "923609016"},
	"dk.cpr":             {"2503685224", "0703878547", "1012637752", "1908658678", "2303945639"},
	"fi.hetu":            {"061106A9608", "180668-990X", "231242-936J", "100207A956P", "120292-9369", "131052-308T"},
	"fi.ytunnus":         {"20774740"},
	"de.idnr":            {"17408329600", "20784159310", "70969524839", "89405611378", "29489017358"},
	"de.rvnr":            {"15070649C103", "24180311E458", "24171202K228", "17240710S152", "50211207E169", "52050611L467"},
	"de.kvnr":            {"A000500015", "L000690300", "L000224112", "A000724526", "M000174903", "W000129658"},
	"de.personalausweis": {"T220001293", "L01X00T471"},
	"be.nn":              {"11042243735", "05040968155", "04041650993", "08092371488", "12072233087", "03420871383", "03491615661", "05501718749", "11450786058", "12510410001"},
	"be.kbo":             {"0403170701"},
	"fr.nir":             {"209063399986929", "112067599967658", "204036999971092", "207096999926796", "109107599944218"},
	"uk.nino":            {"XX222273C", "ZY911710C", "WX177880C", "JZ787346B", "YZ178567B"},
	"uk.nhs":             {"9998636949", "9996556042", "9997131029", "9994017993", "9998857678", "9434765870"},
	"uk.utr":             {"1955839661"},
	"es.dni":             {"99528386A", "99666761X", "99202809Z", "99224857M", "99915959A"},
	"es.nie":             {"Z9936965G", "Z9909084E", "Z9956554C", "Z9938485Y", "Z9975267B"},
	"it.codicefiscale":   {"MRTLGU07T11Z110P", "FRRLGU14A66F205D", "VRDLGU04L61F205O", "GLLNNA10L55D612F", "GLLLGU07R45H501Z"},
	"it.piva":            {"00743110157"},
	"pl.pesel":           {"95901724711", "91921318084", "02042235233", "82901857611", "07110692110"},
	"pl.nip":             {"1234563218"},
	"us.ssn":             {"816682526", "785924631", "852355689", "851829747", "802375663"},
	"us.itin":            {"912703456", "900701234"},
	"us.aba":             {"111000025", "021000021", "011401533", "122105155", "091000019"},
	"us.npi":             {"1649084112", "1063630945", "1138676188", "1598022147", "1077485336", "1234567893"},
	"us.dea":             {"FC8198536", "AM5504267", "MD3018911", "ML4669290", "BD7295618", "AB1234563"},
	"eu.vat":             {"BE0403170701", "PL1234563218", "IT00743110157", "SE556934505001"},
	"eu.ehic":            {"80752000012345678901", "80578000012345678901"},
}

// nearMisses are numbers that must not hold.
var nearMisses = map[string][]string{
	"no.fodselsnummer":   {"12098059508", "21025767937", "19117164722", "86011117947", "00000000000", "31029912345"},
	"dk.cpr":             {"4501121234", "3113011234", "3002681234"},
	"fi.hetu":            {"320190-123A", "131052-308U", "310252-308Y", "010101G123N", "131052A308T+"},
	"de.idnr":            {"86095742718", "11111111111", "01234567890", "17408329601"},
	"de.rvnr":            {"15070649C104", "15320649C103", "15071349C103"},
	"de.kvnr":            {"A000500016", "A123456789"},
	"de.personalausweis": {"T220001294", "1220001297"},
	"be.nn":              {"85073003329", "85134103328", "12345678901"},
	"fr.nir":             {"295109912611199", "185137599912345"},
	"uk.nino":            {"QQ123456C", "GB123456A", "AB123456E", "DA123456A", "AO123456B"},
	"uk.nhs":             {"9434765871", "1111111111", "4857773458"},
	"es.dni":             {"12345678A", "54362315Z", "1234567L", "00000000T", "Z9936965G"},
	"es.nie":             {"X1234567Z", "99528386A"},
	"it.codicefiscale":   {"RSSMRA85T10A562T", "RSSMRA85F10A562S", "RSSMRA85T72A562S", "AAAAAA00A00A000A"},
	"pl.pesel":           {"44051401358", "02381307589", "11111111111"},
	"us.ssn":             {"000123456", "666123456", "123004567", "123450000", "987654320", "078051120"},
	"us.aba":             {"112000025", "123456789", "991000019"},
	"us.npi":             {"1234567890", "3234567893", "0234567893"},
	"us.dea":             {"AB1234564", "OB1234563"},
	"eu.vat":             {"BE0403170702", "XX0403170701", "DE123456789"},
	"eu.ehic":            {"80999000012345678901", "10752000012345678901"},
}

func valueOf(s string) *Value {
	return &Value{Text: []byte(s), Compact: appendCompact(nil, []byte(s)), Now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
}

func TestNationalNumbers(t *testing.T) {
	t.Parallel()
	for name, list := range nationals {
		v, err := LookupValidator(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if got := v.Check(valueOf(s)); got == Invalid {
				t.Errorf("%s refuses %s", name, s)
			}
		}
		for _, s := range nearMisses[name] {
			if got := v.Check(valueOf(s)); got != Invalid {
				t.Errorf("%s takes %s", name, s)
			}
		}
	}
}

// TestOneDigitOff changes one digit: what has a checksum that catches every such mistake must. (Belgian numbers have two, one
// for each century, and what one catches the other may take.)
func TestOneDigitOff(t *testing.T) {
	t.Parallel()
	catches := strings.Fields("no.fodselsnummer no.orgnr fi.hetu fi.ytunnus de.idnr be.kbo fr.nir uk.nhs es.dni es.nie pl.nip us.npi us.aba it.piva pl.pesel")
	for _, name := range catches {
		v, err := LookupValidator(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range nationals[name] {
			for i := range len(s) {
				for c := byte('0'); c <= '9'; c++ {
					if s[i]-'0' > 9 || s[i] == c {
						continue
					}
					off := s[:i] + string(c) + s[i+1:]
					if v.Check(valueOf(off)) != Invalid {
						t.Errorf("%s takes %s, one digit from %s", name, off, s)
					}
				}
			}
		}
	}
}

// TestValidatorsTakeAnything: no value makes one fail or allocate.
func TestValidatorsTakeAnything(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range ValidatorNames() {
		v, err := LookupValidator(name)
		if err != nil {
			continue // one with parameters
		}
		for range 3000 {
			b := make([]byte, r.IntN(22))
			for i := range b {
				b[i] = "0123456789ABCXYZ-+ "[r.IntN(19)]
			}
			v.Check(valueOf(string(b)))
		}
	}
}

func TestNationalNumbersAllocateNothing(t *testing.T) { // not parallel: it counts allocations
	for name, list := range nationals {
		v, err := LookupValidator(name)
		if err != nil {
			t.Fatal(err)
		}
		value := valueOf(list[0])
		if n := testing.AllocsPerRun(100, func() { v.Check(value) }); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
