// Package application decides the life of one merchant application, from the
// registration to the first payment or to one of its other ends. It is pure: no
// clock, no I/O, no ids made here. Time, actor and ids arrive in the commands.
//
// # How it works
//
// A command is a struct with what somebody asks for (file raise_reason.go asks
// RaiseReason). Its Decide looks at a State and answers the event that follows,
// nothing where the effect is in place already, or a *Refusal with a permanent
// code. Evolve folds events to a State; it is the whole state machine, on one
// screen, and never refuses. Whoever stores events appends them after the
// revision that the State was folded from, so that two people who act at once
// get one success.
//
// The application stands at a Stage, and by that somebody has the ball:
//
//	draft ─ qualification ─(second approval)─ icp ─ website ─ contract ─ signature ─ countersignature ─ activation ─ active
//	              └───────────────┴─ correction ─┴─── and back to the first stage that the correction undid
//
// Which stages and items there are is the policy's to say (package policy), which
// reasons there are and what they unlock the registry's (package reason), what a
// value has to look like package identifier's, and how long a day is package
// calendar's. An application is judged by the policy version that it was
// submitted under, unless a lead moves it to a newer one.
//
// # Rounds
//
// A submission starts a round. In a round a reviewer accepts items or raises
// reasons, until everything required has one or the other; then all reasons go
// to the merchant together. Exactly their targets and dependents are unlocked.
// The next submission must answer each of them; what the changes undid is judged
// again, what they left alone stays accepted. State.RoundDiff is what a second
// look has to look at. A new reason on something that was judged before and left
// alone takes a lead, whatever the stage that it is raised at.
//
// Nobody gets stuck in between. While a contract waits for its signature nothing
// can make the signature impossible: the offer is taken back first, and one that
// runs out lapses; both are the platform's turn. What a reviewer covers during a correction is
// unlocked, and what ran out meanwhile and is locked does not stand in the
// merchant's way. It is the reviewers' to look at again, as is everything that a
// machine finds unfit after it was accepted.
//
// # Personal data
//
// Values of a natural person are personal.Text. Encode seals each of them,
// Decode opens them, and findings and refusals never hold one.
//
// # Invariants
//
// A test walks at random through this package and checks after every event:
//
//  1. Every act leaves one event, and a State's revision counts them.
//  2. Business time never runs backwards, whatever a machine's clock says.
//  3. Nothing is approved, offered, signed or switched on while a reason is
//     open, unanswered or its answer unread; nothing is returned without an open
//     reason; a reason stands on an item that the registry allows it on.
//  4. Who judges is staff, holds the claim, and did not register the merchant. A
//     late reason, another policy, a priority and a reassignment are a lead's.
//  5. The second approval is another person's, a lead's, and to the evidence as
//     the first one judged it: evidence that changed since voids it. The same
//     holds for declining.
//  6. One person holds the application at a time.
//  7. Only the merchant consents, signs, withdraws and takes up again; an agent
//     may add, fill in, upload and hand in.
//  8. After a submission an item changes only while a return has unlocked it;
//     a reviewer who covers a part of an image, and the first declaration of the
//     site, are the exceptions.
//  9. A submission starts exactly one round.
//  10. Restricted data are kept, held or destroyed, unless the merchant takes the
//     restriction back in time, and nothing else.
//  11. What has ended stays so, except that a withdrawn application is taken up
//     again.
//  12. Nothing is past a qualification that was undone; nobody is active without
//     a contract signed by both sides and, where the policy asks, a verified
//     filing and an approved site.
//  13. Wherever something is expected after a submission a deadline runs, and it
//     is that of whoever has the ball.
//  14. The fold of what is stored is the State that the decider saw.
//  15. Somebody can always get on: the merchant signs until the offer lapses and
//     declares the site that is awaited; on the platform's side somebody holds the
//     application or can claim it.
//
// # Sources
//
// PIPL (2021) arts. 14, 24, 28–29, 47 on consent, automated decisions, sensitive
// data and erasure; the anti-money-laundering law (2024) art. 34 on retention;
// the E-signature Law art. 13 on what makes a signature reliable. Durations are
// in nanoseconds, sizes in bytes, times in UTC and to the millisecond.
package application
