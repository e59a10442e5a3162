package bulk

import (
	"cmp"
	"iter"

	"havip/ledger"
)

// chunkSize is how many items are changed at a time.
const chunkSize = 200

// inChunks calls do with up to chunkSize items at a time, one chunk after the other, and reads the next chunk meanwhile. After an
// error of either, it returns when do has.
func inChunks(items iter.Seq2[ledger.Item, error], do func([]ledger.Item) error) error {
	done := make(chan error, 1) // the result of the chunk before
	done <- nil
	chunk := make([]ledger.Item, 0, chunkSize)
	for item, err := range items {
		if err != nil {
			return cmp.Or(<-done, err)
		}
		if chunk = append(chunk, item); len(chunk) < chunkSize {
			continue
		}
		if err := <-done; err != nil {
			return err
		}
		full := chunk
		go func() { done <- do(full) }()
		chunk = make([]ledger.Item, 0, chunkSize)
	}
	if err := <-done; err != nil || len(chunk) == 0 {
		return err
	}
	return do(chunk)
}
