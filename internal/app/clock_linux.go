package app

import "golang.org/x/sys/unix"

// clockHeld asks the kernel, which programs like chrony and systemd-timesyncd tell that they keep the clock (adjtimex(2)).
// Asking needs no right, but some containers refuse the call as a whole.
func clockHeld() held {
	var t unix.Timex // Modes 0: nothing is changed
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return heldUnknown
	}
	return heldBy(state, t.Status)
}

// heldBy reads the answer: the kernel says TIME_ERROR, and the status has STA_UNSYNC, until somebody has told it that the
// clock is right, and again when nobody has said so for long.
func heldBy(state int, status int32) held {
	if state == unix.TIME_ERROR || status&unix.STA_UNSYNC != 0 {
		return heldNot
	}
	return heldByServer
}
