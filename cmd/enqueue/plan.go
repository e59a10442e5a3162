package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/ledger"
	"havip/tasks"
)

func (a *app) planCommand() *cobra.Command {
	var flags fileFlags
	var detailed bool
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Tell what apply would do, and change nothing",
		Long: `Plan reads the whole file, compares it with the batch in the ledger, and tells what
apply would do: a line of counts, then the rows that need attention. FILE is CSV,
NDJSON, JSON or YAML by its extension; - is standard input.`,
		Example: `  enqueue plan havips.csv
  enqueue plan havips.csv --detailed-exitcode      # 0 nothing to do, 1 error, 2 something to do`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, err := a.plan(cmd.Context(), args[0], flags)
			if !detailed {
				return err
			}
			return detail(plan, err)
		},
	}
	defineFileFlags(cmd, &flags)
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 0 for nothing to do, 1 for an error, 2 for something to do")
	return cmd
}

func defineFileFlags(cmd *cobra.Command, flags *fileFlags) {
	cmd.Flags().StringVar(&flags.batch, "batch", "", "name of the batch (default: the file's base name without extension)")
	cmd.Flags().StringVar(&flags.format, "format", "", "format of the file: csv, ndjson, json or yaml (default: by its extension)")
}

// detail is the exit status of --detailed-exitcode.
func detail(plan plan, err error) error {
	const somethingToDo cli.ExitCode = 2
	switch {
	case err != nil:
		return cli.Fail(cli.ExitItemsFailed, err)
	case plan.toDo() > 0:
		return &cli.Error{Code: somethingToDo}
	default:
		return nil
	}
}

func (a *app) plan(ctx context.Context, path string, flags fileFlags) (plan, error) {
	in, err := a.read(ctx, path, flags)
	if err != nil {
		return plan{}, err
	}
	defer func() { _ = in.file.Close() }()
	s, err := a.open(ctx)
	if err != nil {
		return plan{}, err
	}
	defer s.close()
	plan, err := s.compare(ctx, in)
	if err != nil {
		return plan, err
	}
	if err := a.showPlan(plan); err != nil {
		return plan, err
	}
	return plan, plan.refusal(in.file.Name())
}

// plan is how a file stands to its batch.
type plan struct {
	Create    int `json:"create"`
	Requeue   int `json:"requeue"`
	Running   int `json:"running"`
	Done      int `json:"done"`
	Failed    int `json:"failed"`
	Canceled  int `json:"canceled"`
	Conflicts int `json:"conflicts"`
	// Attention are the first rows that need a person.
	Attention []attention `json:"attention"`
}

// attention is a row that will not simply be done, and why.
type attention struct {
	Line int    `json:"line"`
	Key  string `json:"key"`
	Why  string `json:"why"`
}

// maxAttention bounds the rows that are shown.
const maxAttention = 50

func (p plan) toDo() int { return p.Create + p.Requeue }

// refusal is why the file cannot be applied, if it cannot.
func (p plan) refusal(file string) error {
	if p.Conflicts == 0 {
		return nil
	}
	return cli.Failf(cli.ExitInvalidInput,
		"%s: %s with what the batch holds; nothing was enqueued. Give a changed item a key of its own, or put the file in another batch with --batch",
		file, count(p.Conflicts, "row conflicts", "rows conflict"))
}

// String is the counts line.
func (p plan) String() string {
	parts := []string{number(p.Create) + " to create"}
	for _, part := range []struct {
		n    int
		text string
	}{
		{p.Requeue, "to queue again"},
		{p.Running, "under way"},
		{p.Done, "already done"},
		{p.Failed, "failed before"},
		{p.Canceled, "canceled before"},
		{p.Conflicts, "in conflict"},
	} {
		if part.n > 0 {
			parts = append(parts, number(part.n)+" "+part.text)
		}
	}
	return "Plan: " + strings.Join(parts, ", ")
}

// compare makes the plan of a file.
func (s *session) compare(ctx context.Context, in *input) (plan, error) {
	var p plan
	producer := tasks.NewProducer(s.ledger, nil)
	for c, err := range producer.Compare(ctx, in.batch, in.items(ctx)) {
		if err != nil {
			return p, err
		}
		if err := p.add(c); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (p *plan) add(c tasks.Comparison) error {
	why := ""
	switch {
	case c.Verdict == ledger.Added:
		p.Create++
	case c.Verdict == ledger.Repair:
		p.Requeue++
	case c.Verdict == ledger.Conflict:
		p.Conflicts++
		text, err := conflict(c)
		if err != nil {
			return err
		}
		why = "conflict: " + text
	case !c.State.Terminal():
		p.Running++
	case c.State == ledger.Rejected || c.State == ledger.Review:
		p.Failed++
		why = fmt.Sprintf("%s before; see `enqueue results`", c.State)
	case c.State == ledger.Canceled:
		p.Canceled++
		why = "canceled before; `enqueue retry` takes it up again with --where state=canceled"
	default:
		p.Done++
	}
	if why != "" && len(p.Attention) < maxAttention {
		p.Attention = append(p.Attention, attention{Line: c.Row.Line, Key: c.Row.Item.Key, Why: why})
	}
	return nil
}

// conflict says what a row conflicts with, both sides shown.
func conflict(c tasks.Comparison) (string, error) {
	if owner := c.TokenOwner; owner != nil {
		return fmt.Sprintf("clientToken %q belongs to item %q of batch %q", c.Row.Item.ClientToken, owner.Key, owner.Batch), nil
	}
	differences, err := tasks.Differences(*c.Existing, c.Row.Item)
	if err != nil {
		return "", err
	}
	texts := make([]string, len(differences))
	for i, d := range differences {
		texts[i] = d.String()
	}
	return strings.Join(texts, "; "), nil
}

func (a *app) showPlan(p plan) error {
	switch a.output {
	case render.JSON, render.NDJSON:
		enc := json.NewEncoder(a.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(p)
	case render.CSV:
		return cli.Failf(cli.ExitUsage, "-o csv: a plan is shown as table, json or ndjson")
	case render.Table:
	}
	if _, err := fmt.Fprintln(a.out, p); err != nil {
		return err
	}
	for _, row := range p.Attention {
		if _, err := fmt.Fprintf(a.out, "  line %d: %q: %s\n", row.Line, row.Key, render.Printable(row.Why)); err != nil {
			return err
		}
	}
	if more := p.Failed + p.Canceled + p.Conflicts - len(p.Attention); more > 0 {
		_, err := fmt.Fprintf(a.out, "  … and %s more\n", number(more))
		return err
	}
	return nil
}
