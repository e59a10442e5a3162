package ledgertest

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/lifecycle"
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
	f.begin(t, "log", terms("t1"), lifecycle.StartSend)
	items := []ledger.Item{f.item(t, "a"), f.item(t, "log"), f.item(t, "c"), f.item(t, "record")}
	f.damage(t, "attempts", "1:log", "garbage")
	f.damage(t, "records", "record", "garbage")
	answers, err := f.Cancel(t.Context(), batch, "wrong", items)
	if err != nil {
		t.Fatal(err)
	}
	var got []lifecycle.Commanded
	for i, answer := range answers {
		got = append(got, answer.Result)
		if answer.Item.Key != items[i].Key || (answer.Err != nil) != (answer.Result == lifecycle.CommandDamaged) {
			t.Errorf("item %s: got %+v", items[i].Key, answer)
		}
	}
	equal(t, "results", got, []lifecycle.Commanded{lifecycle.CommandApplied, lifecycle.CommandDamaged, lifecycle.CommandApplied, lifecycle.CommandDamaged})
	equal(t, "the item with the damaged log", f.item(t, "log").Record.State, ledger.Sending)
	equal(t, "canceled", f.batch(t).Counts[ledger.Canceled], int64(2))
}

func testAttemptsBesideDamaged(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	f.begin(t, "a", terms("t1"), lifecycle.StartSend)
	f.begin(t, "a", over(terms("t2"), "t1"), lifecycle.StartSend)
	f.damage(t, "attempts", "1:a", "garbage")
	attempts, err := f.Attempts(t.Context(), f.item(t, "a"))
	var unreadable *ledger.UnreadableError
	if !errors.As(err, &unreadable) || len(attempts) != 1 || attempts[0].Number != 2 {
		t.Errorf("got %+v, %v", attempts, err)
	}
}

func testBatchesBesideDamaged(t *testing.T, f *ledgerFixture) {
	for _, name := range []string{"first", "damaged", "string", "last"} {
		if _, err := f.Register(t.Context(), name, source, []ledger.Spec{spec("a")}); err != nil {
			t.Fatal(err)
		}
	}
	facts := "havip:{damaged}:batch"
	damaged := []any{
		"n:queued", "garbage", "updatedAt", "9223372036854775807", "pendingNotifications", `[{"n":-1}]`, "failedNotification", "[", "forgottenGeneration", "-9999999999999", "strange", "field",
	}
	if err := f.rdb.HSet(t.Context(), facts, damaged...).Err(); err != nil {
		t.Fatal(err)
	}
	if err := f.rdb.Del(t.Context(), "havip:{string}:batch").Err(); err != nil {
		t.Fatal(err)
	}
	if err := f.rdb.Set(t.Context(), "havip:{string}:batch", "no hash", 0).Err(); err != nil {
		t.Fatal(err)
	}
	batches, err := f.Batches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, b := range batches {
		got[b.Name] = b.Damaged != nil
		if b.Name == "damaged" && (b.Total != 1 || b.ForgottenGeneration != 0 || b.UpdatedAt != 0 || len(b.PendingNotifications) != 0 || b.FailedNotification != nil) {
			t.Errorf("got %+v", b)
		}
	}
	equal(t, "damaged", got, map[string]bool{"first": false, "damaged": true, "string": true, "last": false})
	active, err := f.Active(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "active", len(active), 3)
}

func testEventsBesideDamaged(t *testing.T, f *ledgerFixture) {
	f.register(t, "a")
	for _, reason := range []string{"first", "last"} {
		if err := f.rdb.RPush(t.Context(), keyPrefix+"acts", "garbage").Err(); err != nil {
			t.Fatal(err)
		}
		if reason == "last" { // the script that notes an act reads the newest
			f.rdb.RPop(t.Context(), keyPrefix+"acts")
		}
		f.rdb.RPush(t.Context(), keyPrefix+"acts", `{"id":"1-1","kind":"retry","at":"1","items":"1","reason":"`+reason+`"}`)
	}
	acts, err := f.Acts(t.Context(), batch, "")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, act := range acts {
		kinds = append(kinds, act.Kind+act.Reason)
	}
	equal(t, "acts", kinds, []string{"unreadable", "retryfirst", "retrylast"})
	long := map[string]any{"kind": "created", "key": "a", "at": "9223372036854775807", "detail": strings.Repeat("北", 1<<16)}
	if err := f.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: keyPrefix + "events", Values: long}).Err(); err != nil {
		t.Fatal(err)
	}
	events := f.events(t)
	if e := events[len(events)-1]; e.At != 0 || len(e.Detail) > 1<<15 || !utf8.ValidString(e.Detail) {
		t.Errorf("got an event at %d, with %d bytes", e.At, len(e.Detail))
	}
}
