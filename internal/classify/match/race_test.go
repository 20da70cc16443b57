//go:build race

package match

// raceDetector says that sync.Pool forgets at random what it is given, as it does under the race detector.
const raceDetector = true
