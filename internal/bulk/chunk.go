package bulk

import (
	"iter"

	"havip/ledger"
)

// chunkSize is how many items are changed at a time.
const chunkSize = 200

// inChunks calls do with up to chunkSize items at a time. do must not keep the slice.
func inChunks(items iter.Seq2[ledger.Item, error], do func([]ledger.Item) error) error {
	chunk := make([]ledger.Item, 0, chunkSize)
	for item, err := range items {
		if err != nil {
			return err
		}
		if chunk = append(chunk, item); len(chunk) < chunkSize {
			continue
		}
		if err := do(chunk); err != nil {
			return err
		}
		chunk = chunk[:0]
	}
	if len(chunk) == 0 {
		return nil
	}
	return do(chunk)
}
