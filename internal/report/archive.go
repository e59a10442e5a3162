package report

import (
	"context"
	"fmt"
	"iter"

	"havip/internal/archive"
	"havip/internal/cli"
	"havip/internal/private"
	"havip/internal/render"
	"havip/internal/shell"
	"havip/internal/terminal"
	"havip/internal/until"
	"havip/ledger"
	"havip/tasks"
)

// ArchiveResults streams the items of an archive to stdout. A fault of the archive is an error after the items before it.
func ArchiveResults(ctx context.Context, t *terminal.IO, path string, show Filter) error {
	in, err := until.OpenWith(ctx, path, private.Look)
	if err != nil {
		return cli.Fail(cli.ExitUsage, err)
	}
	defer func() { _ = in.Close() }() // it is only read
	a, err := archive.NewReader(in)
	if err != nil {
		return cli.Failf(cli.ExitInvalidInput, "%s: %w", shell.Quote(path), err)
	}
	shown, err := terminal.Stream(t, render.Results(), archivedResults(a, path, show))
	if err == nil && shown == 0 {
		t.Infof("the archive of batch %s has no such items", a.Batch)
	}
	return err
}

func archivedResults(a *archive.Reader, path string, show Filter) iter.Seq2[tasks.Result, error] {
	return func(yield func(tasks.Result, error) bool) {
		for stored, err := range a.Items() {
			var item ledger.Item
			if err == nil {
				item, err = stored.Item(a.Batch)
			}
			if err == nil && !show.Wants(item) {
				continue
			}
			var result tasks.Result
			if err == nil {
				result, err = archivedResult(stored, item, show.Attempts)
			}
			if err != nil {
				err = cli.Fail(cli.ExitInvalidInput, fmt.Errorf("%s: %w", shell.Quote(path), err))
			}
			if !yield(result, err) || err != nil {
				return
			}
		}
	}
}

func archivedResult(stored ledger.StoredItem, item ledger.Item, attempts bool) (tasks.Result, error) {
	result, err := tasks.ResultOf(item)
	if err != nil || !attempts {
		return result, err
	}
	log, err := stored.Log(item.Batch)
	return result.WithLog(log), err
}
