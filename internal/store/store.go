// Package store is the contract of the one durable thing: messages and their sealed
// payloads, accesses, remembered numbers, jobs and traces.
//
// Two drivers keep it, store/sqlite and store/postgres; store/storetest says what both
// must do. They hold SQL and scanning only: every rule stands in packages message and
// auth, and runs inside Update or UpdateAccess. No transaction, SQL or driver type
// leaves them.
//
// Everything personal is sealed before it reaches a driver's statement: payloads under
// a key per message, the rest under a key per organisation and month, look-ups by keyed
// hashes. In clear stand ids, times, states, levels, sizes, kinds and counts.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigill/internal/auth"
	"sigill/internal/message"
)

// What a caller must tell apart.
var (
	ErrNotFound  = errors.New("not found")
	ErrStale     = errors.New("claimed by another worker") // the attempt is not ours any more
	ErrDestroyed = errors.New("payload destroyed")
	ErrNotBound  = errors.New("payload not bound to a secret")
	ErrFull      = errors.New("no space left")
	ErrUnsure    = errors.New("commit not confirmed") // the answer to a COMMIT was lost, and the ids could not be asked for
)

// RepeatedError is returned by Create when the same client sent the same message
// within the window: it is stored as ID already, and an event says so.
type RepeatedError struct{ ID message.ID }

func (e *RepeatedError) Error() string { return fmt.Sprintf("repeated: stored as %s", e.ID) }

// Store is the whole contract. It is safe for concurrent use.
type Store interface {
	Messages
	Accesses
	Contacts
	Jobs
	Traces

	// Ping says whether the store answers and takes writes.
	Ping(ctx context.Context) error
	// Sweep removes what nobody needs: orphaned payload files older than an hour, counters
	// and repeat keys whose window is over, and what is older than is to be kept, with the
	// column keys that nothing is sealed under any more. It returns how many things went.
	Sweep(ctx context.Context, keep Retention) (int, error)
	// Rekey rewrites wraps and look-up hashes under the newest keys of the ring, a batch at
	// a time, until nothing is left; it returns how many rows were rewritten.
	Rekey(ctx context.Context) (int, error)
	Close() error
}

// Retention says since when things are kept. What is older goes for good; a zero time
// keeps all.
type Retention struct {
	Traces time.Time // by when the message passed
	// Messages goes by when the last recipient was settled: then the message goes with all
	// that belongs to it. One that is not settled stays, however old.
	Messages time.Time
	Contacts time.Time // by when the number was remembered
}

// New is a message to be stored, with what must be committed together with it.
type New struct {
	Message *message.Message
	Body    message.Body
	Effects Effects
	// Repeat identifies the client's sending, "" for none: the same value within the window
	// makes Create return a [RepeatedError].
	Repeat string
	Window time.Duration
	// Lease makes the jobs that are due now this node's own from the start, for so long;
	// Create returns them as claimed. 0 leaves them to anybody.
	Lease time.Duration
}

// Messages keeps messages, their payloads and their events.
type Messages interface {
	// Create stores payload, message, first jobs, accesses and events in one synced
	// transaction. Many callers share one commit. When it returns nil the message is safe:
	// this is what a 250 rests on. A caller's cancel never aborts a batch: with a cancelled
	// context the outcome is still waited for.
	Create(ctx context.Context, n New) (claimed []message.Job, err error)
	// Repeated returns the message that a sending was stored as, if its window is not over:
	// what Create with the same Repeat would return in a [RepeatedError]. It writes nothing.
	// ErrNotFound when there is none.
	Repeated(ctx context.Context, repeat string) (message.ID, error)
	// Message returns a message without its payload.
	Message(ctx context.Context, id message.ID) (*message.Message, error)
	// Update locks one message, runs fn and writes what fn changed and its effects in one
	// transaction. fn may run more than once and must touch nothing outside. An error of fn
	// is returned as it is and nothing is written.
	Update(ctx context.Context, id message.ID, fn func(*message.Message) (Effects, error)) error
	// Outcome is the hot form of Update for the result of a relay: conditional on the
	// states that message draws, and merged with others into one commit. When it returns
	// false nothing was written, and the caller goes through Update.
	Outcome(ctx context.Context, o Outcome) (bool, error)
	// OpenBody opens a payload. Its key is wrapped by the ring, and by nothing else: no
	// message can be bound to a secret yet. The secret must therefore be nil, and any other
	// is ErrNotBound: who holds a message for bound is not served by the ring instead.
	// ErrDestroyed once its key is gone. The body must be closed by closing each reader.
	OpenBody(ctx context.Context, id message.ID, secret []byte) (message.Body, error)
	// Find lists messages, newest first.
	Find(ctx context.Context, q Query) ([]*message.Message, error)
	// Events returns what happened to a message, oldest first.
	Events(ctx context.Context, id message.ID) ([]message.Event, error)
}

// Outcome moves recipients that are all Queued to Delivered and finishes the job.
type Outcome struct {
	Message    message.ID
	Recipients []int
	State      message.State // Delivered
	At         time.Time
	Reply      string
	Job        *message.Job // finished when its attempt is still ours; nil for none
	Destroy    bool         // these were the last recipients that needed the payload
}

// Query narrows a search. Zero fields do not narrow. Addresses, domains and numbers are
// matched as a whole, never in part. To, Domain and States are those of one and the same
// recipient; traces have no States.
type Query struct {
	Org    string
	From   message.Address // MAIL FROM, or the person asked
	To     message.Address
	Domain string // of a recipient
	States []message.State
	Since  time.Time
	Until  time.Time
	Limit  int // 0 means 100
}

// Effects is everything that is written together with a message or an access.
type Effects struct {
	message.Effects
	Accesses []*auth.Access    // new ones, one per recipient; inside UpdateAccess the access itself is written anyway
	Contacts []message.Contact // remembered
	Forget   []message.Contact // no longer remembered
	Refund   []auth.Counter    // taken by UpdateAccess, given back
	Done     *message.Job      // finished if its attempt is still ours, else ErrStale and nothing is written
}

// Accesses keeps the ways of people to messages, and the counts that limit them.
type Accesses interface {
	// Access returns one access, AccessByLink the one that a link token leads to, AccessOf
	// the one of a recipient (message.All: of the sender).
	Access(ctx context.Context, id message.ID) (*auth.Access, error)
	AccessByLink(ctx context.Context, tokenHash []byte) (*auth.Access, error)
	AccessOf(ctx context.Context, msg message.ID, recipient int) (*auth.Access, error)
	// UpdateAccess locks an access and its message, counts each of take, and runs fn with
	// the counts (this try included), all in one transaction: a try is counted before it is
	// compared. The same rules as for Update hold.
	UpdateAccess(ctx context.Context, id message.ID, take []auth.Counter,
		fn func(a *auth.Access, m *message.Message, counts []int64) (Effects, error)) error
	// Count raises a counter that is about no access by one, and returns the count of its
	// window, this one included.
	Count(ctx context.Context, c auth.Counter) (int64, error)
}

// Contacts keeps remembered numbers.
type Contacts interface {
	// Contacts returns, by the key of the recipient's address, the number that counts for
	// this sender: the organisation's proven one, else the sender's own.
	Contacts(ctx context.Context, org string, sender message.Address, recipients []message.Address) (map[string]message.Contact, error)
}

// Jobs is a lease table: a job belongs to who claimed it until the lease is over.
type Jobs interface {
	// Claim takes up to n jobs that are due and free, oldest first, each for so long. It
	// returns also when to look again, because the next job will be due or a lease, also
	// one taken just now, will be over: zero when there is no job.
	Claim(ctx context.Context, n int, lease time.Duration) (jobs []message.Job, next time.Time, err error)
	// Extend prolongs a lease. ErrStale when the job is somebody else's by now.
	Extend(ctx context.Context, j message.Job, lease time.Duration) error
	// Finish ends a job, or with a retry time puts it back. ErrStale as above.
	Finish(ctx context.Context, j message.Job, retry time.Time) error
	// Release makes every job that this node still holds anybody's, and returns how many
	// there were. It is for the orderly end of a node, when nobody there works on a job any
	// more, so that nothing waits for the lease of a node that is gone.
	Release(ctx context.Context) (int, error)
	// Wake is sent to when this process has committed a job that is due now.
	Wake() <-chan struct{}
	// Depth counts jobs.
	Depth(ctx context.Context) (Depth, error)
	// Waiting lists the jobs of a message, or all with "", soonest first.
	Waiting(ctx context.Context, msg message.ID, limit int) ([]message.Job, error)
	// Hurry makes the jobs of a kind ("" for any) of a message due at once; it returns how many.
	Hurry(ctx context.Context, msg message.ID, kind message.JobKind) (int, error)
}

// Depth is how much work waits.
type Depth struct {
	Due    map[message.JobKind]int // due now, claimed or not
	Later  map[message.JobKind]int
	Oldest time.Time // when the oldest due job became due; zero for none
}

// Trace is what is known about a message that passed without being stored, and the
// record of every verdict.
type Trace struct {
	ID       message.ID
	Org      string
	At       time.Time
	From     message.Address
	To       []message.Address
	Size     int64
	Verdict  message.Level
	Observed message.Level     // what would have been decided
	Stored   bool              // a message of the same ID exists
	Reply    string            // the next hop's, for mail that passed
	Took     time.Duration     // from the last octet to our reply
	Decision *message.Decision // nil when nothing was found
}

// Traces keeps traces.
type Traces interface {
	// AddTrace writes a trace: at once and synced when it has a decision, else in lazy
	// batches that a crash may lose; those return nil at once.
	AddTrace(ctx context.Context, t Trace) error
	// FindTraces lists traces, newest first.
	FindTraces(ctx context.Context, q Query) ([]Trace, error)
}
