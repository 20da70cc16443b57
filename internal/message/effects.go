package message

import "time"

// Effects is what a step asks the store to write in the same transaction as the
// message itself.
type Effects struct {
	Jobs   []Job
	Events []Event
	// Destroy says that the last recipient is settled: the payload and its key go.
	Destroy bool
}

// Add appends the effects of another step.
func (e *Effects) Add(more Effects) {
	e.Jobs = append(e.Jobs, more.Jobs...)
	e.Events = append(e.Events, more.Events...)
	e.Destroy = e.Destroy || more.Destroy
}

// JobKind names a step that is due later or elsewhere.
type JobKind string

// The kinds of job; package gateway has one handler for each.
const (
	JobClassify JobKind = "classify"  // the budget ran out before a verdict
	JobRelay    JobKind = "relay"     // hand the queued recipients to the next hop
	JobNotify   JobKind = "notify"    // tell one recipient that a message is sealed for it
	JobAskPhone JobKind = "ask_phone" // ask the person for the numbers that lack
	JobConfirm  JobKind = "confirm"   // tell the person which numbers were set
	JobSendCode JobKind = "send_code" // make a code and send it; Ref is the access
	JobRemind   JobKind = "remind"    // an unread notice, or a hold that nobody answered
	JobExpire   JobKind = "expire"    // the link's or the hold's time is over
	JobBounce   JobKind = "bounce"    // tell the sender what was not delivered
	JobDelay    JobKind = "delay"     // tell the sender what is late
	JobTell     JobKind = "tell"      // tell the person how a hold or a notice ended
	JobInform   JobKind = "inform"    // tell an address that a rule names that it protects the message; Ref is its index in the decision
	JobPurge    JobKind = "purge"     // the grace is over
	JobAlarm    JobKind = "alarm"     // tell who is responsible that nobody's code is taken; of the message that met it nothing is told
)

// RefAgain marks a JobNotify that is wanted although a notice left before.
const RefAgain = "again"

// How a hold ended, in the Ref of a JobTell about it, in front of the indexes of the
// recipients that it ended for: "dropped:0,2".
const (
	RefReleased        = "released" // by the person behind the message
	RefReleasedByAdmin = "released_by_admin"
	RefDropped         = "dropped" // by an administrator
	RefRanOut          = "ran_out"
)

// All is the recipient of a job or an event that is about the whole message.
const All = -1

// Job is a step that is due at RunAt. It carries ids only: no text, address, number
// or secret.
type Job struct {
	ID        ID
	Kind      JobKind
	Message   ID
	Recipient int    // index, or All
	Ref       string // further ids, as access.session or indexes of recipients; "" for none
	RunAt     time.Time
	Attempt   int // how many times it was claimed, this time included
}

// Since returns when the job was first due, however often it was put off.
func (j Job) Since() time.Time { return j.ID.Time() }

// EventKind names something that happened to a message.
type EventKind string

// The kinds of event, in the order in which a message meets them.
const (
	EventAccepted      EventKind = "accepted"
	EventDecided       EventKind = "decided"
	EventRepeated      EventKind = "repeated" // the client sent it again; answered with the first id
	EventInformed      EventKind = "informed" // an address that rules name was told; detail rules
	EventQueued        EventKind = "queued"
	EventDeferred      EventKind = "deferred"
	EventDelivered     EventKind = "delivered"
	EventBounced       EventKind = "bounced"
	EventDelayed       EventKind = "delayed" // the sender was told that it is late
	EventSealed        EventKind = "sealed"
	EventNotified      EventKind = "notified"
	EventReminded      EventKind = "reminded"
	EventNoticeBounced EventKind = "notice_bounced"
	EventHeld          EventKind = "held"
	EventAsked         EventKind = "asked"      // the person was asked for numbers
	EventNumberSet     EventKind = "number_set" // detail by: typed, remembered, mail
	EventNumberUndone  EventKind = "number_undone"
	EventNotMine       EventKind = "not_my_number"
	EventDropped       EventKind = "dropped"
	EventReleased      EventKind = "released" // sent as ordinary mail; detail why
	EventCancelled     EventKind = "cancelled"
	EventCodeAsked     EventKind = "code_asked"
	EventCodeSent      EventKind = "code_sent"
	EventCodeFailed    EventKind = "code_failed" // the way to the recipient refused it
	EventCodeWrong     EventKind = "code_wrong"
	EventLocked        EventKind = "locked"
	EventOpened        EventKind = "opened"
	EventDownloaded    EventKind = "downloaded"
	EventExpired       EventKind = "expired"
	EventRevoked       EventKind = "revoked"
	EventRenewed       EventKind = "renewed"
	EventPurged        EventKind = "purged"
)

// Event is a fact about a message, kept when the message itself is gone. Detail is
// sealed at rest; its values never hold content, codes or tokens.
type Event struct {
	Message   ID                `json:"message"`
	Recipient int               `json:"recipient"` // index, or All
	At        time.Time         `json:"at"`
	Kind      EventKind         `json:"kind"`
	Detail    map[string]string `json:"detail,omitempty"`
}

// Contact is a mobile number that is remembered for a recipient: for one sender
// only, until the recipient has opened a message with it.
type Contact struct {
	Org       string
	Sender    Address // null once the number is proven: it then counts for the organisation
	Recipient Address
	Phone     Phone
	At        time.Time // when it was typed or last proven
}

// Terms are the times that an organisation sets (DESIGN.md section 6).
type Terms struct {
	Link          time.Duration   // how long a sealed message can be opened
	Reminder      time.Duration   // how long before the end an unread notice is repeated
	Hold          time.Duration   // how long a message waits for a number
	HoldReminders []time.Duration // after the start of the hold, ascending
	Grace         time.Duration   // how long what ended can be taken back
	Queue         time.Duration   // how long relaying is tried
	Delay         time.Duration   // after which the sender is told that it is late
	NumberAgain   time.Duration   // after which a remembered number is asked again
}

// DefaultTerms returns the times used when nothing is configured.
func DefaultTerms() Terms {
	const day = 24 * time.Hour
	return Terms{
		Link: 30 * day, Reminder: 3 * day,
		Hold: 5 * day, HoldReminders: []time.Duration{4 * time.Hour, day, 3 * day},
		Grace: 7 * day, Queue: 2 * day, Delay: 4 * time.Hour, NumberAgain: 730 * day,
	}
}

// Next says what becomes of a job that was worked.
type Next struct {
	finished bool
	retry    time.Time
}

// Finished says that the job was finished together with its result, in one transaction.
func Finished() Next { return Next{finished: true} }

// Done says that there is nothing more to do, or never was.
func Done() Next { return Next{} }

// RetryAt puts the job back until t.
func RetryAt(t time.Time) Next { return Next{retry: t} }

// IsFinished says whether nothing is left to write.
func (n Next) IsFinished() bool { return n.finished }

// Retry returns when the job is due again: zero for never.
func (n Next) Retry() time.Time { return n.retry }
