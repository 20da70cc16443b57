// Package classify is the compiled engine: one pass over normalised text for every keyword, phrase, regex and
// identifier of a policy.
//
// [Compile] turns detectors into an immutable [Engine] that any number of goroutines share; scanners, with all their
// buffers, come from its pool. [Engine.Scan] treats each segment of a message the same way:
//
//  1. Normalise: one idempotent view of the text (NFKC, no invisible characters, plain spaces, dashes and digits)
//     with a map back to the original bytes, and a folded copy of the same length for words.
//  2. Words: every phrase and prefilter word of all detectors, and what the matches of their regular expressions are found
//     by, is found in one walk; context words are looked for around candidates.
//  3. Candidates: digit groups are cut out of the text once and offered to the digit shapes that fit their lengths and
//     separators; regular expressions run only where what they cannot match without was found (package match).
//  4. Checks: boundary, exclusions, validators, context and confidence, then overlaps between detectors.
//
// Nothing here is an approximation: a regular expression finds exactly what Go's regexp finds in the normalised text.
//
// The clear value of a hit stays in memory, in [Hit.Value]; what people see is [Hit.Masked].
package classify
