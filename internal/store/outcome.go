package store

import (
	"fmt"

	"sigill/internal/message"
	"sigill/internal/seal"
)

// NeedHomeError says that the codec does not know where a message is sealed: the driver
// reads org and month of its row, calls [Codec.SetHome] and asks again.
type NeedHomeError struct{ Message message.ID }

func (e *NeedHomeError) Error() string { return fmt.Sprintf("message %s is not known yet", e.Message) }

// SetHome tells where a message is sealed.
func (c *Codec) SetHome(id message.ID, org, month string) { c.homes.put(id, home{org, month}) }

// OutcomeRows is an [Outcome] ready to be written: for each recipient the conditional
// update, raising attempts by one, and the event.
type OutcomeRows struct {
	Message    string
	From       []string // the states that may lead to State
	State      string
	Since      int64
	Recipients []OutcomeRecipient
	Job        *message.Job
	Destroy    bool
	Settled    []string // the states that need no payload
}

// OutcomeRecipient is one recipient of an [OutcomeRows].
type OutcomeRecipient struct {
	Index int64
	Reply []byte
	Event EventRow // its Seq is set by [OutcomeRows.Events]
}

// Events returns the rows of the events for the version that the driver has raised the
// message to.
func (o *OutcomeRows) Events(version int64) []Row {
	rows := make([]Row, len(o.Recipients))
	for i := range o.Recipients {
		e := o.Recipients[i].Event
		e.Seq = EventSeq(version, i)
		rows[i] = e.Row()
	}
	return rows
}

// Outcome makes the rows of an outcome. They are what [message.Message.Relayed] does to
// a queued recipient; storetest holds the two against each other.
func (c *Codec) Outcome(o Outcome) (*OutcomeRows, error) {
	h, ok := c.homes.get(o.Message)
	if !ok {
		return nil, &NeedHomeError{o.Message}
	}
	k, err := c.writeKey(h)
	if err != nil {
		return nil, err
	}
	r := &OutcomeRows{
		Message: string(o.Message), State: o.State.String(), Since: micros(o.At), Job: o.Job,
		Destroy: o.Destroy, Settled: names(settled()), From: names(o.State.Predecessors()),
	}
	for _, i := range o.Recipients {
		or, err := outcomeRecipient(k, o, i)
		if err != nil {
			return nil, err
		}
		r.Recipients = append(r.Recipients, or)
	}
	return r, nil
}

func outcomeRecipient(k *seal.ColumnKey, o Outcome, i int) (OutcomeRecipient, error) {
	r := OutcomeRecipient{Index: int64(i)}
	var err error
	if r.Reply, err = sealReply(k, o.Reply, string(o.Message), r.Index); err != nil {
		return r, err
	}
	events, err := sealEvents(k, []message.Event{{
		Message: o.Message, Recipient: i, At: o.At, Kind: message.EventKind(o.State.String()),
		Detail: map[string]string{"reply": o.Reply},
	}}, 0)
	if err != nil {
		return r, err
	}
	r.Event = events[0]
	return r, nil
}

func settled() []message.State {
	var all []message.State
	for _, s := range message.States() {
		if s.Settled() {
			all = append(all, s)
		}
	}
	return all
}

// Settled returns the names of the states after which nothing happens.
func Settled() []string { return names(settled()) }

func names(states []message.State) []string {
	all := make([]string, len(states))
	for i, s := range states {
		all[i] = s.String()
	}
	return all
}

// StateNames returns the names under which states stand in rows.
func StateNames(states []message.State) []string { return names(states) }
