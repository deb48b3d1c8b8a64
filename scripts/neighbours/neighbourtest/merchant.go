package neighbourtest

import (
	"net/http"
	"testing"
	"time"

	"alta/simulate/drive"
	"alta/simulate/specimen"
)

// Driver drives merchants through the running program, which needs --demo and
// --dev, with the demo people.
func (a *Alta) Driver(t testing.TB) *drive.Driver {
	t.Helper()
	c, err := drive.NewClient(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	press, err := specimen.NewPress()
	if err != nil {
		t.Fatal(err)
	}
	people := drive.DemoLogIns()
	people.Password = DemoPassword
	crew, err := drive.Assemble(t.Context(), c, people)
	if err != nil {
		t.Fatal(err)
	}
	d := &drive.Driver{Client: c, Crew: crew, Press: press}
	if err := d.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// Opened has an agent of the demo add a merchant with that address, and answers the
// agent, who may supply what the application asks for, and the empty application.
func (a *Alta) Opened(t testing.TB, email string) (agent *drive.Person, application string) {
	t.Helper()
	agent = a.LogIn(t, "agent")
	var added struct{ ID string }
	wish := map[string]any{"email": email, "kind": "individual", "products": []string{"wechat"}, "site": "web", "language": "es"}
	if _, err := agent.Do(t.Context(), drive.Request{Method: http.MethodPost, Path: "/v1/merchants", Body: wish}, &added); err != nil {
		t.Fatal(err)
	}
	return agent, added.ID
}

// LogIn logs in somebody of the demo, such as "lead".
func (a *Alta) LogIn(t testing.TB, name string) *drive.Person {
	t.Helper()
	c, err := drive.NewClient(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.LogIn(t.Context(), name+"@demo.alta.example", DemoPassword)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Merchant brings one merchant to a stage.
func Merchant(t testing.TB, d *drive.Driver, wish drive.Wish) *drive.Life {
	t.Helper()
	l, err := d.Run(t.Context(), Plan(t, wish))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Plan is what is to become of one merchant, with papers drawn at half size.
func Plan(t testing.TB, wish drive.Wish) drive.Plan {
	t.Helper()
	wish.Count, wish.Small = 1, true
	if wish.Day.IsZero() {
		wish.Day = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	}
	plans, err := drive.Plans(wish)
	if err != nil {
		t.Fatal(err)
	}
	return plans[0]
}
