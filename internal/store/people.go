package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/seal"
)

func accessAD(id string) string { return "accesses.private/" + id }

// newAccess inserts an access and its links; it is sealed where its message is.
func (c *Codec) newAccess(ch *Changes, k *seal.ColumnKey, a *auth.Access, h home) error {
	row, err := sealAccess(k, a, h)
	if err != nil {
		return err
	}
	ch.Insert = append(ch.Insert, row.Row())
	for _, l := range a.Links {
		ch.Insert = append(ch.Insert, Row{TableLinks, []any{l.Hash, string(a.ID)}})
	}
	return nil
}

func sealAccess(k *seal.ColumnKey, a *auth.Access, h home) (AccessRow, error) {
	row := AccessRow{
		ID: string(a.ID), Org: h.org, Month: h.month, Message: string(a.Message), Recipient: int64(a.Recipient),
	}
	var err error
	row.Private, err = sealJSON(k, a, accessAD(row.ID))
	return row, err
}

// LoadAccess opens an access.
func (c *Codec) LoadAccess(row AccessRow) (*auth.Access, error) {
	k, err := c.key(home{row.Org, row.Month}, false)
	if err != nil {
		return nil, err
	}
	plain, err := open(k, row.Private, accessAD(row.ID))
	if err != nil {
		return nil, err
	}
	a := new(auth.Access)
	if json.Unmarshal(plain, a) != nil {
		return nil, fmt.Errorf("decode access %s: not what was once written", row.ID)
	}
	a.ID, a.Org, a.Message, a.Recipient = message.ID(row.ID), row.Org, message.ID(row.Message), int(row.Recipient)
	return a, nil
}

// SaveAccess makes what UpdateAccess writes: the access and its links, the message it
// leads to, and the effects.
func (c *Codec) SaveAccess(l *Loaded, row AccessRow, a *auth.Access, e Effects) (*Changes, error) {
	e.Accesses = slices.DeleteFunc(slices.Clone(e.Accesses), func(o *auth.Access) bool { return o.ID == a.ID })
	ch, err := c.Save(l, e)
	if err != nil {
		return nil, err
	}
	h := home{row.Org, row.Month}
	k, err := c.writeKey(h)
	if err != nil {
		return nil, err
	}
	old, err := c.LoadAccess(row)
	if err != nil {
		return nil, err
	}
	fresh, err := sealAccess(k, a, h)
	if err != nil {
		return nil, err
	}
	ch.Put = append(ch.Put, fresh.Row())
	for _, l := range lacking(old.Links, a.Links) {
		ch.Delete = append(ch.Delete, Row{TableLinks, []any{l.Hash}})
	}
	for _, l := range lacking(a.Links, old.Links) {
		ch.Insert = append(ch.Insert, Row{TableLinks, []any{l.Hash, string(a.ID)}})
	}
	return ch, nil
}

// lacking returns the links of a that b does not have.
func lacking(a, b []auth.Link) []auth.Link {
	have := map[string]bool{}
	for _, l := range b {
		have[string(l.Hash)] = true
	}
	var out []auth.Link
	for _, l := range a {
		if !have[string(l.Hash)] {
			out = append(out, l)
		}
	}
	return out
}

func contactAD(id string) string { return "contacts.private/" + id }

// privateContact is the sealed part of a contact.
type privateContact struct {
	Sender    message.Address `json:"sender"`
	Recipient message.Address `json:"recipient"`
	Phone     message.Phone   `json:"phone"`
	At        time.Time       `json:"at"`
}

// senderHash is the look-up hash of a contact's sender, empty when it is proven.
func (c *Codec) senderHash(a message.Address) []byte {
	if a.IsNull() {
		return []byte{}
	}
	return c.addressHash(a)
}

// contacts deletes the numbers that are forgotten or replaced, under every live key, and
// inserts the remembered ones.
func (c *Codec) contacts(ch *Changes, org string, e Effects, now time.Time) error {
	for _, con := range e.Forget {
		c.forget(ch, orgOf(con, org), con)
	}
	for _, con := range e.Contacts {
		con.Org = orgOf(con, org)
		c.forget(ch, con.Org, con)
		k, err := c.writeKey(home{con.Org, monthOf(now)})
		if err != nil {
			return err
		}
		row := ContactRow{
			Org: con.Org, Recipient: c.addressHash(con.Recipient), Sender: c.senderHash(con.Sender),
			ID: string(message.NewID(now)), Month: monthOf(now),
		}
		p := privateContact{con.Sender, con.Recipient, con.Phone, con.At}
		if row.Private, err = sealJSON(k, p, contactAD(row.ID)); err != nil {
			return err
		}
		ch.Put = append(ch.Put, row.Row())
	}
	return nil
}

func orgOf(con message.Contact, org string) string {
	if con.Org != "" {
		return con.Org
	}
	return org
}

func (c *Codec) forget(ch *Changes, org string, con message.Contact) {
	senders := c.AddressHashes(con.Sender)
	if con.Sender.IsNull() {
		senders = [][]byte{{}}
	}
	for _, r := range c.AddressHashes(con.Recipient) {
		for _, s := range senders {
			ch.Delete = append(ch.Delete, Row{TableContacts, []any{org, r, s}})
		}
	}
}

// LoadContact opens a remembered number.
func (c *Codec) LoadContact(row ContactRow) (message.Contact, error) {
	k, err := c.key(home{row.Org, row.Month}, false)
	if err != nil {
		return message.Contact{}, err
	}
	plain, err := open(k, row.Private, contactAD(row.ID))
	if err != nil {
		return message.Contact{}, err
	}
	var p privateContact
	if json.Unmarshal(plain, &p) != nil {
		return message.Contact{}, fmt.Errorf("decode contact %s: not what was once written", row.ID)
	}
	return message.Contact{Org: row.Org, Sender: p.Sender, Recipient: p.Recipient, Phone: p.Phone, At: p.At}, nil
}

// PickContacts opens the rows that were found for a sender and chooses, by the key of
// the recipient's address, the proven number before the sender's own.
func (c *Codec) PickContacts(rows []ContactRow) (map[string]message.Contact, error) {
	picked := map[string]message.Contact{}
	for i := range rows {
		con, err := c.LoadContact(rows[i])
		if err != nil {
			return nil, err
		}
		have, ok := picked[con.Recipient.Key()]
		if !ok || con.Sender.IsNull() && !have.Sender.IsNull() ||
			con.Sender.IsNull() == have.Sender.IsNull() && con.At.After(have.At) {
			picked[con.Recipient.Key()] = con
		}
	}
	return picked, nil
}

func traceAD(id string) string { return "traces.private/" + id }

// privateTrace is the sealed part of a trace.
type privateTrace struct {
	From     message.Address   `json:"from"`
	To       []message.Address `json:"to"`
	Size     int64             `json:"size"`
	Reply    string            `json:"reply,omitempty"`
	Took     time.Duration     `json:"took"`
	Decision *message.Decision `json:"decision,omitempty"`
}

// Trace makes the rows of a trace.
func (c *Codec) Trace(t Trace) ([]Row, error) {
	h := home{t.Org, monthOf(t.At)}
	k, err := c.writeKey(h)
	if err != nil {
		return nil, err
	}
	row := TraceRow{
		ID: string(t.ID), Org: t.Org, Month: h.month, At: micros(t.At), Verdict: int64(t.Verdict),
		Observed: int64(t.Observed), From: c.addressHash(t.From),
	}
	if t.Stored {
		row.Stored = 1
	}
	p := privateTrace{t.From, t.To, t.Size, t.Reply, t.Took, t.Decision}
	if row.Private, err = sealJSON(k, p, traceAD(row.ID)); err != nil {
		return nil, err
	}
	rows := []Row{row.Row()}
	for i, to := range t.To {
		if r, ok := c.traceRecipient(row.ID, i, to); ok {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func (c *Codec) traceRecipient(trace string, i int, to message.Address) (Row, bool) {
	if to.IsNull() {
		return Row{}, false
	}
	return Row{TableTraceRecipients, []any{
		trace, int64(i), c.addressHash(to), []byte(c.ring.Hash(hashDomain, to.Domain()))}}, true
}

// LoadTrace opens a trace.
func (c *Codec) LoadTrace(row TraceRow) (Trace, error) {
	k, err := c.key(home{row.Org, row.Month}, false)
	if err != nil {
		return Trace{}, err
	}
	plain, err := open(k, row.Private, traceAD(row.ID))
	if err != nil {
		return Trace{}, err
	}
	var p privateTrace
	if json.Unmarshal(plain, &p) != nil {
		return Trace{}, fmt.Errorf("decode trace %s: not what was once written", row.ID)
	}
	return Trace{
		ID: message.ID(row.ID), Org: row.Org, At: Moment(row.At), From: p.From, To: p.To, Size: p.Size,
		Verdict: message.Level(row.Verdict), Observed: message.Level(row.Observed), //nolint:gosec // written from a Level
		Stored: row.Stored != 0, Reply: p.Reply, Took: p.Took, Decision: p.Decision,
	}, nil
}
