package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// archiveIndex lists the archived batches by when they were archived (Unix ms). It is a hint: the remains of the batch decide.
const archiveIndex = "havip:archived"

// Archive is what remains in Redis of an archived batch, for display. It reserves the batch's name.
type Archive struct {
	// File is the absolute path of the archive, on the machine of who archived it; SHA256 is the hash in its last line.
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	// Total, Counts and the times are the batch's, Source and By its [Source].
	Total       int64           `json:"total"`
	Counts      map[State]int64 `json:"counts"`
	CreatedAt   Millis          `json:"createdAt"`
	CompletedAt Millis          `json:"completedAt"`
	Source      string          `json:"source,omitempty"`
	By          string          `json:"by,omitempty"`
}

// NewArchive returns what remains of a batch that is archived to a file.
func NewArchive(b Batch, file, sha256 string) *Archive {
	return &Archive{
		File: file, SHA256: sha256, Total: b.Total, Counts: b.Counts, CreatedAt: b.CreatedAt, CompletedAt: b.CompletedAt,
		Source: b.Source.File, By: b.Source.By,
	}
}

// decodeArchive returns nil for a batch that is not archived. One whose archive cannot be read is archived as well: its name stays
// reserved.
func decodeArchive(text string) *Archive {
	if text == "" {
		return nil
	}
	var a Archive
	if err := unmarshal(text, &a); err != nil {
		return &Archive{File: "a file whose name cannot be read"}
	}
	return &a
}

// errArchived means that an item cannot be registered because its batch is archived.
var errArchived = errors.New("the batch is archived")

// archivedError returns the error about an archived batch.
func (l *Ledger) archivedError(ctx context.Context, batch string) error {
	_, err := l.Batch(ctx, batch)
	return cmp.Or(err, errConflicts) // its name was released and used again meanwhile
}

// Reserved returns a [*BatchNotFoundError] if the batch is archived: its name is reserved, and registering in it is refused.
func (l *Ledger) Reserved(ctx context.Context, batch string) error {
	_, err := l.Batch(ctx, batch)
	var missing *BatchNotFoundError
	if errors.As(err, &missing) && missing.Archive == nil {
		return nil
	}
	return err
}

// listArchived lists a batch that is about to be archived, and returns what its remains store about the archive; "" for none.
func (l *Ledger) listArchived(ctx context.Context, batch string, a *Archive) (string, error) {
	if a == nil {
		return "", nil
	}
	text, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	at, err := l.time(ctx)
	if err != nil {
		return "", err
	}
	return string(text), l.rdb.ZAdd(ctx, archiveIndex, redis.Z{Score: float64(at.UnixMilli()), Member: batch}).Err()
}

// Archived returns the archived batches, the latest first.
func (l *Ledger) Archived(ctx context.Context) ([]BatchNotFoundError, error) {
	names, err := l.rdb.ZRevRange(ctx, archiveIndex, 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("list archived batches: %w", err)
	}
	var archived []BatchNotFoundError
	err = l.eachFacts(ctx, names, func(name string, facts map[string]string, _ error) {
		if remains := notFound(name, facts); facts["createdAt"] == "" && remains.Archive != nil {
			archived = append(archived, *remains)
		}
	})
	return archived, wrap("list archived batches", err)
}

// ReleaseName ends the reservation of an archived batch's name. The batch then counts as deleted.
func (l *Ledger) ReleaseName(ctx context.Context, batch, by, reason string) error {
	at, err := l.time(ctx)
	if err == nil {
		err = l.rdb.HSet(ctx, keysOf(batch).batch, "forgottenAt", at.UnixMilli(), "forgottenBy", by, "forgottenWhy", reason).Err()
	}
	if err == nil { // from here on, a batch of this name may be registered
		err = l.rdb.HDel(ctx, keysOf(batch).batch, "archived").Err()
	}
	if err == nil {
		err = l.rdb.ZRem(ctx, archiveIndex, batch).Err()
	}
	return wrap(fmt.Sprintf("release the name of batch %q", batch), err)
}

// Contents is what an archive stores of a batch besides its items, acts and events.
type Contents struct {
	Batch Batch
	// Facts are all facts that are known of the batch, as they are stored.
	Facts map[string]string
	// Version changes with each change of the batch. If it is read before the items, and the batch is deleted only with this
	// version, the items are complete.
	Version string
}

// Contents reads a batch for its archive. If there is none, the error is a [*BatchNotFoundError].
func (l *Ledger) Contents(ctx context.Context, batch string) (Contents, error) {
	fields := append(slices.Clone(batchFields), "gen", "round")
	values, err := l.rdb.HMGet(ctx, keysOf(batch).batch, fields...).Result()
	if err != nil {
		return Contents{}, fmt.Errorf("batch %q: %w", batch, err)
	}
	facts := factsOf(values[:len(batchFields)])
	if facts["createdAt"] == "" {
		return Contents{}, notFound(batch, facts)
	}
	for i, field := range fields[len(batchFields):] {
		if text, ok := values[len(batchFields)+i].(string); ok {
			facts[field] = text
		}
	}
	c := Contents{Batch: decodeBatch(batch, facts), Facts: facts}
	if c.Batch.Damaged != nil {
		return c, fmt.Errorf("batch %q cannot be read: %w", batch, c.Batch.Damaged)
	}
	last, err := l.LastEventID(ctx, batch)
	c.Version = strings.Join([]string{facts["updatedAt"], facts["total"], last}, "/")
	return c, err
}

// StoredItem is an item as an archive has it: in JSON, with what the ledger leaves out because it follows from the rest.
type StoredItem struct {
	Key    string          `json:"key"`
	Spec   json.RawMessage `json:"spec"`
	Record json.RawMessage `json:"record"`
	// Attempts is the log of its requests; see [Ledger.Attempts].
	Attempts []json.RawMessage `json:"attempts,omitempty"`
}

func storedItem(item Item) (s StoredItem, err error) {
	s.Key = item.Key
	if s.Spec, err = json.Marshal(item.Spec); err == nil {
		s.Record, err = json.Marshal(item.Record)
	}
	return s, err
}

// Item decodes the item.
func (s StoredItem) Item(batch string) (Item, error) {
	item, err := decodeItem(batch, s.Key, string(s.Spec), string(s.Record))
	if err != nil {
		return Item{}, Unreadable(batch, s.Key, err)
	}
	return item, nil
}

// Log decodes the log of its requests.
func (s StoredItem) Log(batch string) ([]Attempt, error) {
	attempts := make([]Attempt, len(s.Attempts))
	for i, text := range s.Attempts {
		attempt, err := decodeAttempt(string(text))
		if err != nil {
			return nil, Unreadable(batch, s.Key, fmt.Errorf("its request log: %w", err))
		}
		attempts[i] = attempt
	}
	return attempts, nil
}

// StoredItems returns a batch's items in the order of registration, with the logs of their requests. It ends with an error at an
// item whose data is damaged, and at the end if it did not find all items.
func (l *Ledger) StoredItems(ctx context.Context, batch string) iter.Seq2[StoredItem, error] {
	return func(yield func(StoredItem, error) bool) {
		found := int64(0)
		for start := int64(0); ; start += itemsPage {
			page, err := l.rdb.LRange(ctx, keysOf(batch).order, start, start+itemsPage-1).Result()
			var items []StoredItem
			if err == nil {
				items, err = l.storedItems(ctx, batch, page)
			}
			if err != nil {
				yield(StoredItem{}, fmt.Errorf("items of batch %q: %w", batch, err))
				return
			}
			found += int64(len(items))
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if len(page) < itemsPage {
				break
			}
		}
		if err := l.foundAll(ctx, batch, found); err != nil {
			yield(StoredItem{}, fmt.Errorf("items of batch %q: %w", batch, err))
		}
	}
}

// foundAll returns an error if the batch has another number of items than were found: its list of items is damaged.
func (l *Ledger) foundAll(ctx context.Context, batch string, found int64) error {
	specs, err := l.rdb.HLen(ctx, keysOf(batch).specs).Result()
	if err != nil {
		return err
	}
	records, err := l.rdb.HLen(ctx, keysOf(batch).records).Result()
	if err == nil && (specs != found || records != found) {
		err = fmt.Errorf("%d are listed, %d have a spec and %d a record; restore them from a backup of Redis", found, specs, records)
	}
	return err
}

func (l *Ledger) storedItems(ctx context.Context, batch string, itemKeys []string) ([]StoredItem, error) {
	if len(itemKeys) == 0 {
		return nil, nil
	}
	fields, err := l.texts(ctx, batch, itemKeys, false)
	if err != nil {
		return nil, err
	}
	items, err := decodeItems(batch, itemKeys, fields[1:])
	if err != nil {
		return nil, err
	}
	if len(items) != len(itemKeys) { // the batch was deleted meanwhile
		return nil, fmt.Errorf("%d of %d items are missing", len(itemKeys)-len(items), len(itemKeys))
	}
	stored := make([]StoredItem, len(items))
	for i, item := range items {
		if stored[i], err = storedItem(item); err != nil {
			return nil, err
		}
	}
	return stored, l.readLogs(ctx, batch, items, stored)
}

// logPage is how many entries of request logs one command reads: it keeps Redis busy for less than a millisecond.
const logPage = 500

// readLogs adds the logs of the items' requests.
func (l *Ledger) readLogs(ctx context.Context, batch string, items []Item, stored []StoredItem) error {
	var fields []string
	var of []int // which item an entry belongs to
	for i, item := range items {
		for _, key := range item.Record.LogKeys() {
			fields, of = append(fields, logField(item.Key, key)), append(of, i)
		}
	}
	for page := range slices.Chunk(fields, logPage) {
		values, err := l.rdb.HMGet(ctx, keysOf(batch).attempts, page...).Result()
		if err != nil {
			return err
		}
		for i, value := range values {
			text, ok := value.(string)
			if !ok {
				continue
			}
			if _, err := decodeAttempt(text); err != nil {
				return Unreadable(batch, items[of[i]].Key, fmt.Errorf("entry %s of its request log: %w", page[i], err))
			}
			stored[of[i]].Attempts = append(stored[of[i]].Attempts, json.RawMessage(text))
		}
		of = of[len(page):]
	}
	return nil
}

// StoredEvent is an event as it is stored.
type StoredEvent struct {
	ID     string         `json:"id"`
	Fields map[string]any `json:"fields"`
}

// StoredEvents returns a batch's events, oldest first.
func (l *Ledger) StoredEvents(ctx context.Context, batch string) iter.Seq2[StoredEvent, error] {
	return func(yield func(StoredEvent, error) bool) {
		for from := "-"; ; {
			messages, err := l.rdb.XRangeN(ctx, keysOf(batch).events, from, "+", itemsPage).Result()
			if err != nil {
				yield(StoredEvent{}, fmt.Errorf("events of batch %q: %w", batch, err))
				return
			}
			for _, m := range messages {
				if from = "(" + m.ID; !yield(StoredEvent{ID: m.ID, Fields: m.Values}, nil) {
					return
				}
			}
			if len(messages) < itemsPage {
				return
			}
		}
	}
}

// StoredActs returns the acts on a batch, oldest first, as they are stored.
func (l *Ledger) StoredActs(ctx context.Context, batch string) ([]string, error) {
	texts, err := l.rdb.LRange(ctx, keysOf(batch).acts, -actsKept, -1).Result()
	return texts, wrap(fmt.Sprintf("acts on batch %q", batch), err)
}
