package app

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestHeldBy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		state  int
		status int32
		want   held
	}{
		{"kept", unix.TIME_OK, unix.STA_PLL, heldByServer},
		{"a leap second comes", unix.TIME_INS, unix.STA_PLL | unix.STA_INS, heldByServer},
		{"never set", unix.TIME_ERROR, unix.STA_UNSYNC, heldNot},
		{"the status alone says so", unix.TIME_OK, unix.STA_PLL | unix.STA_UNSYNC, heldNot},
		{"an error of another kind", unix.TIME_ERROR, unix.STA_PLL, heldNot},
	} {
		if got := heldBy(c.state, c.status); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
