//go:build race

package app_test

// raceEnabled says that the race detector takes memory too.
const raceEnabled = true
