package ledger

import (
	"context"
	"encoding/json"
	"strconv"
)

// The log of an item keeps its first creates and its last ones, and its last deletes; see lua/begin.lua
// and lua/begindeletion.lua.
const logFirst, logLast, logDeletes = 20, 80, 20

// Attempts reads the log of the requests sent for the item, oldest first: its creates, then its deletes.
// Of more than a hundred creates the first twenty and the last eighty are kept, of deletes the last
// twenty.
func (l *Ledger) Attempts(ctx context.Context, item Item) ([]Attempt, error) {
	fields := logFields(item)
	if len(fields) == 0 {
		return nil, nil
	}
	values, err := l.rdb.HMGet(ctx, keysOf(item.Batch).attempts, fields...).Result()
	if err != nil {
		return nil, itemError("attempts of", item.Batch, item.Key, err)
	}
	attempts := make([]Attempt, 0, len(values))
	for _, value := range values {
		text, ok := value.(string)
		if !ok {
			continue
		}
		var attempt Attempt
		if err := json.Unmarshal([]byte(text), &attempt); err != nil {
			return nil, itemError("attempts of", item.Batch, item.Key, err)
		}
		attempts = append(attempts, attempt)
	}
	return attempts, nil
}

// logFields are the fields of the log that the item can have.
func logFields(item Item) []string {
	var fields []string
	for n := 1; n <= item.Record.Sends; n++ {
		if n <= logFirst || n > item.Record.Sends-logLast {
			fields = append(fields, strconv.Itoa(n)+":"+item.Key)
		}
	}
	for n := max(1, item.Record.Deletes-logDeletes+1); n <= item.Record.Deletes; n++ {
		fields = append(fields, "d"+strconv.Itoa(n)+":"+item.Key)
	}
	return fields
}
