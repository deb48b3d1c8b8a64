// Package drive takes invented merchants (package simulate) through Alta's public
// HTTP interface, as the merchant, its agent, reviewers and leads would: register,
// set a password, fill in, upload, submit, find what is wrong, return it, correct
// it, qualify, look the filing up, walk through the site, sign, activate.
//
// It knows Alta only from outside. What it does next follows from what the server
// says of the application, so a run that was cut off goes on where it stood, and a
// second run with the same seed finds everything done. Every write carries an
// Idempotency-Key made from the seed, the merchant's index, what is asked for and
// the revision looked at: a repeated request is the same act, and two fresh
// servers get the same applications under the same ids.
//
// A reviewer here "sees" a fault because package simulate says which one it
// injected; what the machine checks find by themselves is left to them.
//
// Nothing waits for ever: each request has a time limit, a refusal for haste is
// obeyed a bounded number of times, and a life has at most as many steps as
// maxSteps.
package drive
