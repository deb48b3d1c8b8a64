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
	Holder    bool                   // only for who holds the application's claim
}

// Table lists who may call what, in the order of the route table.
func Table() []Permission {
	var out []Permission
	for _, r := range (&Server{}).routes() {
		p := Permission{r.operation, map[account.Role]Reach{}, r.holder}
		for _, role := range []account.Role{account.Merchant, account.Agent, account.Reviewer, account.Lead, account.Auditor, account.Admin} {
			p.Roles[role] = map[grant]Reach{none: Never, own: Own, every: Every}[r.who.of(role)]
		}
		out = append(out, p)
	}
	return out
}
