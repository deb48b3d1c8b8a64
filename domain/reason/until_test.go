package reason_test

import (
	"testing"
	"time"

	"alta/domain/lang"
	"alta/domain/reason"
)

func TestAPeriodThatEndsAtMidnightIsToldByItsLastDay(t *testing.T) {
	beijing := time.FixedZone("Asia/Shanghai", 8*3600)
	end := time.Date(2026, 12, 17, 0, 0, 0, 0, beijing)
	for l, want := range map[lang.Lang]string{
		lang.Chinese: "2026年12月16日24:00（北京时间）",
		lang.Spanish: "final del 16 de diciembre de 2026 (hora de Pekín)",
		lang.English: "the end of 16 December 2026 (Beijing time)",
	} {
		if got := reason.Until(end, l); got != want {
			t.Errorf("%s: %q, want %q", l, got, want)
		}
		if other := end.Add(time.Minute); reason.Until(other, l) != reason.Moment(other, l) {
			t.Errorf("%s: a moment within a day is told as one", l)
		}
	}
	first := time.Date(2027, 1, 1, 0, 0, 0, 0, beijing)
	if got := reason.Until(first, lang.Spanish); got != "final del 31 de diciembre de 2026 (hora de Pekín)" {
		t.Errorf("the end of the year: %q", got)
	}
}
