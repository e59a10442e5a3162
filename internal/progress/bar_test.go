package progress

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// In a log there is a line at most every five seconds, and only if there is news; an increased age is not
// news.
func TestBarInALog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		say := func(format string, args ...any) {
			lines = append(lines, clock.ReplaceAllString(fmt.Sprintf(format, args...), "ends HH:MM"))
		}
		b := Display{Say: say}.Bar("spring", 2000)
		defer b.Finish()
		for _, step := range []struct {
			after       time.Duration
			n           int64
			news, aging string
		}{
			{0, 10, "", ""},
			{4 * time.Second, 500, "", ""},
			{time.Second, 1500, "1 rejected", "unknown for 5s"},
			{6 * time.Second, 1500, "1 rejected", "unknown for 11s"},
			{time.Second, 1500, "2 rejected", ""},
		} {
			<-time.After(step.after)
			b.Tell(step.n, step.news, step.aging)
		}
		want := []string{
			"spring: 1,500/2,000 · 75 % · 298/s · 1s left · ends HH:MM: unknown for 5s; 1 rejected",
			"spring: 1,500/2,000 · 75 % · 124/s · 4s left · ends HH:MM: 2 rejected",
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Error(diff)
		}
	})
}
