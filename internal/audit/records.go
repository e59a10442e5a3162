package audit

import (
	"context"
	"errors"
	"fmt"

	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// recordsLooked limits how many items the search for damaged ones reads: some seconds with a local Redis.
const recordsLooked = 50_000

// records looks for damaged items in the newest batches.
func (x *examination) records(ctx context.Context) error {
	batches, err := x.ledger.Newest(ctx, batchesLooked)
	if err != nil {
		return err
	}
	looked := 0
	var damaged []string
	for _, b := range batches {
		if b.Damaged != nil {
			damaged = append(damaged, fmt.Sprintf("the record of batch %q: %v", b.Name, b.Damaged))
		}
		for item, err := range x.ledger.Items(ctx, b.Name) {
			if err == nil {
				_, err = tasks.ResultOf(item)
			}
			n, other := damagedOf(err)
			if other != nil {
				return other
			}
			if n > 0 {
				damaged = append(damaged, err.Error())
			}
			if looked++; looked == recordsLooked {
				return x.tellDamaged(looked, damaged)
			}
		}
	}
	return x.tellDamaged(looked, damaged)
}

func (x *examination) tellDamaged(looked int, damaged []string) error {
	if len(damaged) == 0 {
		return nil
	}
	return x.report(warning(CodeUnreadable, "items", "%s cannot be read (of the newest %d items, and their batches): %s.",
		words.Count(len(damaged), "record", "records"), looked, examples(damaged)).
		meaning("Another program wrote to Redis, or Redis lost data. Damaged items are not processed, and nothing more is sent for them; other items continue.",
			"From a backup of Redis, restore the item's fields in the hashes havip:{BATCH}:specs, :records and :attempts, or the batch's in :batch. `enqueue verify BATCH` names the HaVIP that the item owns. Do not delete the fields: the item would be created again."))
}

// damagedOf counts the damaged items in err; it returns any other error unchanged.
func damagedOf(err error) (n int, other error) {
	var unreadable *ledger.UnreadableError
	if !errors.As(err, &unreadable) {
		return 0, err
	}
	return len(unreadable.Faults), nil
}
