package extract

import "testing"

func TestShowNumber(t *testing.T) {
	t.Parallel()
	f := formats{codes: map[int]string{
		164: `000000\-0000`, 165: `00000000-0000`, 166: `[$-41D]000000"-"0000;@`, 167: `#,##0.00`, 168: `0000000000`, 169: `yyyy\-mm\-dd`, 170: `00`,
	}, cells: []int{0, 164, 165, 166, 167, 168, 169, 170}}
	tests := []struct {
		v     string
		style int
		want  string
	}{
		{"8901022387", 0, "8901022387"},
		{"8901022387", 1, "890102-2387"},
		{"102030405", 1, "010203-0405"},
		{"198901022387", 2, "19890102-2387"},
		{"198901022387", 1, "19890102-2387"},
		{"8901022387", 3, "890102-2387"},
		{"8901022387", 4, "8901022387"},
		{"102030405", 5, "0102030405"},
		{"45000", 6, "2023-03-15"},
		{"7", 7, "07"},
		{"1.98901022387E+11", 0, "198901022387"},
		{"1.98901022387e11", 2, "19890102-2387"},
		{"1E400", 0, "1E400"},
		{"1E+30", 0, "1E+30"},
		{"0.1000000000000000055", 0, "0.1"},
		{"-12.5", 1, "-12.5"},
		{"text", 1, "text"},
		{"8901022387", 99, "8901022387"},
		{"8901022387", -1, "8901022387"},
	}
	for _, tt := range tests {
		if got := f.show(tt.v, tt.style); got != tt.want {
			t.Errorf("show(%q, %d) = %q, want %q", tt.v, tt.style, got, tt.want)
		}
	}
}

func TestColumnOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		ref  string
		want int
		ok   bool
	}{{"A1", 0, true}, {"C5", 2, true}, {"aa10", 26, true}, {"XFD1", 16383, true}, {"ZZZZZ1", 0, false}, {"5", -1, false}, {"", 0, false}, {"A", 0, false}}
	for _, tt := range tests {
		if got, ok := columnOf(tt.ref); ok != tt.ok || ok && got != tt.want {
			t.Errorf("columnOf(%q) = %d, %v", tt.ref, got, ok)
		}
	}
}
