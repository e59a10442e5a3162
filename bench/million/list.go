package main

import (
	"context"
	"fmt"

	"havip/bench/lab"
	"havip/ledger"
)

// manyBatches is a batch a day for more than a decade.
const manyBatches = 5000

// list of many batches sends a command for each, all in one round trip.
func (m measurement) list(ctx context.Context) error {
	records := ledger.New(m.redis.Client())
	for i := range manyBatches {
		spec := ledger.Spec{Key: "a", Fingerprint: "f", ClientToken: "t", Account: "default", Region: "bj", Body: "{}"}
		if _, err := records.Register(ctx, fmt.Sprintf("day-%05d", i), ledger.Source{File: "day.csv", Whole: true}, []ledger.Spec{spec}); err != nil {
			return err
		}
	}
	var c cost
	for range m.rounds {
		if err := m.look(ctx, &c, 0, []string{"list", "-o", "ndjson"}); err != nil {
			return err
		}
	}
	m.claims.AtMost(fmt.Sprintf("commands of Redis for each of %d batches in list", manyBatches), []float64{lab.Median(c.calls) / manyBatches}, 1.1,
		fmt.Sprintf("%.0f ms, of which %.0f in Redis", lab.Median(c.millis), lab.Median(c.micros)/1000))
	return nil
}
