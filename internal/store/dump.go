package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"sigill/internal/message"
)

// A dump is lines of JSON: a head, then for each table a line with its columns and a
// line per row, the files of the payload folder in chunks, and last a line with the
// SHA-256 of all before it. Sealed columns and files stay sealed, so that a dump is
// worth nothing without the key ring. It is the same for both drivers.

const (
	dumpFormat  = 1
	maxDumpLine = 512 << 20 // more than any payload that lies in one row
)

// ErrDump means that a dump is cut off, changed, or made by a newer program.
var ErrDump = errors.New("not a whole dump")

// Backup is what both drivers can do besides [Store].
type Backup interface {
	// Dump writes one moment of the whole store. It hinders nobody. Traces that still wait
	// are written first. What is sealed stays sealed.
	Dump(ctx context.Context, w io.Writer) error
	// Restore reads a dump of either driver. The store must be empty and have the ring of
	// the dump ([ErrForeignKeyring]). It is all or nothing; [ErrDump] for a dump that is
	// not whole.
	Restore(ctx context.Context, r io.Reader) error
}

type dumpLine struct {
	Sigill    string            `json:"sigill,omitempty"` // head: "dump"
	Format    int               `json:"format,omitempty"`
	Migration int64             `json:"migration,omitempty"`
	Table     string            `json:"table,omitempty"`
	Columns   []string          `json:"columns,omitempty"`
	Row       []json.RawMessage `json:"row,omitempty"`
	File      message.ID        `json:"file,omitempty"`
	Seq       int64             `json:"seq,omitempty"`
	Data      []byte            `json:"data,omitempty"`
	Sum       []byte            `json:"sum,omitempty"`
}

// Dumper writes a dump.
type Dumper struct {
	out *bufio.Writer
	sum hash.Hash
	enc *json.Encoder
}

// NewDumper writes the head. The migration is the number of the last one.
func NewDumper(w io.Writer, migration int64) (*Dumper, error) {
	d := &Dumper{out: bufio.NewWriterSize(w, 1<<20), sum: sha256.New()}
	d.enc = json.NewEncoder(io.MultiWriter(d.out, d.sum))
	return d, d.line(dumpLine{Sigill: "dump", Format: dumpFormat, Migration: migration})
}

func (d *Dumper) line(l dumpLine) error {
	if err := d.enc.Encode(l); err != nil {
		return fmt.Errorf("write dump: %w", err)
	}
	return nil
}

// Table begins a table.
func (d *Dumper) Table(t Table) error {
	l := dumpLine{Table: t.String()}
	for _, c := range t.Columns() {
		l.Columns = append(l.Columns, c.Name)
	}
	return d.line(l)
}

// Row writes a row of the table that was begun.
func (d *Dumper) Row(values []any) error {
	l := dumpLine{Row: make([]json.RawMessage, len(values))}
	for i, v := range values {
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("write dump: %w", err)
		}
		l.Row[i] = raw
	}
	return d.line(l)
}

// File writes the sealed payload file of a message.
func (d *Dumper) File(dir *Dir, id message.ID) error {
	f, err := dir.open(id)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	buf := make([]byte, ChunkSize)
	for seq := int64(0); ; seq++ {
		n, err := io.ReadFull(f, buf)
		if n > 0 {
			if err := d.line(dumpLine{File: id, Seq: seq, Data: buf[:n]}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read payload file: %w", err)
		}
	}
}

// Close writes the end.
func (d *Dumper) Close() error {
	sum := d.sum.Sum(nil)
	if err := d.line(dumpLine{Sum: sum}); err != nil {
		return err
	}
	return d.out.Flush()
}

// Restorer is where a dump is read into: one transaction of a driver.
type Restorer interface {
	// Insert writes one row. Rows come table by table, in the order of [Tables].
	Insert(r Row) error
}

// ReadDump reads a dump into r. Payload files go into dir; with a nil dir they become
// chunks in the database. The installation is handed to accept before anything else is
// written, and is not inserted: a store keeps its own. When ReadDump returns an error, the driver must roll back,
// and call undo to remove the files that were written.
func ReadDump(ctx context.Context, in io.Reader, migration int64, dir *Dir, accept func(*Installation) error, r Restorer) (undo func(), err error) {
	d := &dumpReader{to: r, dir: dir, accept: accept, sum: sha256.New()}
	d.in = bufio.NewReaderSize(in, 1<<20)
	for !d.done {
		if err := ctx.Err(); err != nil {
			return d.undo, err
		}
		if err := d.next(migration); err != nil {
			return d.undo, fmt.Errorf("read dump: %w", err)
		}
	}
	return d.undo, d.endFile()
}

type dumpReader struct {
	in     *bufio.Reader
	sum    hash.Hash
	to     Restorer
	dir    *Dir
	accept func(*Installation) error

	begun, done bool
	table       Table
	places      []int // of the dump's columns in the table's
	current     message.ID
	file        *pendingFile
	seq         int64
	written     []message.ID
}

func (d *dumpReader) undo() {
	if d.file != nil {
		d.file.abort()
	}
	for _, id := range d.written {
		_ = d.dir.Remove(id)
	}
}

// readLine returns one line; a line without its end is a dump that was cut.
func (d *dumpReader) readLine() ([]byte, error) {
	var line []byte
	for {
		part, err := d.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull) || len(line) > maxDumpLine:
			return nil, ErrDump
		}
	}
}

func (d *dumpReader) next(migration int64) error {
	raw, err := d.readLine()
	if err != nil {
		return err
	}
	var l dumpLine
	if json.Unmarshal(raw, &l) != nil {
		return ErrDump
	}
	if l.Sum != nil {
		d.done = true
		if !bytes.Equal(l.Sum, d.sum.Sum(nil)) {
			return ErrDump
		}
		return nil
	}
	d.sum.Write(raw)
	if !d.begun {
		return d.head(l, migration)
	}
	return d.content(l)
}

func (d *dumpReader) head(l dumpLine, migration int64) error {
	switch {
	case l.Sigill != "dump":
		return ErrDump
	case l.Format != dumpFormat || l.Migration > migration:
		return fmt.Errorf("%w: made by a newer program", ErrDump)
	}
	d.begun = true
	return nil
}

func (d *dumpReader) content(l dumpLine) error {
	switch {
	case l.Table != "":
		return d.beginTable(l)
	case l.Row != nil:
		return d.row(l.Row)
	case l.File != "":
		return d.fileChunk(l)
	}
	return ErrDump
}

func (d *dumpReader) beginTable(l dumpLine) error {
	for _, t := range Tables() {
		if t.String() != l.Table {
			continue
		}
		d.table, d.places = t, nil
		for _, name := range l.Columns {
			at := columnAt(t, name)
			if at < 0 {
				return fmt.Errorf("%w: table %s has no column %s", ErrDump, t, name)
			}
			d.places = append(d.places, at)
		}
		return nil
	}
	return fmt.Errorf("%w: unknown table", ErrDump)
}

func columnAt(t Table, name string) int {
	for i, c := range t.Columns() {
		if c.Name == name {
			return i
		}
	}
	return -1
}

func (d *dumpReader) row(raw []json.RawMessage) error {
	if len(raw) != len(d.places) {
		return ErrDump
	}
	columns := d.table.Columns()
	values := make([]any, len(columns))
	for i, c := range columns {
		values[i] = zero(c.Kind)
	}
	for i, at := range d.places {
		v, err := dumpValue(columns[at].Kind, raw[i])
		if err != nil {
			return err
		}
		values[at] = v
	}
	return d.insert(values)
}

func (d *dumpReader) insert(values []any) error {
	switch d.table {
	case TableInstallation:
		in := &Installation{
			ID: as[string](values[0]), Ring: as[string](values[1]), Keys: as[string](values[2]),
			Check: as[[]byte](values[3]), Made: as[int64](values[4]),
		}
		return d.accept(in) // the store that is restored into keeps its own
	case TableMessages:
		if at := columnAt(TableMessages, "place"); d.dir == nil {
			values[at] = PlaceDatabase
		}
	}
	return d.to.Insert(Row{d.table, values})
}

// as returns a value that dumpValue made, as the type of its column.
func as[T any](v any) T {
	t, _ := v.(T)
	return t
}

// zero is the value of a column that the dump does not have.
func zero(k Kind) any {
	switch k {
	case Text:
		return ""
	case Int:
		return int64(0)
	}
	return []byte(nil)
}

func dumpValue(k Kind, raw json.RawMessage) (any, error) {
	var err error
	switch k {
	case Text:
		var s string
		err = json.Unmarshal(raw, &s)
		return s, dumpErr(err)
	case Int:
		var n int64
		err = json.Unmarshal(raw, &n)
		return n, dumpErr(err)
	}
	var b []byte
	err = json.Unmarshal(raw, &b)
	return b, dumpErr(err)
}

// dumpErr hides what JSON says, which may quote the dump.
func dumpErr(err error) error {
	if err != nil {
		return ErrDump
	}
	return nil
}

// fileChunk takes a chunk of a payload file: chunks of one file follow one another.
func (d *dumpReader) fileChunk(l dumpLine) error {
	if l.File != d.current {
		if err := d.endFile(); err != nil {
			return err
		}
		d.current, d.seq = l.File, 0
	}
	if l.Seq != d.seq {
		return ErrDump
	}
	d.seq++
	if d.dir == nil {
		return d.to.Insert(Row{TablePayloads, []any{string(l.File), l.Seq, l.Data}})
	}
	return d.appendFile(l.Data)
}

func (d *dumpReader) appendFile(data []byte) (err error) {
	if d.file == nil {
		if _, err := message.ParseID(string(d.current)); err != nil {
			return ErrDump
		}
		if d.file, err = newFile(d.dir.file(d.current)); err != nil {
			return err
		}
	}
	_, err = d.file.Write(data)
	return full(err)
}

// endFile finishes the file that is being written, if any.
func (d *dumpReader) endFile() error {
	if d.file == nil {
		return nil
	}
	f := d.file
	d.file, d.written = nil, append(d.written, d.current)
	return f.commit()
}
