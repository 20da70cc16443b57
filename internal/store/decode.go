package store

import (
	"encoding/json"
	"errors"
	"fmt"

	"sigill/internal/message"
	"sigill/internal/seal"
)

// Loaded is a message as it was read, and what its rows were, so that [Codec.Save]
// writes only what a step has changed.
type Loaded struct {
	Message *message.Message

	row        MessageRow
	private    []byte
	recipients []loadedRecipient
}

type loadedRecipient struct {
	row     RecipientRow
	private []byte
	reply   string
}

// Place says where the payload lies.
func (l *Loaded) Place() string { return l.row.Place }

// open opens a sealed column.
func open(k *seal.ColumnKey, sealed []byte, ad string) ([]byte, error) {
	plain, err := k.Open(sealed, ad)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", ad, err)
	}
	return plain, nil
}

// Load opens a message. The recipients must be all of the message's, by index.
func (c *Codec) Load(row MessageRow, recipients []RecipientRow) (*Loaded, error) {
	k, err := c.key(home{row.Org, row.Month}, false)
	if err != nil {
		return nil, err
	}
	c.homes.put(message.ID(row.ID), home{row.Org, row.Month})
	l := &Loaded{row: row, Message: new(message.Message)}
	if l.private, err = open(k, row.Private, messageAD(row.ID)); err != nil {
		return nil, err
	}
	m := l.Message
	if err := json.Unmarshal(l.private, m); err != nil {
		return nil, fmt.Errorf("decode message %s: %w", row.ID, errors.New("not what was once written"))
	}
	m.ID, m.Org, m.Accepted = message.ID(row.ID), row.Org, Moment(row.Accepted)
	m.Size, m.Version = row.Size, row.Version
	m.Recipients = make([]message.Recipient, 0, len(recipients))
	for i := range recipients {
		if err := l.addRecipient(k, recipients[i]); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *Loaded) addRecipient(k *seal.ColumnKey, row RecipientRow) error {
	if row.Index != int64(len(l.recipients)) {
		return fmt.Errorf("recipient %d of message %s is missing", len(l.recipients), row.Message)
	}
	lr := loadedRecipient{row: row}
	var err error
	if lr.private, err = open(k, row.Private, recipientAD(row.Message, row.Index)); err != nil {
		return err
	}
	if len(row.Reply) > 0 {
		reply, err := open(k, row.Reply, replyAD(row.Message, row.Index))
		if err != nil {
			return err
		}
		lr.reply = string(reply)
	}
	r, err := lr.recipient()
	if err != nil {
		return fmt.Errorf("decode recipient %d of message %s: %w", row.Index, row.Message, err)
	}
	l.recipients = append(l.recipients, lr)
	m := l.Message
	m.Recipients = append(m.Recipients, r)
	m.Envelope.To = append(m.Envelope.To, message.RcptTo{Address: r.Address, Notify: r.Notify, Orig: r.Orig})
	return nil
}

func (lr *loadedRecipient) recipient() (r message.Recipient, err error) {
	if json.Unmarshal(lr.private, &r) != nil { // its own text may quote what is private
		return r, errors.New("not what was once written")
	}
	if r.State, err = message.ParseState(lr.row.State); err != nil {
		return r, err
	}
	r.Level = message.Level(lr.row.Level) //nolint:gosec // written from a Level
	r.Since, r.Expires = Moment(lr.row.Since), Moment(lr.row.Expires)
	r.Attempts, r.Reply = int(lr.row.Attempts), lr.reply
	return r, nil
}

// Events opens the events of a message that is sealed at org and month.
func (c *Codec) Events(org, month string, rows []EventRow) ([]message.Event, error) {
	k, err := c.key(home{org, month}, false)
	if err != nil {
		return nil, err
	}
	events := make([]message.Event, len(rows))
	for i := range rows {
		r := &rows[i]
		events[i] = message.Event{
			Message: message.ID(r.Message), Recipient: int(r.Recipient), At: Moment(r.At), Kind: message.EventKind(r.Kind),
		}
		if len(r.Detail) == 0 {
			continue
		}
		plain, err := open(k, r.Detail, eventAD(r))
		if err != nil {
			return nil, err
		}
		if json.Unmarshal(plain, &events[i].Detail) != nil {
			return nil, fmt.Errorf("decode event of message %s: not what was once written", r.Message)
		}
	}
	return events, nil
}
