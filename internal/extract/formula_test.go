package extract

import (
	"strings"
	"testing"
)

func TestFolding(t *testing.T) {
	t.Parallel()
	cells := map[[2]int]operand{{1, 0}: textOperand("890102"), {5, 2}: numberOperand(2387), {6, 2}: numberOperand(10)}
	value := func(row, col int) (operand, bool) { return cells[[2]int{row, col}], true }
	tests := []struct {
		src, want string
		ok        bool
	}{
		{`"890102-"&"2387"`, "890102-2387", true},
		{`TEXT(8901022387,"000000-0000")`, "890102-2387", true},
		{`TEXT(32510,"yymmdd")&"-2387"`, "890102-2387", true},
		{`TEXT(2387,"""890102-""0")`, "890102-2387", true},
		{`A1&"-"&C5`, "890102-2387", true},
		{`$A$1 & "-" & $C5`, "890102-2387", true},
		{`CONCATENATE(A1;"-";C5)`, "890102-2387", true},
		{`_xlfn.CONCAT(A1:C1,"-",C5)`, "890102-2387", true},
		{`_xlfn.TEXTJOIN("-",TRUE,A1,C5)`, "890102-2387", true},
		{`_xlfn.TEXTJOIN("-",1,A1,C5)`, "890102-2387", true},
		{`C5+8901020000`, "8901022387", true},
		{`8.901022387E+9*(2-1)`, "8901022387", true},
		{`SUM(C5:C6)`, "2397", true},
		{`LEFT("890102x",6)&RIGHT("x-2387",5)&MID("abc",2,1)`, "890102-2387b", true},
		{`HYPERLINK("http://x","890102")`, "890102", true},
		{`"say ""x"""`, `say "x"`, true},
		{`-C5%`, "-23.87", true},
		{`IF(A1>0,1,2)`, "1", true}, // a text is more than any number
		{`IF(C5 >= 2387, A1 & "-" & C5, "")`, "890102-2387", true},
		{`IF(C5<>2387,"x",A1)&IF(C5<2388,"-")&C5`, "890102-2387", true},
		{`IF(TRUE;A1;"x")&IF(D9=0,"-","x")&C5`, "890102-2387", true},
		{`IF("a"="A",1)&IF(1>2,1)&(C5<=C6)`, "1FALSEFALSE", true},
		{`IF("x",1,2)`, "", false},
		{`IF(1)`, "", false},
		{`IF(A1:A3>1,1,2)`, "", false},
		{`Blad2!A1`, "", false},
		{`SUM(A1:XFD1048576)`, "", false},
		{`1/0`, "", false},
		{`"open`, "", false},
		{`A1&`, "", false},
		{strings.Repeat("(", 1000), "", false},
		{strings.Repeat(`LEFT(REPT("9",32767))&`, 300) + `"9"`, "", false},
		{strings.Repeat("-", 1000) + "1", "", false},
		{strings.Repeat(`REPT("9",32767)&`, 50) + `"9"`, "", false},
	}
	for _, tt := range tests {
		f := folding{src: tt.src, value: value}
		got, ok := f.whole()
		if ok != tt.ok || ok && got.text != tt.want {
			t.Errorf("%s = %q, %v", tt.src[:min(len(tt.src), 60)], got.text, ok)
		}
	}
}

func TestMakesText(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{`SUM(A1:A5)`: false, `A1&B1`: true, `SUM('R&D'!A1)`: false, `IF(A1>1,"a & b","")`: false, `text(A1,"0")`: true} {
		if got := makesText(src); got != want {
			t.Errorf("%s: %v", src, got)
		}
	}
}
