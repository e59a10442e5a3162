package simulation

import (
	"flag"
	"slices"
	"time"
)

// troubles are the kinds of it, beside lost answers and deaths.
var troubles = []string{"stop", "failover", "restore", "clock", "second", "human", "outage", "people", "deny", "leap", "cut", "live"}

// theme makes likely in a story what must come together for a protection to be missed.
type theme struct {
	name string
	// kinds of trouble that the story has, and has often.
	kinds []string
	// without are kinds that it does not have.
	without []string
	// quick is in how many of a hundred cases little time passes between two things that happen.
	quick int
	// slow: BCE answers when Redis has answered everybody.
	slow bool
	// deletes: people at the console only delete.
	deletes bool
	// maxDelay, if not 0, bounds the time from one request of an item to the next.
	maxDelay time.Duration
	// bce is what BCE is like.
	bce func(p *personality)
}

// failsOver is the weight of a failover. In a story that has them often, they come when a HaVIP was just created.
func (s *story) failsOver() int {
	if n := len(s.cloud.havips); slices.Contains(s.kinds, "failover") && (n == 0 || time.Since(s.cloud.havips[n-1].at) > lost) {
		return 0
	}
	return s.often("failover", 2)
}

// often is the weight of a kind of trouble; 0 if the story does not have it.
func (s *story) often(kind string, weight int) int {
	switch {
	case !s.may[kind]:
		return 0
	case slices.Contains(s.kinds, kind):
		return 5 * weight
	}
	return weight
}

// deciding are the kinds after which a listing decides, and not the token.
var deciding = []string{"people", "clock", "leap", "restore", "failover"}

var themeFlag = flag.String("theme", "", "all stories have the theme of this name")

// themeOf is the theme with the number, none for the first half of numbers, or the one that all stories have.
func themeOf(n int) theme {
	for _, t := range themes {
		if t.name == *themeFlag && t.name != "" {
			return t
		}
	}
	if n < len(themes) {
		return theme{}
	}
	return themes[n-len(themes)]
}

var themes = []theme{
	{name: "two ledgers begin", kinds: []string{"second"}, quick: 100, bce: func(p *personality) { p.lag, p.work = 0, 0 }},
	{name: "two ledgers are refused", kinds: []string{"second"}, bce: func(p *personality) { p.refuses = 3 }},
	{name: "a worker is cut off", kinds: []string{"cut"}, quick: 100, slow: true},
	{name: "BCE shows late", kinds: []string{"clock", "people", "live"}, bce: func(p *personality) { p.lag, p.work = 4*time.Minute, 4*time.Minute }},
	{name: "a backup is refused", kinds: []string{"restore"}, bce: func(p *personality) { p.refusesRestored = 3 }},
	{name: "a renewal is forgotten", kinds: []string{"failover"}, without: troubles, quick: 70, maxDelay: time.Second, bce: func(p *personality) { p.refuses = 3 }},
	{name: "people at the console", kinds: []string{"human", "people"}, bce: func(p *personality) { p.lag, p.work, p.refusesBusy = 0, 30*time.Second, true }},
	// A refusal of what BCE works on for longer than --confirm-within is taken for one of the item: a limit of decision 17.
	{name: "BCE works for long", kinds: []string{"live"}, without: deciding, bce: func(p *personality) { p.lag, p.work, p.refusesBusy = 0, 30*time.Minute, false }},
	{name: "a backup is retried", kinds: []string{"restore", "people", "leap"}},
	{name: "an ID is given up", kinds: []string{"human", "cut", "live"}, deletes: true, bce: func(p *personality) { p.lag, p.work = 0, 30*time.Second }},
}
