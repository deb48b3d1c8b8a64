// Package reason is the registry of the twelve reasons for which an application
// goes back to its merchant: R01 to R12, each with its sub-codes. It answers what
// a reason may be raised on, what it tells the merchant, what it tells the
// reviewer, how far a machine can find it, and what it opens for correction.
//
// A rejection that only says "information incorrect" costs the merchant a phone
// call and the platform a round. So every text names the item, says what was
// seen and what to do, and says by when, in Chinese, Spanish and English; and
// there are two texts for two readers, which no function ever mixes: Render is
// for the merchant, Internal for reviewers and auditors.
//
// # Words
//
// A Code and a Sub are permanent; they are stored in events, so they are never
// renamed and never reused. A version that meets one which it does not know
// shows the Fallback and carries on. A row's Targets are the only items that it
// can be raised on. Reasons that the source lists without sub-codes (R04, R06,
// R07, R08, R10) have the general sub-code Mismatch.
//
// Machine is the most that a machine can do: A is certain, B suspects and a
// person confirms, C needs an outside look-up, M is for people only. Whatever the
// class, a machine makes findings and a person decides (PIPL art. 24).
//
// Final does not stop a correction: it says that the reason, when two people
// confirm it, may end the application for good.
//
// # Unlocking
//
// A raised reason opens its target and the target's dependents (Unlocks), and
// nothing else: what was accepted stays accepted, and the merchant cannot break
// it by accident. See the table in unlock.go for each one and why.
//
// # Where it comes from
//
// The twelve reasons are those of the platform's onboarding guide, which is in
// Spanish. The rules behind them: ICP filing, MIIT order 33 of 2005 on
// non-commercial Internet information services (file through the access provider;
// the authority has 20 working days); unified social credit code, GB 32100-2015;
// resident ID number, GB 11643-1999; the end of account-opening licences, PBOC
// notice Yinfa 2019 No. 41; personal data, PIPL 2021. The moments in the texts
// are shown in the zone of the time that is passed.
package reason
