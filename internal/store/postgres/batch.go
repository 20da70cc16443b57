package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"sigill/internal/message"
	"sigill/internal/store"
)

// batch is what one transaction does for many calls. Its first round locks and reads
// all that the calls are conditional on; what each may write is then decided here; the
// last round writes and commits.
type batch struct {
	s    *Store
	ops  []*op
	wait bool // for messages that others have locked

	messages map[string]int64  // version of each locked message
	states   map[place]string  // of the recipients that outcomes are about
	jobs     map[string]job    // that are to be finished
	repeats  map[string]string // message by hash of a sending
	w        *writes
	outcomes outcomes
	finished []string // jobs
	undo     [][]byte // hashes of sendings whose message is not stored after all
	raised   map[string]bool
	proof    proof
	remove   []message.ID // whose payload files are of no use any more
}

type place struct {
	message string
	index   int64
}

type job struct {
	attempt int64
	owner   string
}

func (s *Store) newBatch(ops []*op) *batch {
	for _, o := range ops {
		o.err, o.ok, o.held = nil, false, false // it may run again
	}
	return &batch{
		s: s, ops: ops, w: s.newWrites(), messages: map[string]int64{}, states: map[place]string{},
		jobs: map[string]job{}, repeats: map[string]string{}, raised: map[string]bool{},
	}
}

// run sends the rounds. The first batch may have something queued already.
func (b *batch) run(ctx context.Context, t *tx, first *pgx.Batch) error {
	b.queueLocks(first)
	b.queueRepeats(first)
	if err := t.send(ctx, first); err != nil {
		return err
	}
	repeated := b.decide()
	if len(repeated) > 0 {
		again := &pgx.Batch{}
		b.queueMessages(again, b.firsts(repeated), true)
		if err := t.send(ctx, again); err != nil {
			return err
		}
		b.noteRepeats(repeated)
	}
	if b.proof.columns == 0 {
		return nil // nothing to write: every op was refused
	}
	last := &pgx.Batch{}
	b.queueWrites(last)
	return t.commit(ctx, last, b.proof)
}

// queueLocks locks the messages of outcomes, then the jobs, and reads the states.
func (b *batch) queueLocks(to *pgx.Batch) {
	var ids, jobs []string
	var messages []string
	var indexes []int64
	for _, o := range b.ops {
		if j := o.job(); j != nil {
			jobs = append(jobs, string(j.ID))
		}
		if o.outcome == nil {
			continue
		}
		ids = append(ids, o.outcome.Message)
		for i := range o.outcome.Recipients {
			messages, indexes = append(messages, o.outcome.Message), append(indexes, o.outcome.Recipients[i].Index)
		}
	}
	b.queueMessages(to, ids, b.wait)
	if len(jobs) > 0 {
		each(to.Queue("select id, attempt, owner from jobs where id = any($1::text[]) order by id for update", jobs),
			func(scan func(...any) error) error {
				var id string
				var j job
				err := scan(&id, &j.attempt, &j.owner)
				b.jobs[id] = j
				return err
			})
	}
	if len(messages) > 0 {
		const query = "select r.message, r.idx, r.state from unnest($1::text[], $2::bigint[]) as u (message, idx)" +
			" join recipients r on r.message = u.message and r.idx = u.idx"
		each(to.Queue(query, messages, indexes), func(scan func(...any) error) error {
			var p place
			var state string
			err := scan(&p.message, &p.index, &state)
			b.states[p] = state
			return err
		})
	}
}

func (b *batch) queueMessages(to *pgx.Batch, ids []string, wait bool) {
	if len(ids) == 0 {
		return
	}
	query := "select id, version from messages where id = any($1::text[]) order by id for update"
	if !wait {
		query += " skip locked"
	}
	each(to.Queue(query, ids),
		func(scan func(...any) error) error {
			var id string
			var version int64
			err := scan(&id, &version)
			if _, raised := b.messages[id]; !raised {
				b.messages[id] = version
			}
			return err
		})
}

// queueRepeats writes who sends what, where nobody did within the window, and reads who
// did. Of two transactions with the same sending the second waits here for the first.
func (b *batch) queueRepeats(to *pgx.Batch) {
	var rows []store.Row
	var hashes [][]byte
	for _, o := range b.ops {
		if o.create != nil && o.create.Repeat != nil {
			rows, hashes = append(rows, o.create.Repeat.Row), append(hashes, o.create.Repeat.Hashes...)
		}
	}
	if len(rows) == 0 {
		return
	}
	slices.SortFunc(rows, func(x, y store.Row) int { return slices.Compare(hashOf(x), hashOf(y)) })
	now := b.s.codec.Now()
	to.Queue(b.s.sql.insert[store.TableRepeats]+" on conflict (hash) do update"+
		" set message = excluded.message, ends = excluded.ends where repeats.ends <= $4",
		append(arrays(store.TableRepeats, rows), now)...)
	each(to.Queue("select hash, message from repeats where hash = any($1::bytea[]) and ends > $2", hashes, now),
		func(scan func(...any) error) error {
			var hash []byte
			var id string
			err := scan(&hash, &id)
			b.repeats[string(hash)] = id
			return err
		})
}

func hashOf(r store.Row) []byte {
	h, _ := r.Values[0].([]byte)
	return h
}

// decide says which ops may write, and what; it returns the repeated ones.
func (b *batch) decide() (repeated []*op) {
	for _, o := range b.ops {
		switch {
		case o.create != nil:
			if b.isRepeat(o) {
				repeated = append(repeated, o)
				continue
			}
			b.create(o)
		case o.outcome != nil:
			b.outcome(o)
		default:
			b.w.addRows(o.trace...)
			b.prove(proof{o.trace[0], 1, true})
		}
	}
	return repeated
}

// prove keeps the first proof: all of a batch is committed, or nothing.
func (b *batch) prove(p proof) {
	if b.proof.columns == 0 {
		b.proof = p
	}
}

// isRepeat says whether another message answers for this sending.
func (b *batch) isRepeat(o *op) bool {
	if o.create.Repeat == nil {
		return false
	}
	for _, h := range o.create.Repeat.Hashes {
		first, ok := b.repeats[string(h)]
		if ok && first != string(o.create.ID) {
			o.err = &store.RepeatedError{ID: message.ID(first)}
			b.withdraw(o)
			return true
		}
	}
	return false
}

// withdraw takes back what was written of a sending whose message is not stored.
func (b *batch) withdraw(o *op) {
	if r := o.create.Repeat; r != nil && b.repeats[string(r.Hashes[0])] == string(o.create.ID) {
		b.undo = append(b.undo, r.Hashes[0])
	}
}

func (b *batch) create(o *op) {
	if !b.finish(o.create.Done) {
		o.err = store.ErrStale
		b.withdraw(o)
		return
	}
	b.w.add(&o.create.Changes)
	b.prove(proof{o.create.Insert[0], 1, true}) // the row of the message
}

// finish says whether a job may be finished, and notes it. Nil may.
func (b *batch) finish(j *message.Job) bool {
	if j == nil {
		return true
	}
	have, ok := b.jobs[string(j.ID)]
	if !ok || have.attempt != int64(j.Attempt) || have.owner == "" {
		return false
	}
	delete(b.jobs, string(j.ID))
	b.finished = append(b.finished, string(j.ID))
	return true
}

// raise returns the next version of a locked message.
func (b *batch) raise(id string) int64 {
	b.messages[id]++
	b.raised[id] = true
	return b.messages[id]
}

// outcome checks that every recipient is in a state that leads on, and the job is ours.
func (b *batch) outcome(o *op) {
	r := o.outcome
	if _, ok := b.messages[r.Message]; !ok || len(r.Recipients) == 0 {
		o.held = !ok && !b.wait
		return
	}
	for i := range r.Recipients {
		if !slices.Contains(r.From, b.states[place{r.Message, r.Recipients[i].Index}]) {
			return
		}
	}
	if !b.finish(r.Job) {
		return
	}
	o.ok = true
	events := r.Events(b.raise(r.Message))
	b.w.addRows(events...)
	b.outcomes.add(r)
	for i := range r.Recipients {
		b.states[place{r.Message, r.Recipients[i].Index}] = r.State
	}
	b.prove(proof{events[0], len(events[0].Values), true})
}

// firsts returns the messages that repeated ops repeat.
func (b *batch) firsts(repeated []*op) []string {
	var ids []string
	for _, o := range repeated {
		if id := o.repeats(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// noteRepeats adds an event to each message that was sent again.
func (b *batch) noteRepeats(repeated []*op) {
	for _, o := range repeated {
		id := o.repeats()
		if _, ok := b.messages[id]; !ok {
			continue // gone meanwhile
		}
		row := b.s.codec.Repeated(message.ID(id), b.raise(id))
		b.w.addRows(row)
		b.prove(proof{row, len(row.Values), true})
	}
}

// repeats returns the message that an op repeats.
func (o *op) repeats() string {
	if r, ok := o.err.(*store.RepeatedError); ok { //nolint:errorlint // set by isRepeat
		return string(r.ID)
	}
	return ""
}

// job returns the job that the op finishes, or nil.
func (o *op) job() *message.Job {
	switch {
	case o.create != nil:
		return o.create.Done
	case o.outcome != nil:
		return o.outcome.Job
	}
	return nil
}

func (b *batch) queueWrites(to *pgx.Batch) {
	for _, h := range b.undo {
		to.Queue("delete from repeats where hash = $1", h)
	}
	b.outcomes.queue(to)
	b.queueVersions(to)
	b.w.queue(to)
	if len(b.finished) > 0 {
		to.Queue("delete from jobs where id = any($1::text[])", b.finished)
	}
	b.queueDestroy(to)
}

func (b *batch) queueVersions(to *pgx.Batch) {
	var ids []string
	var versions []int64
	for id := range b.raised {
		ids, versions = append(ids, id), append(versions, b.messages[id])
	}
	if len(ids) > 0 {
		to.Queue("update messages m set version = u.version from unnest($1::text[], $2::bigint[]) as u (id, version)"+
			" where m.id = u.id", ids, versions)
	}
}

// queueDestroy destroys the payloads that nobody needs any more. That is not believed
// but looked up: another recipient may wait for it.
func (b *batch) queueDestroy(to *pgx.Batch) {
	var ids []string
	var settled []string
	for _, o := range b.ops {
		if o.ok && o.outcome.Destroy {
			ids, settled = append(ids, o.outcome.Message), o.outcome.Settled
		}
	}
	if len(ids) == 0 {
		return
	}
	const query = `with gone as (
		delete from wraps w where w.message = any($1::text[]) and not exists (
			select 1 from recipients r where r.message = w.message and r.state <> all($2::text[]))
		returning w.message),
	chunks as (delete from payloads p using gone where p.message = gone.message)
	select distinct m.id from messages m join gone on gone.message = m.id where m.place = $3`
	each(to.Queue(query, ids, settled, store.PlaceDir), func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		b.remove = append(b.remove, message.ID(id))
		return err
	})
}

// outcomes is the recipients' part of all outcomes of a batch, by column.
type outcomes struct {
	message, state []string
	index, since   []int64
	reply          [][]byte
}

func (c *outcomes) add(r *store.OutcomeRows) {
	for i := range r.Recipients {
		c.message, c.index = append(c.message, r.Message), append(c.index, r.Recipients[i].Index)
		c.state, c.since = append(c.state, r.State), append(c.since, r.Since)
		c.reply = append(c.reply, r.Recipients[i].Reply)
	}
}

func (c *outcomes) queue(to *pgx.Batch) {
	if len(c.message) == 0 {
		return
	}
	to.Queue("update recipients r set state = u.state, since = u.since, attempts = r.attempts + 1, reply = u.reply"+
		" from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bytea[]) as u (message, idx, state, since, reply)"+
		" where r.message = u.message and r.idx = u.idx", c.message, c.index, c.state, c.since, c.reply)
}
