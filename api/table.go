package api

import "alta/domain/account"

// Reach says on which applications somebody may call an operation.
type Reach string

// The reaches. For an operation that concerns no application Own and Every both
// mean "yes".
const (
	Never Reach = "never"
	Own   Reach = "own"
	Every Reach = "every"
)

// Permission is one row of the authorisation table, for documents and tests.
type Permission struct {
	Operation string
	Roles     map[account.Role]Reach // of somebody who is logged in
	Person    bool                   // only for a person who is logged in, not for an API key
	Key       bool                   // only for an API key
	StepUp    account.StepUp         // the proof of presence that it needs; empty: none
	Holder    bool                   // only for who holds the application's claim
	From      Source                 // what its answer is read from, where that may be behind the record
}

// Table lists who may call what, in the order of the route table.
func Table() []Permission {
	var out []Permission
	for _, r := range (&Server{}).routes() {
		p := Permission{
			Operation: r.operation, Roles: map[account.Role]Reach{},
			Person: r.by == person, Key: r.by == serverKey, StepUp: r.stepUp, Holder: r.holder, From: r.from,
		}
		for _, role := range []account.Role{account.Merchant, account.Agent, account.Reviewer, account.Lead, account.Auditor, account.Admin} {
			p.Roles[role] = map[grant]Reach{none: Never, own: Own, every: Every}[r.who.of(role)]
		}
		out = append(out, p)
	}
	return out
}
