package store

import (
	"fmt"

	"sigill/internal/seal"
)

// RekeyMessage returns the rows of a message and its recipients whose hashes an older
// key made, with new ones.
func (c *Codec) RekeyMessage(l *Loaded) []Row {
	var rows []Row
	row := l.row
	if !c.current(row.From) || !c.current(row.Person) {
		row.From, row.Person = c.addressHash(l.Message.Envelope.From), c.addressHash(l.Message.Person)
		rows = append(rows, row.Row())
	}
	for i := range l.recipients {
		r := l.recipients[i].row
		if c.current(r.Addr) && c.current(r.Domain) {
			continue
		}
		fresh := c.recipientRow(l.Message, i)
		r.Addr, r.Domain = fresh.Addr, fresh.Domain
		rows = append(rows, r.Row())
	}
	return rows
}

// RekeyTrace is the same for a trace: its row and those of its recipients.
func (c *Codec) RekeyTrace(row TraceRow) ([]Row, error) {
	t, err := c.LoadTrace(row)
	if err != nil {
		return nil, err
	}
	row.From = c.addressHash(t.From)
	rows := []Row{row.Row()}
	for i, to := range t.To {
		if r, ok := c.traceRecipient(row.ID, i, to); ok {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// RekeyContact returns a contact under new hashes, and the row that it replaces.
func (c *Codec) RekeyContact(row ContactRow) (old, fresh Row, err error) {
	con, err := c.LoadContact(row)
	if err != nil {
		return Row{}, Row{}, err
	}
	old = Row{TableContacts, []any{row.Org, row.Recipient, row.Sender}}
	row.Recipient, row.Sender = c.addressHash(con.Recipient), c.senderHash(con.Sender)
	return old, row.Row(), nil
}

// RekeyWrap returns the wrap of a payload key under the newest key.
func (c *Codec) RekeyWrap(org string, row WrapRow) (Row, error) {
	w, _, err := c.ring.Rewrap(org, row.Message, seal.Wrapped{KeyID: row.KeyID, Blob: row.Wrap})
	if err != nil {
		return Row{}, fmt.Errorf("rewrap the key of message %s: %w", row.Message, err)
	}
	row.KeyID, row.Wrap = w.KeyID, w.Blob
	return row.Row(), nil
}

// RekeyColumn returns the wrap of a column key under the newest key.
func (c *Codec) RekeyColumn(row KeyRow) (Row, error) {
	w, _, err := c.ring.RewrapColumnKey(row.Org, row.Month, seal.Wrapped{KeyID: row.KeyID, Blob: row.Wrap})
	if err != nil {
		return Row{}, fmt.Errorf("rewrap the column key of %s: %w", row.Month, err)
	}
	row.KeyID, row.Wrap = w.KeyID, w.Blob
	return row.Row(), nil
}

// KeyID is the id of the newest key: wraps under another one wait to be rewritten.
func (c *Codec) KeyID() string {
	ids := c.ring.KeyIDs()
	return ids[len(ids)-1]
}

// HashBounds returns the least hash that the newest key makes, and the least that comes
// after all of them: rows whose hash lies outside wait to be rewritten.
func (c *Codec) HashBounds() (from, to []byte) {
	v := c.HashVersion()
	if v == 255 { // the last version there can be
		return []byte{v}, aboveAll()
	}
	return []byte{v}, []byte{v + 1}
}

// aboveAll is greater than every hash.
func aboveAll() []byte {
	b := make([]byte, seal.HashSize+1)
	for i := range b {
		b[i] = 255
	}
	return b
}
