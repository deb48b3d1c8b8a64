package simulate_test

import (
	"fmt"
	"time"

	"alta/domain/item"
	"alta/domain/policy"
	"alta/simulate"
	"alta/simulate/specimen"
)

// A merchant whose card shows another number than its form: what it uploads,
// what a reviewer should notice, and the correction.
func Example() {
	g := simulate.New(1, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	m := g.Merchant(policy.Individual, []policy.Product{policy.WeChat, policy.Alipay, policy.OnlineBanking}, policy.Web)

	wrong, err := simulate.FaultNamed("r07-number")
	if err != nil {
		panic(err)
	}
	if err := simulate.Inject(wrong, &m); err != nil {
		panic(err)
	}
	press, err := specimen.NewPress()
	if err != nil {
		panic(err)
	}
	m.Restyle(func(_ item.Key, l *specimen.Look) { l.Small, l.Encoding = true, specimen.JPEG })
	for _, slot := range m.Slots() {
		file, err := press.Draw(m.Documents[slot])
		if err != nil {
			panic(err)
		}
		fmt.Println(slot, file.MediaType, file.Width, "×", file.Height)
	}
	fmt.Println(wrong.Code, wrong.Target(&m), wrong.See)
	if err := simulate.Correct(wrong, &m); err != nil {
		panic(err)
	}
	fmt.Println("left to correct:", len(m.Injected()))
	// Output:
	// id_card.front image/jpeg 590 × 380
	// id_card.back image/jpeg 590 × 380
	// bank_card.front image/jpeg 590 × 380
	// bank_card.back image/jpeg 590 × 380
	// R07 bank.number the account number on the bank's paper is not the one in the form
	// left to correct: 0
}
