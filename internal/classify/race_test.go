//go:build race

package classify

// raceDetector says that sync.Pool forgets at random what it is given, as it does under the race detector.
const raceDetector = true
