package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/bce"
	"havip/ledger"
	"havip/test/redistest"
)

// existing are rows of a file with keys a, b and c, and the HaVIPs that exist for them.
func existing(id string) (rows []Existing) {
	for i, key := range []string{"a", "b", "c"} {
		item := testItem(key, "")
		item.Request.Name = id + key
		rows = append(rows, Existing{
			Row:   Row{Line: i + 2, Item: item},
			HaVIP: bce.HaVIP{ID: "havip-" + id + key, Name: id + key, SubnetID: "sbn-1", PrivateIPAddress: fmt.Sprintf("10.0.0.%d", i+1)},
		})
	}
	return rows
}

// importAll checks and imports, as the command does. A refusal is an error.
func importAll(ctx context.Context, l *ledger.Ledger, batch string, rows []Existing) error {
	im := Importer{Ledger: l}
	left, refused, err := im.Check(ctx, batch, rows)
	if err == nil && len(refused) > 0 {
		err = refused[0]
	}
	if err != nil {
		return err
	}
	return im.Import(ctx, batch, ledger.Source{File: "f.csv"}, left)
}

var errCut = errors.New("cut off")

// cut fails all commands after some. The first of those is carried out nevertheless if lost is true: its answer is lost.
type cut struct {
	redis.Hook
	left int
	lost bool
}

func (c *cut) run(call func() error) error {
	c.left--
	if c.left >= 0 {
		return call()
	}
	if c.left == -1 && c.lost {
		_ = call() // nobody learns it
	}
	return errCut
}

func (*cut) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *cut) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := c.run(func() error { return next(ctx, cmd) })
		if errors.Is(err, errCut) {
			cmd.SetErr(err)
		}
		return err
	}
}

func (c *cut) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := c.run(func() error { return next(ctx, cmds) })
		if errors.Is(err, errCut) {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
		}
		return err
	}
}

// requireImported fails the test unless the batch is committed and has these HaVIPs, each once.
func requireImported(t *testing.T, l *ledger.Ledger, batch string, rows []Existing) {
	t.Helper()
	b, err := l.Batch(t.Context(), batch)
	if err != nil || b.Total != int64(len(rows)) || b.Counts[ledger.Adopted] != b.Total || b.CommittedAt == 0 || !b.Done() {
		t.Errorf("%s: %+v, %v", batch, b, err)
	}
	for _, e := range rows {
		item, err := l.Item(t.Context(), batch, e.Row.Item.Key)
		if err != nil || item.Record.State != ledger.Adopted || item.Record.HaVIPID != e.HaVIP.ID {
			t.Errorf("%s/%s: %+v, %v", batch, e.Row.Item.Key, item.Record, err)
		}
		owners, err := l.Owners(t.Context(), []string{e.HaVIP.ID})
		if want := (ledger.Owner{Batch: batch, Key: e.Row.Item.Key}); err != nil || owners[e.HaVIP.ID] != want {
			t.Errorf("%s: owner %v, %v", e.HaVIP.ID, owners, err)
		}
	}
}

// An import that was cut off anywhere is completed by the same import.
func TestImportCutOff(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	whole := ledger.New(server.Client(t))
	for _, lost := range []bool{false, true} {
		for commands, done := 0, false; !done; commands++ {
			batch := fmt.Sprintf("%t-%d", lost, commands)
			rows := existing(batch)
			rdb := server.Client(t)
			rdb.AddHook(&cut{left: commands, lost: lost})
			err := importAll(t.Context(), ledger.New(rdb), batch, rows)
			if done = err == nil; !done && !errors.Is(err, errCut) {
				t.Fatalf("after %d commands: %v", commands, err)
			}
			if err := importAll(t.Context(), whole, batch, rows); err != nil {
				t.Fatalf("again, after %d commands: %v", commands, err)
			}
			requireImported(t, whole, batch, rows)
			if done && commands < 5 {
				t.Errorf("done after %d commands", commands)
			}
		}
	}
}

// An import and an apply of the same rows at once: each item is either adopted or enqueued, and then the import says so.
func TestImportBesideApply(t *testing.T) {
	t.Parallel()
	l := ledger.New(redistest.Start(t).Client(t))
	const rounds = 20
	for round := range rounds {
		batch := fmt.Sprint("race-", round)
		rows := existing(batch)
		var wg sync.WaitGroup
		var imported, applied error
		wg.Go(func() { imported = importAll(t.Context(), l, batch, rows) })
		wg.Go(func() {
			applied = NewProducer(l, &queueStub{}, nil).Apply(t.Context(), batch, ledger.Source{File: "f.csv"}, func(yield func(Row, error) bool) {
				for _, e := range rows {
					if !yield(e.Row, nil) {
						return
					}
				}
			}, func([]Comparison) {})
		})
		wg.Wait()
		var refusal ImportRefusal
		if applied != nil || imported != nil && !errors.As(imported, &refusal) {
			t.Fatalf("apply: %v, import: %v", applied, imported)
		}
		b, err := l.Batch(t.Context(), batch)
		if err != nil || b.Total != int64(len(rows)) || b.Counts[ledger.Adopted]+b.Counts[ledger.Queued] != b.Total {
			t.Errorf("%+v, %v", b, err)
		}
		if all := b.Counts[ledger.Adopted] == b.Total; all != (imported == nil) {
			t.Errorf("import: %v; %+v", imported, b.Counts)
		}
	}
}

// An item of the batch that is there already stays as it is: one that has the HaVIP is imported, any other is refused.
func TestImportBesideItems(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		outcome  *ledger.Outcome
		cancel   bool
		state    ledger.State
		imported bool
	}{
		"queued":   {state: ledger.Queued},
		"canceled": {cancel: true, state: ledger.Canceled},
		"rejected": {outcome: &ledger.Outcome{State: ledger.Rejected, Code: "No"}, state: ledger.Rejected},
		"unknown":  {outcome: &ledger.Outcome{State: ledger.Unknown}, state: ledger.Unknown},
		"another":  {outcome: &ledger.Outcome{State: ledger.Created, HaVIPID: "havip-other"}, state: ledger.Created},
		"the same": {outcome: &ledger.Outcome{State: ledger.Created, HaVIPID: "havip-a"}, state: ledger.Created, imported: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, "")
			rows := existing("")
			f.put(rows[0].Row.Item)
			if test.cancel {
				item, err := f.ledger.Item(t.Context(), testBatch, "a")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.ledger.Cancel(t.Context(), testBatch, "", []ledger.Item{item}); err != nil {
					t.Fatal(err)
				}
			}
			if o := test.outcome; o != nil {
				o.Ticket, o.Counted, o.Class = "1", true, string(o.State)
				if _, err := f.ledger.Begin(t.Context(), testBatch, "a", ledger.Known{}, ledger.BeginOptions{Worker: "w", Ticket: "1", Lease: time.Second}); err != nil {
					t.Fatal(err)
				}
				if _, _, err := f.ledger.Record(t.Context(), testBatch, "a", ledger.Known{}, 1, *o); err != nil {
					t.Fatal(err)
				}
			}
			left, refused, err := Importer{Ledger: f.ledger}.Check(t.Context(), testBatch, rows)
			if test.imported {
				if err != nil || len(refused) > 0 || len(left) != 2 {
					t.Errorf("left %v, refused %v, %v", left, refused, err)
				}
			} else if err != nil || len(refused) != 1 || refused[0].Row.Item.Key != "a" || slices.ContainsFunc(left, func(e Existing) bool { return e.Row.Item.Key == "a" }) {
				t.Errorf("left %v, refused %v, %v", left, refused, err)
			}
			// The check is only the first of two: the item may have come after it.
			var refusal ImportRefusal
			if err := (Importer{Ledger: f.ledger}).Import(t.Context(), testBatch, ledger.Source{}, rows[:1]); !errors.As(err, &refusal) {
				t.Errorf("imported: %v", err)
			}
			if got := f.record("a"); got.State != test.state || test.outcome != nil && got.HaVIPID != test.outcome.HaVIPID {
				t.Errorf("%+v", got)
			}
		})
	}
}

// What an item of any lane owns is not for another item: with a fixed endpoint, the lanes of all regions list the same HaVIPs.
func TestImportBesideOtherLanes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	_, id := f.created("a")
	for _, lane := range []Lane{{"default", "gz"}, {"team", "bj"}} {
		rows := existing(lane.Account)[:1]
		rows[0].HaVIP.ID, rows[0].Row.Item.Account, rows[0].Row.Item.Region = id, lane.Account, lane.Region
		_, refused, err := Importer{Ledger: f.ledger}.Check(t.Context(), "other", rows)
		if err != nil || len(refused) != 1 {
			t.Errorf("%s: refused %v, %v", lane, refused, err)
		}
		var refusal ImportRefusal
		if err := (Importer{Ledger: f.ledger}).Import(t.Context(), "other", ledger.Source{}, rows); !errors.As(err, &refusal) {
			t.Errorf("%s: imported: %v", lane, err)
		}
	}
	owner := ledger.Owner{Batch: testBatch, Key: "a"}
	if owners, err := f.ledger.Owners(t.Context(), []string{id}); err != nil || owners[id] != owner {
		t.Errorf("owners %v, %v", owners, err)
	}
}

// What the items of a deleted batch own is imported by one of several imports, also into a batch of the same name.
func TestImportOfADeletedBatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	_, id := f.created("a")
	f.forget()
	rows := existing("")[:1]
	rows[0].HaVIP.ID = id
	batches := []string{testBatch, "second", "third"}
	errs := make([]error, len(batches))
	var wg sync.WaitGroup
	for i, batch := range batches {
		wg.Go(func() { errs[i] = importAll(t.Context(), f.ledger, batch, rows) })
	}
	wg.Wait()
	imported := 0
	var refusal ImportRefusal
	for i, batch := range batches {
		item, err := f.ledger.Item(t.Context(), batch, "a")
		switch {
		case errs[i] == nil && (err != nil || item.Record.State != ledger.Adopted || item.Record.HaVIPID != id):
			t.Errorf("%s: %+v, %v", batch, item.Record, err)
		case errs[i] == nil:
			imported++
			if owners, err := f.ledger.Owners(t.Context(), []string{id}); err != nil || owners[id] != item.Owner() {
				t.Errorf("%s: owners %v, %v", batch, owners, err)
			}
		case !errors.As(errs[i], &refusal) || err == nil:
			t.Errorf("%s: %v; item %v", batch, errs[i], item.Record)
		}
	}
	if imported != 1 {
		t.Errorf("imported %d times: %v", imported, errs)
	}
}
