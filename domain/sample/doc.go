// Package sample decides about blind second looks at qualification decisions.
//
// A share of the decisions (Plan) is drawn. A different person sees the evidence
// exactly as it stood at the judged revision (Evidence), but neither who decided
// nor what, nor the reasons; she answers with a verdict of her own, and how often
// the two agree is what the house knows of its own diligence. The merchant never
// hears of it, and nothing is decided about the application: a sample is a stream
// of its own, sample-<id>, so that the application's revision stays that of the
// people who work on it.
//
// Like package application this is pure: commands are structs whose Decide looks
// at a State, Evolve folds, time and people arrive as fields.
//
// What must stay true:
//
//   - A decision is drawn or not by its lot alone, so that drawing again, after a
//     crash or from the beginning of the log, draws the same; and nobody can tell
//     beforehand which, because the lot is a keyed hash.
//   - Nobody judges a sample of an application that she has acted on.
//   - One verdict ends a sample, and so does the end of its application's
//     processing. What has ended stays as it is.
//   - No sentence and no personal value is in a sample's stream: verdicts are codes.
package sample
