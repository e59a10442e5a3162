package audit

import (
	"context"
	"fmt"
	"time"

	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
)

// pausedBatches reports paused batches with unfinished items.
func (x *examination) pausedBatches(ctx context.Context) error {
	names, err := x.ledger.Active(ctx, 0, batchesLooked)
	if err != nil {
		return err
	}
	for _, name := range names {
		b, err := x.ledger.Batch(ctx, name)
		if err != nil {
			return err
		}
		if b.Pause == nil || b.Open() == 0 {
			continue
		}
		if err := x.report(x.pausedBatch(b)); err != nil {
			return err
		}
	}
	return nil
}

func (x *examination) pausedBatch(b ledger.Batch) Diagnosis {
	since := max(0, x.Now().Add(x.redisAhead).Sub(b.Pause.At.Time())).Round(time.Second)
	subject, open := "batch "+b.Name, words.Count(int(b.Open()), "item is left", "items are left")
	resume := fmt.Sprintf("`enqueue resume --batch %s`", shell.Quote(b.Name))
	if b.Pause.ByFailures() {
		return warning(CodeStopped, subject, "The batch was paused %s ago because %d of %d items failed (limit %s); %s.",
			since, b.Pause.Failed, b.Pause.Total, textOf(b.Pause.Limit.String()).shown(), open).
			meaning("No more items of it are started; none are lost.",
				"Look at `enqueue results "+shell.Operand(b.Name, "--state rejected,review")+"`, fix the cause, and resume the batch: "+resume+".")
	}
	return note(CodePaused, subject, "%s paused the batch %s ago%s; %s.", textOf(b.Pause.By).shown(), since, because(b.Pause.Reason), open).
		meaning("No more items of it are started; its items are waiting and no attempts are counted.", "When the reason is gone, resume it: "+resume+".")
}
