package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"sigill/internal/message"
	"sigill/internal/store"
)

// Claim takes jobs that are due and free, oldest first; see store.Jobs.
func (s *Store) Claim(ctx context.Context, n int, lease time.Duration) (jobs []message.Job, next time.Time, err error) {
	err = s.do(ctx, "claim", func(t *tx) error {
		if jobs, err = t.claim(s.codec, n, lease); err != nil {
			return err
		}
		next, err = t.nextJob()
		return err
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("claim jobs: %w", err)
	}
	return jobs, next, nil
}

func (t *tx) claim(codec *store.Codec, n int, lease time.Duration) ([]message.Job, error) {
	now := codec.Now()
	if t.fault != nil {
		if err := t.fault("statement"); err != nil {
			return nil, err
		}
	}
	query := `update jobs set attempt = attempt + 1, owner = ?, free_at = ?
		where id in (select j.id from jobs j where j.free_at <= ? order by j.free_at, j.id limit ?)
		returning ` + columnList(store.TableJobs, "")
	var jobs []message.Job
	err := t.all(query, []any{codec.Node(), now + lease.Microseconds(), now, n}, func(scan func(...any) error) error {
		var r store.JobRow
		err := scan(r.Dest()...)
		jobs = append(jobs, r.Job())
		return err
	})
	slices.SortFunc(jobs, func(a, b message.Job) int { return a.RunAt.Compare(b.RunAt) })
	return jobs, err
}

// nextJob returns when the next job can be claimed: when one is due, or its lease over.
func (t *tx) nextJob() (time.Time, error) {
	var at int64
	err := t.one("select free_at from jobs order by free_at limit 1", nil, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return store.Moment(at), err
}

// Extend prolongs a lease.
func (s *Store) Extend(ctx context.Context, j message.Job, lease time.Duration) error {
	return s.fenced(ctx, "extend", j, "update jobs set free_at = ? where id = ? and attempt = ? and owner <> ''",
		s.codec.Now()+lease.Microseconds())
}

// Finish ends a job, or with a retry time puts it back.
func (s *Store) Finish(ctx context.Context, j message.Job, retry time.Time) error {
	if retry.IsZero() {
		return s.fenced(ctx, "finish", j, "delete from jobs where id = ? and attempt = ? and owner <> ''")
	}
	at := store.Micros(retry)
	err := s.fenced(ctx, "finish", j,
		"update jobs set run_at = ?, free_at = ?, owner = '' where id = ? and attempt = ? and owner <> ''", at, at)
	if err == nil && at <= s.codec.Now() {
		s.rouse()
	}
	return err
}

// Release makes every job that this node holds anybody's.
func (s *Store) Release(ctx context.Context) (n int, err error) {
	err = s.do(ctx, "release", func(t *tx) error {
		changed, err := t.exec("update jobs set free_at = min(free_at, ?), owner = '' where owner = ?", s.codec.Now(), s.codec.Node())
		n = int(changed)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("release jobs: %w", err)
	}
	return n, nil
}

// fenced changes a job if its attempt is still the caller's.
func (s *Store) fenced(ctx context.Context, kind string, j message.Job, query string, args ...any) error {
	args = append(args, string(j.ID), j.Attempt)
	err := s.do(ctx, kind, func(t *tx) error {
		n, err := t.exec(query, args...)
		if err == nil && n == 0 {
			err = store.ErrStale
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s job %s: %w", kind, j.ID, err)
	}
	return nil
}

// Depth counts jobs.
func (s *Store) Depth(ctx context.Context) (store.Depth, error) {
	d := store.Depth{Due: map[message.JobKind]int{}, Later: map[message.JobKind]int{}}
	now := s.codec.Now()
	err := s.snapshot(ctx, func(q querier) error {
		return q.all("select kind, run_at <= ?, count(*), min(run_at) from jobs group by 1, 2", []any{now},
			func(scan func(...any) error) error {
				var kind message.JobKind
				var due bool
				var n int
				var oldest int64
				if err := scan(&kind, &due, &n, &oldest); err != nil {
					return err
				}
				if !due {
					d.Later[kind] = n
					return nil
				}
				d.Due[kind] = n
				if at := store.Moment(oldest); d.Oldest.IsZero() || at.Before(d.Oldest) {
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

// Waiting lists the jobs of a message, or all with "", soonest first.
func (s *Store) Waiting(ctx context.Context, msg message.ID, n int) (jobs []message.Job, err error) {
	var c conds
	if msg != "" {
		c.add("message = ?", string(msg))
	}
	query := "select " + columnList(store.TableJobs, "") + " from jobs" + c.where() + " order by run_at, id limit ?"
	err = s.snapshot(ctx, func(q querier) error {
		jobs = nil
		return q.all(query, append(c.args, limit(n)), func(scan func(...any) error) error {
			var r store.JobRow
			err := scan(r.Dest()...)
			jobs = append(jobs, r.Job())
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return jobs, nil
}

// Hurry makes later jobs due now; those that somebody works on are left alone.
func (s *Store) Hurry(ctx context.Context, msg message.ID, kind message.JobKind) (n int, err error) {
	now := s.codec.Now()
	var c conds
	c.add("run_at > ?", now)
	c.add("owner = ''")
	if msg != "" {
		c.add("message = ?", string(msg))
	}
	if kind != "" {
		c.add("kind = ?", string(kind))
	}
	err = s.do(ctx, "hurry", func(t *tx) error {
		changed, err := t.exec("update jobs set run_at = ?, free_at = ?"+c.where(), append([]any{now, now}, c.args...)...)
		n = int(changed)
		t.op.after.Wake = changed > 0
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("hurry jobs: %w", err)
	}
	return n, nil
}
