// Package policy is the policy language, its compiler, its tests, and the decision per recipient with its explanation; it
// is pure.
//
// A policy is a YAML file. [Load] reads it strictly (every mistake is named with its line, column and the nearest known
// word), takes in the packs of detectors that it uses, and compiles all detectors into one [classify.Engine].
// [Policy.Evaluate] then decides a message in this order:
//
//  1. What the detectors find in the segments of the message, with its confidence.
//  2. Triggers in the subject, labels in the header, and what could not be read.
//  3. Rules. An exception by value or segment takes hits away before they are counted. A condition under `not` that
//     something unread could make true counts as not holding: in doubt the rule fires.
//  4. For each recipient the highest level among the rules that hold for it and that no exception lifts; then the limits
//     under `recipients`. The verdict on the message is the highest of its recipients.
//
// The result does not depend on the order of rules, detectors, recipients' limits or files. Packs bring detectors, never
// rules: nothing happens until a rule of the policy names a detector.
//
// Clear values stay inside: findings and explanations carry masked evidence only. [Policy.Account] alone shows more, to a
// person who has the message at hand.
//
// The language itself is the structs in file.go: [Schema] and [Reference] are made of them. [Starter] writes a policy for a
// country out of its pack, [Policy.Coverage] says what its tests try, and [Compare] what another policy would change.
package policy
