package events

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"havip/internal/cli"
	"havip/internal/spelling"
	"havip/ledger"
	"havip/lifecycle"
)

// filter selects events; the zero filter matches all.
type filter struct {
	kinds   []string
	key, by string
	since   moment
}

func (w *filter) define(flags *pflag.FlagSet) {
	flags.StringSliceVar(&w.kinds, "event", nil, "only events of this kind, such as rejected or retry; may be repeated")
	flags.StringVar(&w.key, "key", "", "only events of this item")
	flags.StringVar(&w.by, "by", "", "only actions of this user: USER or USER@HOST")
	flags.Var(&w.since, "since", "only events since this time: a duration before now, such as 2h, or a time such as 2026-03-01T12:00:00Z")
	cli.NoEnv(flags, "key") // $HAVIP_KEY is the key of an item to create
}

func (w *filter) empty() bool {
	return len(w.kinds) == 0 && w.key == "" && w.by == "" && w.since.IsZero()
}

// matches reports whether an event matches the filter.
func (w *filter) matches(r eventRow) bool {
	user, _, _ := strings.Cut(r.By, "@")
	return (len(w.kinds) == 0 || slices.Contains(w.kinds, r.Event)) &&
		(w.key == "" || w.key == r.Key) &&
		(w.by == "" || w.by == r.By || w.by == user) &&
		!r.At.Before(w.since.Time)
}

// rows returns the matching events.
func (w *filter) rows(all iter.Seq2[eventRow, error]) iter.Seq2[eventRow, error] {
	return func(yield func(eventRow, error) bool) {
		for r, err := range all {
			if (err != nil || w.matches(r)) && !yield(r, err) {
				return
			}
		}
	}
}

// check refuses unknown kinds of events.
func (w *filter) check() error {
	for _, kind := range w.kinds {
		if !slices.Contains(kinds(), kind) {
			return cli.Failf(cli.ExitUsage, "--event %q: %s", kind, spelling.OneOf(kind, kinds()))
		}
	}
	return nil
}

// kinds are the known kinds of events, of batches and of lanes.
func kinds() []string {
	all := []string{
		"registered", "committed", "completed",
		lifecycle.EventRenewed, lifecycle.EventRetried, lifecycle.EventCancelAsked, lifecycle.EventKept, lifecycle.EventExtra,
		lifecycle.EventDoubtful, lifecycle.EventAddress, lifecycle.EventResolved, lifecycle.EventNotDeleted,
		"notified", "notify-failed", "apply", "retry", "retry-done", "cancel", "cancel-done", "rollback", "rollback-done", "resolve", "resolve-done",
		"pause", "paused", "resume", "limit", "suspended", "recovered", "unreadable",
	}
	for _, state := range ledger.States() {
		if state.Terminal() || state == ledger.Unknown {
			all = append(all, string(state))
		}
	}
	return all
}

// moment is a time, given as a time or as a duration before now.
type moment struct {
	time.Time

	text string
}

// String, Set and Type make a moment a flag's value.
func (m *moment) String() string { return m.text }

// Type names the value in help.
func (m *moment) Type() string { return "time" }

// Set accepts a duration or a time of RFC 3339.
func (m *moment) Set(text string) error {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		before, err := time.ParseDuration(text)
		if err != nil || before < 0 {
			return errors.New("must be a duration such as 2h, or a time such as 2026-03-01T12:00:00Z")
		}
		at = time.Now().Add(-before)
	}
	*m = moment{at, text}
	return nil
}
