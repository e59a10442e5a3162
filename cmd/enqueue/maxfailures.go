package main

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"havip/internal/session"
	"havip/ledger"
)

// failureLimit is the value of --max-failures; it is nil while nobody gives one, which is another thing
// than none.
type failureLimit struct{ given *ledger.FailureLimit }

// String, Set and Type make it a flag's value.
func (l *failureLimit) String() string {
	if l.given == nil {
		return ""
	}
	return l.given.String()
}

// Type names the value in help.
func (l *failureLimit) Type() string { return "N|P%|none" }

// Set reads a limit.
func (l *failureLimit) Set(text string) error {
	limit, err := ledger.ParseFailureLimit(text)
	l.given = &limit
	return err
}

func defineMaxFailures(f *pflag.FlagSet, limit *failureLimit) {
	f.Var(limit, "max-failures", "hold the batch once more than N items, or P percent of the whole, are rejected or in review")
}

// limitHelp is for the commands that set a limit.
const limitHelp = `With --max-failures N or P% the batch is held as soon as more of its items have failed
(rejected, or left to a person): what was not begun is held, not lost. After that only
requests that are in flight can still fail, at most as many as the workers' concurrency,
and items in doubt, which are resolved. 0 stops at the first failure. A percentage is of
all items of the batch, and is judged once all of them are put in. The limit stays the
batch's until another is given; "none" takes it away.`

// limitFailures gives a batch that is there already its limit, where one is asked for. A new one gets it with
// its first items.
func limitFailures(ctx context.Context, s *session.Session, in *input) error {
	if in.limit.given == nil {
		return nil
	}
	_, err := s.Ledger.LimitFailures(ctx, in.batch, *in.limit.given, ledger.Act{By: session.Author()})
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) {
		return nil
	}
	return err
}
