package store

import (
	"fmt"
	"slices"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
	"sigill/internal/seal"
)

// Changes is what one transaction writes besides what needs SQL of its own.
type Changes struct {
	Delete []Row // first: named by the first columns of their key
	Insert []Row // rows that must not exist
	Put    []Row // rows that may exist and are then replaced whole

	Refund []CounterRow // counts to lower by one
	Done   *message.Job // to be deleted if its attempt is still ours, else ErrStale for all
	Remove []message.ID // payload files to remove after the commit
	Wake   bool         // a job that anybody may take is due
}

// Empty says that there is nothing to write.
func (ch *Changes) Empty() bool {
	return len(ch.Delete)+len(ch.Insert)+len(ch.Put)+len(ch.Refund) == 0 && ch.Done == nil
}

// Creation is a new message ready to be written.
type Creation struct {
	Changes
	ID      message.ID
	Claimed []message.Job
	Repeat  *Repeat // nil when the sending cannot be a repeated one
	Place   string
}

// Repeat is the look-up of a client's sending. The driver writes Row unless a row under
// one of the hashes ends after now: then the message is a repeated one.
type Repeat struct {
	Hashes [][]byte // under every live key, newest first
	Row    Row
	Now    int64
}

// Create makes the rows of a new message.
func (c *Codec) Create(n New, body *Sealed) (*Creation, error) {
	now := c.now()
	m := *n.Message
	m.Version, m.Size, m.BodyHash = 1, body.Size, body.Hash
	h := home{m.Org, monthOf(m.Accepted)}
	k, err := c.writeKey(h)
	if err != nil {
		return nil, err
	}
	cr := &Creation{ID: m.ID, Place: body.Place}
	if cr.Insert, err = c.sealMessage(k, &m, h, body.Place); err != nil {
		return nil, err
	}
	// The ring may have been rotated, and everything rewritten, while the body was sealed.
	wrap, _, err := c.ring.Rewrap(m.Org, string(m.ID), body.Wrap)
	if err != nil {
		return nil, fmt.Errorf("wrap the key of message %s: %w", m.ID, err)
	}
	w := WrapRow{Message: string(m.ID), KeyID: wrap.KeyID, Wrap: wrap.Blob}
	cr.Insert = append(append(cr.Insert, w.Row()), body.Rows...)
	jobs := n.Effects.Jobs
	if n.Lease > 0 {
		cr.Claimed, jobs = cr.lease(jobs, now, n.Lease, c.node)
	}
	rest := n.Effects
	rest.Jobs, rest.Destroy = jobs, false
	if err := c.effects(&cr.Changes, k, &m, h, rest, now); err != nil {
		return nil, err
	}
	if n.Repeat != "" {
		cr.Repeat = c.repeat(n.Repeat, m.ID, now, n.Window)
	}
	c.homes.put(m.ID, h)
	return cr, nil
}

// lease inserts the jobs that are due as claimed by this node; the others are returned.
func (cr *Creation) lease(jobs []message.Job, now time.Time, d time.Duration, node string) (claimed, rest []message.Job) {
	for _, j := range jobs {
		if j.RunAt.After(now) {
			rest = append(rest, j)
			continue
		}
		j.Attempt++
		r := jobRow(j)
		r.FreeAt, r.Owner = micros(now.Add(d)), node
		cr.Insert = append(cr.Insert, r.Row())
		claimed = append(claimed, r.Job())
	}
	return claimed, rest
}

func (c *Codec) repeat(value string, id message.ID, now time.Time, window time.Duration) *Repeat {
	hashes := c.RepeatHashes(value)
	return &Repeat{
		Hashes: hashes, Now: micros(now),
		Row: Row{TableRepeats, []any{hashes[0], string(id), micros(now.Add(window))}},
	}
}

// Repeated makes the event that a message was sent again, for the version that the
// driver has raised the message to.
func (c *Codec) Repeated(id message.ID, version int64) Row {
	r := EventRow{
		Message: string(id), Seq: EventSeq(version, 0), Recipient: message.All,
		At: c.Now(), Kind: string(message.EventRepeated),
	}
	return r.Row()
}

// Save makes what a step has changed in a loaded message, and its effects.
func (c *Codec) Save(l *Loaded, e Effects) (*Changes, error) {
	m := l.Message
	h := home{l.row.Org, l.row.Month}
	k, err := c.writeKey(h)
	if err != nil {
		return nil, err
	}
	ch := &Changes{}
	changed, err := c.saveRecipients(ch, k, l)
	if err != nil {
		return nil, err
	}
	row := c.messageRow(m, h, l.row.Place)
	row.Private, row.Version = l.row.Private, l.row.Version
	row.Accepted, row.Size = l.row.Accepted, l.row.Size
	plain, err := privateMessage(m)
	if err != nil {
		return nil, err
	}
	if string(plain) != string(l.private) {
		changed = true
		if row.Private, err = sealBytes(k, plain, messageAD(row.ID)); err != nil {
			return nil, err
		}
	}
	if changed || len(e.Events) > 0 {
		row.Version++
		ch.Put = append(ch.Put, row.Row())
	}
	m.Version = row.Version
	if err := c.effects(ch, k, m, h, e, c.now()); err != nil {
		return nil, err
	}
	if e.Destroy && l.row.Place == PlaceDir {
		ch.Remove = append(ch.Remove, m.ID)
	}
	return ch, nil
}

// saveRecipients puts the rows of the recipients that a step has changed.
func (c *Codec) saveRecipients(ch *Changes, k *seal.ColumnKey, l *Loaded) (bool, error) {
	m := l.Message
	for i := range m.Recipients {
		row := c.recipientRow(m, i)
		plain, err := privateRecipient(m, i)
		if err != nil {
			return false, err
		}
		if i < len(l.recipients) && l.recipients[i].equal(&row, plain, m.Recipients[i].Reply) {
			continue
		}
		if row, err = c.sealRecipient(k, m, i); err != nil {
			return false, err
		}
		ch.Put = append(ch.Put, row.Row())
	}
	return len(ch.Put) > 0, nil
}

// equal says whether a recipient's row would hold what it holds already.
func (lr *loadedRecipient) equal(r *RecipientRow, private []byte, reply string) bool {
	o := &lr.row
	return o.State == r.State && o.Level == r.Level && o.Since == r.Since && o.Expires == r.Expires &&
		o.Attempts == r.Attempts && slices.Equal(o.Addr, r.Addr) && slices.Equal(o.Domain, r.Domain) &&
		lr.reply == reply && string(lr.private) == string(private)
}

// effects adds what is written together with a message.
func (c *Codec) effects(ch *Changes, k *seal.ColumnKey, m *message.Message, h home, e Effects, now time.Time) error {
	events, err := sealEvents(k, e.Events, m.Version)
	if err != nil {
		return err
	}
	for i := range events {
		ch.Insert = append(ch.Insert, events[i].Row())
	}
	for _, j := range e.Jobs {
		r := jobRow(j)
		ch.Insert = append(ch.Insert, r.Row())
		ch.Wake = ch.Wake || !j.RunAt.After(now)
	}
	if e.Destroy {
		destroy(ch, m.ID)
	}
	for _, a := range e.Accesses {
		if err := c.newAccess(ch, k, a, h); err != nil {
			return err
		}
	}
	if err := c.contacts(ch, m.Org, e, now); err != nil {
		return err
	}
	for _, counter := range e.Refund {
		ch.Refund = append(ch.Refund, c.Counter(counter))
	}
	ch.Done = e.Done
	return nil
}

// destroy deletes the key and the rows of a payload.
func destroy(ch *Changes, id message.ID) {
	ch.Delete = append(ch.Delete,
		Row{TableWraps, []any{string(id)}},
		Row{TablePayloads, []any{string(id)}})
}

// CounterRow names one window of a counter. The hashes are those under every live key,
// newest first: the newest is written, the count is the sum over all.
type CounterRow struct {
	Kind   string
	Hashes [][]byte
	Start  int64
	Ends   int64
}

// Forever is the end of what never ends.
const Forever = int64(1) << 62

// Counter returns the window of a counter that is now.
func (c *Codec) Counter(k auth.Counter) CounterRow {
	r := CounterRow{Kind: k.Kind, Hashes: c.hashes(hashCounter+k.Kind, k.Value), Ends: Forever}
	if k.Window > 0 {
		w := k.Window.Microseconds()
		r.Start = c.Now() / w * w
		r.Ends = r.Start + w
	}
	return r
}
