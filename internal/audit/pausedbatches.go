package audit

import (
	"context"
	"fmt"
	"time"

	"havip/internal/words"
	"havip/ledger"
)

// onHold tells of the batches that are held with something left to do.
func (x *examination) onHold(ctx context.Context) error {
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
		if err := x.tell(x.held(b)); err != nil {
			return err
		}
	}
	return nil
}

func (x *examination) held(b ledger.Batch) Diagnosis {
	since := max(0, x.Now().Add(x.redisAhead).Sub(b.Pause.At.Time())).Round(time.Second)
	subject, open := "batch "+b.Name, words.Count(int(b.Open()), "item is left", "items are left")
	resume := fmt.Sprintf("`enqueue resume --batch %s`", b.Name)
	if b.Pause.ByFailures() {
		return warning(CodeStopped, subject, "Its failures stopped it %s ago: %d of %d items, where more than %s were not wanted; %s.",
			since, b.Pause.Failed, b.Pause.Total, textOf(b.Pause.Limit.String()).shown(), open).
			saying("Nothing new of it is begun, and nothing of it is lost.",
				"Look at `enqueue results "+b.Name+" --state rejected,review`, put right what is wrong, and let it go on: "+resume+".")
	}
	return note(CodePaused, subject, "%s paused the batch %s ago%s; %s.", textOf(b.Pause.By).shown(), since, because(b.Pause.Reason), open).
		saying("Nothing new of it is begun; its items wait, uncounted.", "Resume it when the reason is gone: "+resume+".")
}
