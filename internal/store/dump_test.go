package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"sigill/internal/message"
)

// restored is a [Restorer] that keeps rows.
type restored struct{ rows []Row }

func (r *restored) Insert(row Row) error {
	r.rows = append(r.rows, row)
	return nil
}

func anyInstallation(*Installation) error { return nil }

// smallDump writes one row of each kind of column, and a file.
func smallDump(t testing.TB, dir *Dir) ([]byte, []Row) {
	t.Helper()
	var buf bytes.Buffer
	d, err := NewDumper(&buf, 1)
	if err != nil {
		t.Fatal(err)
	}
	rows := []Row{
		(&Installation{ID: "i", Ring: "r", Keys: "k", Check: []byte{1}, Made: 2}).Row(),
		(&MessageRow{ID: "m", Org: "org", Month: "2026-11", Size: -1, Place: PlaceDir, Private: []byte{0, 255}}).Row(),
		(&EventRow{Message: "m", Seq: 1 << 60, Recipient: -1, Kind: "<&>"}).Row(),
		(&ContactRow{Org: "org", Recipient: []byte{1}, Sender: []byte{}}).Row(),
	}
	for _, r := range rows {
		if err := d.Table(r.Table); err != nil {
			t.Fatal(err)
		}
		if err := d.Row(r.Values); err != nil {
			t.Fatal(err)
		}
	}
	if dir != nil {
		id := message.NewID(noon)
		if err := dir.write(id, func(w io.Writer) error { _, err := w.Write(make([]byte, ChunkSize+10)); return err }); err != nil {
			t.Fatal(err)
		}
		if err := d.File(dir, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), rows
}

func TestDumpComesBack(t *testing.T) {
	t.Parallel()
	dump, rows := smallDump(t, newDir(t))
	for _, to := range []*Dir{nil, newDir(t)} {
		var r restored
		if _, err := ReadDump(context.Background(), bytes.NewReader(dump), 1, to, anyInstallation, &r); err != nil {
			t.Fatal(err)
		}
		wants := append([]Row(nil), rows[1:]...) // a store keeps its own installation
		place := PlaceDir
		if to == nil {
			place = PlaceDatabase
			wants = append(wants, Row{TablePayloads, nil}, Row{TablePayloads, nil})
		}
		if len(r.rows) != len(wants) {
			t.Fatalf("%d rows, want %d", len(r.rows), len(wants))
		}
		if got := r.rows[0].Values[6]; got != place {
			t.Errorf("the payload lies in %v, want %s", got, place)
		}
		if s, ok := r.rows[2].Values[2].([]byte); !ok || s == nil {
			t.Error("an empty value became null")
		}
		if s, ok := r.rows[1].Values[5].([]byte); !ok || s != nil {
			t.Error("null became an empty value")
		}
	}
}

func TestDumpOfAnOlderProgramLacksColumns(t *testing.T) {
	t.Parallel()
	dump, _ := smallDump(t, nil)
	lines := strings.Split(string(dump), "\n")
	cut := strings.Replace(lines[5], `"at",`, "", 1) // the table line of events
	row := strings.Replace(lines[6], `-1,0,`, "-1,", 1)
	if cut == lines[5] || row == lines[6] {
		t.Fatal("the dump looks different")
	}
	var r restored
	d := &dumpReader{to: &r, accept: anyInstallation}
	for _, line := range []string{cut, row} {
		var l dumpLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if err := d.content(l); err != nil {
			t.Fatal(err)
		}
	}
	if at := r.rows[0].Values[3]; at != int64(0) {
		t.Errorf("the lacking column is %v", at)
	}
}

func TestDumpIsRefused(t *testing.T) {
	t.Parallel()
	dump, _ := smallDump(t, newDir(t))
	newer := bytes.Replace(dump, []byte(`"migration":1`), []byte(`"migration":2`), 1)
	for name, bad := range map[string][]byte{
		"empty": nil, "text": []byte("hello\n"), "cut": dump[:len(dump)-2], "newer": newer,
		"changed": bytes.Replace(dump, []byte(`"month"`), []byte(`"mouth"`), 1),
		"lacking": bytes.Replace(dump, []byte(`"seq":1,`), []byte(`"seq":2,`), 1),
		"twisted": bytes.Replace(dump, []byte("AAAA"), []byte("AAAB"), 1),
	} {
		for _, dir := range []*Dir{nil, newDir(t)} {
			undo, err := ReadDump(context.Background(), bytes.NewReader(bad), 1, dir, anyInstallation, &restored{})
			if !errors.Is(err, ErrDump) {
				t.Errorf("%s: %v", name, err)
			}
			undo()
			if dir == nil {
				continue
			}
			dir.now = func() time.Time { return noon.AddDate(1, 0, 0) }
			if left, err := dir.Orphans(); len(left) > 0 || err != nil {
				t.Errorf("%s: left %v, %v", name, left, err)
			}
		}
	}
	refuse := func(*Installation) error { return ErrForeignKeyring }
	if _, err := ReadDump(context.Background(), bytes.NewReader(dump), 1, nil, refuse, &restored{}); !errors.Is(err, ErrForeignKeyring) {
		t.Errorf("a foreign ring: %v", err)
	}
}

func FuzzReadDump(f *testing.F) {
	dump, _ := smallDump(f, nil)
	f.Add(dump)
	f.Add([]byte(`{"sigill":"dump","format":1}` + "\n" + `{"file":"x","seq":0,"data":"AAAA"}` + "\n"))
	f.Add([]byte(`{"sigill":"dump","format":1}` + "\n" + `{"table":"jobs","columns":["id","id"]}` + "\n" + `{"row":["a",null]}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r restored
		undo, err := ReadDump(context.Background(), bytes.NewReader(data), 1, nil, anyInstallation, &r)
		undo()
		for _, row := range r.rows {
			if len(row.Values) != len(row.Table.Columns()) && row.Table != TablePayloads {
				t.Errorf("%s: %d values", row.Table, len(row.Values))
			}
		}
		if err != nil && !errors.Is(err, ErrDump) {
			t.Errorf("unexpected error %v", err)
		}
	})
}
