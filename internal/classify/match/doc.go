// Package match finds all matches of many rules in one pass over a text: phrases of whole words, and regular
// expressions.
//
// It is exact. For a regular expression the matches are those of FindAllIndex of Go's regexp; for a phrase they are the
// leftmost whole-word occurrences that do not overlap, in any case, with any run of ASCII white space between its words.
//
// [Compile] turns rules into an immutable [Engine] that any number of goroutines share. A scan has four stages:
//
//  1. Probe: at every stride-th byte, four bytes with the case bit set are hashed into a bitmap. Each rule has a literal
//     that every match of it holds, and the rarest windows of that literal are in the bitmap. The same loop notes runs of
//     digits, and the few characters whose other case is written with other bytes (exotic.go).
//  2. Check: a hash table gives the literals whose window it is; eight bytes and then the whole literal are compared.
//  3. Confirm: phrases by the words on both sides; regular expressions by Go's regexp, anchored where the distance of the
//     literal from the start of the match says, or on the one line or paragraph, or, if nothing bounds them, on the text.
//     How far one of any length can look from a place is found out first, by a lazily built automaton (numbers.go).
//  4. Numbers: rules without a literal that need a digit run start at digit runs only, all together in one automaton, and are
//     then confirmed like the others. So do, at word boundaries, rules that begin at one and have no digits either.
//
// A caller that walks through the text anyway can look for the literals and digits itself, in place of the probe:
// [Engine.ScanKnown].
//
// A rule with nothing of all that runs over every text: [Engine.Slow] names those, for whoever wrote them.
//
// How often a window stands in ordinary mail is read from a small table (grams.bin), learnt from generated text by
// tools/classbench.
package match
