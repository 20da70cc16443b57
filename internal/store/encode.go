package store

import (
	"encoding/json"
	"fmt"
	"strconv"

	"sigill/internal/message"
	"sigill/internal/seal"
)

// Associated data names table, column and row, so that a sealed value that was moved
// elsewhere does not open.
func messageAD(id string) string { return "messages.private/" + id }

func recipientAD(id string, i int64) string {
	return "recipients.private/" + id + "/" + strconv.FormatInt(i, 10)
}

func replyAD(id string, i int64) string {
	return "recipients.reply/" + id + "/" + strconv.FormatInt(i, 10)
}

func eventAD(r *EventRow) string {
	return fmt.Sprintf("events.detail/%s/%d/%d/%s", r.Message, r.Recipient, r.At, r.Kind)
}

// sealJSON seals v as JSON.
func sealJSON(k *seal.ColumnKey, v any, ad string) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", ad, err)
	}
	return sealBytes(k, plain, ad)
}

func sealBytes(k *seal.ColumnKey, plain []byte, ad string) ([]byte, error) {
	sealed, err := k.Seal(plain, ad)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", ad, err)
	}
	return sealed, nil
}

// privateMessage is the JSON of all of m that has no column of its own. What stands in
// columns and in the recipients' rows is left out, all else is carried as it is, so
// that a new field of Message is kept without a change here.
func privateMessage(m *message.Message) ([]byte, error) {
	p := *m
	p.ID, p.Org, p.Accepted, p.Size, p.Version = "", "", Moment(0), 0, 0
	p.Recipients, p.Envelope.To = nil, nil
	plain, err := json.Marshal(&p)
	if err != nil {
		return nil, fmt.Errorf("encode message %s: %w", m.ID, err)
	}
	return plain, nil
}

// privateRecipient is the same for one recipient.
func privateRecipient(m *message.Message, i int) ([]byte, error) {
	p := m.Recipients[i]
	p.State, p.Level, p.Since, p.Expires = 0, 0, Moment(0), Moment(0)
	p.Attempts, p.Reply = 0, ""
	plain, err := json.Marshal(&p)
	if err != nil {
		return nil, fmt.Errorf("encode recipient %d of message %s: %w", i, m.ID, err)
	}
	return plain, nil
}

// messageRow makes the row of m but for its sealed column.
func (c *Codec) messageRow(m *message.Message, h home, place string) MessageRow {
	return MessageRow{
		ID: string(m.ID), Org: m.Org, Month: h.month, Accepted: micros(m.Accepted), Size: m.Size,
		Version: m.Version, Place: place, From: c.addressHash(m.Envelope.From), Person: c.addressHash(m.Person),
	}
}

// recipientRow makes the row of recipient i but for its sealed columns.
func (c *Codec) recipientRow(m *message.Message, i int) RecipientRow {
	r := &m.Recipients[i]
	row := RecipientRow{
		Message: string(m.ID), Index: int64(i), State: r.State.String(), Level: int64(r.Level),
		Since: micros(r.Since), Expires: micros(r.Expires), Attempts: int64(r.Attempts),
		Addr: c.addressHash(r.Address),
	}
	if !r.Address.IsNull() {
		row.Domain = c.ring.Hash(hashDomain, r.Address.Domain())
	}
	return row
}

// sealRecipient makes the whole row of recipient i.
func (c *Codec) sealRecipient(k *seal.ColumnKey, m *message.Message, i int) (RecipientRow, error) {
	row := c.recipientRow(m, i)
	plain, err := privateRecipient(m, i)
	if err != nil {
		return row, err
	}
	if row.Private, err = sealBytes(k, plain, recipientAD(row.Message, row.Index)); err != nil {
		return row, err
	}
	row.Reply, err = sealReply(k, m.Recipients[i].Reply, row.Message, row.Index)
	return row, err
}

func sealReply(k *seal.ColumnKey, reply, id string, i int64) ([]byte, error) {
	if reply == "" {
		return nil, nil
	}
	return sealBytes(k, []byte(reply), replyAD(id, i))
}

// sealMessage makes the rows of a message and its recipients.
func (c *Codec) sealMessage(k *seal.ColumnKey, m *message.Message, h home, place string) ([]Row, error) {
	row := c.messageRow(m, h, place)
	plain, err := privateMessage(m)
	if err != nil {
		return nil, err
	}
	if row.Private, err = sealBytes(k, plain, messageAD(row.ID)); err != nil {
		return nil, err
	}
	rows := make([]Row, 1, 8+len(m.Recipients))
	rows[0] = row.Row()
	for i := range m.Recipients {
		r, err := c.sealRecipient(k, m, i)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r.Row())
	}
	return rows, nil
}

// eventsPerWrite is how many events one write of a message may have.
const eventsPerWrite = 1 << 16

// EventSeq is the place of the i-th event of the write that made a version.
func EventSeq(version int64, i int) int64 { return version*eventsPerWrite + int64(i) }

// sealEvents makes the rows of the events of one write.
func sealEvents(k *seal.ColumnKey, events []message.Event, version int64) ([]EventRow, error) {
	if len(events) >= eventsPerWrite {
		return nil, fmt.Errorf("%d events in one write", len(events))
	}
	rows := make([]EventRow, len(events))
	for i, e := range events {
		r := &rows[i]
		*r = EventRow{
			Message: string(e.Message), Seq: EventSeq(version, i), Recipient: int64(e.Recipient),
			At: micros(e.At), Kind: string(e.Kind),
		}
		if len(e.Detail) == 0 {
			continue
		}
		var err error
		if r.Detail, err = sealJSON(k, e.Detail, eventAD(r)); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// jobRow makes the row of a job that nobody has claimed.
func jobRow(j message.Job) JobRow {
	return JobRow{
		ID: string(j.ID), Kind: string(j.Kind), Message: string(j.Message), Recipient: int64(j.Recipient),
		Ref: j.Ref, RunAt: micros(j.RunAt), FreeAt: micros(j.RunAt), Attempt: int64(j.Attempt),
	}
}

// Job is the inverse.
func (r *JobRow) Job() message.Job {
	return message.Job{
		ID: message.ID(r.ID), Kind: message.JobKind(r.Kind), Message: message.ID(r.Message),
		Recipient: int(r.Recipient), Ref: r.Ref, RunAt: Moment(r.RunAt), Attempt: int(r.Attempt),
	}
}
