package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/query"
	"havip/internal/render"
)

// Flags of expressions about records.
const (
	jqFlag       = "jq"
	templateFlag = "template"
)

// defineQuery defines --jq and --template.
func (t *IO) defineQuery(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&t.jq, jqFlag, "", "filter JSON output with a jq expression; with -o ndjson, each record")
	f.StringVar(&t.template, templateFlag, "", "format JSON output with a Go template; with -o ndjson, each record (see enqueue help formats)")
}

// compile compiles the expression of --jq or --template. An invalid one is a usage error.
func (t *IO) compile(cmd *cobra.Command) (err error) {
	switch {
	case t.jq != "" && t.template != "":
		err = errors.New("--jq and --template cannot be used together")
	case t.jq != "":
		t.query, err = query.JQ(t.jq)
	case t.template != "":
		t.query, err = query.Template(t.template)
	}
	t.context = cmd.Context()
	return cli.Blame(cmd.Flags(), cli.Fail(cli.ExitUsage, err), jqFlag, templateFlag)
}

// queryWriter evaluates an expression on each record, or on an array of all.
type queryWriter[R any] struct {
	query  query.Query
	fields []string
	ctx    context.Context //nolint:containedctx // the command's: an expression may run forever
	w      io.Writer
	// each evaluates each record when it is written; otherwise they are collected in all.
	each bool
	n    int
	all  []any
}

func (q *queryWriter[R]) Write(r R) error {
	value, err := valueOf(r, q.fields)
	if err != nil {
		return err
	}
	q.n++
	if !q.each {
		q.all = append(q.all, value)
		return nil
	}
	return q.evaluate(value, fmt.Sprintf("record %d: ", q.n))
}

func (q *queryWriter[R]) evaluate(value any, place string) error {
	err := q.query.Evaluate(q.ctx, q.w, value)
	var mistake *query.Error
	if errors.As(err, &mistake) {
		return cli.Failf(cli.ExitUsage, "%s%w", place, err)
	}
	return err
}

func (q *queryWriter[R]) Flush() error { return nil }

func (q *queryWriter[R]) Close() error {
	if q.each {
		return nil
	}
	if q.all == nil {
		q.all = []any{}
	}
	return q.evaluate(q.all, "")
}

func valueOf(r any, fields []string) (any, error) {
	if fields != nil {
		picked, err := render.Pick(r, fields)
		if err != nil {
			return nil, err
		}
		return query.ValueOf(picked)
	}
	var text bytes.Buffer
	if err := render.NewEncoder(&text).Encode(r); err != nil {
		return nil, fmt.Errorf("write a record as JSON: %w", err)
	}
	return query.ValueOf(text.Bytes())
}
