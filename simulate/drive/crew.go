package drive

import (
	"context"
	"errors"
	"fmt"
)

// LogIns says who does the platform's part. Each has an e-mail address and a
// password; the defaults are the people that `alta serve --demo` makes.
type LogIns struct {
	Password                                         string
	Reviewer, Reviewer2, Lead, Lead2, Auditor, Agent string
}

// DemoLogIns are the demo people.
func DemoLogIns() LogIns {
	return LogIns{
		Password: "harbour lantern 42", Reviewer: "reviewer@demo.alta.example", Reviewer2: "reviewer2@demo.alta.example",
		Lead: "lead@demo.alta.example", Lead2: "lead2@demo.alta.example", Auditor: "auditor@demo.alta.example", Agent: "agent@demo.alta.example",
	}
}

// Crew is everybody but the merchant. Who is not needed is nil.
type Crew struct {
	Reviewers []*Person
	Leads     []*Person
	Auditor   *Person
	Agent     *Person
}

// Assemble logs everybody in whose address is given.
func Assemble(ctx context.Context, c *Client, l LogIns) (*Crew, error) {
	crew := &Crew{}
	in := func(email, role string) (*Person, error) {
		if email == "" {
			return nil, nil
		}
		p, err := c.LogIn(ctx, email, l.Password)
		if err == nil && p.Role != role {
			err = fmt.Errorf("%s is %s, not %s", email, p.Role, role)
		}
		return p, err
	}
	for _, x := range []struct {
		email, role string
		into        *[]*Person
	}{{l.Reviewer, "reviewer", &crew.Reviewers}, {l.Reviewer2, "reviewer", &crew.Reviewers}, {l.Lead, "lead", &crew.Leads}, {l.Lead2, "lead", &crew.Leads}} {
		p, err := in(x.email, x.role)
		if err != nil {
			return nil, err
		}
		if p != nil {
			*x.into = append(*x.into, p)
		}
	}
	var err error
	if crew.Auditor, err = in(l.Auditor, "auditor"); err != nil {
		return nil, err
	}
	if crew.Agent, err = in(l.Agent, "agent"); err != nil {
		return nil, err
	}
	if len(crew.Reviewers) == 0 || len(crew.Leads) == 0 {
		return nil, errors.New("drive: a reviewer and a lead are needed")
	}
	return crew, nil
}
