package app

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClockAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 15, 41, 0, 0, time.UTC)
	before, slightly, after := now.Add(-time.Hour), now.Add(clockSlack), now.Add(3*time.Hour)
	for _, c := range []struct {
		name  string
		marks []mark
		by    held
		want  Diagnosis
	}{
		{"kept", []mark{{"the newest message", before}}, heldByServer, Diagnosis{Found: "kept by a time server"}},
		{"nothing is known", nil, heldByServer, Diagnosis{Found: "kept by a time server"}},
		{"another node's clock is a little ahead", []mark{{"the newest message", slightly}}, heldByServer, Diagnosis{Found: "kept by a time server"}},
		{"before the store", []mark{{"the source", before}, {"the newest message", after}, {"the newest trace", after.Add(-time.Hour)}}, heldByServer,
			Diagnosis{Bad: true, Found: "is 3h0m0s before the newest message; set it, and let it follow a time server"}},
		{"before the store, and nobody keeps it", []mark{{"the newest message", after}}, heldNot,
			Diagnosis{Bad: true, Found: "is 3h0m0s before the newest message; set it, and let it follow a time server"}},
		{"nobody keeps it", []mark{{"the source", before}}, heldNot,
			Diagnosis{Warn: true, Found: "no time server keeps it: links, codes and holds end by it; run chrony, ntpd or systemd-timesyncd"}},
		{"who keeps it cannot be seen", nil, heldUnknown,
			Diagnosis{Warn: true, Found: "not before anything that is known; whether a time server keeps it cannot be seen here"}},
	} {
		d := &doctor{}
		d.clockAt(now, c.marks, c.by)
		c.want.What = "clock"
		if diff := cmp.Diff([]Diagnosis{c.want}, d.found); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// Whatever this machine says of its clock, there is exactly one line about it.
func TestClockIsAlwaysNamed(t *testing.T) {
	t.Parallel()
	d := &doctor{}
	d.clock()
	if len(d.found) != 1 || d.found[0].What != "clock" || strings.TrimSpace(d.found[0].Found) == "" {
		t.Errorf("%+v", d.found)
	}
}
