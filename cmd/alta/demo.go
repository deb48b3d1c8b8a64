package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"alta/api/auth"
	"alta/decider"
	"alta/domain/account"
	"alta/domain/lang"
)

// demoPassword is the one password of all demo people. It is public: --demo is
// for trying Alta out.
const demoPassword = "harbour lantern 42"

// demoPeople are made by --demo. Their addresses are under a reserved name, so
// no mail for them can reach anybody.
var demoPeople = []auth.NewAccount{
	{Role: account.Reviewer, Language: lang.Chinese, Name: "陈宇", Email: "reviewer@demo.alta.example"},
	{Role: account.Reviewer, Language: lang.Spanish, Name: "María Ortega", Email: "reviewer2@demo.alta.example"},
	{Role: account.Lead, Language: lang.English, Name: "Lin Wei", Email: "lead@demo.alta.example"},
	{Role: account.Lead, Language: lang.Spanish, Name: "Andrés Gil", Email: "lead2@demo.alta.example"},
	{Role: account.Auditor, Language: lang.English, Name: "Ruth Haddad", Email: "auditor@demo.alta.example"},
	{Role: account.Admin, Language: lang.English, Name: "Admin", Email: "admin@demo.alta.example"},
	{Role: account.Agent, Language: lang.Chinese, Name: "周敏", OrganisationName: "汇通支付服务", Email: "agent@demo.alta.example"},
}

// demoSpace is the namespace of the demo people's ids: making them again changes
// nothing.
var demoSpace = decider.DeriveID([16]byte{0xa1, 0x7a}, "demo people")

func makeDemoPeople(ctx context.Context, s *auth.Service) error {
	for _, p := range demoPeople {
		id := decider.DeriveID(demoSpace, p.Email)
		p.ID, p.Demo, p.By = decider.DeriveID(id, "account").String(), true, "demo"
		st, _, err := s.Account(ctx, p.ID)
		if err != nil {
			return fmt.Errorf("demo people: %w", err)
		}
		if st.Status != "" && st.Status != account.StatusInvited {
			continue
		}
		cmd := decider.Command{ID: id, Actor: "demo", Role: string(account.System), Operation: "make demo people"}
		inv, err := s.Open(ctx, cmd, p)
		if err != nil {
			return fmt.Errorf("demo people: %s: %w", p.Role, err)
		}
		err = s.Activate(ctx, inv.Token, demoPassword, auth.Caller{IP: "127.0.0.1", UserAgent: "alta --demo"})
		if err != nil && !errors.Is(err, account.ErrLinkOver) {
			return fmt.Errorf("demo people: %s: %w", p.Role, err)
		}
	}
	return nil
}

func printDemoPeople(out io.Writer) {
	fmt.Fprintf(out, "Demo people (password of all: %s):\n", demoPassword)
	for _, p := range demoPeople {
		fmt.Fprintf(out, "  %-9s %s\n", p.Role, p.Email)
	}
}
