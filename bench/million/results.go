package main

import (
	"bytes"
	"context"
	"fmt"

	"havip/bench/lab"
)

// results streams: a large batch takes no more memory than a small one.
func (m measurement) results(ctx context.Context) error {
	for format, heads := range map[string]int{"csv": 1, "ndjson": 0} {
		var few, many, rates []float64
		for range m.rounds {
			small, err := m.print(ctx, format, medium, mediumRows+heads)
			if err != nil {
				return err
			}
			great, err := m.print(ctx, format, large, m.rows+heads)
			if err != nil {
				return err
			}
			few, many, rates = append(few, small.Peak), append(many, great.Peak), append(rates, great.Rate(m.rows))
		}
		m.claims.AtMost(fmt.Sprintf("results -o %s, memory for %d rows to that for %d", format, m.rows, mediumRows), lab.Ratios(many, few), 1.3,
			fmt.Sprintf("%.1f and %.1f MiB; %.0f rows/s", lab.Median(many), lab.Median(few), lab.Median(rates)))
	}
	return nil
}

// print runs results and counts the lines.
func (m measurement) print(ctx context.Context, format, batch string, want int) (lab.Took, error) {
	var lines lineCounter
	took, err := m.site.Enqueue(ctx, m.redis.URL(), &lines, "results", batch, "-o", format)
	if err == nil && int(lines) != want {
		err = fmt.Errorf("results of %s as %s has %d lines, not %d", batch, format, lines, want)
	}
	return took, err
}

type lineCounter int

func (c *lineCounter) Write(p []byte) (int, error) {
	*c += lineCounter(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}
