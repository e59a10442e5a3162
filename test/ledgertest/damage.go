package ledgertest

import (
	"errors"
	"testing"

	"havip/ledger"
)

const keyPrefix = "havip:{" + batch + "}:"

// damage overwrites a field of the batch's hashes, as another program would.
func (f *ledgerFixture) damage(t *testing.T, hash, field, text string) {
	t.Helper()
	if err := f.rdb.HSet(t.Context(), keyPrefix+hash, field, text).Err(); err != nil {
		t.Fatal(err)
	}
}

func testItemsBesideDamaged(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "record", "c", "spec", "null", "half", "g")
	f.damage(t, "records", "record", "\x00garbage")
	f.damage(t, "records", "null", "null")
	f.damage(t, "specs", "spec", "{")
	if err := f.rdb.HDel(t.Context(), keyPrefix+"specs", "half").Err(); err != nil {
		t.Fatal(err)
	}
	var read, damaged []string
	for item, err := range f.Items(t.Context(), batch) {
		var unreadable *ledger.UnreadableError
		switch {
		case errors.As(err, &unreadable):
			for key := range unreadable.Faults {
				damaged = append(damaged, key)
			}
		case err != nil:
			t.Fatal(err)
		default:
			read = append(read, item.Key)
		}
	}
	equal(t, "read", read, []string{"a", "c", "g"})
	equal(t, "damaged", damaged, []string{"record", "spec", "null", "half"})
}

func testCommandBesideDamaged(t *testing.T, f *ledgerFixture) {
	f.register(t, "a", "log", "c", "record")
	f.begin(t, "log", terms("t1"), ledger.Begun)
	items := []ledger.Item{f.item(t, "a"), f.item(t, "log"), f.item(t, "c"), f.item(t, "record")}
	f.damage(t, "attempts", "1:log", "garbage")
	f.damage(t, "records", "record", "garbage")
	answers, err := f.Cancel(t.Context(), batch, "wrong", items)
	if err != nil {
		t.Fatal(err)
	}
	var got []ledger.Verdict
	for i, answer := range answers {
		got = append(got, answer.Verdict)
		if answer.Item.Key != items[i].Key || (answer.Err != nil) != (answer.Verdict == ledger.Damaged) {
			t.Errorf("item %s: got %+v", items[i].Key, answer)
		}
	}
	equal(t, "verdicts", got, []ledger.Verdict{ledger.Applied, ledger.Damaged, ledger.Applied, ledger.Damaged})
	equal(t, "the item with the damaged log", f.item(t, "log").Record.State, ledger.Sending)
	equal(t, "canceled", f.batch(t).Counts[ledger.Canceled], int64(2))
}

func testAttemptsBesideDamaged(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), ledger.Begun)
	f.begin(t, "a", over(terms("t2"), "t1"), ledger.Begun)
	f.damage(t, "attempts", "1:a", "garbage")
	attempts, err := f.Attempts(t.Context(), f.item(t, "a"))
	var unreadable *ledger.UnreadableError
	if !errors.As(err, &unreadable) || len(attempts) != 1 || attempts[0].Number != 2 {
		t.Errorf("got %+v, %v", attempts, err)
	}
}
