package extract

import "testing"

func TestTableCells(t *testing.T) {
	t.Parallel()
	const csv, json, slk = "att[1]/a.csv", "att[1]/a.json", "att[1]/a.slk"
	tests := []struct {
		name, file, data string
		want             Segment
	}{
		{"formula", "a.csv", "Namn;Nr\nAnna;=\"890102\"&\"-\"&\"2387\";7\n", Segment{Where: csv, Kind: AttachmentText, Text: "Anna\t890102-2387\t7"}},
		{"quoted formula", "a.csv", "Namn,Nr\nAnna,\"=CONCATENATE(\"\"890102\"\",\"\"-2387\"\")\"\n", Segment{Where: csv, Kind: AttachmentText, Text: "Anna\t890102-2387\n"}},
		{"text as a formula", "a.csv", "Namn;Nr\nAnna;=\"0890102\"\n", Segment{Where: csv, Kind: AttachmentText, Text: "Anna\t0890102"}},
		{"no formula", "a.csv", "Namn;Nr\nAnna;=ja\n", Segment{Where: csv, Kind: AttachmentText, Text: "Anna\t=ja"}},
		{"exponent", "a.csv", "Namn;Nr\nAnna;1,98901022387E+11\n", Segment{Where: csv, Kind: AttachmentText, Text: "Anna\t198901022387"}},
		{"exponent in JSON", "a.json", `{"nr": 1.98901022387E+11}`, Segment{Where: json, Kind: Hidden, Text: "198901022387"}},
		{"SYLK", "a.slk", "ID;PWXL;N;E\r\nC;Y1;X1;K\"a;;b\"\r\nC;X2;K0;E\"890102\"&\"-2387\"\r\nC;Y2;X1;K1.98901022387E+11\r\nE\r\n", Segment{Where: slk, Kind: AttachmentText, Text: "a;b\t890102-2387 0\n198901022387"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.file, []byte(tt.data)), Limits{})
			checkContent(t, c, []Segment{tt.want}, nil, c.Unreadable)
		})
	}
}
