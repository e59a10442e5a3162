// Package doctor is the command that examines Redis, clocks, credentials, queues and workers.
package doctor

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"havip/bce"
	"havip/internal/audit"
	"havip/internal/cli"
	"havip/internal/cloud"
	"havip/internal/redisconn"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/internal/version"
	"havip/internal/words"
	"havip/tasks"
)

type options struct {
	cloud      cloud.Flags
	fix        bool
	staleAfter time.Duration
	failOn     string
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check Redis, clocks, credentials, queues and workers",
		Long: `Doctor checks Redis, clocks, credentials, queues and workers. For every finding, it says
what it means and what to do. Of a large queue, it checks only the first and last tasks.

With --fix, it repairs what is safe to repair: it requeues unfinished items without a task
and active tasks that no worker runs, removes ids without a task, and deletes archived
tasks of finished items. The ledger ensures that a superfluous task creates no HaVIP.

Exit codes: 0 healthy or repaired, 1 problems found, 4 configuration, 5 no answer from Redis.
The severity of a finding is error (workers refuse to start), warning (it needs attention)
or note. --fail-on sets the lowest severity that gives exit code 1.`,
		Example: `  enqueue doctor
  enqueue doctor --fix
  enqueue doctor -o ndjson | jq 'select(.severity != "note")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), f, opts)
		},
	}
	opts.cloud.Define(cmd)
	cmd.Flags().BoolVar(&opts.fix, "fix", false, "repair what is safe to repair")
	cmd.Flags().StringVar(&opts.failOn, "fail-on", "warning", "exit with 1 for findings of this severity or worse: error, warning or note")
	cmd.Flags().DurationVar(&opts.staleAfter, "stale-after", audit.DefaultStaleAfter, "how long an item must be unchanged before its task is checked")
	cli.AtLeast(cmd.Flags(), "stale-after", &opts.staleAfter, 1, "must be a duration above 0, such as 30s, 10m or 2h")
	return cmd
}

func run(ctx context.Context, f *session.Factory, opts options) error {
	if f.Format == render.CSV {
		return cli.Failf(cli.ExitUsage, "-o csv: doctor supports only table, json and ndjson")
	}
	failOn, err := parseLevel(opts.failOn)
	if err != nil {
		return err
	}
	own, err := ownLane(ctx, f, opts.cloud)
	if err != nil {
		return err
	}
	s, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	serve, err := f.Serve(ctx, s)
	if err != nil {
		return err
	}
	return examine(ctx, f.IO, failOn, audit.Doctor{
		Redis: s.Redis, Lanes: []tasks.Lane{own}, Open: opts.cloud.Opener(f.Getenv), Reader: cloud.Lists(f.IO, s.Redis),
		Serve: serve, Versions: "enqueue " + version.Read().String(), StaleAfter: opts.staleAfter, Fix: opts.fix,
	})
}

// ownLane returns the lane of items without account and region. An invalid endpoint is a usage error, not a finding about
// every lane.
func ownLane(ctx context.Context, f *session.Factory, flags cloud.Flags) (tasks.Lane, error) {
	own := tasks.Lane{Account: tasks.DefaultAccount, Region: f.Region}
	unused := flags.Cloud(f.Getenv)
	unused.Credentials = bce.NewStaticProvider(bce.NewCredentials("none", "none", "")) // nothing is sent
	_, err := unused.Client(ctx, own)
	return own, err
}

// parseLevel reads --fail-on and returns that severity and all worse ones.
func parseLevel(text string) ([]redisconn.Severity, error) {
	all := redisconn.Severities()
	level := slices.Index(all, redisconn.Severity(text))
	if level < 0 {
		return nil, cli.Failf(cli.ExitUsage, "--fail-on %q: must be error, warning or note", text)
	}
	return all[:level+1], nil
}

// examine shows each diagnosis. Its error counts the problems of the given severities.
func examine(ctx context.Context, t *terminal.IO, failOn []redisconn.Severity, doctor audit.Doctor) error {
	shown := &view{said: map[string]bool{}}
	var list render.List[audit.Diagnosis]
	var all []audit.Diagnosis
	ailing, wrong, repaired := 0, 0, 0
	err := doctor.Examine(ctx, func(d audit.Diagnosis) error {
		if slices.Contains(failOn, d.Severity) && !d.IsRepaired() {
			ailing++
		}
		d.Fix = t.WithStore(d.Fix)
		if d.Ails() {
			wrong++
		}
		if d.Repaired != "" {
			repaired++
		}
		switch t.Format {
		case render.JSON:
			all = append(all, d)
			return nil
		case render.NDJSON:
			return terminal.Print(t, list, []audit.Diagnosis{d})
		default:
			return shown.diagnosis(t.Out, d)
		}
	})
	if err != nil {
		return err
	}
	if t.Format == render.JSON {
		if err := terminal.Print(t, list, all); err != nil {
			return err
		}
	}
	if repaired > 0 {
		t.Infof("%s repaired", words.Count(repaired, "finding was", "findings were"))
	}
	if ailing > 0 {
		return cli.Failf(cli.ExitItemsFailed, "%s", words.Count(ailing, "problem found", "problems found"))
	}
	if wrong > 0 {
		t.Infof("%s, accepted by --fail-on", words.Count(wrong, "problem", "problems"))
		return nil
	}
	t.Infof("no problems found")
	return nil
}

// view shows diagnoses as text.
type view struct {
	// said are the explanations and remedies shown so far; several findings may share one.
	said map[string]bool
}

// diagnosis writes a line, and below it the meaning and the remedy, unless they were shown before.
func (v *view) diagnosis(w io.Writer, d audit.Diagnosis) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-7s %s: %s\n", d.Severity, render.Printable(d.Subject), render.Printable(d.What))
	for _, more := range []struct{ label, text string }{{"means", d.Means}, {"do", d.Fix}, {"done", d.Repaired}} {
		if v.said[more.text] && more.label != "done" {
			continue
		}
		if more.text != "" && (d.Severity != redisconn.SeverityNote || more.label != "means") {
			fmt.Fprintf(&b, "        %-6s %s\n", more.label+":", render.Printable(more.text))
			v.said[more.text] = true
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
