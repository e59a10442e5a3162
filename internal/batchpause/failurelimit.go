// Package batchpause is the failure limit that pauses a batch, as a flag, and how a paused batch is resumed.
package batchpause

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"havip/internal/session"
	"havip/ledger"
)

// FailureLimit is the value of --max-failures. The zero value means that the flag is not given, and leaves a batch's limit
// unchanged; "none" removes the limit.
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
	f.Var(l, "max-failures", "pause the batch when more than N items, or P percent of all, are rejected or in review")
}

// LimitHelp explains --max-failures in the help of commands.
const LimitHelp = `With --max-failures N or P%, the batch is paused as soon as more items than that have failed
(rejected, or in review). Nothing is lost: items that were not started keep their place.
Only requests in flight, at most as many as the workers' concurrency, and items of unknown
outcome can still fail after that. 0 pauses at the first failure. A percentage is of all
items of the batch, and is checked once all of them are registered. The limit stays in
force until another is given; "none" removes it.`

// Source sets the limit of a new batch, if one is given.
func (l *FailureLimit) Source(source *ledger.Source) {
	if l.given != nil {
		source.MaxFailures = *l.given
	}
}

// Apply sets the limit of an existing batch, if one is given.
func (l *FailureLimit) Apply(ctx context.Context, s *session.Session, batch string) error {
	if l.given == nil {
		return nil
	}
	_, err := s.Ledger.LimitFailures(ctx, batch, *l.given, ledger.Act{By: s.By})
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) {
		return nil
	}
	return err
}
