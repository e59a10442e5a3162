// Package doctor is the command that examines Redis, clocks, credentials, queues and workers.
package doctor

import (
	"context"
	"fmt"
	"io"
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
}

// NewCommand returns the command.
func NewCommand(f *session.Factory) *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Examine Redis, clocks, credentials, queues and workers",
		Long: `Doctor looks at what the work rests on, and says of everything that it finds what it
means and what to do. Of large queues it looks at both ends.

With --fix it repairs what is safe to repair: unfinished items without a task, and tasks
that are active in nobody's hands, are queued again; ids without a task are removed;
archived tasks of finished items are deleted. The ledger sees to it that no HaVIP is
created twice by a task too many.

Exit codes: 0 healthy or repaired, 1 something is wrong, 4 configuration, 5 Redis is away.`,
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
	cmd.Flags().DurationVar(&opts.staleAfter, "stale-after", audit.DefaultStaleAfter, "how long an item may stand still before its task is looked for")
	return cmd
}

func run(ctx context.Context, f *session.Factory, opts options) error {
	if opts.staleAfter <= 0 {
		return cli.Failf(cli.ExitUsage, "--stale-after %s: must be more than 0", opts.staleAfter)
	}
	if f.Format == render.CSV {
		return cli.Failf(cli.ExitUsage, "-o csv: an examination is shown as table, json or ndjson")
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
	return examine(ctx, f.IO, audit.Doctor{
		Redis: session.Client(s), Lanes: []tasks.Lane{own}, Open: opts.cloud.Opener(f.Getenv), Rate: cloud.ListRate(s.Redis),
		Versions: "enqueue " + version.Read().String(), StaleAfter: opts.staleAfter, Fix: opts.fix,
	})
}

// ownLane is the lane of items that name none. An endpoint or region that no client can be made for
// is a mistake of the command line, and not a finding about every lane.
func ownLane(ctx context.Context, f *session.Factory, flags cloud.Flags) (tasks.Lane, error) {
	own := tasks.Lane{Account: tasks.DefaultAccount, Region: f.Region}
	if _, err := tasks.ParseLane(own.String()); err != nil {
		return own, cli.Fail(cli.ExitConfig, err)
	}
	unused := flags.Cloud(f.Getenv)
	unused.Credentials = bce.NewStaticProvider(bce.NewCredentials("none", "none", "")) // nothing is sent
	_, err := unused.Client(ctx, own)
	return own, err
}

// examine shows each diagnosis as it comes. An error says how many things are wrong.
func examine(ctx context.Context, t *terminal.IO, doctor audit.Doctor) error {
	var list render.List[audit.Diagnosis]
	var all []audit.Diagnosis
	ailing, repaired := 0, 0
	err := doctor.Examine(ctx, func(d audit.Diagnosis) error {
		if d.Ails() {
			ailing++
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
			return showDiagnosis(t.Out, d)
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
		return cli.Failf(cli.ExitItemsFailed, "%s", words.Count(ailing, "thing is wrong", "things are wrong"))
	}
	t.Infof("nothing is wrong")
	return nil
}

// showDiagnosis writes a diagnosis for people: a line, and what to make of it below.
func showDiagnosis(w io.Writer, d audit.Diagnosis) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-7s %s: %s\n", string(d.Severity), render.Printable(d.Subject), render.Printable(d.What))
	for _, more := range []struct{ label, text string }{{"means", d.Means}, {"do", d.Fix}, {"done", d.Repaired}} {
		if more.text != "" && (d.Severity != redisconn.Note || more.label != "means") {
			fmt.Fprintf(&b, "        %-6s %s\n", more.label+":", render.Printable(more.text))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
