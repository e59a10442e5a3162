package archive

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"iter"
	"maps"

	"havip/internal/notify"
	"havip/ledger"
)

// Extension is that of archives that are not named by a person.
const Extension = "archive"

// The first words of an archive, and the version of its format.
const (
	kindWord = "havip archive"
	version  = 1
)

// Header is the first line of an archive.
type Header struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"`
	Batch   string `json:"batch"`
	// Facts are those of the batch, as they were stored, except the query of the URL that is notified.
	Facts map[string]string `json:"facts"`
}

// line is any other line; one of its fields is set.
type line struct {
	Item  *ledger.StoredItem  `json:"item,omitempty"`
	Event *ledger.StoredEvent `json:"event,omitempty"`
	Act   any                 `json:"act,omitempty"`
	End   *end                `json:"end,omitempty"`
}

// end is the last line. An archive without it is cut off; one with another hash was changed.
type end struct {
	Items  int64 `json:"items"`
	Events int64 `json:"events"`
	Acts   int64 `json:"acts"`
	// SHA256 is the hash of all lines before it, in hexadecimal.
	SHA256 string `json:"sha256"`
}

// Batches reads what an archive stores; [*ledger.Ledger] implements it.
type Batches interface {
	StoredItems(ctx context.Context, batch string) iter.Seq2[ledger.StoredItem, error]
	StoredEvents(ctx context.Context, batch string) iter.Seq2[ledger.StoredEvent, error]
	StoredActs(ctx context.Context, batch string) ([]string, error)
}

// Write writes an archive of the batch and returns the hash in its last line. It calls progress with the number of items so far.
// If the batch changes meanwhile, the archive may have a part of the change: compare its version afterwards.
func Write(ctx context.Context, w io.Writer, from Batches, c ledger.Contents, progress func(int64)) (hash string, err error) {
	buffered, sum := bufio.NewWriter(w), sha256.New()
	enc := json.NewEncoder(io.MultiWriter(buffered, sum))
	enc.SetEscapeHTML(false)
	if err := enc.Encode(Header{Kind: kindWord, Version: version, Batch: c.Batch.Name, Facts: withoutSecret(c.Facts)}); err != nil {
		return "", err
	}
	var last end
	for item, err := range from.StoredItems(ctx, c.Batch.Name) {
		if err == nil {
			err = enc.Encode(line{Item: &item})
		}
		if err != nil {
			return "", err
		}
		last.Items++
		progress(last.Items)
	}
	for event, err := range from.StoredEvents(ctx, c.Batch.Name) {
		if err == nil {
			err = enc.Encode(line{Event: &event})
		}
		if err != nil {
			return "", err
		}
		last.Events++
	}
	acts, err := from.StoredActs(ctx, c.Batch.Name)
	for i := 0; err == nil && i < len(acts); i++ {
		err = enc.Encode(line{Act: raw(acts[i])})
		last.Acts++
	}
	if err != nil {
		return "", err
	}
	last.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if err := enc.Encode(line{End: &last}); err != nil {
		return "", err
	}
	return last.SHA256, buffered.Flush()
}

// withoutSecret hides the query of the URL that is notified, which may be a token.
func withoutSecret(facts map[string]string) map[string]string {
	facts = maps.Clone(facts)
	if url := facts["onComplete"]; url != "" {
		facts["onComplete"] = notify.Shown(url)
	}
	return facts
}

// raw returns a text as JSON: unchanged if it is JSON, else as a string.
func raw(text string) any {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return text
}
