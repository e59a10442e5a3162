package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"havip/lifecycle"
)

// errAbsent means that the item is not registered.
var errAbsent = errors.New("absent")

// maxConflicts bounds how often a decision is repeated because the item changed meanwhile. Each time another process made
// progress.
const maxConflicts = 100

// read is one item as it was read, with the texts that a commit compares.
type read struct {
	lifecycle.Snapshot
	batch, key          string
	record, spec, entry string
	// entryKey is which entry of the request log was read.
	entryKey lifecycle.LogKey
	// archived is whether the batch is archived.
	archived bool
	// at is when the reply arrived, by our clock, just after the ledger's time readAt.
	at     time.Time
	readAt Millis
	// fault is why the record or entry is unreadable, or nil.
	fault error
}

// decided is an item with the decision about it.
type decided struct {
	read
	change lifecycle.Change
	// stands is the item after the commit.
	stands read
}

// item returns the item after the change.
func (d decided) item(batch string) (Item, error) {
	spec, err := decodeSpec(d.key, d.spec)
	if err != nil {
		return Item{}, Unreadable(batch, d.key, err)
	}
	return itemOf(batch, spec, d.after()), nil
}

// after returns the record after the change.
func (d decided) after() Record {
	if d.change.Record != nil {
		return *d.change.Record
	}
	return d.Record
}

// decision decides about an item. It may be called again.
type decision func(lifecycle.Snapshot) lifecycle.Change

// update decides about an item and one entry of its request log, and commits the change. If the item changed meanwhile, it
// decides again. It reads both unless known can be used. The error is errAbsent if the item is not registered.
func (l *Ledger) update(ctx context.Context, batch, key string, known Known, entryOf func(Record) lifecycle.LogKey, decide decision) (decided, error) {
	r, unread := l.recall(known, entryOf)
	for range maxConflicts {
		if !unread {
			items, err := l.readWithEntries(ctx, batch, []string{key}, entryOf)
			if err != nil {
				return decided{}, err
			}
			if err := unreadable(batch, items); err != nil {
				return decided{}, err
			}
			r = items[0]
		}
		d := decided{read: r}
		if d.record == "" {
			return d, errAbsent
		}
		d.change = decide(d.Snapshot)
		if unread && d.change.Empty() {
			unread = false // no commit would verify that the known item is current
			continue
		}
		items := []decided{d}
		committed, err := l.commitListed(ctx, batch, items)
		if err != nil {
			return decided{}, err
		}
		if committed[0] {
			return items[0], nil
		}
		unread = false
	}
	return decided{}, errConflicts
}

// errConflicts means that the item changed before each commit.
var errConflicts = fmt.Errorf("the item changed %d times before the change could be committed", maxConflicts)

// updateEach is update for many items of a batch, in few round trips. Decide receives the index of the item. Items that are not
// registered have no record, and nothing is decided about those that cannot be read.
func (l *Ledger) updateEach(ctx context.Context, batch string, itemKeys []string, entryOf func(Record) lifecycle.LogKey, decide func(i int, s lifecycle.Snapshot) lifecycle.Change) ([]decided, error) {
	done := make([]decided, len(itemKeys))
	left := every(len(itemKeys)) // the undecided items
	for range maxConflicts {
		items, err := l.readWithEntries(ctx, batch, pick(itemKeys, left), entryOf)
		if err != nil {
			return nil, err
		}
		some := make([]decided, len(items))
		for i, r := range items {
			some[i].read = r
			if r.record != "" && r.fault == nil {
				some[i].change = decide(left[i], r.Snapshot)
			}
			done[left[i]] = some[i]
		}
		committed, err := l.commitListed(ctx, batch, some)
		if err != nil {
			return nil, err
		}
		var again []int
		for i, ok := range committed {
			if !ok {
				again = append(again, left[i])
			}
		}
		if left = again; len(left) == 0 {
			return done, nil
		}
	}
	return nil, errConflicts
}

// every returns the indexes 0 to n-1.
func every(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func pick(itemKeys []string, at []int) []string {
	picked := make([]string, len(at))
	for i, n := range at {
		picked[i] = itemKeys[n]
	}
	return picked
}

// readWithEntries reads items with the log entries that decisions about them need.
func (l *Ledger) readWithEntries(ctx context.Context, batch string, itemKeys []string, entryOf func(Record) lifecycle.LogKey) ([]read, error) {
	entries := make([]lifecycle.LogKey, len(itemKeys))
	for {
		items, err := l.readEach(ctx, batch, itemKeys, entries)
		if err != nil {
			return nil, err
		}
		another := false
		for i, r := range items {
			if other := entryOf(r.Record); other != entries[i] {
				entries[i], another = other, true
			}
		}
		if !another {
			return items, nil
		}
	}
}

// readChunk bounds how many items one script call reads or enters: it keeps Redis busy for a few milliseconds at most.
const readChunk = 200

// readEach reads items of a batch in one round trip; up to [readChunk] of them atomically. An unregistered item has no
// record.
func (l *Ledger) readEach(ctx context.Context, batch string, itemKeys []string, entries []lifecycle.LogKey) ([]read, error) {
	var calls [][]any
	for at := 0; at < len(itemKeys); at += readChunk {
		var args []any
		for i := at; i < min(at+readChunk, len(itemKeys)); i++ {
			args = append(args, itemKeys[i], logField(itemKeys[i], entries[i]))
		}
		calls = append(calls, args)
	}
	replies, err := l.runEach(ctx, readScript, batch, calls)
	if err != nil {
		return nil, err
	}
	items := make([]read, 0, len(itemKeys))
	for _, raw := range replies {
		at, end := len(items), min(len(items)+readChunk, len(itemKeys))
		some, err := readReply(raw, batch, itemKeys[at:end], entries[at:end])
		if err != nil {
			return nil, err
		}
		items = append(items, some...)
	}
	return items, nil
}

// readFacts is how many facts are before the items in the reply of lua/read.lua.
const readFacts = 5

// readReply decodes the reply of lua/read.lua.
func readReply(raw any, batch string, itemKeys []string, entries []lifecycle.LogKey) ([]read, error) {
	fields, err := replyOf(raw, readFacts+3*len(itemKeys))
	if err != nil {
		return nil, err
	}
	at := time.Now()
	facts := lifecycle.Batch{Paused: fields.number(1) == 1, Round: int(fields.number(2)), Forgotten: int(fields.number(3))}
	items := make([]read, len(itemKeys))
	for i, key := range itemKeys {
		first := readFacts + 3*i
		r := read{batch: batch, key: key, entryKey: entries[i], at: at, record: fields.text(first), spec: fields.text(first + 1), entry: fields.text(first + 2)}
		r.archived = fields.number(4) == 1
		r.readAt, r.Batch = Millis(fields.number(0)), facts
		r.Now = r.readAt
		r.fault = r.decode()
		items[i] = r
	}
	return items, nil
}

// unreadable returns the error of the unreadable items, or nil.
func unreadable(batch string, items []read) error {
	faults := map[string]error{}
	for _, r := range items {
		if r.fault != nil {
			faults[r.key] = r.fault
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &UnreadableError{Batch: batch, Faults: faults}
}

func (r *read) decode() (err error) {
	if r.record != "" {
		if r.Record, err = decodeRecord(r.batch, r.key, r.record); err != nil {
			return fmt.Errorf("record of item %q: %w", r.key, err)
		}
	}
	if r.entry != "" {
		entry, err := decodeAttempt(r.entry)
		if err != nil {
			return fmt.Errorf("request log of item %q: %w", r.key, err)
		}
		r.Entry = &entry
	}
	return nil
}

// commitListed is commitEach for changes that may reopen finished items. It lists the batch as active before, so that no
// unfinished item is in an unlisted batch, and after, so that no process unlists it in between.
func (l *Ledger) commitListed(ctx context.Context, batch string, items []decided) ([]bool, error) {
	if !slices.ContainsFunc(items, decided.reopens) {
		return l.commitEach(ctx, batch, items)
	}
	if err := l.touch(ctx, batch); err != nil {
		return nil, err
	}
	committed, err := l.commitEach(ctx, batch, items)
	if err != nil {
		return nil, err
	}
	return committed, l.touch(ctx, batch)
}

func (d decided) reopens() bool { return step(d.change, d.Record, d.after()) == "reopened" }

// commitEach commits each change whose item is unchanged since it was read, in one round trip, and reports which it committed.
func (l *Ledger) commitEach(ctx context.Context, batch string, items []decided) ([]bool, error) {
	committed := make([]bool, len(items))
	var calls [][]any
	var at []int
	for i, d := range items {
		if d.change.Empty() {
			committed[i], items[i].stands = true, d.read
			continue
		}
		args, stands, err := commitArgs(d)
		if err != nil {
			return nil, err
		}
		items[i].stands = stands
		calls, at = append(calls, args), append(at, i)
	}
	answers, err := l.pipeline(ctx, changeScript, batch, calls)
	if err != nil {
		return nil, err
	}
	for i, answer := range answers {
		committed[at[i]] = answer == int64(1)
	}
	return committed, nil
}

// commitArgs returns the arguments of lua/change.lua, and the item after the commit.
func commitArgs(d decided) (args []any, stands read, err error) {
	c, before, after := d.change, d.Record, d.after()
	stands = d.read
	text := ""
	if c.Record != nil {
		if err := validateRecord(after); err != nil { // it could not be read again
			return nil, read{}, fmt.Errorf("not written: %w; check the clocks of this machine and of Redis", err)
		}
		if text, err = encodeRecord(d.batch, d.key, after); err != nil {
			return nil, read{}, err
		}
		stands.Record, stands.record = after, text
	}
	kept := derive(d.Batch, before, after)
	args = []any{
		strconv.FormatInt(int64(d.Now), 10), d.key, d.record, text, string(before.State), string(after.State),
		flag(c.OnlyUnpaused), kept.round, step(c, before, after), kept.unknownSince, kept.confirmAt, kept.forgiven, kept.generation,
		len(c.Log) + len(c.Dropped),
	}
	for _, entry := range c.Log {
		key := lifecycle.LogKey{Op: entry.Op, Number: entry.Number}
		text, err := json.Marshal(entry)
		if err != nil {
			return nil, read{}, err
		}
		expected := "*"
		if key == d.entryKey {
			expected = d.entry
		}
		args = append(args, logField(d.key, key), expected, text)
		stands.entryKey, stands.Entry, stands.entry = key, &entry, string(text)
	}
	for _, key := range c.Dropped {
		args = append(args, logField(d.key, key), "*", "")
	}
	for _, e := range c.Events {
		args = append(args, e.Kind, e.Detail)
	}
	return args, stands, nil
}

// derived is what a batch stores about an item besides its record.
type derived struct {
	round, unknownSince, generation string
	confirmAt                       string
	forgiven                        int
}

// derive returns what a change of an item changes in its batch.
func derive(facts lifecycle.Batch, before, after Record) (d derived) {
	switch was, is := unknownSince(before), unknownSince(after); {
	case was == is:
	case is == "":
		d.unknownSince = "known"
	default:
		d.unknownSince = is
	}
	if after.Generation != before.Generation {
		d.generation = strconv.Itoa(after.Generation)
	}
	switch {
	case after.Unconfirmed() && after.ConfirmAt != before.ConfirmAt:
		d.confirmAt = strconv.FormatInt(int64(after.ConfirmAt), 10)
	case before.Unconfirmed() && !after.Unconfirmed():
		d.confirmAt = "known"
	}
	if before.State.Failed() || after.State.Failed() {
		d.round = strconv.Itoa(facts.Round)
	}
	if before.State.Failed() && before.Round < facts.Round && after.State != before.State {
		d.forgiven = -1
	}
	return d
}

// unknownSince returns since when an outcome of an unfinished item is unknown, by our clock, or "".
func unknownSince(r Record) string {
	if !r.Unknown || r.State.Terminal() {
		return ""
	}
	return strconv.FormatInt(int64(r.UnknownSince-r.ClockOffset), 10)
}

// step returns what a change means for the batch's open items.
func step(c lifecycle.Change, before, after Record) string {
	switch {
	case !c.Moved:
		return ""
	case after.State.Failed():
		return "failed"
	case after.Finished():
		return "finished"
	case before.Finished():
		return "reopened"
	default:
		return "open"
	}
}

// logField returns the hash field of a log entry; "" for none.
func logField(key string, entry lifecycle.LogKey) string {
	switch {
	case entry.Number == 0:
		return ""
	case entry.Op == lifecycle.OpDelete:
		return fmt.Sprintf("d%d:%s", entry.Number, key)
	default:
		return fmt.Sprintf("%d:%s", entry.Number, key)
	}
}
