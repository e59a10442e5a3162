package console

import (
	"context"

	"havip/internal/progress"
	"havip/internal/report"
	"havip/ledger"
)

const (
	// batchesShown is how many batches the first page shows, and moreBatches how many each further one adds.
	batchesShown = 50
	// figuredBatches bounds how many unfinished batches show a rate: each costs a few round trips.
	figuredBatches = 20
)

// batchRow is a batch in the list.
type batchRow struct {
	Batch   ledger.Batch
	Figures progress.Figures
	Phase   string
	Bar     bar
}

// batchList is the first page.
type batchList struct {
	Lanes   []laneView
	Batches []batchRow
	// More is how many batches to ask for to see more; 0 if these are all.
	More int64
}

func batchesPage(ctx context.Context, v *visit) (content, error) {
	limit := max(batchesShown, v.position("limit"))
	batches, err := v.session.Ledger.Newest(ctx, limit+1)
	if err != nil {
		return content{}, err
	}
	list := batchList{}
	if int64(len(batches)) > limit {
		batches, list.More = batches[:limit], limit+10*batchesShown
	}
	figured := 0
	for _, b := range batches {
		row := newBatchRow(b)
		if !b.Done() && figured < figuredBatches {
			figured++
			if row.Figures, err = report.Figures(ctx, v.session, b); err != nil {
				return content{}, err
			}
		}
		list.Batches = append(list.Batches, row)
	}
	if list.Lanes, err = v.lanes(ctx); err != nil {
		return content{}, err
	}
	return content{template: "batches.html", Title: v.T("Batches"), Section: "/", Data: list}, nil
}

func newBatchRow(b ledger.Batch) batchRow {
	return batchRow{
		Batch: b, Phase: report.Phase(b), Bar: barOf(b),
		Figures: progress.Figures{Done: b.Total - b.Open(), Total: b.Total},
	}
}
