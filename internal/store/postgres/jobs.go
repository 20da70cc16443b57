package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"sigill/internal/message"
	"sigill/internal/store"
)

// Claim implements [store.Jobs].
func (s *Store) Claim(ctx context.Context, n int, lease time.Duration) ([]message.Job, time.Time, error) {
	query := `update jobs j set attempt = j.attempt + 1, owner = $2, free_at = $3
	from (select id from jobs where free_at <= $1 order by free_at, id limit $4 for update skip locked) p
	where j.id = p.id returning ` + columnList(store.TableJobs, "j.")
	now := s.codec.Now()
	var rows []store.JobRow
	var next *int64
	b := &pgx.Batch{} // one implicit transaction: the second statement sees what the first did
	each(b.Queue(query, now, s.codec.Node(), now+lease.Microseconds(), int64(n)), scanJobs(&rows))
	b.Queue("select min(free_at) from jobs").QueryRow(func(r pgx.Row) error { return r.Scan(&next) })
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return nil, time.Time{}, fmt.Errorf("claim jobs: %w", explain(err))
	}
	slices.SortFunc(rows, func(x, y store.JobRow) int {
		if x.RunAt != y.RunAt {
			return int(max(-1, min(1, x.RunAt-y.RunAt)))
		}
		return strings.Compare(x.ID, y.ID)
	})
	if next == nil {
		return jobsOf(rows), time.Time{}, nil
	}
	return jobsOf(rows), store.Moment(*next), nil
}

func scanJobs(to *[]store.JobRow) func(func(...any) error) error {
	return func(scan func(...any) error) error {
		var r store.JobRow
		err := scan(r.Dest()...)
		*to = append(*to, r)
		return err
	}
}

func jobsOf(rows []store.JobRow) []message.Job {
	var jobs []message.Job
	for i := range rows {
		jobs = append(jobs, rows[i].Job())
	}
	return jobs
}

// Extend implements [store.Jobs].
func (s *Store) Extend(ctx context.Context, j message.Job, lease time.Duration) error {
	return s.fenced(ctx, "extend", j, "update jobs set free_at = $3 where id = $1 and attempt = $2 and owner <> ''",
		s.codec.Now()+lease.Microseconds())
}

// Finish implements [store.Jobs].
func (s *Store) Finish(ctx context.Context, j message.Job, retry time.Time) error {
	if retry.IsZero() {
		return s.fenced(ctx, "finish", j, "delete from jobs where id = $1 and attempt = $2 and owner <> ''")
	}
	at := store.Micros(retry)
	err := s.fenced(ctx, "finish", j,
		"update jobs set run_at = $3, free_at = $3, owner = '' where id = $1 and attempt = $2 and owner <> ''", at)
	if err == nil && at <= s.codec.Now() {
		s.rouse()
	}
	return err
}

// Release implements [store.Jobs].
func (s *Store) Release(ctx context.Context) (int, error) {
	tag, err := s.pool.Exec(ctx, `update jobs set free_at = least(free_at, $2), owner = ''
		where id in (select id from jobs where owner = $1 order by id for update)`, s.codec.Node(), s.codec.Now())
	if err != nil {
		return 0, fmt.Errorf("release jobs: %w", explain(err))
	}
	return int(tag.RowsAffected()), nil
}

// fenced runs a statement that must meet the job in our hands.
func (s *Store) fenced(ctx context.Context, what string, j message.Job, query string, more ...any) error {
	tag, err := s.pool.Exec(ctx, query, append([]any{string(j.ID), int64(j.Attempt)}, more...)...)
	if err == nil && tag.RowsAffected() == 0 {
		err = store.ErrStale
	}
	if err != nil {
		return fmt.Errorf("%s job %s: %w", what, j.ID, explain(err))
	}
	return nil
}

// Depth implements [store.Jobs].
func (s *Store) Depth(ctx context.Context) (store.Depth, error) {
	var d store.Depth
	now := s.codec.Now()
	err := s.look(ctx, func(b *pgx.Batch) {
		d = store.Depth{Due: map[message.JobKind]int{}, Later: map[message.JobKind]int{}}
		const query = "select kind, run_at <= $1, count(*), min(run_at) from jobs group by 1, 2"
		each(b.Queue(query, now), func(scan func(...any) error) error {
			var kind message.JobKind
			var due bool
			var count int
			var first int64
			if err := scan(&kind, &due, &count, &first); err != nil {
				return err
			}
			if !due {
				d.Later[kind] = count
				return nil
			}
			d.Due[kind] = count
			if at := store.Moment(first); d.Oldest.IsZero() || at.Before(d.Oldest) {
				d.Oldest = at
			}
			return nil
		})
	})
	if err != nil {
		return store.Depth{}, fmt.Errorf("count jobs: %w", err)
	}
	return d, nil
}

// Waiting implements [store.Jobs].
func (s *Store) Waiting(ctx context.Context, msg message.ID, limit int) ([]message.Job, error) {
	var rows []store.JobRow
	err := s.look(ctx, func(b *pgx.Batch) {
		rows = nil
		query := "select " + columnList(store.TableJobs, "") + " from jobs where $1 in ('', message)" +
			" order by run_at, id limit nullif($2::bigint, 0)"
		if msg != "" { // so that the index serves
			query = strings.Replace(query, "$1 in ('', message)", "message = $1", 1)
		}
		each(b.Queue(query, string(msg), int64(limit)), scanJobs(&rows))
	})
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return jobsOf(rows), nil
}

// Hurry implements [store.Jobs].
func (s *Store) Hurry(ctx context.Context, msg message.ID, kind message.JobKind) (int, error) {
	var c conditions
	c.add("j.run_at > %d and (j.owner = '' or j.free_at <= %d)", s.codec.Now())
	if msg != "" {
		c.add("j.message = %d", string(msg))
	}
	if kind != "" {
		c.add("j.kind = %d", string(kind))
	}
	tag, err := s.pool.Exec(ctx, "update jobs set run_at = $1, free_at = $1, owner = '' where id in (select j.id from jobs j where "+
		c.where()+" order by j.id for update skip locked)", c.args...)
	if err != nil {
		return 0, fmt.Errorf("hurry jobs: %w", explain(err))
	}
	if tag.RowsAffected() > 0 {
		s.rouse()
	}
	return int(tag.RowsAffected()), nil
}
