package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sigill/internal/message"
	"sigill/internal/seal"
)

// Codec turns messages, accesses, contacts, traces and jobs into rows and back. It
// seals what is personal and hashes what is looked up. It knows no database: when it
// lacks a column key it says so by a [NeedKeyError], the driver fetches or makes the
// key in a transaction of its own, and asks again. It is safe for concurrent use.
type Codec struct {
	ring *seal.Keyring
	now  func() time.Time
	node string

	mu       sync.RWMutex
	keys     map[home]*seal.ColumnKey
	recorded []string // the key ids that the store has on record

	homes homes
}

// home is where a thing is sealed: under the column key of an organisation's month.
type home struct{ org, month string }

// NewCodec returns a codec that seals under ring. The node names the owner of leases.
func NewCodec(ring *seal.Keyring, node string, now func() time.Time) *Codec {
	if node == "" {
		node = "node" // the empty name means that nobody owns a job
	}
	return &Codec{ring: ring, now: now, node: node, keys: map[home]*seal.ColumnKey{}}
}

// Node returns the name under which jobs are leased.
func (c *Codec) Node() string { return c.node }

// NeedKeyError says that a column key is not in memory. With Make it may be made when
// the store has none; without, the store had one and it must be there.
type NeedKeyError struct {
	Org, Month string
	Make       bool
}

func (e *NeedKeyError) Error() string {
	return fmt.Sprintf("column key of %s is not loaded", e.Month)
}

// ErrNeedRecord says that the ring has a key that the store has not on record yet: the
// driver writes [Codec.Installation], calls [Codec.Recorded] and asks again.
var ErrNeedRecord = errors.New("the ring's keys are not on record")

// NewKey makes the row of a column key that the store does not have. The driver inserts
// it unless another node was faster, and hands what the store then has to AddKey.
func (c *Codec) NewKey(org, month string) (KeyRow, error) {
	_, w, err := c.ring.NewColumnKey(org, month)
	if err != nil {
		return KeyRow{}, fmt.Errorf("make column key of %s: %w", month, err)
	}
	return KeyRow{Org: org, Month: month, KeyID: w.KeyID, Wrap: w.Blob}, nil
}

// AddKey takes a committed column key into memory.
func (c *Codec) AddKey(r KeyRow) error {
	k, err := c.ring.UnwrapColumnKey(r.Org, r.Month, seal.Wrapped{KeyID: r.KeyID, Blob: r.Wrap})
	if err != nil {
		return fmt.Errorf("open column key of %s: %w", r.Month, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys[home{r.Org, r.Month}] = k
	return nil
}

// key returns the column key of a home, or a [NeedKeyError].
func (c *Codec) key(h home, create bool) (*seal.ColumnKey, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	k, ok := c.keys[h]
	if !ok {
		return nil, &NeedKeyError{Org: h.org, Month: h.month, Make: create}
	}
	return k, nil
}

// writeKey returns the column key to write with, once the ring's keys are on record.
func (c *Codec) writeKey(h home) (*seal.ColumnKey, error) {
	if err := c.checkRecorded(); err != nil {
		return nil, err
	}
	return c.key(h, true)
}

func (c *Codec) checkRecorded() error {
	newest := c.KeyID()
	c.mu.RLock()
	defer c.mu.RUnlock()
	if !slices.Contains(c.recorded, newest) {
		return ErrNeedRecord
	}
	return nil
}

// Installation returns the row that the store must have before the ring's newest key is
// used: old is the row that it has, nil for none.
func (c *Codec) Installation(old *Installation) *Installation {
	keys := c.KeyID()
	if old == nil {
		now := c.now()
		old = &Installation{ID: string(message.NewID(now)), Made: micros(now)}
	} else if have := strings.Fields(old.Keys); !slices.Contains(have, keys) {
		keys = strings.Join(append(have, keys), " ")
	} else {
		keys = old.Keys
	}
	return &Installation{ID: old.ID, Ring: c.ring.ID(), Keys: keys, Check: c.ring.Check(), Made: old.Made}
}

// Rekeyed returns the row for when nothing is left under any key but the newest: older
// ones may then be retired from the ring.
func (c *Codec) Rekeyed(old *Installation) *Installation {
	fresh := *old
	fresh.Keys = c.KeyID()
	return &fresh
}

// Recorded says that the row is committed.
func (c *Codec) Recorded(r *Installation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recorded = strings.Fields(r.Keys)
}

// ErrForeignKeyring means that the store was sealed with another ring, or with keys that
// this copy of the ring lacks; the wrapping text says which.
var ErrForeignKeyring = errors.New("the key ring does not fit the store")

// Accept compares the ring with what the store has on record.
func (c *Codec) Accept(r *Installation) error {
	if err := c.ring.Matches(r.Ring, strings.Fields(r.Keys), r.Check); err != nil {
		return fmt.Errorf("%w: %w", ErrForeignKeyring, err)
	}
	return nil
}

// Forget empties what is remembered of keys, when the store's were replaced.
func (c *Codec) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.keys)
}

// Now returns the time in microseconds since 1970, as all rows hold it.
func (c *Codec) Now() int64 { return micros(c.now()) }

// micros returns t as rows hold it: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Micros returns t as rows hold it.
func Micros(t time.Time) int64 { return micros(t) }

// Moment is the inverse of [Micros].
func Moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// monthOf returns the month whose column key seals what was written at t.
func monthOf(t time.Time) string { return t.UTC().Format("2006-01") }

// Months is what a [Retention] says of column keys.
type Months struct {
	First string // whose keys stay, with all after it: it lies at least partly in what is kept
	Start int64  // when that month began
}

// KeysFrom says which column keys may go once nothing is sealed under them: those of
// months wholly before what is kept of both messages and traces. None may when ok is
// false. The contacts, whose months are told by themselves, need not be old.
func (r Retention) KeysFrom() (m Months, ok bool) {
	if r.Messages.IsZero() || r.Traces.IsZero() {
		return m, false
	}
	oldest := r.Messages.UTC()
	if r.Traces.Before(oldest) {
		oldest = r.Traces.UTC()
	}
	start := time.Date(oldest.Year(), oldest.Month(), 1, 0, 0, 0, 0, time.UTC)
	return Months{monthOf(start), micros(start)}, true
}

// DropKeys drops from memory the column keys of months before the given one, of which
// the store may have destroyed some. Those that are left are asked for again.
func (c *Codec) DropKeys(before string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.keys, func(h home, _ *seal.ColumnKey) bool { return h.month < before })
}

// IDsFrom returns what is not greater than any id made at t or later, and greater than
// all that were made a second before; "" for the zero time.
func IDsFrom(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return string(message.NewID(t))[:idTime]
}

// idTime is how many characters of an id are of its time alone.
const idTime = 8

// The kinds of look-up hash.
const (
	hashAddress = "address"
	hashDomain  = "domain"
	hashRepeat  = "repeat"
	hashCounter = "counter." // followed by the counter's kind
)

// addressHash is the look-up hash of an address, nil for the null sender.
func (c *Codec) addressHash(a message.Address) []byte {
	if a.IsNull() {
		return nil
	}
	return c.ring.Hash(hashAddress, a.Key())
}

// hashes returns the hash of a value under every live key, newest first.
func (c *Codec) hashes(kind, value string) [][]byte {
	var all [][]byte
	for _, h := range c.ring.Hashes(kind, value) {
		all = append(all, h)
	}
	return all
}

// AddressHashes returns the hashes to look an address up by, nil for the null sender.
func (c *Codec) AddressHashes(a message.Address) [][]byte {
	if a.IsNull() {
		return nil
	}
	return c.hashes(hashAddress, a.Key())
}

// DomainHashes returns the hashes to look a recipient's domain up by, nil for "".
func (c *Codec) DomainHashes(domain string) [][]byte {
	if domain == "" {
		return nil
	}
	return c.hashes(hashDomain, strings.ToLower(domain))
}

// RepeatHashes returns the hashes to look a client's sending up by.
func (c *Codec) RepeatHashes(repeat string) [][]byte { return c.hashes(hashRepeat, repeat) }

// HashVersion is the first byte of every hash under the newest key.
func (c *Codec) HashVersion() byte { return c.ring.HashVersion() }

// homes remembers where the latest messages are sealed, so that an outcome can be
// sealed without reading its message. It holds two generations of bounded size.
type homes struct {
	mu         sync.Mutex
	young, old map[message.ID]home
}

const maxHomes = 16 << 10

func (h *homes) put(id message.ID, at home) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.young == nil || len(h.young) >= maxHomes {
		h.old, h.young = h.young, make(map[message.ID]home, maxHomes)
	}
	h.young[id] = at
}

func (h *homes) get(id message.ID) (home, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, ok := h.young[id]
	if !ok {
		at, ok = h.old[id]
	}
	return at, ok
}

// current says whether h was made by the newest key.
func (c *Codec) current(h []byte) bool {
	return len(h) == 0 || h[0] == c.ring.HashVersion()
}
