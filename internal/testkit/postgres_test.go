package testkit

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { Main(m) }

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func mustExec(t *testing.T, c *pgx.Conn, sql string) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, c *pgx.Conn, table string) (n int) {
	t.Helper()
	if err := c.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPostgresDatabasesAreApart(t *testing.T) {
	t.Parallel()
	a, b := connect(t, Postgres(t)), connect(t, Postgres(t))
	mustExec(t, a, "CREATE TABLE x (n int)")
	mustExec(t, b, "CREATE TABLE x (n int)")
	mustExec(t, a, "INSERT INTO x VALUES (1)")
	if count(t, a, "x") != 1 || count(t, b, "x") != 0 {
		t.Error("two tests share a table")
	}
	var sync string
	if err := a.QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&sync); err != nil || sync != "on" {
		t.Errorf("synchronous_commit=%s, %v", sync, err)
	}
}

func TestPostgresTemplateIsBuiltOnce(t *testing.T) {
	t.Parallel()
	built, name := 0, rand.Text() // a name of this run, as the cluster may outlive it
	build := func(dsn string) error {
		built++
		c := connect(t, dsn)
		mustExec(t, c, "CREATE TABLE made (n int)")
		return c.Close(t.Context())
	}
	for range 3 {
		c := connect(t, PostgresFrom(t, name, build))
		mustExec(t, c, "INSERT INTO made VALUES (1)")
		if n := count(t, c, "made"); n != 1 {
			t.Errorf("%d rows", n)
		}
	}
	if built != 1 {
		t.Errorf("built %d times", built)
	}
}

func TestPostgresKeepsCommitsOverAKill(t *testing.T) {
	t.Parallel()
	pg := PostgresCluster(t, PGOptions{Durable: true, Settings: []string{"max_connections=20"}})
	dsn := pg.Database(t)
	c := connect(t, dsn)
	mustExec(t, c, "CREATE TABLE x (n int)")
	mustExec(t, c, "INSERT INTO x VALUES (1)")
	pg.Kill(t)
	if err := c.Ping(t.Context()); err == nil {
		t.Error("the connection outlived the server")
	}
	pg.Start(t)
	if n := count(t, connect(t, dsn), "x"); n != 1 {
		t.Errorf("%d rows after the kill", n)
	}
	pg.Stop(t)
	if _, err := pgx.Connect(t.Context(), dsn); err == nil {
		t.Error("a stopped server answers")
	}
}
