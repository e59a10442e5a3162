// Package archive is the command that moves finished batches out of Redis into files.
package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/archive"
	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/intake"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

type options struct {
	batches          []string
	out, dir, reason string
	olderThan        time.Duration
	dryRun, yes      bool
	durable          durability.Verifier
}

// toStdout is whether the archive is a copy for stdout, which removes nothing.
func (opts options) toStdout() bool { return opts.out == intake.Standard }

func (opts options) changes() bool { return !opts.dryRun && !opts.toStdout() }

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "archive BATCH...",
		Short: "Move finished batches out of Redis into files, but not their HaVIPs",
		Long: `Archive writes all that the ledger has of a batch into a file: its items, their requests and
outcomes, the events and who did what. When the file is complete and on disk, the batch is
deleted from Redis, with the tasks that asynq still has of it. Its HaVIPs stay.

The file is BATCH-TIME.archive in --dir, where TIME is when the batch was complete, or the one
that --out names. An existing file is never replaced. Killed at any moment, the same command
again finishes; it may leave a hidden file .NAME.*.part. ` + "`enqueue results --archive FILE`" + `
shows the items of an archive.

The name of an archived batch is reserved: applying its file again is refused, and names the
archive, until ` + "`enqueue delete BATCH`" + ` releases the name. An archived batch can no longer be
verified, retried or rolled back. ` + "`enqueue list --archived`" + ` lists the archived batches.

A batch with unfinished items or a pending notification is refused. With --older-than, all
batches that were complete for that long are archived, and the others are kept. With --out -,
the archive is written to stdout, and the batch stays in Redis, because nothing shows
whether the reader kept it.`,
		Example: `  enqueue archive havips
  enqueue archive havips --out /srv/havip/havips.archive --yes
  enqueue archive --older-than 720h --dir /srv/havip/archives --dry-run
  enqueue results --archive havips-20260301T120000Z.archive --json key,haVipId`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.batches = args
			return run(cmd.Context(), f, opts)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.out, "out", "", "file of the archive; - copies the batch to stdout and keeps it")
	flags.StringVar(&opts.dir, "dir", ".", "directory of the archives; it must exist")
	flags.DurationVar(&opts.olderThan, "older-than", 0, "archive all batches that were complete for this long, such as 720h")
	flags.BoolVar(&opts.dryRun, "dry-run", false, "show what would be archived, without doing it")
	flags.BoolVar(&opts.yes, "yes", false, "do not ask for confirmation; required without a terminal")
	session.DefineReason(cmd, &opts.reason)
	opts.durable.Define(cmd)
	return cmd
}

func (opts options) check(f *session.Factory) error {
	switch {
	case opts.olderThan < 0:
		return cli.Failf(cli.ExitUsage, "--older-than must not be negative")
	case opts.olderThan == 0 && len(opts.batches) == 0:
		return cli.Failf(cli.ExitUsage, "name the batches to archive, or pass --older-than")
	case opts.olderThan > 0 && len(opts.batches) > 0:
		return cli.Failf(cli.ExitUsage, "--older-than chooses the batches; name none")
	case opts.out != "" && len(opts.batches) != 1:
		return cli.Failf(cli.ExitUsage, "--out is the file of one batch; use --dir for the files of several")
	case opts.changes() && !opts.yes && !f.CanAsk():
		return cli.Failf(cli.ExitUsage, "archive removes batches from Redis, and there is no terminal for confirmation; pass --yes, or preview with --dry-run")
	}
	return nil
}

// run archives the batches, after it has asked for confirmation.
func run(ctx context.Context, f *session.Factory, opts options) error {
	if err := opts.check(f); err != nil {
		return err
	}
	s, err := opts.durable.OpenFor(ctx, f, opts.changes())
	if err != nil {
		return err
	}
	defer s.Close()
	a := archiver{Factory: f, session: s, options: opts}
	chosen, err := a.choose(ctx)
	if err != nil {
		return err
	}
	if opts.toStdout() {
		return a.copy(ctx, chosen)
	}
	items, err := a.preview(chosen)
	if err != nil || opts.dryRun || len(chosen) == 0 {
		return err
	}
	if !opts.yes {
		question := fmt.Sprintf("Archive %s of %s, and remove them from Redis?", words.Count(items, "item", "items"), words.Count(len(chosen), "batch", "batches"))
		if err := f.Ask(ctx, question, "nothing was archived"); err != nil {
			return err
		}
	}
	return a.archiveAll(ctx, chosen)
}

// archiver is one run of the command.
type archiver struct {
	*session.Factory
	options
	session *session.Session
}

// preview says what would be archived to where, and counts the items.
func (a archiver) preview(chosen []ledger.Batch) (items int64, err error) {
	for _, b := range chosen {
		path, err := a.path(b)
		if err != nil {
			return 0, err
		}
		a.Infof("batch %s: %s, %s; %s; archive: %s", b.Name, words.Count(b.Total, "item", "items"), report.Counts(b), report.Staying(b), shell.Quote(path))
		items += b.Total
	}
	if a.olderThan > 0 {
		a.Infof("%s with %s to archive", words.Count(len(chosen), "batch", "batches"), words.Count(items, "item", "items"))
	}
	return items, nil
}

// path is the absolute path of a batch's archive. Until the batch changes, it is the same.
func (a archiver) path(b ledger.Batch) (string, error) {
	path := a.out
	if path == "" {
		// A batch may have any name: a slash would be a directory, and a dot at its start would hide the file.
		name := strings.NewReplacer("%", "%25", "/", "%2F").Replace(b.Name)
		if strings.HasPrefix(name, ".") {
			name = "%2E" + name[1:]
		}
		path = filepath.Join(a.dir, name+"-"+b.CompletedAt.Time().UTC().Format("20060102T150405Z")+"."+archive.Extension)
	}
	path, err := filepath.Abs(path)
	return path, cli.Fail(cli.ExitUsage, err)
}

// archiveAll archives the batches one by one. One that cannot be archived does not stop the others.
func (a archiver) archiveAll(ctx context.Context, chosen []ledger.Batch) error {
	var failed []error
	for _, b := range chosen {
		err := a.durable.Change(ctx, a.Factory, a.session, durability.Batch(b.Name), func() error {
			return cli.NotDone(a.archive(ctx, b.Name), "batch %s: it was not archived", b.Name)
		})
		if len(chosen) == 1 || ctx.Err() != nil {
			return err
		}
		if err != nil {
			a.Errorf("%v", err)
			failed = append(failed, err)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return cli.Failf(cli.CodeOf(failed[0]), "%d of %s were not archived", len(failed), words.Count(len(chosen), "batch", "batches"))
}

// maxTries bounds how often a batch is archived again because it changed meanwhile.
const maxTries = 3

var errChanged = errors.New("it changed meanwhile")

// archive writes the archive of a batch and deletes the batch.
func (a archiver) archive(ctx context.Context, batch string) error {
	for range maxTries {
		if err := a.try(ctx, batch); !errors.Is(err, errChanged) {
			return err
		}
	}
	return cli.Failf(cli.ExitPending, "it changed %d times meanwhile; see `enqueue events %s`, and archive it again when nobody works on it", maxTries, shell.Operand(batch))
}

// try archives a batch unless it changes meanwhile. The order loses nothing in a crash: the file is complete before anything is
// removed, and only the last step, which is atomic and compares the version that was read first, deletes the batch.
func (a archiver) try(ctx context.Context, batch string) error {
	c, err := a.session.Ledger.Contents(ctx, batch)
	if err == nil {
		err = a.archivable(ctx, c.Batch)
	}
	if err != nil {
		return session.NotFound(err)
	}
	path, err := a.path(c.Batch)
	if err != nil {
		return err
	}
	hash, made, err := a.save(ctx, path, c)
	if err != nil {
		return err
	}
	if err := discardTasks(ctx, a.session, batch); err != nil {
		return err
	}
	if err := tasks.LeaveBehind(ctx, a.session.Ledger, batch); err != nil {
		return err
	}
	forgotten, err := a.session.Ledger.Forget(ctx, batch, ledger.Forgetting{
		By: session.Author(), Reason: session.ReasonText(a.reason), Archive: ledger.NewArchive(c.Batch, path, hash), Version: c.Version,
	})
	if err != nil {
		return err
	}
	if forgotten != ledger.ForgottenNow {
		if made { // it is of a batch that has changed since
			err = os.Remove(path)
		}
		return errors.Join(errChanged, err)
	}
	a.Infof("batch %s: archived to %s, and removed from Redis", batch, shell.Quote(path))
	return nil
}

// save writes the file of an archive.
func (a archiver) save(ctx context.Context, path string, c ledger.Contents) (hash string, made bool, err error) {
	bar := a.NewBar("archive", c.Batch.Total)
	defer bar.Finish()
	hash, made, err = archive.Save(path, func(file *os.File) (string, error) {
		return archive.Write(ctx, file, a.session.Ledger, c, bar.Set)
	})
	var failed *archive.SaveError
	switch {
	case errors.Is(err, archive.ErrExists):
		return "", false, cli.Failf(cli.ExitUsage, "%w; choose another file with --out", err)
	case errors.As(err, &failed):
		return "", false, cli.Fail(cli.ExitUsage, err)
	}
	return hash, made, err
}

// copy writes the archive of one batch to stdout.
func (a archiver) copy(ctx context.Context, chosen []ledger.Batch) error {
	for _, b := range chosen {
		c, err := a.session.Ledger.Contents(ctx, b.Name)
		if err != nil {
			return session.NotFound(err)
		}
		if _, err := archive.Write(ctx, a.Out, a.session.Ledger, c, func(int64) {}); err != nil {
			return err
		}
		switch after, err := a.session.Ledger.Contents(ctx, b.Name); {
		case err != nil:
			return session.NotFound(err)
		case after.Version != c.Version:
			return cli.Failf(cli.ExitPending, "batch %s changed meanwhile: the copy has a part of the change; copy it again", b.Name)
		}
		a.Infof("batch %s: copied; it stays in Redis", b.Name)
	}
	return nil
}

// discardTasks deletes the tasks that asynq still has of the batch. A worker would archive one that runs later.
func discardTasks(ctx context.Context, s *session.Session, batch string) error {
	on, release, err := s.Executor(batch, "")
	if err != nil {
		return err
	}
	defer release()
	return on.DiscardFinished(ctx, 0)
}
