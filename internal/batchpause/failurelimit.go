// Package batchpause is what pauses a batch beside a person, its limit of failures, and how it is resumed.
package batchpause

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"havip/internal/session"
	"havip/ledger"
)

// FailureLimit is the value of --max-failures. Its zero value is no flag given, which leaves a batch's
// limit as it is; the limit "none" removes it.
type FailureLimit struct{ given *ledger.FailureLimit }

// String, Set and Type make it a flag's value.
func (l *FailureLimit) String() string {
	if l.given == nil {
		return ""
	}
	return l.given.String()
}

// Type names the value in help.
func (l *FailureLimit) Type() string { return "N|P%|none" }

// Set reads a limit.
func (l *FailureLimit) Set(text string) error {
	limit, err := ledger.ParseFailureLimit(text)
	l.given = &limit
	return err
}

// Define defines the flag.
func (l *FailureLimit) Define(f *pflag.FlagSet) {
	f.Var(l, "max-failures", "hold the batch once more than N items, or P percent of the whole, are rejected or in review")
}

// LimitHelp is for the help of commands that set a limit.
const LimitHelp = `With --max-failures N or P% the batch is held as soon as more of its items have failed
(rejected, or left to a person): what was not begun is held, not lost. After that only
requests that are in flight can still fail, at most as many as the workers' concurrency,
and items in doubt, which are resolved. 0 stops at the first failure. A percentage is of
all items of the batch, and is judged once all of them are put in. The limit stays the
batch's until another is given; "none" takes it away.`

// Source sets the limit, if one is given, that a new batch gets with its first items.
func (l *FailureLimit) Source(source *ledger.Source) {
	if l.given != nil {
		source.MaxFailures = *l.given
	}
}

// Apply gives an existing batch the limit, if one is given.
func (l *FailureLimit) Apply(ctx context.Context, s *session.Session, batch string) error {
	if l.given == nil {
		return nil
	}
	_, err := s.Ledger.LimitFailures(ctx, batch, *l.given, ledger.Act{By: session.Author()})
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) {
		return nil
	}
	return err
}
